using System.Text.Json;
using Spendra.Sandbox.Calls;

namespace Spendra.Sandbox.Messages;

/// <summary>Finds the text of a messages call: <c>system</c>, string contents, text blocks and results of tools.</summary>
internal static class MessageText
{
    /// <summary>The system prompt, which is one message however many blocks it has.</summary>
    public static void CountSystem(TextTally tally, BodyFields fields)
    {
        if (!fields.Find("system", out var system))
            return;
        tally.Messages++;
        Count(tally, system);
    }

    public static void CountMessage(TextTally tally, BodyFields message)
    {
        tally.Messages++;
        var directive = message.Find("content", out var content) ? Count(tally, content) : null;
        if (message.Text("role") == "user")
            tally.Directive = directive;
    }

    /// <returns>The last directive in a text of its own; what a tool returned directs nothing.</returns>
    private static string? Count(TextTally tally, JsonElement content)
    {
        if (content.ValueKind is not JsonValueKind.Array)
            return tally.Add(content);
        string? directive = null;
        foreach (var block in content.EnumerateArray())
        {
            if (block.ValueKind is not JsonValueKind.Object)
                continue;
            if (block.TryGetProperty("text", out var text))
                directive = tally.Add(text) ?? directive;
            else if (block.TryGetProperty("content", out var result))
                Count(tally, result);
        }
        return directive;
    }
}
