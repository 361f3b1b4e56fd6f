using Spendra.Simulation.Clients;
using Spendra.Storage;

namespace Spendra.Simulation.World;

/// <summary>
/// After healing: one small call with every key. What fits is admitted, what does not is refused for the right reason;
/// nothing of the past stands in the way.
/// </summary>
internal sealed class SimProbes(SimWorld world)
{
    private const int MaxTokens = 5;

    public void SendAll()
    {
        foreach (var key in world.Keys)
        {
            world.Loop.RunUntil(() => world.HasGateway, 60_000_000);
            if (world.PickGateway(world.Loop.Random) is not { } gateway)
            {
                world.Watch.Violations.Add("no gateway came up after healing");
                return;
            }
            var call = SimCall.Chat(key, SimRules.Models[0], MaxTokens, isStream: false, "probe");
            var expected = Expect(key, call, gateway);
            var day = Day(gateway);
            var exchange = world.Send(gateway, call);
            world.Loop.RunUntil(() => exchange.IsOver, 30_000_000);
            world.Loop.RunUntil(() => world.Store.Tables.Open.Count == 0, 30_000_000);
            // Over midnight another window decides than the one that was looked at.
            if (exchange.Status != expected && Day(gateway) == day)
                world.Watch.Violations.Add($"a probe with key {key.KeyId} was answered {exchange.Status} {exchange.ErrorCode}; it should be {expected}");
        }
    }

    private static int Day(SimGateway gateway) => gateway.Process.Clock.GetUtcNow().DayOfYear;

    private int Expect(SimKey key, SimCall call, SimGateway gateway)
    {
        var rules = world.Store.Rules[key.OrganizationId];
        if (rules.Keys[key.KeyId].RevokedAt is not null) return 401;
        var now = Micros.Now(gateway.Process.Clock);
        var price = rules.Prices.Values.Where(p => p.Model == call.Model && p.EffectiveFrom <= now)
            .OrderByDescending(p => p.EffectiveFrom).ThenByDescending(p => p.PriceId).First();
        var bound = LedgerWatch.BoundOf(price, call.Body.Length + 64, MaxTokens);
        var model = world.Watch.ModelOf(key.OrganizationId);
        foreach (var id in key.HardBudgets)
        {
            var budget = rules.Budgets[id];
            var window = budget.WindowAt(now)!;
            var limit = model.Windows.GetValueOrDefault(window.WindowId)?.Limit ?? budget.Amount.Value;
            if (model.Settled(window.WindowId) + bound > limit) return 402;
        }
        return 200;
    }
}
