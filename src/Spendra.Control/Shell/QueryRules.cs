using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;

namespace Spendra.Control.Shell;

/// <summary>A parameter that an operation does not know is a mistake of the caller's: a filter that is ignored lies.</summary>
internal static class QueryRules
{
    public static Problem? Unknown(HttpContext http)
    {
        if (http.Request.Query.Count == 0) return null;
        var known = http.GetEndpoint()!.Metadata.GetOrderedMetadata<IParameterBindingMetadata>();
        foreach (var (name, values) in http.Request.Query)
        {
            if (!known.Any(k => IsQuery(k) && string.Equals(k.Name, name, StringComparison.OrdinalIgnoreCase)))
                return Problem.Field(name, "is no parameter of this operation");
            if (values.Count > 1) return Problem.Field(name, "stands in the query more than once");
            // No name has them, and PostgreSQL takes no text with a zero.
            if (values.ToString().Any(char.IsControl)) return Problem.Field(name, "holds control characters");
        }
        return null;
    }

    private static bool IsQuery(IParameterBindingMetadata parameter) =>
        parameter.ParameterInfo.GetCustomAttribute<Microsoft.AspNetCore.Mvc.FromQueryAttribute>() is not null;
}
