using Spendra.Core.Metering;
using Spendra.Core.Pricing;

namespace Spendra.Gateway.Tests.Gemini;

/// <summary>
/// Recorded shapes of Google's answers with the classes and the cost that they must settle at, worked out by hand from
/// <see cref="GeminiPrices"/>, at both of Google's doors and in each wire shape. The doors share the prices here; those that
/// each of them lists are in <see cref="Golden.ListedPriceTests"/>.
/// </summary>
public sealed class GeminiGoldenTests
{
    private const string Queries = "\"groundingMetadata\":{\"webSearchQueries\":[\"a\",\"b\",\"\",\"c\"],\"groundingChunks\":[{\"web\":{\"uri\":\"https://x\"}}]},";

    internal sealed record Case(PriceVersion Price, string? Usage, string Expected, long? Nanos)
    {
        public string Candidate { get; init; } = "";
        public string More { get; init; } = "";
        public int Candidates { get; init; } = 1;
        public int TierPercent { get; init; } = 100;
        public UnitMap<long> Pieces { get; init; }
    }

    private static readonly Dictionary<string, Case> Cases = new()
    {
        // 100·750 + 40·3,750
        ["plain"] = new(GeminiPrices.Flash, "\"promptTokenCount\":100,\"candidatesTokenCount\":40,\"totalTokenCount\":140,\"trafficType\":\"ON_DEMAND\"", "100,0,40,0", 225_000),
        // 40·750 + 60·75 + 40·3,750
        ["cached"] = new(GeminiPrices.Flash, "\"promptTokenCount\":100,\"cachedContentTokenCount\":60,\"candidatesTokenCount\":40,\"totalTokenCount\":140", "40,60,40,0", 184_500),
        // 100·750 + (40 + 25)·3,750
        ["thoughts"] = new(GeminiPrices.Flash, "\"promptTokenCount\":100,\"candidatesTokenCount\":40,\"thoughtsTokenCount\":25,\"totalTokenCount\":165", "100,0,65,25", 318_750),
        // Thoughts took the whole limit.
        ["thoughts only"] = new(GeminiPrices.Flash, "\"promptTokenCount\":100,\"thoughtsTokenCount\":64,\"totalTokenCount\":164", "100,0,64,64", 315_000),
        // (100 + 300)·750 + 40·3,750
        ["tool use"] = new(GeminiPrices.Flash, "\"promptTokenCount\":100,\"toolUsePromptTokenCount\":300,\"candidatesTokenCount\":40,\"totalTokenCount\":440,\"toolUsePromptTokensDetails\":[{\"modality\":\"TEXT\",\"tokenCount\":300}]", "400,0,40,0", 450_000),
        // 100·300 + 400·1,000 + 10·2,500
        ["audio"] = new(GeminiPrices.Flash25, "\"promptTokenCount\":500,\"candidatesTokenCount\":10,\"promptTokensDetails\":[{\"modality\":\"TEXT\",\"tokenCount\":100},{\"modality\":\"AUDIO\",\"tokenCount\":400}]", "100,0,10,0; audio_input 400", 455_000),
        // 50·300 + 50·30 + 200·1,000 + 200·1,000 (no discount is listed for cached sound) + 10·2,500
        ["cached audio"] = new(GeminiPrices.Flash25, "\"promptTokenCount\":500,\"cachedContentTokenCount\":250,\"candidatesTokenCount\":10,\"promptTokensDetails\":[{\"modality\":\"TEXT\",\"tokenCount\":100},{\"modality\":\"AUDIO\",\"tokenCount\":400}],\"cacheTokensDetails\":[{\"modality\":\"TEXT\",\"tokenCount\":50},{\"modality\":\"AUDIO\",\"tokenCount\":200}]", "50,50,10,0; audio_input 200, cached_audio_input 200", 441_500),
        // Images are text where nothing else is listed: 1,300·750 + 40·3,750
        ["image in"] = new(GeminiPrices.Flash, "\"promptTokenCount\":1300,\"candidatesTokenCount\":40,\"promptTokensDetails\":[{\"modality\":\"IMAGE\",\"tokenCount\":1290},{\"modality\":\"TEXT\",\"tokenCount\":10}]", "10,0,40,0; image_input 1290", 1_125_000),
        // 10·300 + 100·1,000 + 500·300 + 10·2,500
        ["video in"] = new(GeminiPrices.Flash25, "\"promptTokenCount\":610,\"candidatesTokenCount\":10,\"promptTokensDetails\":[{\"modality\":\"TEXT\",\"tokenCount\":10},{\"modality\":\"AUDIO\",\"tokenCount\":100},{\"modality\":\"VIDEO\",\"tokenCount\":500}]", "10,0,10,0; audio_input 100, image_input 500", 278_000),
        // 20·2,000 + (30 + 100)·12,000 + 1,290·120,000
        ["image out"] = new(GeminiPrices.Image, "\"promptTokenCount\":20,\"candidatesTokenCount\":1320,\"thoughtsTokenCount\":100,\"candidatesTokensDetails\":[{\"modality\":\"TEXT\",\"tokenCount\":30},{\"modality\":\"IMAGE\",\"tokenCount\":1290}]", "20,0,130,100; image_output 1290", 156_400_000),
        // 50·500 + 800·9,000
        ["audio out"] = new(GeminiPrices.Speech, "\"promptTokenCount\":50,\"candidatesTokenCount\":800,\"candidatesTokensDetails\":[{\"modality\":\"AUDIO\",\"tokenCount\":800}]", "50,0,0,0; audio_output 800", 7_225_000),
        // 225,000 + 3·14,000,000; an empty query is none
        ["grounding 3"] = new(GeminiPrices.Flash, "\"promptTokenCount\":100,\"candidatesTokenCount\":40", "100,0,40,0; web_searches 3", 42_225_000) { Candidate = Queries },
        // 100·300 + 40·2,500 + 35,000,000
        ["grounding 2.5"] = new(GeminiPrices.Flash25, "\"promptTokenCount\":100,\"candidatesTokenCount\":40", "100,0,40,0; grounded_prompts 1", 35_130_000) { Candidate = Queries },
        ["grounding without queries"] = new(GeminiPrices.Flash, "\"promptTokenCount\":100,\"candidatesTokenCount\":40", "100,0,40,0", 225_000) { Candidate = "\"groundingMetadata\":{\"webSearchQueries\":[]}," },
        // No rate for either: the bound.
        ["grounding without a rate"] = new(GeminiPrices.Pro, "\"promptTokenCount\":100,\"candidatesTokenCount\":40", "7,0,8,0", null) { Candidate = Queries },
        // 225,000 + 10·14,000,000: how many queries it took is not told
        ["maps"] = new(GeminiPrices.Flash, "\"promptTokenCount\":100,\"candidatesTokenCount\":40", "100,0,40,0; map_queries 10", 140_225_000)
        {
            Candidate = "\"groundingMetadata\":{\"groundingChunks\":[{\"maps\":{\"placeId\":\"p\"}}]},", Pieces = default(UnitMap<long>).With(UnitClass.MapQueries, 10),
        },
        // 100·300 + 40·2,500 + 25,000,000: once, however many queries it took
        ["maps 2.5"] = new(GeminiPrices.Flash25, "\"promptTokenCount\":100,\"candidatesTokenCount\":40", "100,0,40,0; grounded_map_prompts 1", 25_130_000)
        {
            Candidate = "\"groundingMetadata\":{\"groundingChunks\":[{\"maps\":{\"placeId\":\"p\"}}]},", Pieces = default(UnitMap<long>).With(UnitClass.GroundedMapPrompts, 1),
        },
        // 200,000·2,000 + 1,000·12,000
        ["at the line"] = new(GeminiPrices.Pro, "\"promptTokenCount\":200000,\"candidatesTokenCount\":1000", "200000,0,1000,0", 412_000_000),
        // 200,001·4,000 + 1,000·18,000
        ["long context"] = new(GeminiPrices.Pro, "\"promptTokenCount\":200001,\"candidatesTokenCount\":1000", "200001,0,1000,0", 818_004_000),
        // 201,000·4,000 + 1,000·18,000
        ["long context by tool use"] = new(GeminiPrices.Pro, "\"promptTokenCount\":199000,\"toolUsePromptTokenCount\":2000,\"candidatesTokenCount\":1000", "201000,0,1000,0", 822_000_000),
        // 100,000·4,000 + 150,000·400 + 1,000·18,000
        ["long context, cached"] = new(GeminiPrices.Pro, "\"promptTokenCount\":250000,\"cachedContentTokenCount\":150000,\"candidatesTokenCount\":1000", "100000,150000,1000,0", 478_000_000),
        ["flex"] = new(GeminiPrices.Flash, "\"promptTokenCount\":100,\"candidatesTokenCount\":40,\"trafficType\":\"ON_DEMAND_FLEX\"", "100,0,40,0", 112_500) { TierPercent = 50 },
        // (2·750 + 75)/2 = 787.5, to the even neighbour
        ["flex, half a nano"] = new(GeminiPrices.Flash, "\"promptTokenCount\":3,\"cachedContentTokenCount\":1,\"trafficType\":\"ON_DEMAND_FLEX\"", "2,1,0,0", 788) { TierPercent = 50 },
        ["priority"] = new(GeminiPrices.Flash, "\"promptTokenCount\":100,\"candidatesTokenCount\":40,\"trafficType\":\"ON_DEMAND_PRIORITY\"", "100,0,40,0", 405_000) { TierPercent = 180 },
        ["a tier without a price"] = new(GeminiPrices.Flash, "\"promptTokenCount\":100,\"candidatesTokenCount\":40,\"trafficType\":\"PROVISIONED_THROUGHPUT\"", "7,0,8,0", null),
        ["two candidates"] = new(GeminiPrices.Flash, "\"promptTokenCount\":100,\"candidatesTokenCount\":80", "100,0,80,0", 375_000) { Candidates = 2 },
        ["a total that is no sum"] = new(GeminiPrices.Flash, "\"promptTokenCount\":100,\"candidatesTokenCount\":40,\"totalTokenCount\":1", "100,0,40,0", 225_000),
        ["no usage"] = new(GeminiPrices.Flash, null, "7,0,8,0", null),
        ["an error"] = new(GeminiPrices.Flash, "\"promptTokenCount\":100,\"candidatesTokenCount\":40", "7,0,8,0", null) { More = "\"error\":{\"code\":503,\"status\":\"UNAVAILABLE\"}," },
    };

