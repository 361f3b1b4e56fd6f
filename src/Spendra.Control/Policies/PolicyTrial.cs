using Spendra.Control.Shell;
using Spendra.Core.Governance;
using Spendra.Storage;
using Spendra.Storage.Governance;

namespace Spendra.Control.Policies;

/// <summary>Tries a policy on the past, with the others that count on the same budget.</summary>
internal static class PolicyTrial
{
    public static async Task<Outcome<PolicyView>> RunAsync(
        SimulateQuery simulate, Func<Draft, Outcome<PolicyView>> decide, Caller caller, ChangeDesk desk, Database database, CancellationToken cancel)
    {
        var (days, wrong) = simulate.Read();
        if (wrong is not null) return wrong;
        var rehearsed = await desk.RehearseAsync(caller, StateParts.Budgets | StateParts.Policies, decide, cancel);
        if (!rehearsed.IsDone) return rehearsed.Problem;
        var (view, state, changes, now) = rehearsed.Value;
        var policy = changes.Select(c => c.Write).OfType<GovernanceWrite.PutPolicy>().Single().Row.Policy;
        var budget = state.Budgets.FirstOrDefault(b => b.Budget.BudgetId == policy.BudgetId)?.Budget;
        var beside = state.Policies.Where(p => budget is not null && !p.IsArchived && p.Policy.BudgetId == budget.BudgetId
            && p.Policy.PolicyId != policy.PolicyId).Select(p => p.Policy);
        var replay = new ChangeReplay(state.OrganizationId, budget, [policy, .. beside], [policy.PolicyId]);
        var found = await Simulation.RunAsync(database, state.OrganizationId, now, days, replay, Notes(policy), cancel);
        return Outcome<PolicyView>.Done(view with { Version = null, Simulation = found });
    }

    private static IEnumerable<string> Notes(Policy policy)
    {
        if (PolicyRules.IsOnBudget(policy.Kind)) yield return "A window that began before the simulated time is counted from then on.";
        if (policy.MaxConcurrent is not null) yield return "maxConcurrent is not simulated.";
        if (policy.MaxOutputTokens is not null) yield return "maxOutputTokens is compared with the output of all choices of a request together.";
    }
}
