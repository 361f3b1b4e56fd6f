using Microsoft.Extensions.Logging.Abstractions;
using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Storage;
using Spendra.Storage.Ledger;

namespace Spendra.Control.Tests.Api;

/// <summary>Requests as a gateway makes them: decided by the rules, held and settled by the ledger's own lane.</summary>
internal sealed class Spending(ControlHarness api, string organization = "acme") : IAsyncDisposable
{
    private readonly LedgerLane _lane = new(api.Store.Database, new LaneOptions(), TimeProvider.System, NullLogger<LedgerLane>.Instance);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Spends and returns the request's id.</summary>
    /// <param name="key">The key's slug.</param>
    /// <param name="usd">What it costs.</param>
    /// <param name="boundUsd">What is held; the cost when null.</param>
    /// <param name="model">A model of openai.</param>
    public async Task<Guid> SpendAsync(string key, string usd, string? boundUsd = null, string model = "gpt-5.4")
    {
        var held = await HoldAsync(key, boundUsd ?? usd, model);
        var ended = await _lane.EndAsync(new SettleCommand(held.OrganizationId, held.ReservationId, held.WindowIds, new Settlement
        {
            Cost = Usd(usd), Usage = new Usage { Input = 10, Output = 10 }, UpstreamStatus = 200,
        }));
        ended.Should().BeOfType<LedgerOutcome.Ended>();
        return held.ReservationId;
    }

    /// <summary>Holds money and leaves it held.</summary>
    public async Task<ReserveCommand> HoldAsync(string key, string usd, string model = "gpt-5.4")
    {
        var rows = await api.Store.LoadAsync((await api.Store.Reader.FindOrganizationAsync(organization, Cancel))!.Value);
        var snapshot = new GovernanceSnapshot(rows);
        var standing = snapshot.StandingOf(rows.Keys.Values.Single(k => k.Slug == key))!;
        var now = Micros.Now(TimeProvider.System);
        var shape = new RequestShape { Provider = "openai", Model = model, Environment = standing.Key.Environment };
        var admit = Admission.Decide(snapshot, standing, shape, Usd(usd), now).Should().BeOfType<Decision.Admit>().Subject;
        var command = new ReserveCommand(new Reservation
        {
            OrganizationId = rows.OrganizationId, ReservationId = Guid.CreateVersion7(), KeyId = standing.Key.KeyId,
            ScopeIds = [.. standing.ScopeIds], PolicyIds = admit.PolicyIds, WindowIds = [.. admit.Claims.Select(c => c.WindowId)],
            Provider = "openai", AccountId = Guid.CreateVersion7(), Model = model, Route = "chat.completions",
            Environment = standing.Key.Environment, Amount = Usd(usd), BoundInput = 10, BoundOutput = 500, Epoch = rows.Epoch,
            ReservedAt = now, ExpiresAt = now + 900_000_000,
        }, admit.Claims);
        (await _lane.ReserveAsync(command)).Should().BeOfType<LedgerOutcome.Admitted>();
        return command;
    }

    public ValueTask DisposeAsync() => _lane.DisposeAsync();

    private static NanoUsd Usd(string text) => NanoUsd.TryParse(text, out var amount) ? amount : throw new FormatException(text);
}
