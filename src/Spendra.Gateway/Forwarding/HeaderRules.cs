using System.Collections.Frozen;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;

namespace Spendra.Gateway.Forwarding;

/// <summary>
/// Which headers cross the gateway, by name: a list of what may pass, because a list of what may not is never
/// complete. Credentials, cookies, hop-by-hop headers, proxies' traces and account ids are on neither list.
/// </summary>
internal static class HeaderRules
{
    private static readonly FrozenSet<string> ToProvider = FrozenSet.ToFrozenSet(
        ["accept", "accept-language", "user-agent", "openai-beta", "x-client-request-id"],
        StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenSet<string> ToClient = FrozenSet.ToFrozenSet(
        [
            "x-request-id", "openai-processing-ms", "openai-version", "openai-model", "retry-after", "retry-after-ms",
            "cache-control", "x-should-retry",
        ],
        StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenSet<string> ContentToClient = FrozenSet.ToFrozenSet(
        ["content-type", "content-disposition", "content-encoding", "content-language", "last-modified"],
        StringComparer.OrdinalIgnoreCase);

    public static void CopyToProvider(IHeaderDictionary from, HttpRequestHeaders to)
    {
        foreach (var (name, values) in from)
        {
            if (ToProvider.Contains(name) || name.StartsWith("x-stainless-", StringComparison.OrdinalIgnoreCase))
                to.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
        }
    }

    public static void CopyToClient(HttpResponseMessage from, IHeaderDictionary to)
    {
        foreach (var (name, values) in from.Headers.NonValidated)
        {
            if (ToClient.Contains(name) || name.StartsWith("x-ratelimit-", StringComparison.OrdinalIgnoreCase))
                to[name] = values.ToString();
        }
        foreach (var (name, values) in from.Content.Headers.NonValidated)
        {
            if (ContentToClient.Contains(name)) to[name] = values.ToString();
        }
    }
}
