using System.Text.Json.Nodes;
using CsCheck;
using Spendra.Core.Metering;
using Spendra.Core.Pricing;
using static Spendra.Gateway.Tests.Bounds.BoundedExchange;

namespace Spendra.Gateway.Tests.Bounds;

/// <summary>Gemini, at the Gemini API and at Vertex AI: with thoughts, sound, pictures, films, tools and tiers.</summary>
public sealed class GeminiWorstAnswerTests
{
    private const string Model = "gemini-any";

    // So many queries a prompt may make here: Google's API has no limit that could be set (Gateway:ToolAllowance).
    private const int Queries = 10;

    private static PriceVersion PriceOf(string provider)
    {
        var price = Price(provider, provider == "vertexai" ? "google/" + Model : Model);
        return price with
        {
            Rates = WithKinds(price.Rates, 1), LongContext = price.LongContext! with { Rates = WithKinds(price.LongContext.Rates, 2) },
        };
    }

    // Sound costs more than text, and reading it from a cache too; a picture that is drawn most.
    private static RateCard WithKinds(RateCard card, int factor) => card with
    {
        Others = default(UnitMap<Core.Money.Rate>).With(UnitClass.AudioInput, Nanos(3_000 * factor)).With(UnitClass.CachedAudioInput, Nanos(300 * factor))
            .With(UnitClass.ImageInput, Nanos(1_500 * factor)).With(UnitClass.ImageOutput, Nanos(60_000)).With(UnitClass.WebSearches, Nanos(14_000_000)),
    };

    [Fact]
    public void A_generation_is_covered() =>
        Gen.Select(GeminiAsk.Any, Shares.OneOf("google", "vertexai"), Shares.Any).Sample((ask, provider, shares) =>
        {
            var (call, refusal) = Bound(Route(provider, provider + ".generate"), ask.Body(), PriceOf(provider), modelInPath: Model);
            refusal.Should().BeNull();
            var limit = (long?)Sent(call)["generationConfig"]!["maxOutputTokens"] ?? MaxOutput;

            ShouldCover(call, Answer(ask, limit * ask.Candidates, shares));
        }, iter: 3_000);

    private static string Answer(GeminiAsk ask, long mostOutput, Shares shares)
    {
        var prompt = shares.OfInput(ask.MostPrompt);
        var tools = ask.UsesTools ? shares.Of(Window - prompt, 8) : 0;
        var promptKinds = Kinds(ask, prompt, shares, 1);
        // What was read from the cache is a part of the prompt, kind by kind.
        var cachedKinds = promptKinds.Select(k => (k.Kind, Count: shares.Is(5) ? 0 : shares.Of(k.Count, 2))).ToArray();
        var output = shares.Of(mostOutput, 7);
        var thoughts = shares.Of(output, 3);
        var drawn = ask.MayDraw ? shares.Of(output - thoughts, 9) : 0;
        var usage = new JsonObject
        {
            ["promptTokenCount"] = prompt, ["cachedContentTokenCount"] = cachedKinds.Sum(k => k.Count), ["candidatesTokenCount"] = output - thoughts,
            ["thoughtsTokenCount"] = thoughts, ["toolUsePromptTokenCount"] = tools, ["totalTokenCount"] = prompt + tools + output,
            ["promptTokensDetails"] = Details(promptKinds), ["cacheTokensDetails"] = Details(cachedKinds),
            // A page may be a picture or a document.
            ["toolUsePromptTokensDetails"] = Details([("IMAGE", ask.ReadsUrls ? shares.Of(tools, 11) : 0)]),
            ["candidatesTokensDetails"] = Details([("IMAGE", drawn), ("TEXT", output - thoughts - drawn)]),
            ["trafficType"] = Served(ask.Tier, shares.Is(4)),
        };
        var candidate = new JsonObject { ["finishReason"] = "STOP", ["index"] = 0 };
        if (ask.Searches)
            candidate["groundingMetadata"] = new JsonObject { ["webSearchQueries"] = new JsonArray([.. Enumerable.Range(0, (int)shares.Of(Queries, 10)).Select(i => JsonValue.Create($"q{i}"))]) };
        return new JsonObject { ["candidates"] = new JsonArray(candidate), ["usageMetadata"] = usage, ["modelVersion"] = Model }.ToJsonString();
    }

    private static (string Kind, long Count)[] Kinds(GeminiAsk ask, long prompt, Shares shares, int which)
    {
        var rest = prompt;
        var kinds = new List<(string, long)>();
        foreach (var kind in ask.Kinds)
        {
            var count = shares.Of(ask.Part == GeminiPart.Image ? Math.Min(rest, 17 * 258) : rest, which++);
            kinds.Add((kind, count));
            rest -= count;
        }
        kinds.Add(("TEXT", rest));
        return [.. kinds];
    }

    private static JsonArray Details((string Kind, long Count)[] kinds) =>
        new([.. kinds.Select(k => new JsonObject { ["modality"] = k.Kind, ["tokenCount"] = k.Count })]);

    /// <summary>A dear or a cheap tier that is short is served as on demand.</summary>
    private static string Served(string? asked, bool isShort) => (asked, isShort) switch
    {
        ("flex", false) => "ON_DEMAND_FLEX",
        ("priority", false) => "ON_DEMAND_PRIORITY",
        _ => "ON_DEMAND",
    };
}
