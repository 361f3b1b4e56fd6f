using Spendra.Storage;

namespace Spendra.Gateway.Tests;

/// <summary>The model that served decides what a call costs, at the price that it had when the money was held.</summary>
public sealed class ServedModelTests
{
    // Half of m1's rates, and twice of them.
    private const string Half = "inputUsdPerMillion: \"0.5\", outputUsdPerMillion: \"1\"";
    private const string Twice = "inputUsdPerMillion: \"2\", outputUsdPerMillion: \"4\"";

    private static Rules Rules() => new()
    {
        Prices =
        [
            .. new Rules().Prices,
            $"{{provider: openai, model: m-half, {Half}}}",
            $"{{provider: openai, model: m-twice, {Twice}, tiers: {{flex: 25}}}}",
            $"{{provider: openai, model: m1-2024-02-29, {Half}}}",
            $"{{provider: openai, model: m-dated-20250101, {Half}}}",
            $"{{provider: azure, model: m-elsewhere, {Half}}}",
        ],
    };

    [Theory]
    // 10·1000 + 16·2000
    [InlineData("m1", "m1", 42_000, false)]
    [InlineData("m1", "m1-2025-04-14", 42_000, false)]
    [InlineData("m1", "m1-20250414", 42_000, false)]
    [InlineData("m1", "m1@20250414", 42_000, false)]
    [InlineData("m1", "maker/m1-2025-04-14", 42_000, false)]
    [InlineData("m-dated-20250101", "m-dated", 21_000, false)]
    // A snapshot with a price of its own; 10·500 + 16·1000
    [InlineData("m1", "m1-2024-02-29", 21_000, true)]
    [InlineData("m1", "m-half", 21_000, true)]
    [InlineData("m1", "m-half-2025-04-14", 21_000, true)]
    [InlineData("m-half", "m1", 42_000, true)]
    public async Task What_served_is_paid(string asked, string served, long nanos, bool isOther)
    {
        foreach (var engine in new[] { DatabaseEngine.Sqlite, DatabaseEngine.Postgres })
        {
            await using var company = await Company.StartAsync(Rules(), engine);
            foreach (var stream in new[] { "", ",\"stream\":true" })
                (await company.PostAsync("chat/completions", Bodies.Chat($"model={served} input_tokens=10", "\"max_tokens\":16" + stream, asked))).ShouldBe(200);

            var books = await company.SettledAsync();
            books.Events.Should().HaveCount(2).And.OnlyContain(e =>
                e.CostNanos == nanos && !e.IsEstimated && e.ServedModel == served && e.Model == asked && (e.ServedPriceId != null) == isOther);
            books.Events.Should().OnlyContain(e => e.ServedPriceId != e.PriceId);
        }
    }

    [Theory]
    [InlineData("m2")]
    [InlineData("m1-mini")]
    [InlineData("m1-2025-13-01")]
    [InlineData("m1-2025-04-14-preview")]
    [InlineData("m1-20250230")]
    [InlineData("m-elsewhere")]
    public async Task A_model_without_a_price_that_served_is_booked_at_the_bound(string served)
    {
        await using var company = await Company.StartAsync(Rules());
        var body = Bodies.Chat($"model={served}");

        var answer = (await company.PostAsync("chat/completions", body)).ShouldBe(200);

        answer.Header("x-spendra-warning").Should().Be("usage_unknown");
        var spent = (await company.SettledAsync()).Events.Single();
        spent.IsEstimated.Should().BeTrue();
        spent.CostNanos.Should().Be(Bodies.BoundOf(body));
        spent.ServedPriceId.Should().BeNull();
    }

    [Fact]
    public async Task A_dearer_model_that_served_is_paid_and_what_is_above_the_bound_explained()
    {
        var body = Bodies.Chat("model=m-twice input_tokens=10 output_tokens=1000 ignore_limit=true");
        await using var company = await Company.StartAsync(Rules() with { Cap = "0.001" });

        (await company.PostAsync("chat/completions", body)).ShouldBe(200);

        var books = await company.SettledAsync();
        books.Settled.Should().Be(10 * 2_000 + 1_000 * 4_000);
        books.Excesses.Should().ContainSingle().Which.AmountNanos.Should().Be(4_020_000 - Bodies.BoundOf(body));
    }

    [Fact]
    public async Task The_tiers_are_those_of_the_model_that_served()
    {
        await using var company = await Company.StartAsync(Rules());

        (await company.PostAsync("chat/completions", Bodies.Chat("model=m-twice input_tokens=10", "\"max_tokens\":16,\"service_tier\":\"flex\"", "m-tiers"))).ShouldBe(200);

        // (10·2000 + 16·4000) / 4
        var spent = (await company.SettledAsync()).Events.Single();
        (spent.CostNanos, spent.TierPercent).Should().Be((21_000L, 25));
    }

    [Fact]
    public async Task A_background_response_is_paid_as_the_model_that_served_it()
    {
        await using var company = await Company.StartAsync(Rules());
        var started = (await company.PostAsync("responses", Bodies.Response("model=m-half input_tokens=10 latency_ms=1", "\"max_output_tokens\":16,\"background\":true"))).ShouldBe(200);
        var path = "responses/" + (string)started.Json["id"]!;

        while ((string?)(await company.GetAsync(path)).ShouldBe(200).Json["status"] != "completed")
        {
        }

        (await company.SettledAsync()).Paid.Single().CostNanos.Should().Be(21_000);
    }
}
