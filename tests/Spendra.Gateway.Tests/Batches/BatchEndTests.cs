namespace Spendra.Gateway.Tests.Batches;

/// <summary>How batches end, golden: what the files say → classes → nano-USD at half the rates, by hand.</summary>
public sealed class BatchEndTests
{
    private static readonly string Long = new('x', 1_200);

    /// <summary>Rates per token: input 1000, cached 100, cache write 1250, output 2000; half of it for batches.</summary>
    public static TheoryData<string, string[], string, long> Settled => new()
    {
        // (10·1000 + 16·2000) / 2
        { "one line", [Batched.Body("input_tokens=10")], "", 21_000 },
        // (60·1000 + 40·100 + 10·2000) / 2
        { "cache read", [Batched.Body("input_tokens=100 cached_tokens=40 output_tokens=10")], "", 42_000 },
        // (35·1000 + 40·100 + 25·1250 + 10·2000) / 2
        { "cache write", [Batched.Body("input_tokens=100 cached_tokens=40 cache_write_tokens=25 output_tokens=10")], "", 45_125 },
        // (10·1000 + 50·2000) / 2: reasoning is inside the output
        { "reasoning", [Batched.Body("input_tokens=10 output_tokens=50 reasoning_tokens=40", "\"max_tokens\":64")], "", 55_000 },
        // Half of 1·1000 + 1·100 + 2·2000 is 2,550 for each: rounded once for all of them.
        { "many", [.. Enumerable.Repeat(Batched.Body("input_tokens=2 cached_tokens=1 output_tokens=2"), 3)], "", 7_650 },
        { "one of two failed", [Batched.Body("input_tokens=10"), Batched.Body("status=400")], "", 21_000 },
        { "expired after one", [Batched.Body("input_tokens=10"), Batched.Body("input_tokens=10")], "batch_end=expired batch_lines=1", 21_000 },
        { "stopped after one", [Batched.Body("input_tokens=10"), Batched.Body("input_tokens=10")], "batch_end=cancelled batch_lines=1", 21_000 },
        { "the default tier, as its lines say", [Batched.Body("input_tokens=10 service_tier=default")], "", 21_000 },
        { "the model's maximum bounds a line", [Batched.Body("input_tokens=10", more: "", model: "b-max")], "", 21_000 },
        // Eight inputs of 150 are 1,200 together, and none is above 1,000: 8 · (150·1000 + 16·2000) / 2
        { "no band of all together", [.. Enumerable.Repeat(Batched.Body("input_tokens=150", model: "b-long"), 8)], "", 728_000 },
        // One in each band: (150·1000 + 16·2000 + 1100·2000 + 16·3000) / 2
        { "one in each band", [Batched.Body("input_tokens=150", model: "b-long"), LongBody("input_tokens=1100")], "", 1_215_000 },
        // A line that might have left the band, and did not: (900·1000 + 16·2000) / 2
        { "almost in the next band", [LongBody("input_tokens=900")], "", 466_000 },
        // More than the bound is what was billed, and is explained.
        { "above its bound", [Batched.Body("input_tokens=1000000")], "", 500_016_000 },
    };

    [Theory]
    [MemberData(nameof(Settled))]
    public async Task What_was_answered_is_paid(string what, string[] bodies, string knobs, long nanos)
    {
        await using var company = await Company.StartAsync(Batched.Rules);

        var (books, _) = await Batched.RunAsync(company, Batched.File(bodies), knobs);

        var paid = books.Paid.Should().ContainSingle(what).Subject;
        (paid.CostNanos, paid.IsEstimated, paid.TierPercent).Should().Be((nanos, false, 50), what);
        books.Excesses.Sum(e => e.AmountNanos).Should().Be(Math.Max(0, nanos - paid.ReservedNanos));
    }

    [Theory]
    [InlineData("/v1/responses", """{"model":"b1","max_output_tokens":16,"input":"Hello [[sandbox input_tokens=10]]"}""", 21_000)]
    // Half of 20 nano-USD for each token
    [InlineData("/v1/embeddings", """{"model":"b-emb","input":"one two three"}""", -1)]
    public async Task Every_endpoint_of_a_batch_is_metered_as_its_own(string endpoint, string body, long nanos)
    {
        await using var company = await Company.StartAsync(Batched.Rules);

        var (books, _) = await Batched.RunAsync(company, Batched.File([body], endpoint), endpoint: endpoint);

        var paid = books.Paid.Should().ContainSingle().Subject;
        paid.IsEstimated.Should().BeFalse();
        paid.CostNanos.Should().Be(nanos >= 0 ? nanos : paid.InputUnits * 10).And.BePositive();
    }

