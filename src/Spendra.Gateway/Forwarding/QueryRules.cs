using Microsoft.AspNetCore.Http;
using Spendra.Gateway.Providers;

namespace Spendra.Gateway.Forwarding;

/// <summary>Which query parameters reach a provider: those that its governed routes document, never a key.</summary>
internal static class QueryRules
{
    public static string Pass(UpstreamProvider provider, IQueryCollection query)
    {
        if (query.Count == 0) return "";
        var passed = new List<KeyValuePair<string, string?>>();
        foreach (var name in provider.ClientQuery)
        {
            foreach (var value in query[name]) passed.Add(new(name, value));
        }
        return QueryString.Create(passed).ToUriComponent();
    }
}
