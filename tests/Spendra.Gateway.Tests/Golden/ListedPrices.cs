namespace Spendra.Gateway.Tests.Golden;

/// <summary>
/// Calls and what they must cost at the prices that a new organization starts with. Every figure is worked out by hand
/// from the providers' price lists; the comment of a row is its arithmetic in nano-USD (a dollar per million tokens is
/// 1,000 a token).
/// </summary>
internal static class ListedPrices
{
    private const string Hour = "\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}";
    private const string HalfADay = "\"prompt_cache_options\":{\"ttl\":\"12h\"}";
    private const string Queries = "\"groundingMetadata\":{\"webSearchQueries\":[\"a\",\"b\",\"c\"]},";

    /// <param name="Door">Where.</param>
    /// <param name="Model">What is called, as a client names it; at Azure the model behind the deployment.</param>
    /// <param name="Told">What the provider says of it.</param>
    /// <param name="Classes">The classes that must be read.</param>
    /// <param name="Nanos">The cost.</param>
    internal sealed record Row(string Door, string Model, Told Told, string Classes, long Nanos)
    {
        public string Day { get; init; } = "2026-11-20";
        public string Request { get; init; } = "";
        public int RatePercent { get; init; } = 100;
        public string? Served { get; init; }
        public bool IsBilled { get; init; }
    }

    public static Dictionary<string, Row> Rows { get; } = new(
        [.. OpenAi(), .. Azure(), .. Anthropic(), .. Google(), .. Vertex(), .. OpenRouter()]);

