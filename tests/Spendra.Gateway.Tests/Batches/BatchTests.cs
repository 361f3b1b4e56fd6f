using System.Text;
using Spendra.Storage;

namespace Spendra.Gateway.Tests.Batches;

/// <summary>A batch is held whole when it is made and settled from what it answered, at the price of batches.</summary>
public sealed class BatchTests
{
    private static readonly string[] Two = [Batched.Body("input_tokens=10"), Batched.Body("input_tokens=20 cached_tokens=5")];

    // (10·1000 + 16·2000) / 2 and (15·1000 + 5·100 + 16·2000) / 2
    private const long CostOfTwo = 21_000 + 23_750;

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task It_is_held_whole_and_settled_from_its_output(DatabaseEngine engine)
    {
        await using var company = await Company.StartAsync(Batched.Rules, engine);

        var made = (await Batched.CreateAsync(company, Batched.File(Two))).ShouldBe(200);

        made.Header("x-spendra-cost-usd").Should().BeNull("it is not known yet");
        made.Header("x-spendra-reserved-usd").Should().NotBeNull();
        var held = (await company.BooksAsync()).Open.Should().ContainSingle(h => h.Route == "batches.create").Subject;
        held.AmountNanos.Should().Be(Batched.BoundOf(Two));
        (held.ExpiresAt - Micros.Now(TimeProvider.System)).Should().BeGreaterThan(25L * 3600 * 1_000_000, "a batch may take a day");
        var ended = await Batched.EndAsync(company, (string)made.Json["id"]!);
        var books = await company.SettledAsync();
        books.Paid.Should().ContainSingle().Which.Should().BeEquivalentTo(new
        {
            held.ReservationId, CostNanos = CostOfTwo, Kind = 0, IsEstimated = false, TierPercent = 50, Model = "b1",
            InputUnits = 25L, CachedInputUnits = 5L, OutputUnits = 32L, UpstreamRequestId = (string)ended.Json["id"]!,
        });
        books.Released.Should().BeEmpty();
    }

