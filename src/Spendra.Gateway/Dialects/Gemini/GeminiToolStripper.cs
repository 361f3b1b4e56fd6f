namespace Spendra.Gateway.Dialects.Gemini;

/// <summary>
/// Takes tools that the provider runs out of a body. A tool is a member of one of the objects in the list, which may be
/// an object itself. Which tool is to be called can be said of the client's functions only.
/// </summary>
internal static class GeminiToolStripper
{
    public static StrippedBody Strip(ReadOnlyMemory<byte> body, IReadOnlyCollection<string> tools)
    {
        var left = new List<JsonPart>();
        foreach (var member in JsonPart.Of(body))
        {
            if (member is { Name: "tools", IsObject: true })
            {
                if (Without(member, tools) is { } rest) left.Add(rest);
            }
            else if (member is { Name: "tools", IsArray: true })
            {
                var offered = JsonPart.Of(member.Value);
                var kept = offered.ConvertAll(item => item.IsObject ? Without(item, tools) : item).OfType<JsonPart>().ToList();
                if (kept.Count > 0 || offered.Count == 0) left.Add(member with { Value = JsonPart.Array(kept) });
            }
            else
            {
                left.Add(member);
            }
        }
        return new StrippedBody(JsonPart.Object(left));
    }

    /// <summary>An object without some of its tools; null when nothing is left that it had.</summary>
    private static JsonPart? Without(JsonPart item, IReadOnlyCollection<string> tools)
    {
        var offered = JsonPart.Of(item.Value);
        var kept = offered.FindAll(tool => !tools.Contains(GeminiRequestReader.NameOfTool(tool.Name)));
        if (kept.Count == offered.Count) return item;
        return kept.Count == 0 ? null : item with { Value = JsonPart.Object(kept) };
    }
}
