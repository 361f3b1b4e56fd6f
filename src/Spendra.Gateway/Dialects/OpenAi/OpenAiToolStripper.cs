namespace Spendra.Gateway.Dialects.OpenAi;

/// <summary>Takes tools that the provider runs out of a body. Those inside a namespace stay, and are refused.</summary>
internal static class OpenAiToolStripper
{
    public static StrippedBody Strip(ReadOnlyMemory<byte> body, IReadOnlyCollection<string> tools)
    {
        var members = JsonPart.Of(body);
        var left = new List<JsonPart>(members.Count);
        foreach (var member in members)
        {
            if (member.Name == "web_search_options" && tools.Contains(OpenAiTools.WebSearch)) continue;
            if (member is { Name: "tools", IsArray: true })
            {
                var offered = JsonPart.Of(member.Value);
                var kept = offered.FindAll(tool => !IsOneOf(tool, tools));
                if (kept.Count == 0 && offered.Count > 0) continue;
                left.Add(kept.Count == offered.Count ? member : member with { Value = JsonPart.Array(kept) });
                continue;
            }
            left.Add(member);
        }
        var demanded = DemandedBy(members, tools, hasTools: left.Exists(m => m.Name == "tools"));
        // The provider refuses both when there are no tools.
        if (!left.Exists(m => m.Name == "tools")) left.RemoveAll(m => m.Name is "tool_choice" or "parallel_tool_calls");
        return new StrippedBody(JsonPart.Object(left), demanded);
    }

    private static bool IsOneOf(JsonPart tool, IReadOnlyCollection<string> tools) =>
        JsonPart.TextOf(tool.Value, "type") is { } type && OpenAiTools.ServerNameOf(type) is { } name && tools.Contains(name);

    private static string? DemandedBy(List<JsonPart> members, IReadOnlyCollection<string> tools, bool hasTools)
    {
        foreach (var choice in members)
        {
            if (choice.Name != "tool_choice") continue;
            if (choice.Text is { } text) return text == "required" && !hasTools ? StrippedBody.AnyTool : null;
            return NamedIn(choice.Value, tools);
        }
        return null;
    }

    /// <summary>A tool among those that a choice names, at any depth: it may list several that are allowed.</summary>
    private static string? NamedIn(ReadOnlyMemory<byte> json, IReadOnlyCollection<string> tools)
    {
        foreach (var part in JsonPart.Of(json))
        {
            if (part.Name == "type" && part.Text is { } type && OpenAiTools.ServerNameOf(type) is { } name && tools.Contains(name)) return name;
            if ((part.IsObject || part.IsArray) && NamedIn(part.Value, tools) is { } inside) return inside;
        }
        return null;
    }
}