    private static Dictionary<string, Row> OpenAi() => new()
    {
        // 800·400 + 200·100 + 100·1,600
        ["gpt-4.1-mini, cached"] = new(Doors.OpenAiChat, "gpt-4.1-mini", new(1_000, 100) { Cached = 200 }, "800,200,0,100,0", 500_000) { Served = "gpt-4.1-mini-2025-04-14" },
        // Priority is 3.5, 0.875 and 14: 800·3,500 + 200·875 + 100·14,000
        ["gpt-4.1, priority"] = new(Doors.OpenAiResponses, "gpt-4.1", new(1_000, 100) { Cached = 200, Tier = "priority" }, "800,200,0,100,0", 4_375_000) { Request = "\"service_tier\":\"priority\"" },
        // Priority is 0.45, 0.045 and 3.6: 800·450 + 200·45 + 100·3,600
        ["gpt-5-mini, priority"] = new(Doors.OpenAiChat, "gpt-5-mini", new(1_000, 100) { Cached = 200, Tier = "priority" }, "800,200,0,100,0", 729_000) { Request = "\"service_tier\":\"priority\"" },
        // (2·50 + 5 + 400)/2 = 252.5, to the even neighbour
        ["gpt-5-nano, half a nano"] = new(Doors.OpenAiChat, "gpt-5-nano", new(3, 1) { Cached = 1, Tier = "flex" }, "2,1,0,1,0", 252) { Request = "\"service_tier\":\"flex\"" },
        // Reasoning is inside the output: 100·2,000 + 500·8,000
        ["o3, reasoning"] = new(Doors.OpenAiChat, "o3", new(100, 500) { Reasoning = 400 }, "100,0,0,500,400", 4_200_000),
        // 272,000·5,000 + 1,000·30,000
        ["gpt-5.5, at the line"] = new(Doors.OpenAiResponses, "gpt-5.5", new(272_000, 1_000), "272000,0,0,1000,0", 1_390_000_000),
        // The whole request: 272,001·10,000 + 1,000·45,000
        ["gpt-5.5, above the line"] = new(Doors.OpenAiResponses, "gpt-5.5", new(272_001, 1_000), "272001,0,0,1000,0", 2_765_010_000),
        // The discount of cached tokens holds above the line too: 50,000·10,000 + 250,000·1,000 + 1,000·45,000
        ["gpt-5.5, above the line by its cache"] = new(Doors.OpenAiChat, "gpt-5.5", new(300_000, 1_000) { Cached = 250_000 }, "50000,250000,0,1000,0", 795_000_000),
        // 12.5 and 75: 1,000·12,500 + 100·75,000
        ["gpt-5.5, fast"] = new(Doors.OpenAiResponses, "gpt-5.5", new(1_000, 100) { Tier = "fast" }, "1000,0,0,100,0", 20_000_000) { Request = "\"service_tier\":\"fast\"" },
        // (1,000·5,000 + 100·30,000)/2
        ["gpt-5.5, flex"] = new(Doors.OpenAiResponses, "gpt-5.5", new(1_000, 100) { Tier = "flex" }, "1000,0,0,100,0", 4_000_000) { Request = "\"service_tier\":\"flex\"" },
        ["gpt-5.5, flex that was not to be had"] = new(Doors.OpenAiResponses, "gpt-5.5", new(1_000, 100) { Tier = "default" }, "1000,0,0,100,0", 8_000_000) { Request = "\"service_tier\":\"flex\"" },
        // No discount for cached tokens is listed: 1,000·30,000 + 10·180,000
        ["gpt-5.5-pro, cached"] = new(Doors.OpenAiResponses, "gpt-5.5-pro", new(1_000, 10) { Cached = 1_000 }, "0,1000,0,10,0", 31_800_000),
        // The list price after the promotion, 5, 6.25 and 30: 600·5,000 + 400·6,250 + 100·30,000
        ["gpt-5.6-sol, cache write"] = new(Doors.OpenAiChat, "gpt-5.6-sol", new(1_000, 100) { Written = 400 }, "600,0,400,100,0", 8_500_000),
        // 60·100 + 30·10 + 10·125 + 3·500
        ["gpt-6-luna, cache read and write"] = new(Doors.OpenAiChat, "gpt-6-luna", new(100, 3) { Cached = 30, Written = 10 }, "60,30,10,3,0", 9_050),
        // 200·2,000 + 300·100 + 500·2,500 + 100·10,000
        ["gpt-6.2-sol, cache read and write"] = new(Doors.OpenAiResponses, "gpt-6.2-sol", new(1_000, 100) { Cached = 300, Written = 500 }, "200,300,500,100,0", 2_680_000),
        // A write is dearer above the line as input is: 272,000·4,000 + 1·5,000 + 1,000·15,000
        ["gpt-6.2-sol, above the line by its writes"] = new(Doors.OpenAiResponses, "gpt-6.2-sol", new(272_001, 1_000) { Written = 1 }, "272000,0,1,1000,0", 1_103_005_000),
        // A write for twelve hours is 5: 500·2,000 + 500·5,000 + 100·10,000
        ["gpt-6.2-sol, write for twelve hours"] = new(Doors.OpenAiResponses, "gpt-6.2-sol", new(1_000, 100) { Written = 500 }, "500,0,0,100,0; cache_write_long 500", 4_500_000) { Request = HalfADay },
        // And twice as much above the line: 272,000·4,000 + 1·10,000 + 1,000·15,000
        ["gpt-6.2-sol, write for twelve hours above the line"] = new(Doors.OpenAiResponses, "gpt-6.2-sol", new(272_001, 1_000) { Written = 1 }, "272000,0,0,1000,0; cache_write_long 1", 1_103_010_000) { Request = HalfADay },
        // 500·1,000 + 500·2,500 + 100·5,000
        ["gpt-6.1-terra, write for twelve hours"] = new(Doors.OpenAiChat, "gpt-6.1-terra", new(1_000, 100) { Written = 500 }, "500,0,0,100,0; cache_write_long 500", 2_250_000) { Request = HalfADay },
        // Three times (1,000·2,000 + 100·10,000), and six times from March on
        ["gpt-6.2-sol, ultrafast"] = new(Doors.OpenAiResponses, "gpt-6.2-sol", new(1_000, 100) { Tier = "ultrafast" }, "1000,0,0,100,0", 9_000_000) { Request = "\"service_tier\":\"ultrafast\"" },
        ["gpt-6.2-sol, ultrafast in March"] = new(Doors.OpenAiResponses, "gpt-6.2-sol", new(1_000, 100) { Tier = "ultrafast" }, "1000,0,0,100,0", 18_000_000) { Request = "\"service_tier\":\"ultrafast\"", Day = "2027-03-01" },
        // 500·8,000 + 500·400 + 100·40,000
        ["gpt-6.2-astra, cached"] = new(Doors.OpenAiChat, "gpt-6.2-astra", new(1_000, 100) { Cached = 500 }, "500,500,0,100,0", 8_200_000),
        // 272,001·16,000 + 100·60,000
        ["gpt-6.2-astra, above the line"] = new(Doors.OpenAiChat, "gpt-6.2-astra", new(272_001, 100), "272001,0,0,100,0", 4_358_016_000),
        // 8·20
        ["text-embedding-3-small"] = new(Doors.OpenAiEmbeddings, "text-embedding-3-small", new(8), "8,0,0,0,0", 160),
        // 9·130
        ["text-embedding-3-large"] = new(Doors.OpenAiEmbeddings, "text-embedding-3-large", new(9), "9,0,0,0,0", 1_170),
    };

