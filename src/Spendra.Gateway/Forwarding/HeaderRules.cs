using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Spendra.Gateway.Providers;

namespace Spendra.Gateway.Forwarding;

/// <summary>
/// Which headers cross the gateway, by name: a list of what may pass, because a list of what may not is never
/// complete. Credentials, cookies, hop-by-hop headers, proxies' traces and account ids are on neither list.
/// </summary>
internal static class HeaderRules
{
    private static readonly FrozenSet<string> ToProvider = FrozenSet.ToFrozenSet(
        ["accept", "accept-language", "user-agent"],
        StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenSet<string> ToClient = FrozenSet.ToFrozenSet(
        [
            "x-request-id", "retry-after", "retry-after-ms", "cache-control", "x-should-retry",
        ],
        StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenSet<string> ContentToClient = FrozenSet.ToFrozenSet(
        ["content-type", "content-disposition", "content-encoding", "content-language", "last-modified"],
        StringComparer.OrdinalIgnoreCase);

    public static void CopyToProvider(UpstreamProvider provider, IHeaderDictionary from, HttpRequestHeaders to)
    {
        foreach (var (name, values) in from)
        {
            if (IsOf(provider.AccountHeaders, name)) continue;
            if (ToProvider.Contains(name) || IsOf(provider.ClientHeaders, name) || name.StartsWith("x-stainless-", StringComparison.OrdinalIgnoreCase))
            {
                // What is not ASCII cannot be sent on: the request would fail after its money is held.
                foreach (var value in values)
                {
                    if (value is not null && Ascii.IsValid(value)) to.TryAddWithoutValidation(name, value);
                }
            }
        }
    }

    public static void CopyToClient(UpstreamProvider provider, HttpResponseMessage from, IHeaderDictionary to)
    {
        foreach (var (name, values) in from.Headers.NonValidated)
        {
            if (ToClient.Contains(name) || IsOf(provider.ProviderHeaders, name) || name.StartsWith("x-ratelimit-", StringComparison.OrdinalIgnoreCase))
                Copy(name, values.ToString(), to);
        }
        foreach (var (name, values) in from.Content.Headers.NonValidated)
        {
            if (ContentToClient.Contains(name)) Copy(name, values.ToString(), to);
        }
    }

    /// <summary>Whether a name is listed; one that ends with <c>*</c> stands for all that begin so.</summary>
    private static bool IsOf(ImmutableArray<string> listed, string name)
    {
        foreach (var known in listed)
        {
            if (known.EndsWith('*') ? name.AsSpan().StartsWith(known.AsSpan(..^1), StringComparison.OrdinalIgnoreCase)
                : known.Equals(name, StringComparison.OrdinalIgnoreCase)) return true;
        }
        return false;
    }

    // The server refuses to send a header that is not ASCII, and with it the answer that has been paid for.
    private static void Copy(string name, string value, IHeaderDictionary to)
    {
        if (Ascii.IsValid(value)) to[name] = value;
    }
}
