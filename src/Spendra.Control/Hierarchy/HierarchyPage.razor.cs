using Microsoft.AspNetCore.Components;
using Spendra.Control.Dashboard;
using Spendra.Control.Shell;

namespace Spendra.Control.Hierarchy;

/// <summary>The scopes that the visitor sees, as a tree; one of them, and a new one, beside it.</summary>
public sealed partial class HierarchyPage
{
    /// <summary>Of each kind: a tree that nobody can read helps nobody, and a search finds the rest.</summary>
    private const int MostPages = 5;

    private ScrolledList<PlacedScope>? _placed;
    private (string? Search, string? Kind, string? Archived)? _shown;
    private Dictionary<string, int> _children = [];
    private string _search = "", _kind = "";
    private bool _isCut;

    [SupplyParameterFromQuery]
    public string? Search { get; set; }

    [SupplyParameterFromQuery]
    public string? Kind { get; set; }

    /// <summary>Anything: archived ones are among the others.</summary>
    [SupplyParameterFromQuery]
    public string? Archived { get; set; }

    /// <summary>The scope that is open beside the tree, such as <c>team/search</c>.</summary>
    [SupplyParameterFromQuery(Name = "scope")]
    public string? Shown { get; set; }

    /// <summary>The kind of the new scope whose form is open.</summary>
    [SupplyParameterFromQuery]
    public string? New { get; set; }

    /// <summary>What shall contain it.</summary>
    [SupplyParameterFromQuery]
    public string? Parent { get; set; }

    private bool IsFiltered => Search is not null || Kind is not null;

    private string Closed => Navigation.GetUriWithQueryParameters(Opened("scope", null));

    protected override async Task LoadAsync()
    {
        // A drawer that opens or closes changes nothing of the tree.
        if (_shown == (Search, Kind, Archived)) return;
        (_search, _kind, _isCut) = (Search ?? "", Kind ?? "", false);
        var scopes = new List<ScopeView>();
        foreach (var (kind, path, _) in ScopeBranches.Kinds)
            if (Kind is null || Kind == kind) await ReadKindAsync(path, scopes);
        _children = scopes.Where(s => s.Parent is not null && !s.IsArchived).GroupBy(s => s.Parent!).ToDictionary(g => g.Key, g => g.Count());
        _placed = ScrolledList.Of(ScopeBranches.Place(scopes), p => p.Reference);
        await _placed.StartAsync();
        _shown = Problem is null ? (Search, Kind, Archived) : null;
    }

    private async Task ReadAgainAsync()
    {
        _shown = null;
        await ReloadAsync();
    }

    private async Task ReadKindAsync(string path, List<ScopeView> scopes)
    {
        string? cursor = null;
        for (var page = 0; page < MostPages; page++)
        {
            var read = await ReadAsync<Page<ScopeView>>(QueryText.Of(path, ("limit", "200"), ("search", Search), ("archived", Archived is null ? null : "true"), ("cursor", cursor)));
            scopes.AddRange(read?.Items ?? []);
            cursor = read?.Next;
            if (cursor is null) return;
        }
        _isCut = true;
    }

    private void SearchAgain() => Navigation.NavigateTo(Navigation.GetUriWithQueryParameters(new Dictionary<string, object?>
    {
        ["search"] = QueryText.OrNull(_search), ["kind"] = QueryText.OrNull(_kind),
    }));

    /// <summary>One drawer at a time.</summary>
    private static Dictionary<string, object?> Opened(string drawer, string? value)
    {
        var address = new Dictionary<string, object?> { ["scope"] = null, ["new"] = null, ["parent"] = null };
        address[drawer] = value;
        return address;
    }
}
