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
        if (facts.OutputLimitSpans is [var own]) return BodyEdits.Apply(body.Span, [(own, text)]);
        var member = $"\"maxOutputTokens\":{text}";
        var config = facts.OutputConfigSpan;
        return BodyEdits.Apply(body.Span, (config.IsEmpty, facts.HasOutputConfigMembers) switch
        {
            // A governed body has at least its contents, so that a comma before an added member is always right.
            (true, _) => [(new ByteSpan(facts.ClosingBrace, 0), $",\"generationConfig\":{{{member}}}")],
            (false, false) => [(config, $"{{{member}}}")],
            (false, true) => [(new ByteSpan(config.Start + 1, 0), member + ",")],
        });
    }
}
