using Spendra.Core.Budgets;
using Spendra.Storage.Governance;

namespace Spendra.Control.Declarations;

internal static class BudgetPlanner
{
    public static void Plan(PlanDraft draft)
    {
        var stored = draft.State.Budgets.ToDictionary(b => b.Budget.Slug, StringComparer.Ordinal);
        var declared = draft.Declaration.Budgets?.Select(b => b.Slug).ToHashSet(StringComparer.Ordinal) ?? [];
        foreach (var row in draft.State.Budgets)
        {
            if (row.IsArchived || declared.Contains(row.Budget.Slug)) continue;
            if (!draft.Inputs.Prune || draft.Declaration.Budgets is null) draft.LiveBudgets[row.Budget.Slug] = row;
        }
        var defaultZone = TimeZoneInfo.FindSystemTimeZoneById(draft.Declaration.Organization.TimeZone);
        foreach (var item in draft.Declaration.Budgets ?? [])
        {
            var before = stored.GetValueOrDefault(item.Slug);
            var scope = draft.Resolve(item.Scope);
            var budget = new Budget
            {
                BudgetId = before?.Budget.BudgetId ?? draft.Inputs.NewId(),
                Slug = item.Slug,
                ScopeId = scope?.Scope.ScopeId ?? before?.Budget.ScopeId ?? draft.State.OrganizationId,
                Amount = item.Amount,
                Period = item.Period,
                Zone = item.Zone ?? before?.Budget.Zone ?? defaultZone,
                Increases = before?.Budget.Increases ?? [],
            }.WithBaseAmount(item.Amount);
            draft.Name(budget.BudgetId, item.Slug);
            var row = new BudgetRow(budget, IsArchived: false);
            draft.LiveBudgets[item.Slug] = row;
            var was = before is null ? null : Description.Of(before.Budget, draft.NameOf);
            var after = Description.Of(budget, draft.NameOf);
            if (was is not null && scope is not null && draft.IsTextSound) RefuseOtherChanges(draft, item, was, after);
            draft.Put("budget", item.Slug, was, before is { IsArchived: true }, after, new GovernanceWrite.PutBudget(row, before));
        }
    }

    /// <summary>
    /// Windows are named after their budget and span: another period, zone or scope would mix two counts.
    /// </summary>
    private static void RefuseOtherChanges(PlanDraft draft, BudgetItem item, Description was, Description after)
    {
        foreach (var change in Description.Differences(was, after))
        {
            if (change.Field == "amountUsd") continue;
            draft.Errors.Add(item.Line,
                $"budget '{item.Slug}' has {change.Field} {change.Before ?? "unset"}, here it is {change.After ?? "unset"}: "
                + "only a budget's amount can change; make a new budget with another slug");
        }
    }
}

internal static class PolicyPlanner
{
    public static void Plan(PlanDraft draft)
    {
        var stored = draft.State.Policies.ToDictionary(p => p.Policy.Slug, StringComparer.Ordinal);
        foreach (var item in draft.Declaration.Policies ?? [])
        {
            var before = stored.GetValueOrDefault(item.Slug);
            if (before is not null && before.Policy.Kind != item.Kind)
            {
                draft.Errors.Add(item.Line, $"policy '{item.Slug}' is a {GovernanceNames.Of(before.Policy.Kind)}; "
                    + "its kind cannot change: use a new slug");
                continue;
            }
            var budget = Budget(draft, item);
            var scopeId = item.Scope is null ? budget?.Budget.ScopeId : draft.Resolve(item.Scope)?.Scope.ScopeId;
            var policy = item.Rule with
            {
                PolicyId = before?.Policy.PolicyId ?? draft.Inputs.NewId(),
                ScopeId = scopeId ?? draft.State.OrganizationId,
                BudgetId = budget?.Budget.BudgetId,
                Approvals = before?.Policy.Approvals ?? [],
            };
            draft.Put("policy", item.Slug, before is null ? null : Description.Of(before.Policy, draft.NameOf),
                before is { IsArchived: true }, Description.Of(policy, draft.NameOf),
                new GovernanceWrite.PutPolicy(new PolicyRow(policy, IsArchived: false), before));
        }
    }

    private static BudgetRow? Budget(PlanDraft draft, PolicyItem item)
    {
        if (item.Budget is not { } reference) return null;
        if (draft.LiveBudgets.TryGetValue(reference.Slug, out var budget)) return budget;
        draft.Errors.Add(reference.Line,
            $"budget '{FieldReader.Short(reference.Slug)}' does not exist: expected it in this file or applied before");
        return null;
    }
}
