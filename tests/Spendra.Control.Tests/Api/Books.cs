using Microsoft.Extensions.Logging.Abstractions;
using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Core.Ledger.Verification;
using Spendra.Core.Metering;
using Spendra.Core.Pricing;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Ledger;

namespace Spendra.Control.Tests.Api;

/// <summary>Traffic of the declared organization, written by the lane as a gateway would.</summary>
internal sealed class Books : IAsyncDisposable
{
    private readonly GovernanceState _state;
    private readonly PriceVersion _price;
    private readonly WindowClaim _claim;
    private readonly Database _database;
    private readonly LedgerLane _lane;

    private Books(Database database, GovernanceState state)
    {
        (_database, _state) = (database, state);
        var now = Micros.Now(TimeProvider.System);
        _price = new PriceBook(state.Prices).Find("openai", "house-model", now)!;
        var budget = state.Budgets.Single(b => b.Budget.Slug == "all-2026").Budget;
        var policy = state.Policies.Single(p => p.Policy.Slug == "all-cap").Policy;
        _claim = new WindowClaim(budget.WindowAt(now)!, policy.PolicyId, policy.Slug, Enforcement.Hard);
        _lane = new LedgerLane(database, new LaneOptions { Patience = TimeSpan.Zero }, TimeProvider.System, NullLogger<LedgerLane>.Instance);
    }

    public Guid OrganizationId => _state.OrganizationId;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<Books> OpenAsync(ControlHarness api) =>
        new(api.Store.Database, await GovernanceStateReader.ReadAsync(api.Store.Database, "acme", Micros.Now(TimeProvider.System), Cancel));

    /// <summary>Holds money for one request of a key.</summary>
    public async Task<Guid> ReserveAsync(string key)
    {
        var command = Command(key);
        (await _lane.ReserveAsync(command)).Should().BeOfType<LedgerOutcome.Admitted>();
        return command.ReservationId;
    }

    /// <summary>One request of a key that was answered: 1,000 tokens in, 100 out.</summary>
    public async Task<Guid> SpendAsync(string key)
    {
        var id = await ReserveAsync(key);
        var usage = new Usage { Input = 1_000, Output = 100 };
        var settlement = new Settlement { Cost = Cost.Of(_price, usage, 100), Usage = usage, UpstreamStatus = 200 };
        (await _lane.EndAsync(new SettleCommand(OrganizationId, id, [_claim.WindowId], settlement))).Should().BeOfType<LedgerOutcome.Ended>();
        return id;
    }

    public async Task ReleaseAsync(Guid id) =>
        (await _lane.EndAsync(new ReleaseCommand(OrganizationId, id, [_claim.WindowId], "not sent"))).Should().BeOfType<LedgerOutcome.Ended>();

    public async Task<Guid> RefuseAsync(string key)
    {
        var id = Guid.CreateVersion7();
        await _lane.RecordAsync(new RefusalRecord
        {
            OrganizationId = OrganizationId, RequestId = id, KeyId = KeyOf(key).KeyId, RefusedAt = Micros.Now(TimeProvider.System), Route = "chat.completions",
            Refusal = new Refusal(RefusalCode.ModelNotAllowed, "no") { PolicyId = _claim.PolicyId },
        });
        return id;
    }

    /// <summary>Everything that <c>spendra verify</c> finds wrong.</summary>
    public async Task<IReadOnlyList<Violation>> VerifyAsync() =>
        (await new LedgerVerifier(_database).VerifyAsync([OrganizationId], Micros.Now(TimeProvider.System), Cancel)).Violations;

    public ValueTask DisposeAsync() => _lane.DisposeAsync();

    private Core.Keys.ScopedKey KeyOf(string key) => _state.Keys.Single(k => k.Key.Slug == key).Key;

    private ReserveCommand Command(string slug)
    {
        var key = KeyOf(slug);
        var scopes = new ScopeTree(OrganizationId, _state.Scopes.Select(s => s.Scope));
        var now = Micros.Now(TimeProvider.System);
        var bound = new UnitBound(2_000, 200);
        return new ReserveCommand(new Reservation
        {
            OrganizationId = OrganizationId,
            ReservationId = Guid.CreateVersion7(),
            KeyId = key.KeyId,
            ScopeIds = [.. scopes.WithAncestors(key.ActorId).Select(s => s.ScopeId).Append(OrganizationId).Distinct().Reverse(), .. key.ProjectId is { } p ? [p] : Array.Empty<Guid>()],
            PolicyIds = [_claim.PolicyId],
            WindowIds = [_claim.WindowId],
            Provider = "openai",
            AccountId = _state.Accounts.Single(a => a.Account.Slug == "main").Account.AccountId,
            Model = "house-model",
            Route = "chat.completions",
            PriceId = _price.PriceId,
            Amount = Cost.Bound(_price, bound)!.Value,
            BoundInput = bound.Input,
            BoundOutput = bound.Output,
            Epoch = _state.Epoch,
            ReservedAt = now,
            ExpiresAt = now + 900_000_000,
        }, [_claim]);
    }
}