    public static TheoryData<string, string[], string> Nothing => new()
    {
        { "failed at once", [Batched.Body()], "batch_end=failed" },
        { "no line was done", [Batched.Body(), Batched.Body()], "batch_end=expired batch_lines=0" },
        { "every line failed", [Batched.Body("status=400"), Batched.Body("status=429")], "" },
    };

    [Theory]
    [MemberData(nameof(Nothing))]
    public async Task What_was_certainly_not_done_is_given_back(string what, string[] bodies, string knobs)
    {
        await using var company = await Company.StartAsync(Batched.Rules);

        var (books, _) = await Batched.RunAsync(company, Batched.File(bodies), knobs);

        books.Paid.Should().BeEmpty(what);
        books.Released.Should().ContainSingle(r => r.Route == "batches.create").Which.Reason.Should().Contain("no call answered");
        books.Settled.Should().Be(0);
    }

    [Fact]
    public async Task One_that_is_cancelled_pays_for_what_was_done()
    {
        await using var company = await Company.StartAsync(Batched.Rules);
        var id = (string)(await Batched.CreateAsync(company, Batched.File([Batched.Body("input_tokens=10"), Batched.Body()]), "batch_fetches=50 batch_lines=1")).Json["id"]!;

        ((string)(await company.PostAsync($"batches/{id}/cancel", "")).ShouldBe(200).Json["status"]!).Should().Be("cancelling");

        (await company.BooksAsync()).Open.Should().Contain(h => h.Route == "batches.create", "it may still be working");
        ((string)(await Batched.EndAsync(company, id)).Json["status"]!).Should().Be("cancelled");
        (await company.SettledAsync()).Settled.Should().Be(21_000);
    }

    public static TheoryData<string, string> Unknown => new()
    {
        { "no usage", "no_usage=true" },
        { "negative", "input_tokens=-5" },
        { "huge", "input_tokens=100000000000000000000" },
        { "texts for numbers", "usage=string" },
        { "cached beyond the input", "input_tokens=1 cached_tokens=5" },
        { "a model without a price", "model=somebody-else" },
        { "a tier that was not sold", "service_tier=priority" },
    };

    [Theory]
    [MemberData(nameof(Unknown))]
    public async Task One_answer_that_cannot_be_believed_books_the_bound_of_all(string what, string knobs)
    {
        await using var company = await Company.StartAsync(Batched.Rules);
        string[] bodies = [Batched.Body("input_tokens=10"), Batched.Body(knobs)];

        var (books, _) = await Batched.RunAsync(company, Batched.File(bodies));

        var paid = books.Paid.Should().ContainSingle(what).Subject;
        (paid.CostNanos, paid.IsEstimated).Should().Be((Batched.BoundOf(bodies), true), what);
    }

    [Fact]
    public async Task Answers_that_are_gone_book_the_bound()
    {
        await using var company = await Company.StartAsync(Batched.Rules);
        var body = Batched.Body("input_tokens=10");
        var id = (string)(await Batched.CreateAsync(company, Batched.File([body]), "batch_fetches=1")).Json["id"]!;
        using var provider = new HttpClient();
        provider.DefaultRequestHeaders.Authorization = new("Bearer", "sk-upstream-secret");
        var ended = System.Text.Json.Nodes.JsonNode.Parse(await provider.GetStringAsync($"{company.Provider.BaseUrl}/batches/{id}", TestContext.Current.CancellationToken))!;
        (await provider.DeleteAsync($"{company.Provider.BaseUrl}/files/{(string)ended["output_file_id"]!}", TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();

        await Batched.EndAsync(company, id);

        var paid = (await company.SettledAsync()).Paid.Should().ContainSingle().Subject;
        (paid.CostNanos, paid.IsEstimated).Should().Be((Batched.BoundOf(body), true));
    }

    private static string LongBody(string knobs) => Batched.Body($"{knobs}]] {Long} [[sandbox {knobs}", model: "b-long");
}
