using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Spendra.Control.Shell;

namespace Spendra.Tests.EndToEnd.Secrets;

/// <summary>
/// Calls of every operation that is mapped, each with a text of its own where a secret may come to stand by mistake or by
/// malice: in every member of the body, in the address, the query and the headers. Made of the types themselves, so that what
/// is added is asked as well.
/// </summary>
internal sealed class MisplacedSecrets
{
    /// <summary>What every text begins with, but for those in addresses.</summary>
    public const string Prefix = "canary-misplaced-";

    // The names in an address are what logs and traces are found by: no secret belongs there, and none is kept from there.
    private const string InAddress = "canary-in-address-";

    private int _count;

    /// <summary>A call, and the text in it.</summary>
    internal sealed record Call(string Operation, string Method, string Path, string? Body, string Text, Action<HttpRequestMessage>? Shape = null);

    /// <summary>The members that hold secrets where they are meant to.</summary>
    public static bool IsSecret(string member) => member is "password" or "currentPassword" or "newPassword" or "secret" or "ticket" or "code" or "recoveryCode" or "value";

    public IEnumerable<Call> Of(IEnumerable<Endpoint> endpoints)
    {
        // Who has signed out is asked nothing more.
        foreach (var endpoint in endpoints.OfType<RouteEndpoint>().Where(e => e.Metadata.GetMetadata<Operation>() is not null).OrderBy(e => NameOf(e).StartsWith("sign", StringComparison.Ordinal)))
        {
            var method = endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods[0];
            var template = endpoint.RoutePattern.RawText!;
            var body = endpoint.Metadata.GetMetadata<Operation>()!.Example is { } example ? JsonSerializer.SerializeToNode(example, ControlJson.Options)!.AsObject() : null;
            if (body is not null && endpoint.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType is { } type)
            {
                foreach (var (member, filled) in Filled(type, body))
                    yield return new Call($"{NameOf(endpoint)}.{member}", method, Known(template), filled.Body.ToJsonString(), filled.Text);
            }
            foreach (var call in Around(NameOf(endpoint), method, template, body?.ToJsonString())) yield return call;
        }
    }

    private static string NameOf(Endpoint endpoint) => endpoint.Metadata.GetMetadata<Operation>()!.Name;

    private IEnumerable<Call> Around(string name, string method, string template, string? body)
    {
        var text = Next();
        yield return new Call($"{name} query", method, $"{Known(template)}?limit={text}&cursor={text}", body, text);
        text = Next();
        yield return new Call($"{name} unknown query", method, $"{Known(template)}?access-token={text}", body, text);
        if (template.Contains('{', StringComparison.Ordinal))
        {
            text = Next(InAddress);
            yield return new Call($"{name} address", method, string.Join('/', template.Split('/').Select(p => p.StartsWith('{') ? text : p)), body, text);
        }
        foreach (var header in new[] { "If-Match", "Cookie", "x-api-key", "User-Agent" })
        {
            text = Next();
            var value = header == "Cookie" ? $"spendra-session={text}" : text;
            yield return new Call($"{name} {header}", method, Unknown(template), body, text, request => request.Headers.TryAddWithoutValidation(header, value));
        }
        text = Next();
        yield return new Call($"{name} bearer", method, Known(template), body, text, request => request.Headers.TryAddWithoutValidation("Authorization", $"Bearer spt_{text}"));
        text = Next();
        yield return new Call($"{name} reason", method, Unknown(template), body, text, request => request.Headers.TryAddWithoutValidation(AccessGate.ReasonHeader, text));
        text = Next();
        yield return new Call($"{name} idempotency key", method, Known(template), "{", text, request => request.Headers.TryAddWithoutValidation("idempotency-key", text));
        text = Next();
        yield return new Call($"{name} no JSON", method, Known(template), $"{text}", text);
        text = Next();
        yield return new Call($"{name} cut JSON", method, Known(template), $$"""{"password":"{{text}}""", text);
        text = Next();
        yield return new Call($"{name} unknown member", method, Known(template), $$"""{"zzz":"{{text}}"}""", text);
    }

    private IEnumerable<(string Member, (JsonObject Body, string Text) Filled)> Filled(Type type, JsonObject example)
    {
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            var name = JsonNamingPolicy.CamelCase.ConvertName(property.Name);
            var declared = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            var item = declared.IsGenericType && declared.GetGenericArguments() is [var only] ? only : null;
            if ((item ?? declared).Namespace?.StartsWith("Spendra.Control", StringComparison.Ordinal) == true)
            {
                var inner = (item is null ? example[name] : example[name]?.AsArray().FirstOrDefault())?.AsObject() ?? [];
                foreach (var (member, filled) in Filled(item ?? declared, inner))
                    yield return ($"{name}.{member}", (With(example, name, item is null ? filled.Body : new JsonArray(filled.Body)), filled.Text));
                continue;
            }
            var text = Next();
            var sent = name == "email" ? $"{text}@acme.example" : text;
            JsonNode value = item is not null ? new JsonArray(sent)
                : declared.IsGenericType ? new JsonObject { ["named"] = sent }
                : declared == typeof(JsonElement) ? new JsonObject { ["id"] = sent }
                : JsonValue.Create(sent)!;
            yield return (name, (With(example, name, value), text));
        }
    }

    private static JsonObject With(JsonObject example, string name, JsonNode value)
    {
        var body = example.DeepClone().AsObject();
        body[name] = value;
        return body;
    }

    // Shaped as names are.
    private string Next(string prefix = Prefix) => $"{prefix}{++_count:d6}";

    private static string Known(string template) => Fill(template, noun => noun switch
    {
        "teams" => "search", "branches" => "emea", "projects" => "ranking", "employees" => "e1001", "agents" => "crawler", "subagents" => "fetcher",
        "budgets" => "search-month", "policies" => "search-models", "provider-accounts" => "kept", "keys" => "ada-kept", "mcp-servers" => "finder", _ => Guid.Empty.ToString(),
    });

    private static string Unknown(string template) => Fill(template, _ => Guid.Empty.ToString());

    private static string Fill(string template, Func<string, string> known)
    {
        var parts = template.Replace("{organization}", "acme", StringComparison.Ordinal).Split('/');
        for (var i = 1; i < parts.Length; i++)
        {
            if (parts[i].StartsWith('{')) parts[i] = parts[i].Contains(":long", StringComparison.Ordinal) ? "1" : known(parts[i - 1]);
        }
        return string.Join('/', parts);
    }
}
