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

    [Parameter]
    public string Slug { get; set; } = "";

    private string Path => $"mcp-servers/{Uri.EscapeDataString(Slug)}";

    protected override async Task LoadAsync()
    {
        (_server, _version) = await ReadVersionedAsync<AccountView>(Path);
        if (_server is null) return;
        (_baseUrl, _trustsCost, _credential) = (_server.BaseUrl, _server.TrustsCost, new CredentialDraft());
        if (!May(Capability.PricesRead)) return;
        (_prices, _pricesVersion) = await ReadVersionedAsync<ToolPricesView>($"{Path}/tools");
        (_lines, _others) = (ToolPriceLines.Write(_prices?.Tools), _prices?.DefaultToolUsd?.ToString() ?? "");
    }

    private async Task SaveAsync()
    {
        var body = new EditedMcpServer { BaseUrl = _baseUrl.Trim(), Credential = _credential.Read(), TrustsCost = _trustsCost };
        _refused = (await SendAsync<AccountView>(new PageCall(HttpMethod.Put, Path, body) { Version = _version })).Problem;
        if (_refused is null) await ReloadAsync();
    }

    private async Task SetPricesAsync()
    {
        (var body, _pricesRefused) = ToolPriceLines.Read(_lines, _others);
        if (body is null) return;
        _pricesRefused = (await SendAsync<ToolPricesView>(new PageCall(HttpMethod.Put, $"{Path}/tools", body) { Version = _pricesVersion })).Problem;
        if (_pricesRefused is null) await ReloadAsync();
    }
}
