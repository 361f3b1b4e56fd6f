using System.Collections.Immutable;
using Microsoft.OpenApi;
using Spendra.Gateway.Providers;

namespace Spendra.Gateway.OpenApi;

/// <summary>Operations by provider; what of a request and an answer passes is the same for all of a provider's.</summary>
internal static class DocumentTags
{
    private const string Gateway = "gateway";

    public static string NameOf(RouteMark mark) => mark.Route?.Provider.Name ?? Gateway;

    public static void AddTo(OpenApiDocument document)
    {
        foreach (var providers in ProviderList.All.GroupBy(p => p.Name))
            document.Tags!.Add(new OpenApiTag { Name = providers.Key, Description = DescriptionOf([.. providers]) });
        document.Tags!.Add(new OpenApiTag { Name = Gateway, Description = "Answered by the gateway itself. No provider is called." });
    }

    private static string DescriptionOf(ImmutableArray<UpstreamProvider> providers) => string.Concat(
        "Passed on to a provider of this name.",
        Listed("Request headers that pass beside `accept`, `accept-language`, `user-agent` and `x-stainless-*`", providers.SelectMany(p => p.ClientHeaders)),
        Listed("Query parameters that pass", providers.SelectMany(p => p.ClientQuery)),
        Listed("Response headers that pass beside `x-request-id`, `x-ratelimit-*` and `retry-after`", providers.SelectMany(p => p.ProviderHeaders)));

    private static string Listed(string what, IEnumerable<string> names)
    {
        var list = names.Distinct(StringComparer.OrdinalIgnoreCase).Select(name => $"`{name}`").ToList();
        return list.Count == 0 ? "" : $" {what}: {string.Join(", ", list)}.";
    }
}
