using System.Text;
using CsCheck;
using Spendra.Core.Metering;
using Spendra.Core.Pricing;
using Spendra.Gateway.Dialects.Gemini;

namespace Spendra.Gateway.Tests.Gemini;

/// <summary>Bound ≥ settled, for every request and every answer that a provider who keeps to the request may give.</summary>
public sealed class GeminiBoundTests
{
    private const string Model = "gemini-3.8-flash";

    // The largest budget that Google documents for an image, ultra high.
    private const long ImageBudget = 2_240;

    private sealed record Prompt(int TextBytes, int Images, int Limit, int Candidates, bool Searches);

    private static readonly Gen<Prompt> Prompts =
        // Also around the line above which Pro is dearer.
        from text in Gen.OneOf(Gen.Int[0, 2_000], Gen.Int[195_000, 205_000])
        from images in Gen.Int[0, 3]
        from limit in Gen.Int[1, 5_000]
        from candidates in Gen.Int[1, 4]
        from searches in Gen.Bool
        select new Prompt(text, images, limit, candidates, searches);

    private static readonly PriceVersion[] Prices =
        [GeminiPrices.Flash, GeminiPrices.Flash25, GeminiPrices.Pro, GeminiPrices.Image, GeminiPrices.Speech];

    [Fact]
    public void No_answer_costs_more_than_its_bound() =>
        (from prompt in Prompts
         from which in Gen.Int[0, Prices.Length - 1]
         let price = Prices[which]
         from input in Gen.Double[0, 1]
         from cached in Gen.Double[0, 1]
         from output in Gen.Double[0, 1]
         from drawn in Gen.Double[0, 1]
         from tool in Gen.Double[0, 1]
         from queries in Gen.Int[0, 10]
         select (prompt, price, input, cached, output, drawn, tool, queries))
        .Sample(s =>
        {
            var body = Body(s.prompt);
            var facts = GeminiRequestReader.Read(Encoding.UTF8.GetBytes(body), GeminiMethod.GenerateContent, Model, out _)!;
            var call = BoundedCalls.Bound(facts, s.price);
            // A search without a rate is refused: nothing to compare.
            if (call is null) return s.prompt.Searches && s.price.Rates.RateOf(UnitClass.WebSearches) is null && s.price.Rates.RateOf(UnitClass.GroundedPrompts) is null;

            // A provider that keeps to the request: a token for each byte of text at most, each image at its budget, and
            // what a tool brings in besides it in one context.
            var most = Math.Min(body.Length - 100_000L * s.prompt.Images + s.prompt.Images * ImageBudget, s.price.ContextWindow!.Value);
            var used = (long)(most * s.input);
            var brought = s.prompt.Searches ? (long)((s.price.ContextWindow.Value - used) * s.tool) : 0;
            var written = (long)((long)s.prompt.Limit * s.prompt.Candidates * s.output);
            var others = new Usage
            {
                CachedInput = (long)(used * s.cached),
                Input = used - (long)(used * s.cached) + brought,
                Output = written - (long)(written * s.drawn),
            };
            var kind = s.price.Rates.OutputKinds == TokenKinds.ImageOutput ? UnitClass.ImageOutput : UnitClass.AudioOutput;
            var usage = s.price.Rates.OutputKinds == TokenKinds.Text ? others with { Output = written } : others.Plus(kind, (long)(written * s.drawn));
            if (s.prompt.Searches && s.queries > 0) usage = usage.Plus(UnitClass.WebSearches, s.queries).Plus(UnitClass.GroundedPrompts, 1);

            return Cost.Of(s.price, SearchUnits.BilledOf(s.price, usage)) <= call.Amount;
        }, iter: 1_000);

    // 10 queries at 0.014 USD, the window and the output at their dearest; 2.5 one prompt at 0.035 USD.
    [Fact]
    public void Grounding_is_held_by_the_unit_that_has_a_rate()
    {
        const string body = """{"contents":[],"tools":[{"googleSearch":{}}],"generationConfig":{"maxOutputTokens":100}}""";
        var facts = GeminiRequestReader.Read(Encoding.UTF8.GetBytes(body), GeminiMethod.GenerateContent, "m", out _)!;

        BoundedCalls.Bound(facts, GeminiPrices.Flash)!.Amount.Value.Should().Be(1_048_576L * 750 + 100 * 3_750 + 10 * 14_000_000);
        BoundedCalls.Bound(facts, GeminiPrices.Flash25)!.Amount.Value.Should().Be(1_048_576L * 300 + 100 * 2_500 + 35_000_000);
        BoundedCalls.Bound(facts, GeminiPrices.Pro).Should().BeNull();
    }

    [Fact]
    public void A_model_that_may_draw_is_held_at_what_drawing_costs_unless_only_text_is_asked_for()
    {
        static long Bound(string config)
        {
            var body = Encoding.UTF8.GetBytes($"{{\"contents\":[],\"generationConfig\":{{\"maxOutputTokens\":100{config}}}}}");
            var amount = BoundedCalls.Bound(GeminiRequestReader.Read(body, GeminiMethod.GenerateContent, "m", out _)!, GeminiPrices.Image)!.Amount;
            return amount.Value - (body.Length + 64) * 2_000L;
        }

        Bound("").Should().Be(100 * 120_000);
        Bound(",\"responseModalities\":[\"TEXT\",\"IMAGE\"]").Should().Be(100 * 120_000);
        Bound(",\"responseModalities\":[\"TEXT\"]").Should().Be(100 * 12_000);
        BoundedCalls.Bound(GeminiRequestReader.Read("{\"contents\":[],\"generationConfig\":{\"responseModalities\":[\"AUDIO\"]}}"u8, GeminiMethod.GenerateContent, "m", out _)!, GeminiPrices.Image)
            .Should().BeNull("it does not speak");
    }

    private static string Body(Prompt prompt)
    {
        var parts = new List<string> { $"{{\"text\":\"{new string('x', prompt.TextBytes)}\"}}" };
        for (var i = 0; i < prompt.Images; i++) parts.Add($"{{\"inlineData\":{{\"mimeType\":\"image/png\",\"data\":\"{new string('A', 100_000)}\"}}}}");
        var tools = prompt.Searches ? ",\"tools\":[{\"googleSearch\":{}}]" : "";
        return $$$"""{"contents":[{"parts":[{{{string.Join(',', parts)}}}]}],"generationConfig":{"maxOutputTokens":{{{prompt.Limit}}},"candidateCount":{{{prompt.Candidates}}}}{{{tools}}}}""";
    }
}
