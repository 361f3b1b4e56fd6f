using System.Globalization;
using Microsoft.AspNetCore.Components;
using Spendra.Control.Dashboard;
using Spendra.Control.Hierarchy;
using Spendra.Control.Shell;

namespace Spendra.Control.Budgets;

/// <summary>All budgets that the visitor sees, as they stand.</summary>
public sealed partial class BudgetsPage
{
    private static readonly string[] Periods = ["day", "week", "month", "quarter", "year", "range", "total"];

    private IReadOnlyList<BudgetView>? _shown;
    private IReadOnlyList<BudgetNode> _rows = [];
    private string? _next;
    private string _search = "", _period = "";
    private (string? Search, string? Period) _typedFor;

    [SupplyParameterFromQuery]
    public string? Search { get; set; }

    [SupplyParameterFromQuery]
    public string? Period { get; set; }

    [SupplyParameterFromQuery]
    public string? Sort { get; set; }

    [SupplyParameterFromQuery]
    public string? Cursor { get; set; }

    /// <summary><c>tree</c> for the order of the hierarchy.</summary>
    [SupplyParameterFromQuery]
    public string? View { get; set; }

    private bool IsTree => View == "tree";

    protected override TimeSpan? RefreshEvery => TimeSpan.FromSeconds(5);

    private bool IsFiltered => Search is not null || Period is not null;

    private string WithSort => Navigation.GetUriWithQueryParameters(new Dictionary<string, object?> { ["sort"] = Sort == "-slug" ? null : "-slug", ["cursor"] = null });

    protected override async Task LoadAsync()
    {
        // What somebody is typing stays: the page reads by itself.
        if (_typedFor != (Search, Period)) (_search, _period, _typedFor) = (Search ?? "", Period ?? "", (Search, Period));
        var page = await ReadAsync<Page<BudgetView>>(QueryText.Of("budgets", ("limit", "100"), ("search", Search), ("period", Period), ("sort", Sort), ("cursor", Cursor)));
        (_shown, _next) = (page?.Items, page?.Next);
        var shown = _shown ?? [];
        _rows = IsTree ? BudgetTree.Of(shown, await ReadParentsAsync()) : [.. shown.Select(b => new BudgetNode(b, 0))];
    }

    private async Task<Dictionary<string, string>> ReadParentsAsync()
    {
        var parents = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var kind in (string[])["branches", "teams", "projects", "employees", "agents", "subagents"])
        {
            var page = await TryReadAsync<Page<ScopeView>>($"{kind}?limit=200");
            foreach (var scope in page.Value?.Items ?? [])
                if (scope.Parent is { } parent) parents[$"{scope.Kind}/{scope.Slug}"] = parent;
        }
        return parents;
    }

    private void SearchAgain() => Navigation.NavigateTo(Navigation.GetUriWithQueryParameters(new Dictionary<string, object?>
    {
        ["search"] = QueryText.OrNull(_search), ["period"] = QueryText.OrNull(_period), ["cursor"] = null,
    }));

    internal static string WindowOf(BudgetView budget) => budget.Window switch
    {
        { Start: { } start, End: { } end } => $"{budget.Period}, {Day(start, budget.TimeZone)} to {Day(end.AddTicks(-1), budget.TimeZone)}",
        { Start: { } start } => $"from {Day(start, budget.TimeZone)} on",
        _ => budget.Period,
    };

    private static string Day(DateTime utc, string zone) => TimeZoneInfo.ConvertTimeFromUtc(DateTime.SpecifyKind(utc, DateTimeKind.Utc), ZoneName.Find(zone) ?? TimeZoneInfo.Utc)
        .ToString("d MMM", CultureInfo.InvariantCulture);
}
