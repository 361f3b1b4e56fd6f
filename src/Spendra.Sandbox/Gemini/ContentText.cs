using System.Text.Json;
using Spendra.Sandbox.Calls;

namespace Spendra.Sandbox.Gemini;

/// <summary>Finds the text of contents: the <c>text</c> of each part. Data, files and functions count nothing.</summary>
internal static class ContentText
{
    /// <summary>A whole request: each content and the system instruction is one message.</summary>
    /// <returns>How many contents there are.</returns>
    public static int CountRequest(TextTally tally, BodyFields request)
    {
        if (request.Find("systemInstruction", out var instruction))
            CountContent(tally, request.Of(instruction), directs: false);
        var count = 0;
        foreach (var content in request.Items("contents"))
        {
            CountContent(tally, request.Of(content), directs: true);
            count++;
        }
        return count;
    }

    /// <param name="tally">What to add to.</param>
    /// <param name="content">The content; a role that is missing is the user's.</param>
    /// <param name="directs">Whether a directive in it counts when it is the user's.</param>
    public static void CountContent(TextTally tally, BodyFields content, bool directs)
    {
        tally.Messages++;
        string? directive = null;
        foreach (var part in content.Items("parts"))
        {
            if (part.ValueKind is JsonValueKind.Object && part.TryGetProperty("text", out var text))
                directive = tally.Add(text) ?? directive;
        }
        if (directs && (content.Text("role") ?? "user") == "user")
            tally.Directive = directive;
    }
}
