using System.Collections.Immutable;
using Spendra.Core.Budgets;
using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Model;

namespace Spendra.Core.Tests.Ledger;

/// <summary>One writer of a ledger: makes commands from small numbers, decides them and keeps what they write.</summary>
internal sealed class LedgerLane
{
    public const long Epoch = 3;
    public static readonly Guid Org = Id(1);
    public static readonly Guid OtherOrg = Id(2);
    public static readonly Guid Key = Id(9);
    public static readonly Guid Account = Id(8);

    private readonly Dictionary<Guid, ImmutableArray<Guid>> _windows = [];
    private long _now = 1_000;

    public LedgerLane()
    {
        Store.Organizations[Org] = new OrganizationRow(Org, Epoch, 0, 0);
        Store.Organizations[OtherOrg] = new OrganizationRow(OtherOrg, Epoch, 0, 0);
    }

    public LedgerTables Store { get; } = new();

    /// <summary>What the last batch wrote.</summary>
    public LedgerWrites Written { get; private set; } = null!;

    public static Guid Id(int n) => new(n, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7);

    public static NanoUsd Nanos(long value) => new(value);

    public static WindowClaim Hard(int window, long limit) => Claim(window, limit, Enforcement.Hard);

    public static WindowClaim Observed(int window, long limit) => Claim(window, limit, Enforcement.Observed);

    public ReserveCommand Reserve(int id, long amount, params WindowClaim[] claims)
    {
        var reservation = new Reservation
        {
            OrganizationId = Org,
            ReservationId = Id(id),
            KeyId = Key,
            ScopeIds = [Org],
            PolicyIds = [.. claims.Select(c => c.PolicyId)],
            WindowIds = [.. claims.Select(c => c.WindowId)],
            Provider = "openai",
            AccountId = Account,
            Model = "gpt-4.1-mini",
            Route = "chat.completions",
            Amount = Nanos(amount),
            BoundInput = 100,
            BoundOutput = 50,
            Epoch = Epoch,
            ReservedAt = 0,
            ExpiresAt = 10_000,
        };
        _windows[reservation.ReservationId] = reservation.WindowIds;
        return new ReserveCommand(reservation, [.. claims]);
    }

    /// <summary>A reserve that carries an idempotency key.</summary>
    public ReserveCommand Once(int id, long amount, byte key, byte body, params WindowClaim[] claims)
    {
        var command = Reserve(id, amount, claims);
        var digest = Digest(key);
        return command with
        {
            Reservation = command.Reservation with { IdempotencyDigest = digest },
            Idempotency = new IdempotencyClaim(digest, Digest(body)),
        };
    }

    public static byte[] Digest(byte value) => [.. Enumerable.Repeat(value, 32)];

    /// <summary>The next batch is decided at this instant, in microseconds since the Unix epoch.</summary>
    public void PassTo(long micros) => _now = micros;

    public SettleCommand Settle(int id, long cost) => new(Org, Id(id), WindowsOf(id), new Settlement
    {
        Cost = Nanos(cost),
        Usage = new Usage { Input = 30, CachedInput = 20, Output = 10, ReasoningWithinOutput = 4 },
        UpstreamStatus = 200,
    });

    public ReleaseCommand Release(int id) => new(Org, Id(id), WindowsOf(id), "not_sent");

    public ExpireCommand Expire(int id) => new(Org, Id(id), WindowsOf(id));

    public AdjustCommand Adjust(int id, long difference, string reason = "provider credit") =>
        new(Org, Id(id), WindowsOf(id), Nanos(difference), reason);

    public LedgerOutcome[] Run(params LedgerCommand[] commands) => Run(isRepeated: false, commands);

    public LedgerOutcome[] Run(bool isRepeated, params LedgerCommand[] commands)
    {
        var decision = LedgerMachine.Decide(Store.Load(commands, isRepeated), commands, _now++);
        Written = decision.Writes;
        Store.Apply(decision.Writes);
        return decision.Outcomes;
    }

    public LedgerOutcome RunOne(LedgerCommand command) => Run(command)[0];

    public T RunOne<T>(LedgerCommand command) where T : LedgerOutcome => RunOne(command).Should().BeOfType<T>().Subject;

    public (long Reserved, long Settled) Totals(WindowClaim claim)
    {
        var row = Store.Windows[new RowKey(Org, claim.WindowId)];
        return (row.Reserved.Value, row.Settled.Value);
    }

    public void SetLimit(WindowClaim claim, long limit)
    {
        var key = new RowKey(Org, claim.WindowId);
        Store.Windows[key] = Store.Windows[key] with { Limit = Nanos(limit) };
    }

    public RefusalCode Refusal(LedgerCommand command) => RunOne<LedgerOutcome.Refused>(command).Refusal.Code;

    public void NothingWritten()
    {
        Written.IsEmpty.Should().BeTrue();
        Written.Organizations.Should().BeEmpty();
        Written.Entries.Should().BeEmpty();
        Written.Excesses.Should().BeEmpty();
        Written.Outbox.Should().BeEmpty();
        Written.Released.Should().BeEmpty();
        Written.Refusals.Should().BeEmpty();
        Written.IdempotencyUsed.Should().BeEmpty();
        Written.IdempotencyForgotten.Should().BeEmpty();
    }

    private ImmutableArray<Guid> WindowsOf(int id) => _windows.GetValueOrDefault(Id(id), []);

    private static WindowClaim Claim(int window, long limit, Enforcement enforcement)
    {
        var budget = new Budget
        {
            BudgetId = Id(1_000 + window),
            Slug = $"budget-{window}",
            ScopeId = Org,
            Amount = Nanos(limit),
            Period = Period.Of(PeriodKind.Month),
            Zone = TimeZoneInfo.Utc,
        };
        return new WindowClaim(
            new BudgetWindow(Id(2_000 + window), budget, new WindowSpan(0, 1_000_000)), Id(3_000 + window),
            $"policy-{window}", enforcement);
    }
}