    private static Dictionary<string, Row> Azure() => new()
    {
        // (1,000·5,000 + 100·30,000) in a data zone, which is 10 % dearer
        ["azure gpt-5.5, data zone"] = new(Doors.AzureChat, "gpt-5.5", new(1_000, 100), "1000,0,0,100,0", 8_800_000) { RatePercent = 110 },
        // 272,000·2,500 + 1,000·15,000
        ["azure gpt-5.4, at the line"] = new(Doors.AzureResponses, "gpt-5.4", new(272_000, 1_000), "272000,0,0,1000,0", 695_000_000),
        // 272,001·5,000 + 1,000·22,500
        ["azure gpt-5.4, above the line"] = new(Doors.AzureResponses, "gpt-5.4", new(272_001, 1_000), "272001,0,0,1000,0", 1_382_505_000),
        // 300,000·400 + 1,000·1,800
        ["azure gpt-5.6-luna, above the line at the older API"] = new(Doors.AzureOldResponses, "gpt-5.6-luna", new(300_000, 1_000), "300000,0,0,1000,0", 121_800_000),
        // 500·10,000 + 300·1,000 + 200·12,500 + 100·50,000
        ["azure gpt-6-astra, cache read and write at the older API"] = new(Doors.AzureOldResponses, "gpt-6-astra", new(1_000, 100) { Cached = 300, Written = 200 }, "500,300,200,100,0", 12_800_000),
        // (800·150 + 200·75 + 100·600) · 1.1
        ["azure gpt-4o-mini, deployment in a data zone"] = new(Doors.AzureOldChat, "gpt-4o-mini", new(1_000, 100) { Cached = 200 }, "800,200,0,100,0", 214_500) { RatePercent = 110, Served = "gpt-4o-mini-2024-07-18" },
        // 100·1,100 + 500·4,400
        ["azure o4-mini, reasoning"] = new(Doors.AzureChat, "o4-mini", new(100, 500) { Reasoning = 400 }, "100,0,0,500,400", 2_310_000),
    };

