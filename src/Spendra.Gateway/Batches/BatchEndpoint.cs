using Spendra.Gateway.Providers;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Batches;

/// <summary>What the lines of a batch call: one of the provider's own routes, by the reader and the meter of that route.</summary>
internal static class BatchEndpoint
{
    private static readonly (string Url, string RouteName)[] Known =
    [
        ("/v1/chat/completions", "chat.completions"), ("/v1/responses", "responses"), ("/v1/embeddings", "embeddings"),
    ];

    public static IEnumerable<string> Urls => Known.Select(k => k.Url);

    public static string Names { get; } = string.Join(", ", Known.Select(k => $"'{k.Url}'"));

    /// <summary>The route of a line, or null when lines of this URL are not governed.</summary>
    public static GovernedRoute? Find(UpstreamProvider provider, string url)
    {
        foreach (var (known, name) in Known)
        {
            if (known != url) continue;
            // A file is not changed on its way: no tier can be forced, and the batch's own holds whatever a line says.
            return provider.Routes.First(r => r.Name == name) with { Provider = provider, ForcedTier = null, AutoTier = null };
        }
        return null;
    }
}
