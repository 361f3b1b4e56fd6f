using System.Text.Json.Nodes;

namespace Spendra.Gateway.Tests.Others;

/// <summary>
/// What a client reads of an answer: of a body, or of all events of a stream, the different values at a path, in the
/// order in which they come. Texts of two providers differ, so that of a text only its presence is told.
/// </summary>
internal static class ClientView
{
    private const string Data = "data:";

    /// <param name="answer">The answer.</param>
    /// <param name="paths">
    /// Names and indexes with points between, <c>*</c> for every entry of a list. One that begins with <c>~</c> is a text,
    /// one that begins with <c>&gt;</c> a running total, of which the last counts.
    /// </param>
    /// <returns><c>path=value,value</c> for every path.</returns>
    public static IEnumerable<string> Of(Answer answer, params IEnumerable<string> paths)
    {
        var isStream = answer.ContentHeaders.ContentType?.MediaType == "text/event-stream";
        // Google streams one array when nobody asks for events.
        var documents = isStream ? EventsOf(answer.Text) : answer.Json is JsonArray list ? [.. list.Select(item => item!)] : [answer.Json];
        foreach (var path in paths)
        {
            var found = documents.SelectMany(d => At(d, path.TrimStart('~', '>').Split('.'))).Where(v => v.Length > 0).ToList();
            yield return $"{path}=" + path[0] switch
            {
                '~' => found.Count > 0 ? "text" : "",
                '>' => found.LastOrDefault(),
                _ => string.Join(',', found.Distinct()),
            };
        }
        if (isStream) yield return $"[DONE]={answer.Text.Contains("[DONE]", StringComparison.Ordinal)}";
    }

    /// <summary>Without what only keeps the connection open.</summary>
    private static List<JsonNode> EventsOf(string stream) =>
    [
        .. from line in stream.Split('\n')
           where line.StartsWith(Data, StringComparison.Ordinal) && !line.Contains("[DONE]", StringComparison.Ordinal)
           let document = JsonNode.Parse(line[Data.Length..])!
           where (string?)document["type"] is not "ping"
           select document,
    ];

    private static IEnumerable<string> At(JsonNode? node, ReadOnlySpan<string> path)
    {
        if (path.IsEmpty) return node is null ? [] : [node.ToString()];
        return (node, path[0]) switch
        {
            (JsonArray list, "*") => Each(list, path[1..].ToArray()),
            (JsonArray list, var name) => int.TryParse(name, out var index) && index < list.Count ? At(list[index], path[1..]) : [],
            (JsonObject members, var name) => At(members[name], path[1..]),
            _ => [],
        };
    }

    private static IEnumerable<string> Each(JsonArray list, string[] path) => list.SelectMany(item => At(item, path));
}