    private static Dictionary<string, Row> Anthropic() => new()
    {
        // 100·4,000 + 1,000·200 + 200·5,000 + 300·8,000 + 50·20,000
        ["opus 5.5, cache read and both writes"] = new(Doors.Messages, "claude-opus-5-5", new(100, 50) { Cached = 1_000, Written = 200, WrittenLong = 300, Tier = "standard", Geo = "global" }, "100,1000,200,50,0; cache_write_long 300", 5_000_000) { Request = Hour },
        // 8 and 40: 100·8,000 + 50·40,000
        ["opus 5.5, fast"] = new(Doors.Messages, "claude-opus-5-5", new(100, 50) { Tier = "standard", Geo = "global", Speed = "fast" }, "100,0,0,50,0", 2_800_000) { Request = "\"speed\":\"fast\"" },
        // (100·4,000 + 50·20,000) · 1.1
        ["opus 5.5, in the us"] = new(Doors.Messages, "claude-opus-5-5", new(100, 50) { Tier = "standard", Geo = "us" }, "100,0,0,50,0", 1_540_000) { Request = "\"inference_geo\":\"us\"" },
        // The same at twice the rate
        ["opus 5.5, fast in the us"] = new(Doors.Messages, "claude-opus-5-5", new(100, 50) { Tier = "standard", Geo = "us", Speed = "fast" }, "100,0,0,50,0", 3_080_000) { Request = "\"speed\":\"fast\",\"inference_geo\":\"us\"" },
        // 100,000·100 + 1,000·500
        ["haiku 5.5, at the line"] = new(Doors.Messages, "claude-haiku-5-5", new(100_000, 1_000) { Tier = "standard", Geo = "global" }, "100000,0,0,1000,0", 10_500_000),
        // 100,001·500 + 1,000·2,500
        ["haiku 5.5, above the line"] = new(Doors.Messages, "claude-haiku-5-5", new(100_001, 1_000) { Tier = "standard", Geo = "global" }, "100001,0,0,1000,0", 52_500_500),
        // Reads and writes belong to the prompt: 1·500 + 60,000·50 + 30,000·625 + 10,001·1,000 + 1,000·2,500
        ["haiku 5.5, above the line by its cache"] = new(Doors.Messages, "claude-haiku-5-5", new(1, 1_000) { Cached = 60_000, Written = 30_000, WrittenLong = 10_001, Tier = "standard", Geo = "global" }, "1,60000,30000,1000,0; cache_write_long 10001", 34_251_500) { Request = Hour },
        // 100·2,000 + 1,000·200 + 50·10,000; a read costs half from the seventh on
        ["sonnet 5.5, on the sixth of October"] = new(Doors.Messages, "claude-sonnet-5-5", new(100, 50) { Cached = 1_000, Tier = "standard", Geo = "global" }, "100,1000,0,50,0", 900_000) { Day = "2026-10-06" },
        ["sonnet 5.5, on the seventh of October"] = new(Doors.Messages, "claude-sonnet-5-5", new(100, 50) { Cached = 1_000, Tier = "standard", Geo = "global" }, "100,1000,0,50,0", 800_000) { Day = "2026-10-07" },
        // 1,100·3,000 + 20·15,000 + 3·10,000,000
        ["sonnet 4.6, searches"] = new(Doors.Messages, "claude-sonnet-4-6", new(1_100, 20) { Tier = "standard", Geo = "global", More = ",\"server_tool_use\":{\"web_search_requests\":3}" }, "1100,0,0,20,0; web_searches 3", 33_600_000)
        {
            Request = "\"tools\":[{\"type\":\"web_search_20250305\",\"name\":\"web_search\",\"max_uses\":5}]",
        },
        // 100·1,000 + 80·5,000
        ["haiku 4.5, thinking"] = new(Doors.Messages, "claude-haiku-4-5", new(100, 80) { Tier = "standard", More = ",\"output_tokens_details\":{\"thinking_tokens\":70}" }, "100,0,0,80,70", 500_000) { Served = "claude-haiku-4-5-20251001" },
        // 1,000·1,000 + 100·5,000
        ["haiku 4.5, chat"] = new(Doors.AnthropicChat, "claude-haiku-4-5", new(1_000, 100), "1000,0,0,100,0", 1_500_000),
    };

