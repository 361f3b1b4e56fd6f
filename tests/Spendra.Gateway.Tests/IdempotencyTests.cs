using Spendra.Storage;

namespace Spendra.Gateway.Tests;

/// <summary>One idempotency key, one call at the provider.</summary>
public sealed class IdempotencyTests
{
    private static async Task<Answer> SendAsync(Company company, string idempotencyKey, string body, string path = "chat/completions", string key = "k1")
    {
        using var client = company.Client(key);
        client.DefaultRequestHeaders.Add("idempotency-key", idempotencyKey);
        return await Answer.PostAsync(client, path, body);
    }

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task A_key_is_in_progress_then_done_and_never_used_for_anything_else(DatabaseEngine engine)
    {
        await using var company = await Company.StartAsync(engine: engine);
        var first = SendAsync(company, "a", Bodies.Chat("latency_ms=300"));
        await company.Journal.WaitForAsync(1, TestContext.Current.CancellationToken);

        var during = (await SendAsync(company, "a", Bodies.Chat("latency_ms=300"))).ShouldBe(409, "idempotency_in_progress");
        during.Header("x-should-retry").Should().Be("false");
        (await SendAsync(company, "a", Bodies.Chat())).ShouldBe(422, "idempotency_mismatch");
        var done = (await first).ShouldBe(200);
        await company.SettledAsync();
        var after = (await SendAsync(company, "a", Bodies.Chat("latency_ms=300"))).ShouldBe(409, "idempotency_replay_unavailable");

        after.Header("x-should-retry").Should().Be("false");
        var earlier = after.Json["error"]!["spendra"]!["earlier"]!;
        ((string?)earlier["request_id"]).Should().Be(done.Header("x-spendra-request-id"));
        ((string?)earlier["model"]).Should().Be("m1");
        decimal.Parse((string)earlier["cost_usd"]!).Should().Be(decimal.Parse(done.Header("x-spendra-cost-usd")!));
        ((bool?)earlier["estimated"]).Should().BeFalse();
        company.Journal.Count.Should().Be(1);
        var books = await company.SettledAsync();
        books.Events.Should().ContainSingle();
        books.Refusals.Select(r => r.Code).Should().Equal("idempotency_in_progress", "idempotency_mismatch", "idempotency_replay_unavailable");
    }

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task Of_fifty_calls_with_one_key_exactly_one_reaches_the_provider(DatabaseEngine engine)
    {
        await using var company = await Company.StartAsync(engine: engine);

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => SendAsync(company, "same", Bodies.Chat("latency_ms=100"))));

        answers.Count(a => a.Status == 200).Should().Be(1);
        answers.Where(a => a.Status != 200).Should().HaveCount(49).And.OnlyContain(a => a.Status == 409);
        company.Journal.Count.Should().Be(1);
        (await company.SettledAsync()).Events.Should().ContainSingle();
    }

    [Fact]
    public async Task A_call_that_was_given_back_is_not_remembered()
    {
        await using var company = await Company.StartAsync();
        (await SendAsync(company, "a", Bodies.Chat("status=429"))).ShouldBe(429);
        await company.SettledAsync();

        (await SendAsync(company, "a", Bodies.Chat())).ShouldBe(200);

        var books = await company.SettledAsync();
        books.Released.Should().ContainSingle();
        books.Events.Should().ContainSingle();
    }

    [Fact]
    public async Task A_refused_call_is_not_remembered()
    {
        await using var company = await Company.StartAsync(new Rules { Cap = "0" });
        (await SendAsync(company, "a", Bodies.Chat())).ShouldBe(402);
        await company.ApplyAsync(new Rules());

        (await SendAsync(company, "a", Bodies.Chat())).ShouldBe(200);

        company.Journal.Count.Should().Be(1);
        await company.SettledAsync();
    }

    [Fact]
    public async Task The_route_is_part_of_what_a_key_was_used_for_and_other_keys_have_their_own()
    {
        await using var company = await Company.StartAsync(new Rules { Keys = ["{slug: k1, actor: employee/e1}", "{slug: k2, actor: employee/e2}"] });
        const string both = """{"model":"m1","messages":[],"input":"x","max_tokens":16,"max_output_tokens":16}""";
        (await SendAsync(company, "a", both)).ShouldBe(200);
        await company.SettledAsync();

        (await SendAsync(company, "a", both, "responses")).ShouldBe(422, "idempotency_mismatch");
        (await SendAsync(company, "a", both, key: "k2")).ShouldBe(200);

        (await company.SettledAsync()).Events.Should().HaveCount(2);
    }

    [Theory]
    [InlineData("")]
    [InlineData("long")]
    public async Task A_key_of_the_wrong_length_is_refused(string idempotencyKey)
    {
        await using var company = await Company.StartAsync();

        (await SendAsync(company, idempotencyKey == "long" ? new string('k', 256) : idempotencyKey, Bodies.Chat())).ShouldBe(400, "invalid_request");

        company.Journal.Count.Should().Be(0);
        (await SendAsync(company, new string('k', 255), Bodies.Chat())).ShouldBe(200);
        await company.SettledAsync();
    }

    [Fact]
    public async Task Reading_twice_is_no_repetition()
    {
        await using var company = await Company.StartAsync();
        var id = (string)(await company.PostAsync("responses", Bodies.Response())).Json["id"]!;
        using var client = company.Client();
        client.DefaultRequestHeaders.Add("idempotency-key", "poll");
        for (var i = 0; i < 2; i++)
        {
            (await Answer.OfAsync(client.GetAsync($"responses/{id}", TestContext.Current.CancellationToken))).ShouldBe(200);
            await company.SettledAsync();
        }
    }
}
