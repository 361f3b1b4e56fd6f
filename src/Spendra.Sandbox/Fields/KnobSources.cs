using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;
using Spendra.Sandbox.Directives;

namespace Spendra.Sandbox.Fields;

/// <summary>
/// Where knobs stand in bodies of <see cref="RequestFields"/>: <c>metadata.sandbox</c>; a directive in <c>prompt</c>,
/// <c>input</c> or the arguments of a tool; in a form also in the names of files, in <c>scope</c>, and in the payload
/// of an assertion. The last directive counts.
/// </summary>
internal static class KnobSources
{
    private static readonly string[] s_inForms = ["prompt", "scope"];

    public static string? Metadata(RequestFields fields) =>
        Member(Member(fields.Json, "metadata"), "sandbox") is { ValueKind: JsonValueKind.String } knobs ? knobs.GetString() : null;

    public static string? Directive(RequestFields fields) =>
        Texts(fields).Select(KnobsText.Directive).LastOrDefault(directive => directive is not null);

    private static IEnumerable<string> Texts(RequestFields fields)
    {
        if (fields.Json.ValueKind is not JsonValueKind.Undefined)
        {
            return Strings(Member(fields.Json, "prompt"))
                .Concat(Strings(Member(fields.Json, "input")))
                .Concat(Strings(Member(Member(fields.Json, "params"), "arguments")));
        }
        var texts = s_inForms.Select(fields.Text).OfType<string>();
        if (fields.Text("assertion")?.Split('.') is [_, var payload, _])
            texts = texts.Append(Decoded(payload));
        return fields.Files.Select(file => file.Name).Concat(texts);
    }

    private static JsonElement Member(JsonElement json, string name) =>
        json.ValueKind is JsonValueKind.Object && json.TryGetProperty(name, out var value) ? value : default;

    private static IEnumerable<string> Strings(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.String => [json.GetString()!],
        JsonValueKind.Array => json.EnumerateArray().SelectMany(Strings),
        JsonValueKind.Object => json.EnumerateObject().SelectMany(member => Strings(member.Value)),
        _ => [],
    };

    private static string Decoded(string base64Url)
    {
        try
        {
            return Encoding.UTF8.GetString(WebEncoders.Base64UrlDecode(base64Url));
        }
        catch (FormatException)
        {
            return "";
        }
    }
}
