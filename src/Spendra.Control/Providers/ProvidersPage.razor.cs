using Microsoft.AspNetCore.Components;
using Spendra.Control.Dashboard;
using Spendra.Control.Shell;

namespace Spendra.Control.Providers;

/// <summary>Accounts at providers, and a new one.</summary>
public sealed partial class ProvidersPage
{
    private readonly AccountForm _form = new();
    private IReadOnlyList<AccountView>? _accounts;
    private CredentialDraft _credential = new();
    private PageProblem? _refused;
    private string? _next;
    private string _search = "", _slug = "";

    [SupplyParameterFromQuery]
    public string? Search { get; set; }

    /// <summary>Anything: archived ones are among the others.</summary>
    [SupplyParameterFromQuery]
    public string? Archived { get; set; }

    [SupplyParameterFromQuery]
    public string? Cursor { get; set; }

    /// <summary>Anything: the form for a new account is open.</summary>
    [SupplyParameterFromQuery]
    public string? New { get; set; }

    private string Without => Navigation.GetUriWithQueryParameter("new", (string?)null);

    protected override async Task LoadAsync()
    {
        _search = Search ?? "";
        var page = await ReadAsync<Page<AccountView>>(QueryText.Of("provider-accounts", ("limit", "100"), ("search", Search), ("archived", Archived is null ? null : "true"), ("cursor", Cursor)));
        (_accounts, _next) = (page?.Items, page?.Next);
    }

    private async Task CreateAsync()
    {
        (var deployments, _refused) = _form.ReadDeployments();
        if (_refused is not null) return;
        var answer = await SendAsync<AccountView>(new PageCall(HttpMethod.Post, "provider-accounts", new NewAccount
        {
            Slug = _slug.Trim(), Provider = _form.Provider, BaseUrl = QueryText.OrNull(_form.BaseUrl), Credential = _credential.Read() ?? new NewCredential(), Deployments = deployments,
            RatePercent = _form.RatePercent, VectorStores = _form.ReadVectorStores(), CountsTokens = _form.CountsTokens,
        }));
        _refused = answer.Problem;
        if (answer.Value is not { } made) return;
        _credential = new CredentialDraft();
        Navigation.NavigateTo(PathOf($"providers/{made.Slug}"));
    }

    private void SearchAgain() => Navigation.NavigateTo(Navigation.GetUriWithQueryParameters(new Dictionary<string, object?> { ["search"] = QueryText.OrNull(_search), ["cursor"] = null }));
}
