using Microsoft.AspNetCore.Components;
using Spendra.Control.Dashboard;
using Spendra.Control.Hierarchy;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Core.Money;

namespace Spendra.Control.Keys;

/// <summary>Keys that the visitor sees, and a new one.</summary>
public sealed partial class KeysPage
{
    private const int ShownIdChars = 18;

    private IReadOnlyList<KeyView>? _keys;
    private IReadOnlyList<string> _actors = [];
    private RevealedKey? _revealed;
    private PageProblem? _refused;
    private string? _next, _mine;
    private string _search = "", _state = "", _slug = "", _actor = "", _project = "", _mode = "live", _models = "", _tools = "", _most = "", _environment = "";
    private DateOnly? _expires;

    [SupplyParameterFromQuery]
    public string? Search { get; set; }

    [SupplyParameterFromQuery]
    public string? State { get; set; }

    [SupplyParameterFromQuery]
    public string? Actor { get; set; }

    [SupplyParameterFromQuery]
    public string? Cursor { get; set; }

    /// <summary>Anything: the form for a new key is open.</summary>
    [SupplyParameterFromQuery]
    public string? New { get; set; }

    private bool MayIssue => May(Capability.KeysIssue) || May(Capability.KeysIssueOwn);

    private string WithNew => Navigation.GetUriWithQueryParameter("new", "key");

    private string Without => Navigation.GetUriWithQueryParameter("new", (string?)null);

    protected override async Task LoadAsync()
    {
        (_search, _state) = (Search ?? "", State ?? "");
        _mine = Visitor.In(Organization)?.Employee;
        if (_actor.Length == 0 && _mine is not null) _actor = _mine;
        var page = await ReadAsync<Page<KeyView>>(QueryText.Of("keys", ("limit", "100"), ("search", Search), ("state", State), ("actor", Actor), ("cursor", Cursor)));
        (_keys, _next) = (page?.Items, page?.Next);
        if (New is not null && MayIssue && _actors.Count == 0) _actors = await ReadActorsAsync();
    }

    private async Task<IReadOnlyList<string>> ReadActorsAsync()
    {
        var found = new List<string>();
        foreach (var kind in (string[])["employees", "agents", "subagents"])
            if ((await TryReadAsync<Page<ScopeView>>($"{kind}?limit=200")).Value is { } page) found.AddRange(page.Items.Select(s => $"{kind[..^1]}/{s.Slug}"));
        return found;
    }

    private async Task CreateAsync()
    {
        NanoUsd? most = null;
        if (QueryText.OrNull(_most) is { } text)
        {
            if (!NanoUsd.TryParse(text, out var amount))
            {
                _refused = PageProblem.NotAnAmount("maxRequestUsd");
                return;
            }
            most = amount;
        }
        var answer = await SendAsync<RevealedKey>(new PageCall(HttpMethod.Post, "keys", new NewKey
        {
            Slug = _slug.Trim(), Actor = _actor.Trim(), Mode = _mode, Project = QueryText.OrNull(_project), Models = Names(_models), Tools = Names(_tools),
            Environment = QueryText.OrNull(_environment), MaxRequestUsd = most,
            ExpiresAt = _expires is { } day ? new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero) : null,
        }));
        (_refused, _revealed) = (answer.Problem, answer.Value ?? _revealed);
        if (_revealed is not null) (_slug, _project, _models, _tools, _most) = ("", "", "", "", "");
    }

    private void ForgetAsync()
    {
        _revealed = null;
        Navigation.NavigateTo(Without);
    }

    private void SearchAgain() => Navigation.NavigateTo(Navigation.GetUriWithQueryParameters(new Dictionary<string, object?>
    {
        ["search"] = QueryText.OrNull(_search), ["state"] = QueryText.OrNull(_state), ["cursor"] = null,
    }));

    private static string[]? Names(string text) =>
        text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is { Length: > 0 } names ? names : null;

    private static string Start(string id) => id.Length <= ShownIdChars ? id : id[..ShownIdChars] + "…";
}
