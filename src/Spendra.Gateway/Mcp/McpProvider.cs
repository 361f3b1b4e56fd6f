using System.Collections.Immutable;
using System.Net.Http.Headers;
using Spendra.Core.Governance;
using Spendra.Core.Pricing;
using Spendra.Gateway.Providers;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Mcp;

/// <summary>Servers of tools that run through the gateway: each is an account, at whose address its endpoint is.</summary>
internal sealed class McpProvider() : UpstreamProvider(KnownProvider.Find(KnownProvider.Mcp)!)
{
    private const string ServerParameter = "server";

    private static readonly GovernedRoute Route = new()
    {
        Dialect = McpDialect.Instance,
        ClientPrefixes = ["/mcp"],
        Name = "",
        Method = "POST",
        Pattern = $"/{{{ServerParameter}}}",
    };

    public override ImmutableArray<GovernedRoute> Routes { get; } =
    [
        Route with { Name = "mcp", Intake = BodyIntake.Governed, IsPriced = true },
        Route with { Name = "mcp.end", Method = "DELETE" },
        Route with
        {
            Name = "tool_calls", ClientPrefixes = ["/v1"], Pattern = "/tool-calls", Dialect = ToolCallDialect.Instance,
            Intake = BodyIntake.Governed, IsPriced = true, OpensSession = true,
        },
    ];

    public override ImmutableArray<string> ClientHeaders =>
        [McpHeaders.Session, McpHeaders.ProtocolVersion, McpHeaders.Method, McpHeaders.Name, McpHeaders.AnyParameter];

    public override ImmutableArray<string> ProviderHeaders => [McpHeaders.Session, McpHeaders.ProtocolVersion];

    public static string ServerInPath(GovernedCall call) => (string?)call.Context.Request.RouteValues[ServerParameter] ?? "";

    public override string ToolServerOf(GovernedCall call) => call.Message?.Server ?? ServerInPath(call);

    public override ProviderAccount? AccountOf(GovernedCall call)
    {
        var server = ToolServerOf(call);
        foreach (var account in call.Snapshot.Accounts)
        {
            if (account.Provider == Name && account.Slug == server) return account;
        }
        return null;
    }

    /// <summary>A server is named by the caller: one that is not there is not there later either, and clients try a 503 again.</summary>
    public override Refusal HasNoAccount(GovernedCall call) =>
        new(RefusalCode.NotFound, "There is no such server of tools. Ask the platform's owner to register it.");

    public override PriceVersion? PriceOf(PriceBook prices, string model, long atMicros) => prices.FindTool(model, atMicros);

    public override string HasNoPrice(string model) =>
        $"Tool '{model}' has no price. Ask the platform's owner to add it to its server, or a price for all others.";

    public override string PathOf(GovernedCall call) => call.IsTest ? "/" + Uri.EscapeDataString(ToolServerOf(call)) : "";

    public override string SandboxUrl(Uri sandbox) => base.SandboxUrl(sandbox) + "/mcp";

    public override ValueTask<CredentialOutcome> AuthorizeAsync(
        HttpRequestHeaders headers, string credential, AccessTokens tokens, CancellationToken cancel) =>
        credential.Length == 0
            ? ValueTask.FromResult(CredentialOutcome.Present)
            : base.AuthorizeAsync(headers, credential, tokens, cancel);
}
