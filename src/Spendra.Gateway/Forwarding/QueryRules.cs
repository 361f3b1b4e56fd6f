using Microsoft.AspNetCore.Http;

namespace Spendra.Gateway.Forwarding;

/// <summary>Which query parameters reach a provider: those that the governed routes document, never a key.</summary>
internal static class QueryRules
{
    private static readonly string[] Passed =
        ["include", "include[]", "stream", "starting_after", "include_obfuscation", "limit", "order", "after", "before"];

    public static string Pass(IQueryCollection query)
    {
        if (query.Count == 0) return "";
        var passed = new List<KeyValuePair<string, string?>>();
        foreach (var name in Passed)
        {
            foreach (var value in query[name]) passed.Add(new(name, value));
        }
        return QueryString.Create(passed).ToUriComponent();
    }
}
