using Microsoft.AspNetCore.Components;
using Spendra.Control.Dashboard;
using Spendra.Core.Access;

namespace Spendra.Control.Providers;

/// <summary>One server of tools: its tools' prices, where it is, tried and changed.</summary>
public sealed partial class ToolPage
{
    private AccountView? _server;
    private ToolPricesView? _prices;
    private CredentialDraft _credential = new();
    private string? _version, _pricesVersion;
    private PageProblem? _refused, _pricesRefused;
    private string _baseUrl = "", _lines = "", _others = "";
    private bool _trustsCost;
    private (string Slug, string BaseUrl, bool TrustsCost)? _filled;
    private (string Slug, string Lines, string Others)? _filledPrices;

    [Parameter]
    public string Slug { get; set; } = "";

    private string Path => $"mcp-servers/{Uri.EscapeDataString(Slug)}";

    protected override async Task LoadAsync()
    {
        (_server, _version) = await ReadVersionedAsync<AccountView>(Path);
        if (_server is null) return;
        Fill(_server);
        if (!May(Capability.PricesRead)) return;
        (_prices, _pricesVersion) = await ReadVersionedAsync<ToolPricesView>($"{Path}/tools");
        FillPrices(_prices);
    }

    // What is typed stays until what is kept is another: saving one form, or trying the server, is no reason to forget the other.
    private void Fill(AccountView server)
    {
        var kept = (Slug, server.BaseUrl, server.TrustsCost);
        if (_filled == kept) return;
        (_filled, _baseUrl, _trustsCost, _credential) = (kept, kept.BaseUrl, kept.TrustsCost, new CredentialDraft());
    }

    private void FillPrices(ToolPricesView? prices)
    {
        var kept = (Slug, Lines: ToolPriceLines.Write(prices?.Tools), Others: prices?.DefaultToolUsd?.ToString() ?? "");
        if (_filledPrices == kept) return;
        (_filledPrices, _lines, _others) = (kept, kept.Lines, kept.Others);
    }

    private async Task SaveAsync()
    {
        var body = new EditedMcpServer { BaseUrl = _baseUrl.Trim(), Credential = _credential.Read(), TrustsCost = _trustsCost };
        _refused = (await SendAsync<AccountView>(new PageCall(HttpMethod.Put, Path, body) { Version = _version })).Problem;
        if (_refused is not null) return;
        _filled = null;
        await ReloadAsync();
    }

    private async Task SetPricesAsync()
    {
        (var body, _pricesRefused) = ToolPriceLines.Read(_lines, _others);
        if (body is null) return;
        _pricesRefused = (await SendAsync<ToolPricesView>(new PageCall(HttpMethod.Put, $"{Path}/tools", body) { Version = _pricesVersion })).Problem;
        if (_pricesRefused is not null) return;
        _filledPrices = null;
        await ReloadAsync();
    }
}
