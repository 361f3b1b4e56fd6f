using Spendra.Sandbox.Azure;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Providers;

/// <summary>
/// What providers other than OpenAI check before they read a body. A key may be a bearer token, on Azure also the
/// header <c>api-key</c>; Vertex and Azure take tokens that the token endpoints issued. A token endpoint checks its own
/// form instead, and an MCP server is open unless the options name a key.
/// </summary>
internal static class ProviderDoor
{
    private const string Scheme = "Bearer ";

    public static Refusal? Refuse(Exchange exchange) => exchange.Match.Provider switch
    {
        SandboxProvider.GoogleIdentity or SandboxProvider.Entra => null,
        SandboxProvider.Mcp => exchange.Sandbox.Options.ApiKey is null ? null : RefuseKey(exchange, BearerOf(exchange)),
        SandboxProvider.Vertex => RefuseToken(exchange, null),
        SandboxProvider.Azure =>
            RefuseToken(exchange, Given(exchange.Context.Request.Headers["api-key"])) ?? AzureDeployments.RefuseVersion(exchange),
        _ => RefuseKey(exchange, BearerOf(exchange)),
    };

    private static Refusal? RefuseToken(Exchange exchange, string? apiKey)
    {
        var token = BearerOf(exchange);
        var known = token is null ? null : exchange.Sandbox.Tokens.IsValid(token);
        if (known is { } isValid)
            return isValid ? null : Refusal.WrongApiKey;
        if (exchange.Sandbox.Options.OnlyIssuedTokens)
            return token is null && apiKey is null ? Refusal.NoApiKey : Refusal.WrongApiKey;
        return RefuseKey(exchange, apiKey ?? token);
    }

    private static Refusal? RefuseKey(Exchange exchange, string? key)
    {
        if (key is null)
            return Refusal.NoApiKey;
        var expected = exchange.Sandbox.Options.ApiKey;
        return expected is null || key == expected ? null : Refusal.WrongApiKey;
    }

    private static string? BearerOf(Exchange exchange)
    {
        var header = exchange.Context.Request.Headers.Authorization;
        var value = header.Count == 1 ? header[0] : null;
        return value?.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) is true ? Given(value[Scheme.Length..]) : null;
    }

    private static string? Given(string? value) => string.IsNullOrWhiteSpace(value) ? null : value.Trim();
}
