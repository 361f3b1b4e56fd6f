using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Spendra.Control.Tests.Api;
using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Core.Ledger.Verification;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Ledger;

namespace Spendra.Control.Tests.Reconciliation;

/// <summary>Traffic of the month before this one, written by the lane as a gateway would have then.</summary>
internal sealed class PastBooks : IAsyncDisposable
{
    private readonly GovernanceState _state;
    private readonly Database _database;
    private readonly LedgerLane _lane;
    private readonly FakeTimeProvider _time = new();
    private readonly Policy _policy;
    private readonly Core.Budgets.Budget _budget;

    private PastBooks(Database database, GovernanceState state)
    {
        (_database, _state) = (database, state);
        Price = new PriceBook(state.Prices).Find("openai", "house-model", Micros.Now(TimeProvider.System))!;
        _budget = state.Budgets.Single(b => b.Budget.Slug == "ever").Budget;
        _policy = state.Policies.Single(p => p.Policy.Slug == "ever-cap").Policy;
        _lane = new LedgerLane(database, new LaneOptions { Patience = TimeSpan.Zero }, _time, NullLogger<LedgerLane>.Instance);
    }

    /// <summary>The organization of <see cref="Files.Acme"/> with a cap that holds in every month.</summary>
    public static string Company { get; } = Files.Acme
        .Replace("\npolicies:\n", "\n  - {slug: ever, scope: organization, amountUsd: 1000000, period: total}\npolicies:\n  - {slug: ever-cap, kind: hard_cap, scope: organization, budget: ever}\n", StringComparison.Ordinal);

    public static AccountingPeriod Month { get; } = AccountingPeriod.Of(Micros.Now(TimeProvider.System)).Previous;

    public PriceVersion Price { get; }

    public Guid OrganizationId => _state.OrganizationId;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<PastBooks> OpenAsync(ControlHarness api) =>
        new(api.Store.Database, await GovernanceStateReader.ReadAsync(api.Store.Database, "acme", Micros.Now(TimeProvider.System), Cancel));

    /// <summary>An instant of the month: noon of a day, from 1.</summary>
    public static long Noon(int day) => Month.StartsAt + (day - 1) * 86_400_000_000 + 43_200_000_000;

    /// <summary>Holds money at an instant.</summary>
    public async Task<ReserveCommand> HoldAsync(long at, string key = "ada", string account = "main")
    {
        _time.SetUtcNow(Later(at));
        var scoped = _state.Keys.Single(k => k.Key.Slug == key).Key;
        var scopes = new ScopeTree(OrganizationId, _state.Scopes.Select(s => s.Scope));
        var claim = new WindowClaim(_budget.WindowAt(at)!, _policy.PolicyId, _policy.Slug, Enforcement.Hard);
        var bound = new UnitBound(2_000_000, 200_000);
        var command = new ReserveCommand(new Reservation
        {
            OrganizationId = OrganizationId,
            ReservationId = Guid.CreateVersion7(Micros.ToInstant(at)),
            KeyId = scoped.KeyId,
            ScopeIds = [.. scopes.WithAncestors(scoped.ActorId).Select(s => s.ScopeId).Append(OrganizationId).Distinct().Reverse(), .. scoped.ProjectId is { } p ? [p] : Array.Empty<Guid>()],
            PolicyIds = [_policy.PolicyId],
            WindowIds = [claim.WindowId],
            Provider = "openai",
            AccountId = _state.Accounts.Single(a => a.Account.Slug == account).Account.AccountId,
            Model = "house-model",
            Route = "chat.completions",
            PriceId = Price.PriceId,
            Amount = Cost.Bound(Price, bound)!.Value,
            BoundInput = bound.Input,
            BoundOutput = bound.Output,
            Epoch = _state.Epoch,
            ReservedAt = at,
            ExpiresAt = at + 900_000_000,
        }, [claim]);
        (await _lane.ReserveAsync(command)).Should().BeOfType<LedgerOutcome.Admitted>();
        return command;
    }

    /// <summary>Settles what was held, booked at an instant.</summary>
    public async Task SettleAsync(ReserveCommand held, Usage usage, long at, string? served = null, bool isEstimated = false, string? upstreamId = null)
    {
        _time.SetUtcNow(Later(at));
        var cost = isEstimated ? held.Reservation.Amount : Cost.Of(Price, usage);
        var settlement = new Settlement { Cost = cost, Usage = usage, UpstreamStatus = 200, ServedModel = served, ServedPriceId = served is null ? null : Price.PriceId, IsEstimated = isEstimated, UpstreamRequestId = upstreamId };
        (await _lane.EndAsync(new SettleCommand(OrganizationId, held.ReservationId, held.WindowIds, settlement))).Should().BeOfType<LedgerOutcome.Ended>();
    }

    /// <summary>One request that was answered.</summary>
    public async Task<Guid> SpendAsync(long at, Usage usage, string? served = null, string key = "ada", string account = "main", bool isEstimated = false)
    {
        var held = await HoldAsync(at, key, account);
        await SettleAsync(held, usage, at + 1_000_000, served, isEstimated);
        return held.ReservationId;
    }

    /// <summary>One request that was booked at its bound: its usage never came.</summary>
    public async Task<(Guid Id, NanoUsd Booked)> EstimateAsync(long at, string? upstreamId, string account = "main")
    {
        var held = await HoldAsync(at, account: account);
        await SettleAsync(held, default, at + 1_000_000, isEstimated: true, upstreamId: upstreamId);
        return (held.ReservationId, held.Reservation.Amount);
    }

    /// <summary>A request that was refused, by the one who held before.</summary>
    public Task RefuseAsync(ReserveCommand like, RefusalCode code, long at) => _lane.RecordAsync(new RefusalRecord
    {
        OrganizationId = OrganizationId, RequestId = Guid.CreateVersion7(Micros.ToInstant(at)), KeyId = like.Reservation.KeyId, RefusedAt = at,
        Route = "chat.completions", Provider = "openai", Model = like.Reservation.Model, ScopeIds = like.Reservation.ScopeIds, Refusal = new Refusal(code, "no"),
    });

    /// <summary>Books what was held at its bound: nobody ended it.</summary>
    public async Task ExpireAsync(ReserveCommand held, long at)
    {
        _time.SetUtcNow(Later(at));
        (await _lane.EndAsync(new ExpireCommand(OrganizationId, held.ReservationId, held.WindowIds))).Should().BeOfType<LedgerOutcome.Ended>();
    }

    /// <summary>Everything that <c>spendra verify</c> finds wrong.</summary>
    public async Task<IReadOnlyList<Violation>> VerifyAsync() =>
        (await new LedgerVerifier(_database).VerifyAsync([OrganizationId], Micros.Now(TimeProvider.System), Cancel)).Violations;

    public ValueTask DisposeAsync() => _lane.DisposeAsync();

    // The clock of a test does not go back; a process with another clock may book as it likes.
    private DateTimeOffset Later(long at) => Micros.ToInstant(at) is var instant && instant > _time.GetUtcNow() ? instant : _time.GetUtcNow();
}