    public static TheoryData<string, string, WireShape> All()
    {
        var all = new TheoryData<string, string, WireShape>();
        foreach (var name in Cases.Keys)
        {
            foreach (var provider in new[] { "google", "vertexai" })
            {
                foreach (var shape in Enum.GetValues<WireShape>()) all.Add(name, provider, shape);
            }
        }
        return all;
    }

    [Theory]
    [MemberData(nameof(All))]
    public void An_answer_settles_at_what_the_price_list_says(string name, string provider, WireShape shape)
    {
        var of = Cases[name];
        var route = provider + (shape == WireShape.Plain ? ".generate" : ".stream");
        var mediaType = shape == WireShape.Events ? "text/event-stream" : "application/json";

        var reading = GeminiExchange.Read(route, mediaType, GeminiExchange.Answer(shape, of.Usage, of.Candidate, of.More, of.Candidates), of.Candidates, of.Pieces);

        var settled = GeminiExchange.Settle(of.Price, reading);
        GeminiExchange.Show(settled.Usage).Should().Be(of.Expected);
        settled.Cost.Value.Should().Be(of.Nanos ?? GeminiExchange.Bound.Value);
        settled.IsEstimated.Should().Be(of.Nanos is null || name == "maps", "what is charged at the allowance is no exact cost");
        settled.TierPercent.Should().Be(of.TierPercent);
        settled.ServedModel.Should().Be("m");
    }

