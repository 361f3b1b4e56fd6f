using System.Globalization;
using System.Text;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects.OpenAi;

/// <summary>What Spendra changes in a request; see <see cref="BodyEdits"/>.</summary>
internal static class OpenAiRequestRewriter
{
    public static ReadOnlyMemory<byte> Rewrite(ReadOnlyMemory<byte> body, RequestFacts facts, OpenAiBody kind, RequestChanges changes)
    {
        if (changes.IsEmpty) return body;
        var edits = new BodyEdits();
        var added = new StringBuilder();
        if (changes.OutputLimit is { } limit)
        {
            var text = limit.ToString(CultureInfo.InvariantCulture);
            foreach (var span in facts.OutputLimitSpans) edits.Replace(span, text);
            if (facts.OutputLimitSpans.Count == 0)
                added.Append(",\"").Append(kind == OpenAiBody.Chat ? "max_completion_tokens" : "max_output_tokens").Append("\":").Append(text);
        }
        if (changes.IncludeUsage) IncludeUsage(facts, edits, added);
        if (changes.ServiceTier is { } tier)
        {
            if (facts.ServiceTierSpan.IsEmpty) added.Append(",\"service_tier\":\"").Append(tier).Append('"');
            else edits.Replace(facts.ServiceTierSpan, $"\"{tier}\"");
        }
        if (changes.ToolUses is { } uses && facts.SharesToolLimit)
        {
            var text = uses.ToString(CultureInfo.InvariantCulture);
            if (facts.ToolLimitSpan.IsEmpty) added.Append(",\"max_tool_calls\":").Append(text);
            else edits.Replace(facts.ToolLimitSpan, text);
        }
        // A governed body has at least one member, so that a comma before an added one is always right.
        if (added.Length > 0) edits.Insert(facts.ClosingBrace, added.ToString());
        return edits.Apply(body.Span);
    }

    private static void IncludeUsage(RequestFacts facts, BodyEdits edits, StringBuilder added)
    {
        if (!facts.IncludeUsageSpan.IsEmpty)
        {
            edits.Replace(facts.IncludeUsageSpan, "true");
        }
        else if (facts.StreamOptionsSpan.IsEmpty)
        {
            added.Append(",\"stream_options\":{\"include_usage\":true}");
        }
        else if (facts.StreamOptionsMembers == 0)
        {
            edits.Replace(facts.StreamOptionsSpan, "{\"include_usage\":true}");
        }
        else
        {
            edits.Insert(facts.StreamOptionsSpan.Start + 1, "\"include_usage\":true,");
        }
    }
}
