using Microsoft.AspNetCore.Http;

namespace Spendra.Sandbox.Providers;

/// <summary>Headers that every answer of a provider other than OpenAI has. Google's and MCP's have none that is stable.</summary>
internal static class ProviderHeaders
{
    public static void Stamp(Exchange exchange)
    {
        var headers = exchange.Context.Response.Headers;
        switch (exchange.Match.Provider)
        {
            case SandboxProvider.Azure:
                StampAzure(headers, exchange.Sandbox);
                break;
            case SandboxProvider.Entra:
                headers["x-ms-request-id"] = exchange.Sandbox.Ids.Next("");
                headers.CacheControl = "no-store, no-cache";
                break;
            case SandboxProvider.OpenRouter:
                headers["x-request-id"] = exchange.Sandbox.Ids.Next("req-");
                break;
        }
    }

    private static void StampAzure(IHeaderDictionary headers, SandboxState sandbox)
    {
        headers["apim-request-id"] = sandbox.Ids.Next("");
        headers["x-request-id"] = sandbox.Ids.Next("");
        headers["x-ms-region"] = "Sweden Central";
        headers["x-ratelimit-limit-requests"] = "1000";
        headers["x-ratelimit-remaining-requests"] = "999";
        headers["x-ratelimit-limit-tokens"] = "1000000";
        headers["x-ratelimit-remaining-tokens"] = "999000";
    }
}
