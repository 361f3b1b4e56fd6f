namespace Spendra.Gateway.Dialects.Anthropic;

/// <summary>Takes tools that the provider runs out of a body.</summary>
internal static class AnthropicToolStripper
{
    public static StrippedBody Strip(ReadOnlyMemory<byte> body, IReadOnlyCollection<string> tools)
    {
        var members = JsonPart.Of(body);
        var left = new List<JsonPart>(members.Count);
        var gone = new List<JsonPart>();
        foreach (var member in members)
        {
            if (member is not { Name: "tools", IsArray: true })
            {
                left.Add(member);
                continue;
            }
            var offered = JsonPart.Of(member.Value);
            gone = offered.FindAll(tool => IsOneOf(tool, tools));
            if (gone.Count == 0) left.Add(member);
            else if (gone.Count < offered.Count) left.Add(member with { Value = JsonPart.Array(offered.FindAll(tool => !IsOneOf(tool, tools))) });
        }
        var hasTools = left.Exists(m => m.Name == "tools");
        var demanded = DemandedBy(members, gone, hasTools);
        if (!hasTools) left.RemoveAll(m => m.Name == "tool_choice");
        return new StrippedBody(JsonPart.Object(left), demanded);
    }

    private static bool IsOneOf(JsonPart tool, IReadOnlyCollection<string> tools) =>
        JsonPart.TextOf(tool.Value, "type") is { } type && AnthropicTools.ServerNameOf(type) is { } name && tools.Contains(name);

    /// <summary>A choice names a tool by the name that the request gives it.</summary>
    private static string? DemandedBy(List<JsonPart> members, List<JsonPart> gone, bool hasTools)
    {
        foreach (var choice in members)
        {
            if (choice is not { Name: "tool_choice", IsObject: true }) continue;
            switch (JsonPart.TextOf(choice.Value, "type"))
            {
                case "any" when !hasTools: return StrippedBody.AnyTool;
                case "tool" when JsonPart.TextOf(choice.Value, "name") is { } name && gone.Exists(t => JsonPart.TextOf(t.Value, "name") == name): return name;
            }
        }
        return null;
    }
}
