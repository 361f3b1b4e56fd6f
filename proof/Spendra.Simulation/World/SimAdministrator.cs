using Spendra.Core.Governance;
using Spendra.Core.Money;
using Spendra.Simulation.Scheduling;
using Spendra.Storage;

namespace Spendra.Simulation.World;

/// <summary>Changes the rules under the load: raises and cuts caps, revokes keys, sets new prices.</summary>
internal sealed class SimAdministrator(SimProcess process, SimWorldParts world, SimRandom random)
{
    private int _prices;

    public void ChangeSomething(IReadOnlyList<SimRules> organizations)
    {
        var organization = random.Pick(organizations);
        var now = Micros.Now(process.Clock);
        Func<GovernanceRows, GovernanceRows> change = random.Below(6) switch
        {
            0 => rows => Revoke(rows, organization.Keys[^1].KeyId, now),
            1 => rows => AddPrice(rows, random.Pick(SimRules.Models), now),
            2 => rows => SetAmount(rows, 0),
            _ => rows => SetAmount(rows, random.Between(100_000, 9_000_000)),
        };
        world.Store.ChangeRules(process, organization.Rows.OrganizationId, change, now);
    }

    private GovernanceRows SetAmount(GovernanceRows rows, long amountNanos)
    {
        var budget = random.Pick([.. rows.Budgets.Values]);
        return rows with
        {
            Budgets = new Dictionary<Guid, Core.Budgets.Budget>(rows.Budgets) { [budget.BudgetId] = budget with { Amount = new NanoUsd(amountNanos) } },
        };
    }

    private static GovernanceRows Revoke(GovernanceRows rows, Guid keyId, long now) => rows with
    {
        Keys = new Dictionary<Guid, Core.Keys.ScopedKey>(rows.Keys) { [keyId] = rows.Keys[keyId] with { RevokedAt = rows.Keys[keyId].RevokedAt ?? now } },
    };

    private GovernanceRows AddPrice(GovernanceRows rows, string model, long now)
    {
        var id = Store.SimIds.Of(500_000 + _prices++);
        var price = SimRules.Price(id, model, random.Between(1, 3_000_000_000), random.Between(1, 900_000_000), random.Between(1, 9_000_000_000), now);
        return rows with { Prices = new Dictionary<Guid, Core.Pricing.PriceVersion>(rows.Prices) { [id] = price } };
    }
}
