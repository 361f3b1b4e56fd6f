using System.Text;
using Spendra.Storage;

namespace Spendra.Gateway.Tests;

/// <summary>What a call costs, to the nano-dollar, by a table worked out by hand.</summary>
public sealed class CostTests
{
    private const string Embedding = """{"model":"emb","input":["first text","second"]}""";

    public static TheoryData<DatabaseEngine, string, string, string, long> Calls() => new()
    {
        // "Hello there": ⌈11/4⌉ + 4 + 3 = 10 input, 16 output → 10·1000 + 16·2000.
        { DatabaseEngine.Sqlite, "chat/completions", Bodies.Chat(), "10,0,0,16,0", 42_000 },
        { DatabaseEngine.Postgres, "chat/completions", Bodies.Chat(), "10,0,0,16,0", 42_000 },
        { DatabaseEngine.Sqlite, "responses", Bodies.Response(), "10,0,0,16,0", 42_000 },
        { DatabaseEngine.Postgres, "responses", Bodies.Response(), "10,0,0,16,0", 42_000 },
        { DatabaseEngine.Sqlite, "chat/completions", Bodies.Chat("", "\"max_tokens\":16,\"stream\":true"), "10,0,0,16,0", 42_000 },
        { DatabaseEngine.Postgres, "chat/completions", Bodies.Chat("", "\"max_tokens\":16,\"stream\":true"), "10,0,0,16,0", 42_000 },
        { DatabaseEngine.Sqlite, "responses", Bodies.Response("", "\"max_output_tokens\":16,\"stream\":true"), "10,0,0,16,0", 42_000 },
        { DatabaseEngine.Postgres, "responses", Bodies.Response("", "\"max_output_tokens\":16,\"stream\":true"), "10,0,0,16,0", 42_000 },
        // ⌈16/4⌉ = 4 tokens at 20 nano-USD.
        { DatabaseEngine.Sqlite, "embeddings", Embedding, "4,0,0,0,0", 80 },
        { DatabaseEngine.Postgres, "embeddings", Embedding, "4,0,0,0,0", 80 },
        // 100 input, of which 40 cached and 25 written: 35·1000 + 40·100 + 25·1250; output 10 incl. 7 reasoning.
        { DatabaseEngine.Sqlite, "chat/completions", Bodies.Chat("input_tokens=100 cached_tokens=40 cache_write_tokens=25 output_tokens=10 reasoning_tokens=7"), "35,40,25,10,7", 90_250 },
        { DatabaseEngine.Sqlite, "responses", Bodies.Response("input_tokens=100 cached_tokens=40 cache_write_tokens=25 output_tokens=10 reasoning_tokens=7"), "35,40,25,10,7", 90_250 },
        { DatabaseEngine.Postgres, "responses", Bodies.Response("input_tokens=100 cached_tokens=40 cache_write_tokens=25 output_tokens=10 reasoning_tokens=7", "\"max_output_tokens\":16,\"stream\":true"), "35,40,25,10,7", 90_250 },
        { DatabaseEngine.Sqlite, "chat/completions", Bodies.Chat("input_tokens=50 cached_tokens=50 output_tokens=0"), "0,50,0,0,0", 5_000 },
    };

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task A_call_costs_its_usage_by_class(DatabaseEngine engine, string path, string body, string usage, long nanos)
    {
        await using var company = await Company.StartAsync(engine: engine);

        var answer = (await company.PostAsync(path, body)).ShouldBe(200);

        var books = await company.SettledAsync();
        var spent = books.Events.Should().ContainSingle().Subject;
        spent.CostNanos.Should().Be(nanos);
        $"{spent.InputUnits},{spent.CachedInputUnits},{spent.CacheWriteUnits},{spent.OutputUnits},{spent.ReasoningUnits}".Should().Be(usage);
        spent.IsEstimated.Should().BeFalse();
        spent.UpstreamStatus.Should().Be(200);
        spent.UpstreamRequestId.Should().StartWith("req_");
        spent.ReservationId.Should().Be(Guid.Parse(answer.Header("x-spendra-request-id")!));
        books.Settled.Should().Be(nanos);
        books.Windows.Should().ContainSingle().Which.LimitNanos.Should().Be(10_000_000_000);
        company.Journal.Count.Should().Be(1);
    }

    [Fact]
    public async Task Headers_tell_reservation_cost_and_what_remains()
    {
        await using var company = await Company.StartAsync();

        var body = Bodies.Chat();
        var answer = await company.PostAsync("chat/completions", body);

        // Every byte of the body and 64 more at the cache-write rate, 16 tokens of output.
        var bound = (Encoding.UTF8.GetByteCount(body) + 64) * 1250L + 16 * 2000;
        (await company.SettledAsync()).Events.Single().ReservedNanos.Should().Be(bound);
        decimal.Parse(answer.Header("x-spendra-reserved-usd")!).Should().Be(bound / 1_000_000_000m);
        decimal.Parse(answer.Header("x-spendra-cost-usd")!).Should().Be(0.000042m);
        decimal.Parse(answer.Header("x-spendra-remaining-usd")!).Should().Be(10m - bound / 1_000_000_000m);
        answer.Header("x-spendra-warning").Should().BeNull();
        answer.Header("x-spendra-max-output-tokens").Should().BeNull();
    }