    [Theory]
    [InlineData("google.embed", """{"embedding":{"values":[0.1,0.2]},"usageMetadata":{"promptTokenCount":9,"promptTokenDetails":[{"modality":"TEXT","tokenCount":9}]}}""", "9,0,0,0", 1_350)]
    [InlineData("google.embed_batch", """{"embeddings":[{"values":[0.1]},{"values":[0.2]}],"usageMetadata":{"promptTokenCount":18}}""", "18,0,0,0", 2_700)]
    [InlineData("vertexai.embed", """{"embedding":{"values":[0.1]},"usageMetadata":{"promptTokenCount":9,"totalTokenCount":9}}""", "9,0,0,0", 1_350)]
    // Older models tell no usage with a vector.
    [InlineData("google.embed", """{"embedding":{"values":[0.1,0.2]}}""", "7,0,8,0", null)]
    public void A_vector_settles_at_its_input(string route, string body, string expected, int? nanos)
    {
        var settled = GeminiExchange.Settle(GeminiPrices.Embedding, GeminiExchange.Read(route, "application/json", body));

        GeminiExchange.Show(settled.Usage).Should().Be(expected);
        settled.Cost.Value.Should().Be(nanos ?? GeminiExchange.Bound.Value);
    }

    // 100·750 + 65·3,750: thoughts may be in the total alone.
    [Theory]
    [InlineData("google.chat.completions", "\"total_tokens\":165", "100,0,65,0", 318_750)]
    [InlineData("vertexai.chat.completions", "\"total_tokens\":165", "100,0,65,0", 318_750)]
    [InlineData("google.chat.completions", "\"total_tokens\":140", "100,0,40,0", 225_000)]
    [InlineData("google.chat.completions", "\"total_tokens\":1", "100,0,40,0", 225_000)]
    [InlineData("google.chat.completions", "\"total_tokens\":-5", "7,0,8,0", null)]
    [InlineData("google.chat.completions", "\"total_tokens\":9000000000000000000", "7,0,8,0", null)]
    // Elsewhere a total that its parts do not explain contradicts them.
    [InlineData("chat.completions", "\"total_tokens\":140", "100,0,40,0", 225_000)]
    [InlineData("chat.completions", "\"total_tokens\":165", "7,0,8,0", null)]
    public void OpenAIs_format_at_Googles_door_takes_output_from_the_total_when_it_is_larger(string route, string total, string expected, int? nanos)
    {
        var usage = $$$"""{"choices":[],"usage":{"prompt_tokens":100,"completion_tokens":40,{{{total}}}}}""";

        foreach (var (mediaType, text) in new[] { ("application/json", usage), ("text/event-stream", $"data: {usage}\n\ndata: [DONE]\n\n") })
        {
            var settled = GeminiExchange.Settle(GeminiPrices.Flash, GeminiExchange.Read(route, mediaType, text));
            GeminiExchange.Show(settled.Usage).Should().Be(expected);
            settled.Cost.Value.Should().Be(nanos ?? GeminiExchange.Bound.Value);
        }
    }
}
