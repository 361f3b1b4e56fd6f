using Spendra.Core.Ledger;
using Spendra.Model;

namespace Spendra.Simulation.World;

/// <summary>
/// When a gateway sends a request to the provider, a committed reservation stands behind it and is still open: one that
/// has ended already holds nothing.
/// </summary>
internal sealed class DispatchWatch(SimWorld world, Excuses excuses)
{
    public void Check(int attempt)
    {
        var exchange = world.Exchanges[attempt];
        var id = exchange.RequestId;
        world.Trace.Add("dispatch", id);
        var organizationId = exchange.Call.Key.OrganizationId;
        if (world.Watch.ModelOf(organizationId).Reservations.GetValueOrDefault(id) is not { } held)
            world.Watch.Violations.Add($"attempt {attempt} was sent to the provider without a committed reservation");
        else if (!held.IsOpen && !WasSwept(exchange, held))
            world.Watch.Violations.Add($"attempt {attempt} was sent to the provider when its reservation {id} had ended");
    }

    private bool WasSwept(Clients.SimExchange exchange, ModelReservation held)
    {
        if (held.FirstKind != SpendKind.Expired) return false;
        var key = new RowKey(exchange.Call.Key.OrganizationId, exchange.RequestId);
        return world.Store.Tables.FindSpent(key) is { } spent
            && excuses.MayBeSwept(exchange, spent, world.Store.Tables.Events[(key, 0)].OccurredAt, world.Watch.Lives[exchange.RequestId]);
    }
}
