using Microsoft.AspNetCore.Components;
using Spendra.Control.Budgets;
using Spendra.Control.Dashboard;
using Spendra.Control.Shell;
using Spendra.Core.Access;

namespace Spendra.Control.Policies;

/// <summary>All policies that the visitor sees, each in a sentence.</summary>
public sealed partial class PoliciesPage
{
    private IReadOnlyList<PolicyView>? _policies;
    private Dictionary<string, BudgetView> _budgets = [];
    private string? _next;
    private string _search = "", _kind = "";

    [SupplyParameterFromQuery]
    public string? Search { get; set; }

    [SupplyParameterFromQuery]
    public string? Kind { get; set; }

    [SupplyParameterFromQuery]
    public string? Cursor { get; set; }

    protected override async Task LoadAsync()
    {
        (_search, _kind) = (Search ?? "", Kind ?? "");
        var page = await ReadAsync<Page<PolicyView>>(QueryText.Of("policies", ("limit", "100"), ("search", Search), ("kind", Kind), ("cursor", Cursor)));
        (_policies, _next) = (page?.Items, page?.Next);
        if (!May(Capability.BudgetsRead)) return;
        _budgets = ((await TryReadAsync<Page<BudgetView>>("budgets?limit=200")).Value?.Items ?? []).ToDictionary(b => b.Slug);
    }

    private BudgetView? BudgetOf(PolicyView policy) => policy.Budget is { } slug ? _budgets.GetValueOrDefault(slug) : null;

    private void SearchAgain() => Navigation.NavigateTo(Navigation.GetUriWithQueryParameters(new Dictionary<string, object?>
    {
        ["search"] = QueryText.OrNull(_search), ["kind"] = QueryText.OrNull(_kind), ["cursor"] = null,
    }));
}
