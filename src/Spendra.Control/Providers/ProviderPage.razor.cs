using Microsoft.AspNetCore.Components;
using Spendra.Control.Dashboard;

namespace Spendra.Control.Providers;

/// <summary>One account at a provider: where it leads, what it costs, tried and changed.</summary>
public sealed partial class ProviderPage
{
    private AccountView? _account;
    private AccountForm _form = new();
    private CredentialDraft _credential = new();
    private string? _version;
    private PageProblem? _refused;
    private (string Slug, string BaseUrl, int RatePercent, string Deployments, string VectorStores, bool CountsTokens)? _filled;

    [Parameter]
    public string Slug { get; set; } = "";

    private string Path => $"provider-accounts/{Uri.EscapeDataString(Slug)}";

    private bool IsMoved => (QueryText.OrNull(_form.BaseUrl) ?? _form.PublicUrl) != _account?.BaseUrl;

    protected override async Task LoadAsync()
    {
        (_account, _version) = await ReadVersionedAsync<AccountView>(Path);
        if (_account is null) return;
        Fill(AccountForm.Of(_account));
    }

    // What is typed stays until what is kept is another: a new credential or a test call is no reason to forget it.
    private void Fill(AccountForm form)
    {
        var kept = (Slug, form.BaseUrl, form.RatePercent, form.Deployments, form.VectorStores, form.CountsTokens);
        if (_filled == kept) return;
        (_filled, _form, _credential) = (kept, form, new CredentialDraft());
    }

    private async Task SaveAsync()
    {
        (var deployments, _refused) = _form.ReadDeployments();
        if (_refused is not null) return;
        _refused = (await SendAsync<AccountView>(new PageCall(HttpMethod.Put, Path, new EditedAccount
        {
            BaseUrl = QueryText.OrNull(_form.BaseUrl), Credential = IsMoved ? _credential.Read() : null, Deployments = deployments, RatePercent = _form.RatePercent,
            VectorStores = _form.ReadVectorStores(), CountsTokens = _form.CountsTokens,
        })
        {
            Version = _version,
        })).Problem;
        if (_refused is not null) return;
        _filled = null;
        await ReloadAsync();
    }
}
