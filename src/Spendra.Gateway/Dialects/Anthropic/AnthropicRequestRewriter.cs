using System.Globalization;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects.Anthropic;

/// <summary>What Spendra changes in a messages request; see <see cref="BodyEdits"/>.</summary>
internal static class AnthropicRequestRewriter
{
    public static ReadOnlyMemory<byte> Rewrite(ReadOnlyMemory<byte> body, RequestFacts facts, RequestChanges changes)
    {
        var edits = new BodyEdits();
        if (changes.OutputLimit is { } limit)
        {
            foreach (var span in facts.OutputLimitSpans) edits.Replace(span, limit.ToString(CultureInfo.InvariantCulture));
        }
        if (changes.ServiceTier is { } tier)
        {
            // A governed body has at least its model, so that a comma before an added member is always right.
            if (facts.ServiceTierSpan.IsEmpty) edits.Insert(facts.ClosingBrace, $",\"service_tier\":\"{tier}\"");
            else edits.Replace(facts.ServiceTierSpan, $"\"{tier}\"");
        }
        if (changes.ToolUses is { } uses)
        {
            foreach (var use in facts.ToolUses)
            {
                if (use.Max is not null) continue;
                if (use.Span.IsEmpty) edits.Insert(use.Span.Start, string.Create(CultureInfo.InvariantCulture, $"\"max_uses\":{uses},"));
                else edits.Replace(use.Span, uses.ToString(CultureInfo.InvariantCulture));
            }
        }
        return edits.IsEmpty ? body : edits.Apply(body.Span);
    }
}