    private static Dictionary<string, Row> Google() => new()
    {
        // 40·750 + 60·75 + (40 + 25)·3,750; twice as much from the new year on
        ["3.8 flash, cached and thoughts"] = new(Doors.Google, "gemini-3.8-flash", new(100, 40) { Cached = 60, Reasoning = 25 }, "40,60,0,65,25", 278_250),
        ["3.8 flash in the new year"] = new(Doors.Google, "gemini-3.8-flash", new(100, 40) { Cached = 60, Reasoning = 25 }, "40,60,0,65,25", 556_500) { Day = "2027-01-01" },
        // 1.35 and 6.75: 100·1,350 + 40·6,750
        ["3.8 flash, priority"] = new(Doors.Google, "gemini-3.8-flash", new(100, 40) { Tier = "ON_DEMAND_PRIORITY" }, "100,0,0,40,0", 405_000) { Request = "\"serviceTier\":\"priority\"" },
        // 600·2,000 + 400·100 + 100·10,000; twice as much from December on
        ["4 argon in November"] = new(Doors.Google, "gemini-4-argon", new(1_000, 100) { Cached = 400 }, "600,400,0,100,0", 2_240_000) { Day = "2026-11-30" },
        ["4 argon in December"] = new(Doors.Google, "gemini-4-argon", new(1_000, 100) { Cached = 400 }, "600,400,0,100,0", 4_480_000) { Day = "2026-12-01" },
        // 200,000·2,000 + 1,000·12,000
        ["3.1 pro, at the line"] = new(Doors.Google, "gemini-3.1-pro-preview", new(200_000, 1_000), "200000,0,0,1000,0", 412_000_000),
        // 200,001·4,000 + 1,000·18,000
        ["3.1 pro, above the line"] = new(Doors.Google, "gemini-3.1-pro-preview", new(200_001, 1_000), "200001,0,0,1000,0", 818_004_000),
        // 100,000·4,000 + 150,000·400 + 1,000·18,000
        ["3.1 pro, above the line by its cache"] = new(Doors.Google, "gemini-3.1-pro-preview", new(250_000, 1_000) { Cached = 150_000 }, "100000,150000,0,1000,0", 478_000_000),
        // 3.6, 0.36 and 21.6: 500·3,600 + 500·360 + 100·21,600
        ["3.1 pro, priority"] = new(Doors.Google, "gemini-3.1-pro-preview", new(1_000, 100) { Cached = 500, Tier = "ON_DEMAND_PRIORITY" }, "500,500,0,100,0", 4_140_000) { Request = "\"serviceTier\":\"priority\"" },
        // (1,000·2,000 + 100·12,000)/2
        ["3.1 pro, flex"] = new(Doors.Google, "gemini-3.1-pro-preview", new(1_000, 100) { Tier = "ON_DEMAND_FLEX" }, "1000,0,0,100,0", 1_600_000) { Request = "\"serviceTier\":\"flex\"" },
        // 100·250 + 400·500 + 10·1,500
        ["3.1 flash lite, sound"] = new(Doors.Google, "gemini-3.1-flash-lite", new(500, 10) { More = ",\"promptTokensDetails\":[{\"modality\":\"TEXT\",\"tokenCount\":100},{\"modality\":\"AUDIO\",\"tokenCount\":400}]" }, "100,0,0,10,0; audio_input 400", 240_000),
        // 20·2,000 + 30·12,000 + 1,290·120,000
        ["3 pro image"] = new(Doors.Google, "gemini-3-pro-image", new(20, 1_320) { More = ",\"candidatesTokensDetails\":[{\"modality\":\"TEXT\",\"tokenCount\":30},{\"modality\":\"IMAGE\",\"tokenCount\":1290}]" }, "20,0,0,30,0; image_output 1290", 155_200_000),
        // 50·500 + 800·9,000
        ["3.8 flash tts"] = new(Doors.Google, "gemini-3.8-flash-tts", new(50, 800) { More = ",\"candidatesTokensDetails\":[{\"modality\":\"AUDIO\",\"tokenCount\":800}]" }, "50,0,0,0,0; audio_output 800", 7_225_000),
        // 100·1,500 + 40·9,000 + 3·14,000,000
        ["3.5 flash, searches"] = new(Doors.Google, "gemini-3.5-flash", new(100, 40) { Candidate = Queries }, "100,0,0,40,0; web_searches 3", 42_510_000) { Request = "\"tools\":[{\"googleSearch\":{}}]" },
        // Thoughts are in the total alone: 100·750 + 65·3,750
        ["3.8 flash, chat with thoughts"] = new(Doors.GoogleChat, "gemini-3.8-flash", new(100, 40) { Total = 165 }, "100,0,0,65,0", 318_750),
        // 40·750 + 60·75 + 40·3,750
        ["3.8 flash, chat with a cache"] = new(Doors.GoogleChat, "gemini-3.8-flash", new(100, 40) { Cached = 60 }, "40,60,0,40,0", 184_500),
        ["3.1 pro, chat above the line"] = new(Doors.GoogleChat, "gemini-3.1-pro-preview", new(200_001, 1_000), "200001,0,0,1000,0", 818_004_000),
        // 9·200
        ["embedding 2"] = new(Doors.GoogleEmbedding, "gemini-embedding-2", new(9), "9,0,0,0,0", 1_800),
        ["embedding 2, OpenAI's format"] = new(Doors.GoogleEmbeddings, "gemini-embedding-2", new(9), "9,0,0,0,0", 1_800),
    };