    [Fact]
    public async Task Asking_again_and_again_settles_it_once()
    {
        await using var company = await Company.StartAsync(Batched.Rules);
        var id = (string)(await Batched.CreateAsync(company, Batched.File(Two), "batch_fetches=1")).Json["id"]!;

        await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => company.GetAsync($"batches/{id}")));

        (await company.SettledAsync()).Settled.Should().Be(CostOfTwo);
        (await company.GetAsync($"batches/{id}")).ShouldBe(200);
        var books = await company.SettledAsync();
        books.Settled.Should().Be(CostOfTwo);
        books.Paid.Should().ContainSingle();
    }

    [Fact]
    public async Task Its_files_belong_to_the_organization_that_made_it()
    {
        await using var company = await Company.StartAsync(Batched.Rules);
        await using var other = await Company.StartAsync(Batched.Rules with { BaseUrl = company.Provider.BaseUrl.ToString() });
        var (_, ended) = await Batched.RunAsync(company, Batched.File(Two));
        var (id, output) = ((string)ended.Json["id"]!, (string)ended.Json["output_file_id"]!);

        var answers = (await company.GetAsync($"files/{output}/content")).ShouldBe(200).Text;

        answers.Should().Contain("line-1").And.Contain("line-2");
        (await company.GetAsync("files")).Json["data"]!.AsArray().Select(f => (string)f!["id"]!).Should().Contain(output);
        (await other.GetAsync($"files/{output}/content")).ShouldBe(404, "not_found");
        (await other.GetAsync($"batches/{id}")).ShouldBe(404, "not_found");
        (await other.PostAsync($"batches/{id}/cancel", "")).ShouldBe(404, "not_found");
        (await other.PostAsync("batches", Batched.Request(output))).ShouldBe(404, "not_found");
        (await other.GetAsync("batches")).ShouldBe(200).Json["data"]!.AsArray().Should().BeEmpty();
        await company.SettledAsync();
        await other.SettledAsync();
    }

    [Fact]
    public async Task The_list_shows_the_organizations_own_the_newest_first()
    {
        await using var company = await Company.StartAsync(Batched.Rules);
        List<string> ids = [];
        for (var i = 0; i < 3; i++) ids.Add((string)(await Batched.CreateAsync(company, Batched.File(Two), "batch_fetches=1")).Json["id"]!);

        var first = (await company.GetAsync("batches?limit=2")).ShouldBe(200);
        var rest = (await company.GetAsync($"batches?limit=2&after={(string)first.Json["last_id"]!}")).ShouldBe(200);

        Ids(first).Should().Equal(ids[2], ids[1]);
        ((bool)first.Json["has_more"]!).Should().BeTrue();
        Ids(rest).Should().Equal(ids[0]);
        ((bool)rest.Json["has_more"]!).Should().BeFalse();
        (await company.GetAsync("batches?limit=0")).ShouldBe(400, "invalid_request");
        (await company.SettledAsync()).Settled.Should().Be(3 * CostOfTwo, "the list saw that they have ended");

        static IEnumerable<string> Ids(Answer page) => page.Json["data"]!.AsArray().Select(b => (string)b!["id"]!);
    }

    [Fact]
    public async Task A_list_leaves_out_what_cannot_be_told_now_and_fails_only_when_nothing_can()
    {
        await using var company = await Company.StartAsync(Batched.Rules);
        var told = (string)(await Batched.CreateAsync(company, Batched.File(Two), "batch_fetches=1000")).Json["id"]!;
        var untold = (string)(await Batched.CreateAsync(company, Batched.File(Two), "batch_fetches=1000")).Json["id"]!;
        var broken = new HashSet<string> { untold };
        await using var provider = RawUpstream.Start(async (request, network) =>
        {
            var id = RawBatches.IdIn(request)!;
            await network.WriteAsync(broken.Contains(id)
                ? RawUpstream.Http("HTTP/1.1 401 Unauthorized\nconnection: close\ncontent-length: 0")
                : RawBatches.Json($$"""{"id":"{{id}}","status":"in_progress"}"""));
        });
        await company.ApplyAsync(Batched.Rules with { BaseUrl = provider.BaseUrl });

        var list = (await company.GetAsync("batches?limit=2")).ShouldBe(200);

        list.Json["data"]!.AsArray().Select(b => (string)b!["id"]!).Should().Equal(told);
        ((string)list.Json["first_id"]!, (string)list.Json["last_id"]!).Should().Be((untold, told), "the page goes on after both");
        list.Header("x-spendra-warning").Should().Be("batches_not_told");
        broken.Add(told);
        (await company.GetAsync("batches")).ShouldBe(502, "provider_credential_rejected");
    }

    [Fact]
    public async Task Everything_stands_below_the_providers_name_too()
    {
        await using var company = await Company.StartAsync(Batched.Rules);
        var file = await Batched.UploadAsync(company, Batched.File(Two));

        var id = (string)(await company.PostAsync("providers/openai/batches", Batched.Request(file, "batch_fetches=50 batch_lines=0"))).ShouldBe(200).Json["id"]!;

        (await company.GetAsync($"providers/openai/batches/{id}")).ShouldBe(200);
        (await company.PostAsync($"providers/openai/batches/{id}/cancel", "")).ShouldBe(200);
        (await company.GetAsync("providers/openai/files")).ShouldBe(200).Json["data"]!.AsArray().Should().NotBeEmpty();
        await Batched.EndAsync(company, id);
        (await company.SettledAsync()).Released.Should().ContainSingle(r => r.Route == "batches.create");
    }

    [Fact]
    public async Task Test_keys_run_batches_at_the_sandbox_for_nothing()
    {
        await using var company = await Company.StartAsync(Batched.Rules);
        await company.IssueTestKeyAsync("k1");

        var (books, _) = await Batched.RunAsync(company, Batched.File(Two));

        books.Settled.Should().Be(0);
        books.Events.Should().ContainSingle(e => e.Route == "batches.create").Which.OutputUnits.Should().Be(32);
        company.Journal.Count.Should().Be(0, "test keys do not reach a provider");
    }

    [Fact]
    public async Task The_same_idempotency_key_makes_no_second_batch()
    {
        await using var company = await Company.StartAsync(Batched.Rules);
        var body = Batched.Request(await Batched.UploadAsync(company, Batched.File(Two)));
        using var client = company.Client();
        client.DefaultRequestHeaders.Add("idempotency-key", "once");

        var made = (await Answer.PostAsync(client, "batches", body)).ShouldBe(200);

        (await Answer.PostAsync(client, "batches", body)).ShouldBe(409, "idempotency_in_progress");
        Batched.CreatedAtProvider(company).Should().Be(1);
        await Batched.EndAsync(company, (string)made.Json["id"]!);
        (await company.SettledAsync()).Paid.Should().ContainSingle();
    }

    [Fact]
    public async Task A_client_that_hangs_up_leaves_a_batch_that_is_settled_all_the_same()
    {
        await using var gateway = await GatewayHarness.StartAsync(options: new GatewayOptions { BatchPollSeconds = 1 });
        await using var company = await Company.StartAsync(Batched.Rules, gateway: gateway);
        var file = await Batched.UploadAsync(company, Batched.File(Two));
        using var client = company.Client();
        using var gone = new CancellationTokenSource();
        var creating = client.PostAsync("batches", GatewayHarness.Json(Batched.Request(file, "batch_fetches=1 latency_ms=400")), gone.Token);
        while (Batched.CreatedAtProvider(company) == 0) await Task.Delay(5, TestContext.Current.CancellationToken);

        await gone.CancelAsync();

        await FluentActions.Awaiting(() => creating).Should().ThrowAsync<OperationCanceledException>();
        var books = await company.SettledAsync();
        books.Settled.Should().Be(CostOfTwo);
        books.Paid.Should().ContainSingle().Which.IsEstimated.Should().BeFalse();
    }

    [Fact]
    public async Task What_a_batch_holds_is_never_less_than_what_it_costs()
    {
        await using var company = await Company.StartAsync(Batched.Rules with { Cap = "1000" });
        var random = new Random(4711);
        for (var i = 0; i < 12; i++)
        {
            var (model, endpoint) = random.Next(3) switch { 0 => ("b1", Batched.Chat), 1 => ("b-long", Batched.Chat), _ => ("b-emb", "/v1/embeddings") };
            var bodies = Enumerable.Range(0, random.Next(1, 12)).Select(_ => RandomBody(random, model));
            await Batched.RunAsync(company, Batched.File(bodies, endpoint), endpoint: endpoint);
        }

        var books = await company.SettledAsync();

        books.Paid.Should().HaveCount(12).And.OnlyContain(e => e.CostNanos <= e.ReservedNanos && !e.IsEstimated);
        books.Excesses.Should().BeEmpty();
    }

    private static string RandomBody(Random random, string model)
    {
        var text = new StringBuilder();
        for (var left = random.Next(1, 1_500); left > 0; left -= 7) text.Append(random.Next(3) switch { 0 => "word ", 1 => "ünï ", _ => "12 " });
        return model == "b-emb"
            ? $$"""{"model":"{{model}}","input":"{{text}}"}"""
            : $$"""{"model":"{{model}}","max_tokens":{{random.Next(1, 60)}},"n":{{random.Next(1, 4)}},"messages":[{"role":"user","content":"{{text}}"}]}""";
    }
}
