using System.Globalization;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects.Gemini;

/// <summary>Imposes the output limit. Everything else reaches the provider exactly as the client wrote it.</summary>
internal static class GeminiRequestRewriter
{
    public static ReadOnlyMemory<byte> Rewrite(ReadOnlyMemory<byte> body, RequestFacts facts, RequestChanges changes)
    {
        if (changes.OutputLimit is not { } limit) return body;
        var text = limit.ToString(CultureInfo.InvariantCulture);
        var member = $"\"maxOutputTokens\":{text}";
        var config = facts.OutputConfigSpan;
        var edits = new BodyEdits();
        if (facts.OutputLimitSpans is [var own]) edits.Replace(own, text);
        // A governed body has at least its contents, so that a comma before an added member is always right.
        else if (config.IsEmpty) edits.Insert(facts.ClosingBrace, $",\"generationConfig\":{{{member}}}");
        else if (facts.HasOutputConfigMembers) edits.Insert(config.Start + 1, member + ",");
        else edits.Replace(config, $"{{{member}}}");
        return edits.Apply(body.Span);
    }
}