    private static Dictionary<string, Row> Vertex() => new()
    {
        // (100·750 + 40·3,750)/2
        ["vertex 3.8 flash, flex"] = new(Doors.Vertex, "gemini-3.8-flash", new(100, 40) { Tier = "ON_DEMAND_FLEX" }, "100,0,0,40,0", 112_500) { Request = "\"serviceTier\":\"flex\"" },
        // 225,000 · 1.1 in a region
        ["vertex 3.8 flash, in a region"] = new(Doors.Vertex, "gemini-3.8-flash", new(100, 40), "100,0,0,40,0", 247_500) { RatePercent = 110 },
        // 225,000 · 1.8 · 1.1
        ["vertex 3.8 flash, priority in a region"] = new(Doors.Vertex, "gemini-3.8-flash", new(100, 40) { Tier = "ON_DEMAND_PRIORITY" }, "100,0,0,40,0", 445_500) { RatePercent = 110, Request = "\"serviceTier\":\"priority\"" },
        // 200,001·4,000 + 1,000·18,000
        ["vertex 3.1 pro, above the line"] = new(Doors.Vertex, "gemini-3.1-pro-preview", new(200_001, 1_000), "200001,0,0,1000,0", 818_004_000),
        // (40·1,500 + 60·150 + 40·9,000) · 1.1
        ["vertex 3.5 flash, chat in a region"] = new(Doors.VertexChat, "google/gemini-3.5-flash", new(100, 40) { Cached = 60 }, "40,60,0,40,0", 471_900) { RatePercent = 110 },
        // 9·150
        ["vertex embedding"] = new(Doors.VertexEmbedding, "gemini-embedding-001", new(9), "9,0,0,0,0", 1_350),
        // (100·2,000 + 1,000·100 + 200·2,500 + 50·10,000) · 1.1
        ["vertex sonnet 5.5, cache in a region"] = new(Doors.VertexMessages, "claude-sonnet-5-5", new(100, 50) { Cached = 1_000, Written = 200 }, "100,1000,200,50,0", 1_430_000) { RatePercent = 110 },
        // 100·4,000 + 300·8,000 + 50·20,000
        ["vertex opus 5.5, write for an hour"] = new(Doors.VertexPredict, "claude-opus-5-5", new(100, 50) { WrittenLong = 300 }, "100,0,0,50,0; cache_write_long 300", 3_800_000) { Request = Hour },
    };

    private static Dictionary<string, Row> OpenRouter() => new()
    {
        // Without a bill it is usage times price: 800·435 + 200·3.625 + 100·870
        ["router deepseek, cached, no bill"] = new(Doors.RouterChat, "deepseek/deepseek-v4-pro", new(1_000, 100) { Cached = 200 }, "800,200,0,100,0", 435_725),
        // 4·3.625 + 870 = 884.5, to the even neighbour
        ["router deepseek, half a nano, no bill"] = new(Doors.RouterChat, "deepseek/deepseek-v4-pro", new(4, 1) { Cached = 4 }, "0,4,0,1,0", 884),
        // 500·1,475 + 300·295 + 200·1,843.75 + 100·4,425
        ["router qwen, cache read and write, no bill"] = new(Doors.RouterResponses, "qwen/qwen3.7-max", new(1_000, 100) { Cached = 300, Written = 200 }, "500,300,200,100,0", 1_637_250),
        // 199,999·2,000 + 100·6,000
        ["router grok, below the line, no bill"] = new(Doors.RouterChat, "x-ai/grok-4.5", new(199_999, 100), "199999,0,0,100,0", 400_598_000),
        // From 200,000 on: 200,000·4,000 + 100·12,000
        ["router grok, long, no bill"] = new(Doors.RouterResponses, "x-ai/grok-4.5", new(200_000, 100) { Reasoning = 80 }, "200000,0,0,100,80", 801_200_000),
        // What it bills is what it bills: 0.000436 USD
        ["router deepseek, with its bill"] = new(Doors.RouterChat, "deepseek/deepseek-v4-pro", new(1_000, 100) { Cached = 200, Cost = "0.000436" }, "800,200,0,100,0", 436_000) { IsBilled = true },
    };
}
