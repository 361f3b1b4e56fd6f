namespace Spendra.Gateway.Tests.Golden;

/// <summary>
/// OpenAI's formats at OpenAI, Azure and OpenRouter: what a response says it used → disjoint classes → nano-USD. Every
/// figure is worked out by hand.
/// </summary>
public sealed class OpenAiFormatTests
{
    private static readonly string Long = new('x', 1_200);

    /// <summary>
    /// Rates per token in nano-USD: input 1000, cached 100, cache write 1250, output 2000; above 1000 tokens of input
    /// 2000, 200, 2500, 3000. Azure's account costs 110 %. OpenRouter says the cost itself.
    /// </summary>
    private static readonly Usages[] Table =
    [
        // 10·1000 + 16·2000
        new("plain", "input_tokens=10 output_tokens=16", "10,0,0,16,0", 42_000, 46_200) { Cost = "0.00004321", Billed = 43_210 },
        // 60·1000 + 40·100 + 10·2000
        new("cache read", "input_tokens=100 cached_tokens=40 output_tokens=10", "60,40,0,10,0", 84_000, 92_400) { Cost = "0.000084", Billed = 84_000 },
        // 35·1000 + 40·100 + 25·1250 + 10·2000
        new("cache write", "input_tokens=100 cached_tokens=40 cache_write_tokens=25 output_tokens=10", "35,40,25,10,0", 90_250, 99_275) { Cost = "9.025e-5", Billed = 90_250 },
        // 10·1000 + 50·2000: reasoning is inside the output
        new("reasoning", "input_tokens=10 output_tokens=50 reasoning_tokens=40", "10,0,0,50,40", 110_000, 121_000) { Cost = "0.00011", Billed = 110_000 },
        // 30·1000 + 16·2000: functions that the client runs cost their tokens
        new("tools", "input_tokens=30 output_tokens=16", "30,0,0,16,0", 62_000, 68_200) { HasTool = true, Cost = "0.000062", Billed = 62_000 },
        // 1001·2000 + 10·3000: the whole request in the dearer band
        new("long context", "input_tokens=1001 output_tokens=10", "1001,0,0,10,0", 2_032_000, 2_235_200) { Model = "m-long", IsLong = true, Cost = "0.002032", Billed = 2_032_000 },
        // 1000·1000 + 10·2000: not above it
        new("almost long context", "input_tokens=1000 output_tokens=10", "1000,0,0,10,0", 1_020_000, 1_122_000) { Model = "m-long", IsLong = true, Cost = "0.00102", Billed = 1_020_000 },
        // 901·2000 + 100·200 + 10·3000: cached tokens count towards the band
        new("long context by its cache", "input_tokens=1001 cached_tokens=100 output_tokens=10", "901,100,0,10,0", 1_852_000, 2_037_200) { Model = "m-long", IsLong = true, Cost = "0.001852", Billed = 1_852_000 },
        // (10·1000 + 16·2000) · 2
        new("dear tier", "input_tokens=10 output_tokens=16", "10,0,0,16,0", 84_000, 92_400) { Model = "m-tiers", Tier = "priority", Cost = "0.000084", Billed = 84_000 },
        // (10·1000 + 16·2000) / 2; of 110 per cent it is 55
        new("cheap tier", "input_tokens=10 output_tokens=16", "10,0,0,16,0", 21_000, 23_100) { Model = "m-tiers", Tier = "flex", Cost = "0.000021", Billed = 21_000 },
        // A cheap tier that was not to be had
        new("tier that served", "input_tokens=10 output_tokens=16 service_tier=default", "10,0,0,16,0", 42_000, 46_200) { Model = "m-tiers", Tier = "flex", Cost = "0.000042", Billed = 42_000 },
        new("refused", "status=429", null, 0, 0) { Status = 429 },
        new("failed", "status=500", null, 0, 0) { Status = 500, IsEstimated = true },
        new("without usage", "no_usage=true", null, 0, 0) { IsEstimated = true },
    ];

    private static readonly Surface[] Surfaces =
    [
        new("openai chat", "chat/completions", IsChat: true),
        new("openai responses", "responses", IsChat: false),
        new("azure chat", "/openai/v1/chat/completions", IsChat: true) { IsAzure = true },
        new("azure responses", "/v1/providers/azure/openai/v1/responses", IsChat: false) { IsAzure = true },
        new("azure deployment", "/openai/deployments/{model}/chat/completions?api-version=2024-10-21", IsChat: true) { IsAzure = true, NamesModel = true },
        new("openrouter chat", "/v1/providers/openrouter/chat/completions", IsChat: true) { IsOpenRouter = true },
        new("openrouter responses", "/v1/providers/openrouter/responses", IsChat: false) { IsOpenRouter = true },
    ];

