using Spendra.Control.Shell;
using Spendra.Core.Budgets;
using Spendra.Core.Governance;
using Spendra.Storage;
using Spendra.Storage.Governance;

namespace Spendra.Control.Budgets;

/// <summary>Tries a budget on the past, with the policies that watch it; one that none watches, as a hard cap on its scope.</summary>
internal static class BudgetTrial
{
    public static async Task<Outcome<BudgetView>> RunAsync(
        SimulateQuery simulate, Func<Draft, Outcome<BudgetView>> decide, Caller caller, ChangeDesk desk, Database database, CancellationToken cancel)
    {
        var (days, wrong) = simulate.Read();
        if (wrong is not null) return wrong;
        var rehearsed = await desk.RehearseAsync(caller, StateParts.Budgets | StateParts.Policies, decide, cancel);
        if (!rehearsed.IsDone) return rehearsed.Problem;
        var (view, state, changes, now) = rehearsed.Value;
        var budget = changes.Select(c => c.Write).OfType<GovernanceWrite.PutBudget>().Single().Row.Budget;
        Policy[] policies = [.. state.Policies.Where(p => !p.IsArchived && p.Policy.BudgetId == budget.BudgetId).Select(p => p.Policy)];
        var isWatched = policies.Length > 0;
        if (!isWatched) policies = [AsHardCap(budget)];
        var replay = new ChangeReplay(state.OrganizationId, budget, policies, policies.Select(p => p.PolicyId));
        var found = await Simulation.RunAsync(database, state.OrganizationId, now, days, replay, Notes(isWatched), cancel);
        return Outcome<BudgetView>.Done(view with { Version = null, Window = null, Simulation = found });
    }

    private static Policy AsHardCap(Budget budget) => new()
    {
        PolicyId = budget.BudgetId, Slug = "", Kind = PolicyKind.HardCap, ScopeId = budget.ScopeId, BudgetId = budget.BudgetId,
    };

    private static IEnumerable<string> Notes(bool isWatched)
    {
        yield return "A window that began before the simulated time is counted from then on.";
        if (!isWatched) yield return "No policy watches this budget: it is tried as a hard cap on everything in its scope.";
    }
}
