using System.Globalization;
using System.Text;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects.OpenAi;

/// <summary>
/// Changes a body in place of its values, byte for byte: everything that governance does not touch reaches the
/// provider exactly as the client wrote it.
/// </summary>
internal static class OpenAiRequestRewriter
{
    public static ReadOnlyMemory<byte> Rewrite(ReadOnlyMemory<byte> body, RequestFacts facts, OpenAiBody kind, RequestChanges changes)
    {
        if (changes.IsEmpty) return body;
        var edits = new List<(ByteSpan Span, string Text)>();
        var added = new StringBuilder();
        if (changes.OutputLimit is { } limit)
        {
            var text = limit.ToString(CultureInfo.InvariantCulture);
            foreach (var span in facts.OutputLimitSpans) edits.Add((span, text));
            if (facts.OutputLimitSpans.Count == 0)
                added.Append(",\"").Append(kind == OpenAiBody.Chat ? "max_completion_tokens" : "max_output_tokens").Append("\":").Append(text);
        }
        if (changes.IncludeUsage) IncludeUsage(facts, edits, added);
        if (changes.ServiceTier is { } tier)
        {
            if (facts.ServiceTierSpan.IsEmpty) added.Append(",\"service_tier\":\"").Append(tier).Append('"');
            else edits.Add((facts.ServiceTierSpan, $"\"{tier}\""));
        }
        // A governed body has at least its model, so that a comma before an added member is always right.
        if (added.Length > 0) edits.Add((new ByteSpan(facts.ClosingBrace, 0), added.ToString()));
        return BodyEdits.Apply(body.Span, edits);
    }

    private static void IncludeUsage(RequestFacts facts, List<(ByteSpan, string)> edits, StringBuilder added)
    {
        if (!facts.IncludeUsageSpan.IsEmpty)
        {
            edits.Add((facts.IncludeUsageSpan, "true"));
        }
        else if (facts.StreamOptionsSpan.IsEmpty)
        {
            added.Append(",\"stream_options\":{\"include_usage\":true}");
        }
        else if (facts.StreamOptionsMembers == 0)
        {
            edits.Add((facts.StreamOptionsSpan, "{\"include_usage\":true}"));
        }
        else
        {
            edits.Add((new ByteSpan(facts.StreamOptionsSpan.Start + 1, 0), "\"include_usage\":true,"));
        }
    }
}
