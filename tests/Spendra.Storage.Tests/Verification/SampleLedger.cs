using System.Collections.Immutable;
using System.Data.Common;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Spendra.Core.Audit;
using Spendra.Core.Budgets;
using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using Spendra.Storage.Audit;
using Spendra.Storage.Governance;
using Spendra.Storage.Ledger;

namespace Spendra.Storage.Tests.Verification;

/// <summary>
/// A small ledger in which everything has happened once: measured, estimated, overrun, expired, late up and down,
/// adjusted up and down, released, open, free of charge, refused, with and without an idempotency key, and an object made
/// at the provider. Written by the lane itself.
/// </summary>
internal sealed class SampleLedger : IAsyncDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 11, 15, 12, 0, 0, TimeSpan.Zero);

    public static readonly Guid OrganizationId = Id(1);
    public static readonly Guid EmployeeId = Id(2);
    public static readonly Guid KeyId = Id(3);
    public static readonly Guid AccountId = Id(4);
    public static readonly Guid PriceId = Id(5);
    public static readonly Guid MonthBudgetId = Id(6);
    public static readonly Guid TotalBudgetId = Id(7);
    public static readonly Guid WatchedBudgetId = Id(8);

    public static readonly Guid MonthPolicyId = Id(31);

    // Reservations, named by what becomes of them.
    public static readonly Guid Measured = Id(11);
    public static readonly Guid Overrun = Id(12);
    public static readonly Guid Expired = Id(13);
    public static readonly Guid LateUp = Id(14);
    public static readonly Guid LateDown = Id(15);
    public static readonly Guid Estimated = Id(16);
    public static readonly Guid Adjusted = Id(17);
    public static readonly Guid Released = Id(18);
    public static readonly Guid Open = Id(19);
    public static readonly Guid Free = Id(20);
    public static readonly Guid RefusedExceeded = Id(21);
    public static readonly Guid RefusedHeld = Id(22);
    public static readonly Guid RefusedModel = Id(23);

    public static readonly Guid RequestAdjusted = Id(51);
    public static readonly Guid AccountAdjusted = Id(52);

    private static readonly Budget[] Budgets =
    [
        NewBudget(MonthBudgetId, "month", Period.Of(PeriodKind.Month)),
        NewBudget(TotalBudgetId, "total", Period.Of(PeriodKind.Total)),
        NewBudget(WatchedBudgetId, "watched", Period.Of(PeriodKind.Week)),
    ];

    private static readonly PriceVersion Price = new()
    {
        PriceId = PriceId,
        Provider = "openai",
        Model = "gpt-6.2-sol",
        Rates = new RateCard(new Rate(2_000_000_000), new Rate(100_000_000), new Rate(2_500_000_000), new Rate(10_000_000_000)),
        TierPercents = PriceVersion.NoTiers.Add("flex", 50),
        EffectiveFrom = 0,
        RecordedAt = 0,
        Source = "test",
    };

    private readonly FakeTimeProvider _time = new(Start);
    private readonly LedgerLane _lane;

    private SampleLedger(Database database)
    {
        _lane = new LedgerLane(database, new LaneOptions { Patience = TimeSpan.Zero }, _time, NullLogger<LedgerLane>.Instance);
    }

    public static Guid MonthWindowId => Budgets[0].WindowAt(Micros.Of(Start))!.WindowId;

    public static long NowMicros => Micros.Of(Start) + 1_000_000;

    public static async Task BuildAsync(Database database)
    {
        await GovernAsync(database);
        await using var ledger = new SampleLedger(database);
        await ledger.SpendAsync();
        await ApproveAsync(database);
    }

    public ValueTask DisposeAsync() => _lane.DisposeAsync();

    private static Guid Id(byte number) => new([0x01, 0x93, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, number], bigEndian: true);

    private static Budget NewBudget(Guid id, string slug, Period period) => new()
    {
        BudgetId = id,
        Slug = slug,
        ScopeId = OrganizationId,
        Amount = NanoUsd.FromUsd(100),
        Period = period,
        Zone = TimeZoneInfo.Utc,
    };

    private static async Task GovernAsync(Database database)
    {
        var first = AuditChain.Append(AuditHead.Start, NewRecord("organization.created"));
        var second = AuditChain.Append(AuditChain.HeadOf(first), NewRecord("update") with
        {
            SubjectKind = "budget", Subject = "month", BeforeState = """{"amountUsd":"100.000000001"}""", AfterState = """{"amountUsd":"100"}""",
        });
        var ids = new
        {
            organization = OrganizationId, employee = EmployeeId, key = KeyId, account = AccountId, price = PriceId,
            month = MonthBudgetId, total = TotalBudgetId, watched = WatchedBudgetId, zeros = new byte[32],
            auditHash = second.Hash, policy1 = Id(31), policy2 = Id(32), policy3 = Id(33),
        };
        await using var connection = await database.ConnectAsync(TestContext.Current.CancellationToken);
        foreach (var statement in SampleGovernance.Statements) await connection.ExecuteAsync(statement, ids);
        await connection.ExecuteAsync(SampleGovernance.CapCut, new { organization = OrganizationId, cause = Id(41), month = MonthWindowId });
        await using var transaction = await database.BeginWriteAsync(connection, default);
        await AuditLog.InsertAsync(database, connection, transaction, [first, second], default);
        await transaction.CommitAsync();
    }

    /// <summary>
    /// Corrections that people approved: one that the lane has booked above, and one of an account, booked as its approval books it.
    /// </summary>
    private static async Task ApproveAsync(Database database)
    {
        await using var connection = await database.ConnectAsync(TestContext.Current.CancellationToken);
        await using var transaction = await database.BeginWriteAsync(connection, default);
        await database.EnterAsync(connection, transaction, OrganizationId, default);
        var counters = await connection.QuerySingleAsync<(long, long, byte[])>("SELECT entry_sequence, outbox_sequence, ledger_seal FROM organizations", transaction: transaction);
        var account = new AdjustmentRow
        {
            AdjustmentId = AccountAdjusted, AccountId = AccountId, Difference = new NanoUsd(-9_000), Reason = "a credit note", ProposedAt = 1,
            ProposedBy = "ada", ProposerId = Id(61),
        };
        var booking = LedgerMachine.AdjustAccount(new Core.Ledger.OrganizationRow(OrganizationId, 1, counters.Item1, counters.Item2) { Seal = Seal.Read(counters.Item3) },
            new AccountAdjustment(account.AdjustmentId, AccountId, account.Difference, account.Reason), NowMicros);
        await new AdjustmentWriter(database, connection, transaction, new WriteStamp(OrganizationId, 1, NowMicros, "bob"), default).WriteAsync(
            [new GovernanceWrite.AddAdjustment(account), new GovernanceWrite.DecideAdjustment(account, Id(62), booking)]);
        await connection.ExecuteAsync("""
            INSERT INTO adjustments (organization_id, adjustment_id, reservation_id, account_id, amount_nanos, after_event, reason, proposed_at,
                proposed_by, proposer_id, decision, decided_at, decided_by, decider_id, entry_sequence, event_number, version)
            SELECT organization_id, @id, reservation_id, account_id, cost_nanos, 0, reason, 1, 'ada', @proposer, 'approved', occurred_at, 'bob', @decider,
                entry_sequence, event_number, 2 FROM spend_events WHERE reservation_id = @Adjusted AND event_number = 1
            """, new { id = RequestAdjusted, proposer = Id(61), decider = Id(62), Adjusted }, transaction);
        await RecordAsync(database, connection, transaction);
        await transaction.CommitAsync();
    }

    private static async Task RecordAsync(Database database, DbConnection connection, DbTransaction transaction)
    {
        var head = await connection.QuerySingleAsync<(long, byte[])>("SELECT audit_sequence, audit_hash FROM organizations", transaction: transaction);
        var last = new AuditHead(head.Item1, head.Item2);
        foreach (var id in new[] { AccountAdjusted, RequestAdjusted })
        {
            var row = (await AdjustmentReader.FindAsync(connection, transaction, OrganizationId, id, default))!;
            var record = AuditChain.Append(last, NewRecord("approve") with
            {
                SubjectKind = "adjustment", Subject = id.ToString(), AfterState = Description.Of(row).ToJson(),
            });
            await AuditLog.InsertAsync(database, connection, transaction, [record], default);
            last = AuditChain.HeadOf(record);
        }
        await connection.ExecuteAsync("UPDATE organizations SET audit_sequence = @Sequence, audit_hash = @Hash", new { last.Sequence, last.Hash }, transaction);
    }

    private static AuditRecord NewRecord(string action) => new()
    {
        OrganizationId = OrganizationId,
        Sequence = 0,
        RecordedAt = 1,
        Actor = "test",
        Action = action,
        SubjectKind = "organization",
        Subject = "acme",
        Origin = "test",
        PreviousHash = [],
        Hash = [],
    };

    private async Task SpendAsync()
    {
        await ReserveAsync(Measured, bound: new(1_000, 1_000));
        await SettleAsync(Measured, Used(900, 500), tierPercent: 50);
        await ReserveAsync(Overrun, bound: new(10, 10));
        await SettleAsync(Overrun, Used(1_000, 1_000));
        await ReserveAsync(Expired, bound: new(500, 500));
        await EndAsync(new ExpireCommand(OrganizationId, Expired, Windows));
        await ReserveAsync(LateUp, bound: new(100, 100));
        await EndAsync(new ExpireCommand(OrganizationId, LateUp, Windows));
        await SettleAsync(LateUp, Used(700, 700));
        await ReserveAsync(LateDown, bound: new(2_000, 2_000));
        await EndAsync(new ExpireCommand(OrganizationId, LateDown, Windows));
        await SettleAsync(LateDown, Used(20, 20));
        await ReserveAsync(Estimated, bound: new(300, 300));
        await EndAsync(new SettleCommand(OrganizationId, Estimated, Windows,
            new Settlement { Cost = Bound(new(300, 300)), Usage = default, IsEstimated = true }));
        await ReserveAsync(Adjusted, bound: new(4_000, 4_000), idempotent: true);
        await SettleAsync(Adjusted, Used(3_000, 3_000));
        await EndAsync(new AdjustCommand(OrganizationId, Adjusted, Windows, new NanoUsd(5_000), "the invoice says more"));
        await EndAsync(new AdjustCommand(OrganizationId, Adjusted, Windows, new NanoUsd(-7_000), "a credit note"));
        await ReserveAsync(Released, bound: new(50, 50));
        await EndAsync(new ReleaseCommand(OrganizationId, Released, Windows, "the provider refused"));
        await ReserveAsync(Open, bound: new(60, 60), idempotent: true);
        await ReserveFreeAsync();
        await NoteAsync();
    }

    /// <summary>A route without a price holds nothing and costs nothing.</summary>
    private async Task ReserveFreeAsync()
    {
        var reservation = NewReservation(Free, default, digest: null) with { PriceId = null, WindowIds = [], Amount = NanoUsd.Zero };
        (await _lane.ReserveAsync(new ReserveCommand(reservation, []))).Should().BeOfType<LedgerOutcome.Admitted>();
        await EndAsync(new SettleCommand(OrganizationId, Free, [], new Settlement { Cost = NanoUsd.Zero, Usage = default, UpstreamStatus = 200 }));
    }

    private async Task NoteAsync()
    {
        await _lane.RecordAsync(new ProviderObject
        {
            OrganizationId = OrganizationId,
            ObjectId = "resp_1",
            Kind = ObjectKind.Response,
            AccountId = AccountId,
            KeyId = KeyId,
            ReservationId = Measured,
            CreatedAt = Micros.Now(_time),
        });
        await RefuseAsync(RefusedExceeded, RefusalCode.BudgetExceeded, settled: 90, reserved: 5, needed: 11);
        await RefuseAsync(RefusedHeld, RefusalCode.BudgetHeld, settled: 90, reserved: 5, needed: 6);
        await RefuseAsync(RefusedModel, RefusalCode.ModelNotAllowed);
    }

    private Task RefuseAsync(Guid id, RefusalCode code, long? settled = null, long? reserved = null, long needed = 0)
    {
        var window = Claims[0].Window;
        return _lane.RecordAsync(new RefusalRecord
        {
            OrganizationId = OrganizationId,
            RequestId = id,
            KeyId = KeyId,
            RefusedAt = Micros.Now(_time),
            Route = "chat.completions",
            Refusal = new Refusal(code, "no")
            {
                PolicyId = Id(31),
                Window = settled is { } spent ? new RefusedWindow(MonthBudgetId, "month", new NanoUsd(100),
                    new NanoUsd(spent), new NanoUsd(reserved!.Value), new NanoUsd(needed), window.Span.StartsAt, window.Span.EndsAt) : null,
            },
        });
    }

    private static Usage Used(long input, long output) => new() { Input = input, Output = output };

    private static NanoUsd Bound(UnitBound units) => Cost.Bound(Price, units)!.Value;

    private static ImmutableArray<WindowClaim> Claims =>
    [
        .. Budgets.Select(b => new WindowClaim(b.WindowAt(Micros.Of(Start))!, Id(31), "cap",
            b.BudgetId == WatchedBudgetId ? Enforcement.Observed : Enforcement.Hard)),
    ];

    private static ImmutableArray<Guid> Windows => [.. Claims.Select(c => c.WindowId)];

    private async Task ReserveAsync(Guid id, UnitBound bound, bool idempotent = false)
    {
        var digest = idempotent ? Enumerable.Repeat(id.ToByteArray()[15], 32).ToArray() : null;
        var outcome = await _lane.ReserveAsync(new ReserveCommand(NewReservation(id, bound, digest), Claims)
        {
            Idempotency = digest is null ? null : new IdempotencyClaim(digest, digest),
        });
        outcome.Should().BeOfType<LedgerOutcome.Admitted>();
    }

    private Reservation NewReservation(Guid id, UnitBound bound, byte[]? digest)
    {
        var now = Micros.Now(_time);
        return new Reservation
        {
            OrganizationId = OrganizationId,
            ReservationId = id,
            KeyId = KeyId,
            ScopeIds = [OrganizationId, EmployeeId],
            PolicyIds = [Id(31), Id(32), Id(33)],
            WindowIds = Windows,
            Provider = Price.Provider,
            AccountId = AccountId,
            Model = Price.Model,
            Route = "chat.completions",
            PriceId = PriceId,
            Amount = Bound(bound),
            BoundInput = bound.Input,
            BoundOutput = bound.Output,
            Epoch = 1,
            ReservedAt = now,
            ExpiresAt = now + 900_000_000,
            IdempotencyDigest = digest,
        };
    }

    private Task SettleAsync(Guid id, Usage usage, int tierPercent = Cost.DefaultTierPercent) =>
        EndAsync(new SettleCommand(OrganizationId, id, Windows, new Settlement
        {
            Cost = Cost.Of(Price, usage, tierPercent),
            Usage = usage,
            TierPercent = tierPercent,
            UpstreamStatus = 200,
        }));

    private async Task EndAsync(LedgerCommand command) =>
        (await _lane.EndAsync(command)).Should().BeOfType<LedgerOutcome.Ended>();
}
