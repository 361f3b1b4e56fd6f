using Spendra.Core.Governance;
using Spendra.Storage.Governance;

namespace Spendra.Control.Declarations;

/// <summary>
/// Compares a declaration with what is stored and lists what has to change, in the order in which things refer to
/// each other. Pure but for the ids and seals that it is handed. What a file does not mention is left alone;
/// pruning archives what is missing from the lists that the file has.
/// </summary>
internal static class DeclarationPlanner
{
    public static IReadOnlyList<PlannedWrite> Plan(
        GovernanceState state, Declaration declaration, PlanInputs inputs, ErrorList errors)
    {
        var draft = new PlanDraft(state, declaration, inputs, errors);
        NameStored(draft);
        PlanOrganization(draft);
        ScopePlanner.Plan(draft);
        AccountPlanner.Plan(draft);
        PricePlanner.Plan(draft);
        ToolPricePlanner.Plan(draft);
        BudgetPlanner.Plan(draft);
        PolicyPlanner.Plan(draft);
        KeyPlanner.Plan(draft);
        if (inputs.Prune) PrunePlanner.Plan(draft);
        LeftAlone.Check(draft);
        return draft.Writes;
    }

    private static void NameStored(PlanDraft draft)
    {
        draft.Name(draft.State.OrganizationId, "organization");
        foreach (var row in draft.State.Scopes) draft.Name(row.Scope.ScopeId, row.Scope.Reference);
        foreach (var row in draft.State.Budgets) draft.Name(row.Budget.BudgetId, row.Budget.Slug);
    }

    private static void PlanOrganization(PlanDraft draft)
    {
        var item = draft.Declaration.Organization;
        var stored = draft.State.Organization;
        var row = new OrganizationRow(draft.State.OrganizationId, item.Slug, item.Name, item.Currency, item.TimeZone);
        draft.AddLive(new ScopeRow(
            new Scope(row.OrganizationId, ScopeKind.Organization, row.Slug, row.Name, ParentId: null), IsArchived: false));
        draft.Put("organization", item.Slug, stored is null ? null : Description.Of(stored), isArchived: false,
            Description.Of(row), new GovernanceWrite.PutOrganization(row));
    }
}

internal static class ScopePlanner
{
    public static void Plan(PlanDraft draft)
    {
        var stored = draft.State.Scopes.ToDictionary(s => (s.Scope.Kind, s.Scope.Slug));
        var declared = draft.Declaration.Scopes.Select(i => (i.Kind, i.Slug)).ToHashSet();
        foreach (var row in draft.State.Scopes)
        {
            var scope = row.Scope;
            if (row.IsArchived || scope.Kind == ScopeKind.Organization || declared.Contains((scope.Kind, scope.Slug))) continue;
            if (!draft.Inputs.Prune || !draft.Declaration.ScopeKinds.Contains(scope.Kind)) draft.AddLive(row);
        }

        // Ids first: an item may refer to one that stands below it.
        foreach (var item in draft.Declaration.Scopes)
        {
            var scopeId = stored.GetValueOrDefault((item.Kind, item.Slug))?.Scope.ScopeId ?? draft.Inputs.NewId();
            var scope = new Scope(scopeId, item.Kind, item.Slug, item.Name, ParentId: null);
            draft.Name(scopeId, scope.Reference);
            draft.AddLive(new ScopeRow(scope, IsArchived: false) { Email = item.Email });
        }
        foreach (var item in draft.Declaration.Scopes)
        {
            var live = draft.Resolve(new Reference(item.Kind, item.Slug, item.Line))!;
            var row = live with
            {
                Scope = live.Scope with { ParentId = draft.Resolve(item.Parent)?.Scope.ScopeId },
                ProjectIds = [.. item.Projects.Select(draft.Resolve).OfType<ScopeRow>().Select(p => p.Scope.ScopeId)],
            };
            draft.AddLive(row);
            var before = stored.GetValueOrDefault((item.Kind, item.Slug));
            draft.Put(Scope.KindName(item.Kind), item.Slug, before is null ? null : Description.Of(before, draft.NameOf),
                before is { IsArchived: true }, Description.Of(row, draft.NameOf), new GovernanceWrite.PutScope(row));
        }
    }
}