    [Fact]
    public async Task A_streamed_answer_tells_no_cost_because_it_is_not_known_yet()
    {
        await using var company = await Company.StartAsync();

        var answer = await company.ChatAsync(more: "\"max_tokens\":16,\"stream\":true");

        answer.Header("x-spendra-cost-usd").Should().BeNull();
        answer.Header("x-spendra-reserved-usd").Should().NotBeNull();
    }

    [Theory]
    [InlineData("flex", null, 100, 50, 21_000)]
    [InlineData("flex", "default", 100, 100, 42_000)]
    [InlineData("priority", null, 200, 200, 84_000)]
    [InlineData("priority", "default", 200, 100, 42_000)]
    [InlineData("default", "priority", 100, 200, 84_000)]
    public async Task The_tier_that_served_is_paid_and_the_dearest_one_is_held(string asked, string? served, int heldPercent, int paidPercent, long nanos)
    {
        await using var company = await Company.StartAsync();

        var body = Bodies.Chat(served is null ? "output_tokens=16 input_tokens=10" : $"service_tier={served} output_tokens=16 input_tokens=10",
            $"\"max_tokens\":16,\"service_tier\":\"{asked}\"", "m-tiers");
        (await company.PostAsync("chat/completions", body)).ShouldBe(200);

        var spent = (await company.SettledAsync()).Events.Single();
        spent.CostNanos.Should().Be(nanos);
        spent.TierPercent.Should().Be(paidPercent);
        spent.ReservedNanos.Should().Be(((Encoding.UTF8.GetByteCount(body) + 64) * 1250L + 16 * 2000) * heldPercent / 100);
    }

    [Fact]
    public async Task A_tier_without_a_price_is_booked_at_the_bound_as_an_estimate()
    {
        await using var company = await Company.StartAsync();

        (await company.PostAsync("chat/completions", Bodies.Chat("service_tier=unheard-of", "\"max_tokens\":16,\"service_tier\":\"priority\"", "m-tiers"))).ShouldBe(200);

        var spent = (await company.SettledAsync()).Events.Single();
        spent.IsEstimated.Should().BeTrue();
        spent.CostNanos.Should().Be(spent.ReservedNanos);
    }

    [Fact]
    public async Task Many_embedding_inputs_are_held_by_their_bytes_and_not_by_the_window_of_one()
    {
        await using var company = await Company.StartAsync();

        var inputs = string.Join(',', Enumerable.Repeat("\"" + new string('x', 2_000) + "\"", 100));
        var body = $$"""{"model":"m-window","input":[{{inputs}}]}""";
        (await company.PostAsync("embeddings", body)).ShouldBe(200);

        var spent = (await company.SettledAsync()).Events.Single();
        spent.BoundInput.Should().Be(body.Length + 64);
        spent.CostNanos.Should().BeLessThanOrEqualTo(spent.ReservedNanos);
    }

    [Theory]
    [InlineData("{\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"https://x/y.png\"}}]}")]
    [InlineData("{\"content\":[{\"type\":\"input_file\",\"file_data\":\"AAAA\"}]}")]
    public async Task Pictures_and_files_in_embeddings_are_refused_because_one_window_does_not_bound_many(string input)
    {
        await using var company = await Company.StartAsync();

        (await company.PostAsync("embeddings", $$"""{"model":"m-window","input":[{{input}},"text"]}""")).ShouldBe(400, "unpriceable_request");

        company.Journal.Count.Should().Be(0);
    }

    [Fact]
    public async Task Every_choice_is_held_and_paid()
    {
        await using var company = await Company.StartAsync();

        var body = Bodies.Chat(more: "\"max_tokens\":16,\"n\":3");
        (await company.PostAsync("chat/completions", body)).ShouldBe(200);

        var spent = (await company.SettledAsync()).Events.Single();
        spent.BoundOutput.Should().Be(48);
        spent.OutputUnits.Should().Be(48);
        spent.CostNanos.Should().Be(10 * 1000 + 48 * 2000);
    }

    [Fact]
    public async Task Predicted_output_is_held_on_top_of_the_output_limit()
    {
        await using var company = await Company.StartAsync();

        const string prediction = """{"type":"content","content":"forty bytes of text that may be rejected"}""";
        (await company.ChatAsync(more: $"\"max_tokens\":16,\"prediction\":{prediction}")).ShouldBe(200);

        (await company.SettledAsync()).Events.Single().BoundOutput.Should().Be(16 + prediction.Length);
    }

    [Fact]
    public async Task What_the_body_does_not_show_is_held_by_the_context_window()
    {
        await using var company = await Company.StartAsync();

        const string image = """[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://x/y.png"}}]}]""";
        (await company.PostAsync("chat/completions", $$"""{"model":"m-window","max_tokens":16,"messages":{{image}}}""")).ShouldBe(200);

        var spent = (await company.SettledAsync()).Events.Single();
        spent.BoundInput.Should().Be(1000);
        spent.ReservedNanos.Should().Be(1000 * 1250 + 16 * 2000);
    }
}