    public static TheoryData<string, string, bool> Cases()
    {
        var cases = new TheoryData<string, string, bool>();
        foreach (var surface in Surfaces)
        {
            foreach (var usages in Table)
            {
                cases.Add(surface.Name, usages.Name, false);
                cases.Add(surface.Name, usages.Name, true);
            }
        }
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_response_is_settled_to_the_nano_dollar(string surfaceName, string usagesName, bool isStream)
    {
        var surface = Surfaces.Single(s => s.Name == surfaceName);
        var usages = Table.Single(u => u.Name == usagesName);
        await using var company = await Formats.StartAsync();

        var answer = await company.PostAsync(surface.PathFor(usages), surface.BodyFor(usages, isStream));

        answer.ShouldBe(usages.Status);
        var books = await company.SettledAsync();
        if (usages is { Status: not 200, IsEstimated: false })
        {
            books.Events.Should().BeEmpty();
            books.Released.Should().ContainSingle();
            return;
        }
        var spent = books.Events.Should().ContainSingle().Subject;
        spent.IsEstimated.Should().Be(usages.IsEstimated);
        if (usages.IsEstimated)
        {
            spent.CostNanos.Should().Be(spent.ReservedNanos).And.BePositive();
            return;
        }
        $"{spent.InputUnits},{spent.CachedInputUnits},{spent.CacheWriteUnits},{spent.OutputUnits},{spent.ReasoningUnits}".Should().Be(usages.Classes);
        spent.CostNanos.Should().Be(surface.IsOpenRouter ? usages.Billed : surface.IsAzure ? usages.AzureNanos : usages.Nanos);
        spent.IsBilled.Should().Be(surface.IsOpenRouter);
        spent.CostNanos.Should().BeLessThanOrEqualTo(spent.ReservedNanos);
        spent.Model.Should().Be(surface.IsOpenRouter ? $"maker/{usages.Model}" : usages.Model);
        books.Excesses.Should().BeEmpty();
    }

    private sealed record Usages(string Name, string Knobs, string? Classes, long Nanos, long AzureNanos)
    {
        public string Model { get; init; } = "m1";
        public string? Tier { get; init; }
        public string? Cost { get; init; }
        public long Billed { get; init; }
        public bool HasTool { get; init; }
        public bool IsLong { get; init; }
        public bool IsEstimated { get; init; }
        public int Status { get; init; } = 200;
    }

    private sealed record Surface(string Name, string Path, bool IsChat)
    {
        public bool IsAzure { get; init; }
        public bool IsOpenRouter { get; init; }
        public bool NamesModel { get; init; }

        public string PathFor(Usages usages) => Path.Replace("{model}", NameOf(usages));

        public string BodyFor(Usages usages, bool isStream)
        {
            var members = new List<string> { IsChat ? "\"max_tokens\":64" : "\"max_output_tokens\":64" };
            if (!NamesModel) members.Add($"\"model\":\"{NameOf(usages)}\"");
            if (isStream) members.Add("\"stream\":true");
            if (usages.Tier is { } tier) members.Add($"\"service_tier\":\"{tier}\"");
            if (usages.HasTool) members.Add(IsChat ? """ "tools":[{"type":"function","function":{"name":"f"}}]""" : """ "tools":[{"type":"function","name":"f"}]""");
            var knobs = usages.Knobs + (IsOpenRouter && usages.Cost is { } cost ? $" cost={cost}" : "");
            var text = Bodies.Text(knobs) + (usages.IsLong ? Long : "");
            members.Add(IsChat ? $$"""
                "messages":[{"role":"user","content":"{{text}}"}]
                """.Trim() : $"\"input\":\"{text}\"");
            return $"{{{string.Join(',', members)}}}";
        }

        private string NameOf(Usages usages) => (IsAzure, usages.Model) switch
        {
            (false, var model) => IsOpenRouter ? $"maker/{model}" : model,
            (true, "m-tiers") => Formats.TieredDeployment,
            (true, "m-long") => Formats.LongDeployment,
            _ => Formats.Deployment,
        };
    }
}
