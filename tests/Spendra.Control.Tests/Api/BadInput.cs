using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc;
using Spendra.Control.Shell;
using Spendra.Core.Money;

namespace Spendra.Control.Tests.Api;

/// <summary>Input that no operation takes, made of the types of what it reads: what is added is asked as well.</summary>
internal static class BadInput
{
    /// <summary>What a caller may wish to set and no body has, unless it says so.</summary>
    private static readonly string[] Wishes =
        ["zzz", "organization_id", "organizationId", "id", "role", "version", "isArchived", "createdAt", "changedEpoch", "capabilities", "__proto__"];

    private static readonly string Huge = new('x', 20_000);

    /// <summary>A body that is wrong, and the member that the answer names; null where it names none.</summary>
    internal sealed record Body(string Text, string? Field);

    /// <summary>What is wrong whatever an operation reads.</summary>
    public static IEnumerable<string> NoBodies => ["", "{", "[]", "7", "null", "\"x\"", "{\"a\":1,}", "{} {}", new string('[', 100), "\u0000", "slug=x", "<slug/>"];

    /// <summary>Wrong bodies of an operation, each wrong in one place.</summary>
    public static IEnumerable<Body> Bodies(Type type, JsonObject example)
    {
        var names = type.GetProperties().Select(NameOf).ToHashSet(StringComparer.Ordinal);
        foreach (var wish in Wishes.Where(w => !names.Contains(w))) yield return new Body(With(example, wish, "x").ToJsonString(), wish);
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            var name = NameOf(property);
            if (property.GetCustomAttribute<System.Runtime.CompilerServices.RequiredMemberAttribute>() is not null)
            {
                if (property.PropertyType != typeof(JsonElement)) yield return new Body(With(example, name, null).ToJsonString(), name);
                var without = example.DeepClone().AsObject();
                without.Remove(name);
                yield return new Body(without.ToJsonString(), name);
            }
            if (example.ContainsKey(name)) yield return new Body($"{example.ToJsonString()[..^1]},\"{name}\":null}}", name);
            foreach (var wrong in Values(property)) yield return new Body(With(example, name, wrong).ToJsonString(), name);
            foreach (var body in Inner(property, example, name)) yield return body;
        }
    }

    /// <summary>Wrong values of each parameter of a query, with its name.</summary>
    public static IEnumerable<(string Query, string Field)> Queries(Endpoint endpoint)
    {
        yield return ("nosuch=1", "nosuch");
        foreach (var parameter in endpoint.Metadata.GetOrderedMetadata<IParameterBindingMetadata>())
        {
            // A parameter's own name is that of a property: "Limit".
            if (parameter.ParameterInfo.GetCustomAttribute<FromQueryAttribute>() is not { } read) continue;
            var name = read.Name ?? parameter.Name;
            yield return ($"{name}=a&{name}=b", name);
            string[] wrong = name switch
            {
                "limit" => ["0", "-1", "201", "99999999999", "1e2", "x", "", "%00", "0x10", "1.5", " 1"],
                "cursor" => ["zzz", "%00", "WyJ4IiwiXHUwMDAwIl0", "W10", "e30", Huge[..3_000]],
                "sort" => ["secret_hmac", "slug;drop", "%00", ""],
                _ => ["%00", "a%00b", "%07"],
            };
            foreach (var value in wrong) yield return ($"{name}={value}", name);
            if (parameter.ParameterInfo.GetCustomAttribute<AllowedTextsAttribute>() is not null) yield return ($"{name}=nonsense", name);
        }
    }

    private static string NameOf(PropertyInfo property) => JsonNamingPolicy.CamelCase.ConvertName(property.Name);

    private static IEnumerable<Body> Inner(PropertyInfo property, JsonObject example, string name)
    {
        var declared = TypeOf(property);
        var item = declared.IsGenericType && declared.GetGenericArguments() is [var only] ? only : null;
        if ((item ?? declared).Namespace?.StartsWith("Spendra.Control", StringComparison.Ordinal) != true) yield break;
        var inner = (item is null ? example[name] : example[name]?.AsArray().FirstOrDefault())?.AsObject();
        if (inner is null) yield break;
        foreach (var body in Bodies(item ?? declared, inner))
        {
            // What is no JSON of a body when it stands alone is none inside of one.
            var text = item is null ? body.Text : $"[{body.Text}]";
            var marked = With(example, name, "@").ToJsonString();
            // The reader names an unknown or missing member alone, a wrong value with its whole path: both name it.
            yield return new Body(marked.Replace("\"@\"", text, StringComparison.Ordinal), body.Field);
        }
    }

    private static Type TypeOf(PropertyInfo property) => Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;

    /// <summary>Values that no member of such a type takes.</summary>
    private static IEnumerable<JsonNode> Values(PropertyInfo property)
    {
        var type = TypeOf(property);
        if (type == typeof(JsonElement)) return [];
        if (type == typeof(string))
        {
            // A password may hold anything, and so may what is refused once its object is found.
            var isText = property.GetCustomAttributes().Any(a => a is PlainAttribute or SlugAttribute or AllowedTextsAttribute);
            return Raw(["7", "true", "[]", "{}", "\"\"", $"\"{Huge}\"", .. isText ? (string[])["\"a\\u0000b\"", "\"a\\u0007b\"", "\" \""] : []]);
        }
        if (type == typeof(NanoUsd)) return Raw("true", "\"-1\"", "-1", "\"much\"", "\"1e3\"", "1e3", "\"0.0000000001\"", "\"99999999999999999999\"", "\"\"", "[]", "{}", "\"NaN\"", "\"Infinity\"", "\" 1\"");
        if (type == typeof(int) || type == typeof(long)) return Raw("\"1\"", "true", "1.5", "-1", "99999999999999999999", "1e400", "[]", "{}");
        if (type == typeof(bool)) return Raw("0", "\"true\"", "[]", "{}");
        if (type == typeof(Guid)) return Raw("7", "\"x\"", "\"\"", "[]");
        if (type == typeof(DateTimeOffset)) return Raw("7", "\"tomorrow\"", "\"2026-02-30T00:00:00Z\"", "\"\"", "\"0000-01-01T00:00:00Z\"", "[]");
        if (typeof(System.Collections.IEnumerable).IsAssignableFrom(type)) return Raw("7", "\"x\"", "[null]", "[[]]", "true");
        return Raw("7", "\"x\"", "[]", "true");
    }

    private static IEnumerable<JsonNode> Raw(params string[] values) => values.Select(v => JsonNode.Parse(v)!);

    private static JsonObject With(JsonObject example, string name, JsonNode? value)
    {
        var body = example.DeepClone().AsObject();
        body[name] = value;
        return body;
    }
}
