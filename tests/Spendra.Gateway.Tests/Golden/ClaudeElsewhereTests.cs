using Spendra.Gateway.Tests.Claude;

namespace Spendra.Gateway.Tests.Golden;

/// <summary>
/// Anthropic's messages at Vertex AI, in both of its forms, and at OpenRouter: what an answer says it used → disjoint
/// classes → nano-USD. Every figure is worked out by hand at the rates of <see cref="Elsewhere"/>.
/// </summary>
public sealed class ClaudeElsewhereTests
{
    private const string Hour = "\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}";
    private const string Tool = "\"tools\":[{\"name\":\"f\",\"input_schema\":{\"type\":\"object\"}}]";

    private static readonly Usages[] Table =
    [
        // 10·1000 + 16·2000
        new("plain", "input_tokens=10 output_tokens=16", "10,0,0,16,0", 42_000) { Cost = "0.00004321", Billed = 43_210 },
        // 60·1000 + 40·100 + 10·2000
        new("cache read", "input_tokens=60 cached_tokens=40 output_tokens=10", "60,40,0,10,0", 84_000) { Cost = "0.000084", Billed = 84_000 },
        // 35·1000 + 40·100 + 25·1250 + 10·2000
        new("cache write", "input_tokens=35 cached_tokens=40 cache_write_tokens=25 output_tokens=10", "35,40,25,10,0", 90_250) { Cost = "9.025e-5", Billed = 90_250 },
        // 10·1000 + 25·1250 + 40·2000 + 10·2000
        new("cache write 1h", "input_tokens=10 cache_write_tokens=25 cache_write_1h_tokens=40 output_tokens=10", "10,0,25,10,0", 141_250) { More = Hour, Cost = "0.00014125", Billed = 141_250 },
        // 10·1000 + 50·2000: thinking is inside the output
        new("thinking", "input_tokens=10 output_tokens=50 thinking_tokens=40", "10,0,0,50,40", 110_000) { Cost = "0.00011", Billed = 110_000 },
        // 30·1000 + 16·2000: tools that the client runs cost their tokens
        new("tools", "input_tokens=30 output_tokens=16 tool_calls=1", "30,0,0,16,0", 62_000) { More = Tool, Cost = "0.000062", Billed = 62_000 },
        // Totals are replaced, never added: 10·1000 + 16·2000
        new("totals told often", "input_tokens=10 output_tokens=16 usage_events=4", "10,0,0,16,0", 42_000) { Cost = "0.000042", Billed = 42_000 },
        // A snapshot of the model, named as each provider names it
        new("snapshot", "input_tokens=10 output_tokens=16 model=claude-a-20260101", "10,0,0,16,0", 42_000) { Cost = "0.000042", Billed = 42_000 },
        new("refused", "status=400", null, 0) { Status = 400 },
        new("too many", "status=429", null, 0) { Status = 429 },
        new("failed", "status=500", null, 0) { Status = 500, IsEstimated = true },
        new("without usage", "no_usage=true", null, 0) { IsEstimated = true },
        new("usage that makes no sense", "input_tokens=-1", null, 0) { IsEstimated = true },
    ];

    public static TheoryData<string, string, bool> Cases()
    {
        var cases = new TheoryData<string, string, bool>();
        foreach (var surface in new[] { "vertex messages", "vertex predict", "openrouter messages" })
        {
            foreach (var usages in Table)
            {
                cases.Add(surface, usages.Name, false);
                cases.Add(surface, usages.Name, true);
            }
        }
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_message_is_settled_to_the_nano_dollar(string surface, string usagesName, bool isStream)
    {
        var usages = Table.Single(u => u.Name == usagesName);
        var isRouter = surface == "openrouter messages";
        await using var company = await Elsewhere.StartAsync();

        var answer = await company.PostAsync(PathOf(surface, isStream), BodyOf(surface, usages, isStream));

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
        spent.Model.Should().Be("anthropic/claude-a");
        if (usages.IsEstimated)
        {
            spent.CostNanos.Should().Be(spent.ReservedNanos).And.BePositive();
            return;
        }
        $"{spent.InputUnits},{spent.CachedInputUnits},{spent.CacheWriteUnits},{spent.OutputUnits},{spent.ReasoningUnits}".Should().Be(usages.Classes);
        spent.CostNanos.Should().Be(isRouter ? usages.Billed : usages.Nanos);
        spent.IsBilled.Should().Be(isRouter);
        spent.CostNanos.Should().BeLessThanOrEqualTo(spent.ReservedNanos);
        books.Excesses.Should().BeEmpty();
    }

    private static string PathOf(string surface, bool isStream) => surface switch
    {
        "vertex messages" => Elsewhere.VertexMessages,
        "vertex predict" => $"{Elsewhere.VertexPlace}/claude-a:{(isStream ? "streamRawPredict" : "rawPredict")}",
        _ => Elsewhere.RouterMessages,
    };

    private static string BodyOf(string surface, Usages usages, bool isStream)
    {
        var members = new List<string> { "\"max_tokens\":64" };
        if (surface == "vertex predict") members.Add("\"anthropic_version\":\"vertex-2023-10-16\"");
        else members.Add(surface == "vertex messages" ? "\"model\":\"claude-a\"" : "\"model\":\"anthropic/claude-a\"");
        if (isStream) members.Add("\"stream\":true");
        if (usages.More.Length > 0) members.Add(usages.More);
        var knobs = usages.Knobs + (surface == "openrouter messages" && usages.Cost is { } cost ? $" cost={cost}" : "");
        members.Add($"\"messages\":[{{\"role\":\"user\",\"content\":\"{Bodies.Text(knobs)}\"}}]");
        return $"{{{string.Join(',', members)}}}";
    }

    private sealed record Usages(string Name, string Knobs, string? Classes, long Nanos)
    {
        public string More { get; init; } = "";
        public string? Cost { get; init; }
        public long Billed { get; init; }
        public bool IsEstimated { get; init; }
        public int Status { get; init; } = 200;
    }
}
