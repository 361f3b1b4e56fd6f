using Dapper;
using Spendra.Storage;

namespace Spendra.Gateway.Tests.Batches;

/// <summary>A batch whose id was never learned here is found at the provider; one that was never made holds nothing for long.</summary>
public sealed class BatchIntentTests
{
    private const long CostOfTwo = 2 * 21_000;

    private static readonly string Two = Batched.File(Enumerable.Repeat(Batched.Body("input_tokens=10"), 2));

    // What became of a request is asked when its time is over: at once.
    private static readonly GatewayOptions Hasty = new() { ReservationSeconds = 0 };

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task One_whose_answer_was_lost_is_found_and_settled_by_what_it_used(DatabaseEngine engine)
    {
        await using var company = await Company.StartAsync(Batched.Rules, engine);
        var file = await Batched.UploadAsync(company, Two);
        await using var losing = RawBatches.Losing(company);
        await company.ApplyAsync(Batched.Rules with { BaseUrl = losing.BaseUrl });

        var lost = (await company.PostAsync("batches", Batched.Request(file, "batch_fetches=1"))).ShouldBe(502, "upstream_failed");

        lost.Text.Should().Contain("stays held");
        Batched.CreatedAtProvider(company).Should().Be(1);
        var held = (await company.BooksAsync()).Open.Should().ContainSingle(h => h.Route == "batches.create").Subject;
        await company.ApplyAsync(Batched.Rules);
        await using var process = new LaterProcess(company, Hasty);
        var books = await process.SettleAsync(company);
        books.Settled.Should().Be(CostOfTwo);
        books.Paid.Should().ContainSingle().Which.Should().BeEquivalentTo(new { held.ReservationId, IsEstimated = false });
        (await company.GetAsync("batches")).ShouldBe(200).Json["data"]!.AsArray().Should().ContainSingle(b => (string)b!["input_file_id"]! == file);
    }

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task After_a_crash_between_the_making_and_its_record_the_next_process_finds_it(DatabaseEngine engine)
    {
        await using var company = await Company.StartAsync(Batched.Rules, engine);
        var id = (string)(await Batched.CreateAsync(company, Two, "batch_fetches=1")).ShouldBe(200).Json["id"]!;
        await ForgetAsync(company, id);
        await using var process = new LaterProcess(company, Hasty);

        var books = await process.SettleAsync(company);

        books.Settled.Should().Be(CostOfTwo);
        books.Paid.Should().ContainSingle().Which.UpstreamRequestId.Should().Be(id);
        (await company.GetAsync($"batches/{id}")).ShouldBe(200, what: "it is the organization's again");
    }

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task After_a_crash_before_the_making_the_money_is_given_back(DatabaseEngine engine)
    {
        await using var company = await Company.StartAsync(Batched.Rules, engine);
        await using var elsewhere = await Company.StartAsync(Batched.Rules, engine);
        var id = (string)(await Batched.CreateAsync(company, Two, "batch_fetches=1")).ShouldBe(200).Json["id"]!;
        await ForgetAsync(company, id);
        await company.ApplyAsync(Batched.Rules with { BaseUrl = elsewhere.Provider.BaseUrl.ToString() });
        await using var process = new LaterProcess(company, Hasty);

        var books = await process.SettleAsync(company);

        books.Released.Should().ContainSingle(r => r.Route == "batches.create").Which.Reason.Should().Contain("no batch that this request made");
        books.Settled.Should().Be(0);
    }

    [Fact]
    public async Task One_that_the_provider_failed_to_make_is_given_back_and_not_booked()
    {
        await using var company = await Company.StartAsync(Batched.Rules);
        (await Batched.CreateAsync(company, Two, "status=500")).ShouldBe(500);
        (await company.BooksAsync()).Open.Should().ContainSingle(h => h.Route == "batches.create", "it may have been made");
        await using var process = new LaterProcess(company, Hasty);

        var books = await process.SettleAsync(company);

        books.Released.Should().ContainSingle(r => r.Route == "batches.create");
        books.Paid.Should().BeEmpty();
    }

    [Fact]
    public async Task One_that_expired_here_is_corrected_when_it_is_found()
    {
        await using var company = await Company.StartAsync(Batched.Rules);
        var id = (string)(await Batched.CreateAsync(company, Two, "batch_fetches=1")).ShouldBe(200).Json["id"]!;
        await ForgetAsync(company, id);
        var held = (await company.BooksAsync()).Open.Single(h => h.Route == "batches.create");
        await company.Gateway.Lane.EndAsync(new Core.Ledger.ExpireCommand(company.Id, held.ReservationId, PackedIds.Unpack(
            await Batched.ScalarAsync<byte[]>(company, "SELECT window_ids FROM open_reservations WHERE organization_id = @organization AND route = 'batches.create'"))));
        await using var process = new LaterProcess(company, Hasty);

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while ((await company.SettledAsync()).Settled != CostOfTwo && !patience.IsCancellationRequested) await process.PollAsync();

        (await company.SettledAsync()).Paid.Select(e => (e.EventNumber, e.Kind)).Should().Equal((0, 1), (1, 2));
    }

    [Fact]
    public async Task Several_of_one_file_that_were_lost_get_one_each_and_none_that_is_known()
    {
        await using var company = await Company.StartAsync(Batched.Rules);
        var file = await Batched.UploadAsync(company, Two);
        List<string> ids = [];
        for (var i = 0; i < 3; i++) ids.Add((string)(await company.PostAsync("batches", Batched.Request(file, "batch_fetches=1"))).ShouldBe(200).Json["id"]!);
        await ForgetAsync(company, ids[0]);
        await ForgetAsync(company, ids[2]);
        await using var first = new LaterProcess(company, Hasty);
        await using var second = new LaterProcess(company, Hasty);

        await Task.WhenAll(first.SettleAsync(company), second.SettleAsync(company));

        var paid = (await company.SettledAsync()).Paid.ToList();
        paid.Select(e => e.UpstreamRequestId).Should().BeEquivalentTo(ids);
        paid.Should().OnlyContain(e => e.CostNanos == CostOfTwo && !e.IsEstimated);
    }

    [Fact]
    public async Task While_a_request_may_still_make_it_nothing_is_asked_and_what_is_known_is_not_looked_for()
    {
        await using var company = await Company.StartAsync(Batched.Rules);
        var id = (string)(await Batched.CreateAsync(company, Two, "batch_fetches=1000")).ShouldBe(200).Json["id"]!;
        await using (var hasty = new LaterProcess(company, Hasty)) await hasty.PollAsync();
        Listed().Should().Be(0, "its batch is known");
        await ForgetAsync(company, id);
        await using (var patient = new LaterProcess(company)) await patient.PollAsync();
        Listed().Should().Be(0, "its request may be under way");

        (await company.BooksAsync()).Open.Should().ContainSingle(h => h.Route == "batches.create");

        int Listed() => company.Journal.Requests.Count(r => r.Method == "GET" && r.PathAndQuery.Contains("/batches?", StringComparison.Ordinal));
    }

    [Fact]
    public async Task It_is_found_on_a_later_page()
    {
        await using var company = await Company.StartAsync(Batched.Rules);
        var file = await Batched.UploadAsync(company, Two);
        var id = (string)(await company.PostAsync("batches", Batched.Request(file))).ShouldBe(200).Json["id"]!;
        await ForgetAsync(company, id);
        var now = Micros.Now(TimeProvider.System) / 1_000_000;
        await using var provider = Listing(request => request switch
        {
            _ when request.Contains("after=batch_b", StringComparison.Ordinal) => Page(false, Item(id, file, now), Item("batch_c", file, now - 86_400)),
            _ => Page(true, Item("batch_a", "file-other", now), Item("batch_b", file, now + 86_400)),
        });
        await company.ApplyAsync(Batched.Rules with { BaseUrl = provider.BaseUrl });
        await using var process = new LaterProcess(company, Hasty);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));

        while (await RecordedAsync(company) == 0 && !patience.IsCancellationRequested) await process.PollAsync();

        (await Batched.ScalarAsync<string>(company, "SELECT object_id FROM provider_objects WHERE organization_id = @organization AND kind = 3")).Should().Be(id);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"object":"list","data":[],"has_more":true}""")]
    [InlineData("""{"object":"list","data":[{"id":"batch_a","created_at":1}],"has_more":false}""")]
    public async Task A_list_that_cannot_be_read_gives_nothing_back(string list)
    {
        await using var company = await Company.StartAsync(Batched.Rules);
        await ForgetAsync(company, (string)(await Batched.CreateAsync(company, Two)).ShouldBe(200).Json["id"]!);
        await using var provider = Listing(_ => list);
        await company.ApplyAsync(Batched.Rules with { BaseUrl = provider.BaseUrl });
        await using var process = new LaterProcess(company, Hasty);

        await process.PollAsync();

        provider.Requests.Should().Be(1);
        (await company.BooksAsync()).Open.Should().ContainSingle(h => h.Route == "batches.create");
    }

    [Fact]
    public async Task A_request_that_was_held_up_until_its_time_was_over_makes_none()
    {
        await using var gateway = await GatewayHarness.StartAsync(options: new GatewayOptions { ReservationSeconds = 1 });
        await using var company = await Company.StartAsync(Batched.Rules, gateway: gateway);
        var file = await Batched.UploadAsync(company, Two);
        await using var connection = await gateway.Database.ConnectAsync(TestContext.Current.CancellationToken);
        var isLocked = new TaskCompletionSource<System.Data.Common.DbTransaction>();
        await using var provider = RawUpstream.Start(async (_, network) =>
        {
            isLocked.SetResult(await gateway.Database.BeginWriteAsync(connection, default));
            await network.WriteAsync(RawBatches.Json(Two));
        });
        await company.ApplyAsync(Batched.Rules with { BaseUrl = provider.BaseUrl });
        // The rules of now are known: the request is decided once, before it is held up.
        (await company.GetAsync("batches")).ShouldBe(200);
        var creating = company.PostAsync("batches", Batched.Request(file));

        await using (await isLocked.Task)
        {
            // Longer than the time of the request, which the reservation waits out.
            await Task.Delay(1_500, TestContext.Current.CancellationToken);
        }

        (await creating).ShouldBe(503, "provider_unavailable");
        provider.Requests.Should().Be(1, "only the file was read");
        (await company.SettledAsync()).Released.Should().ContainSingle(r => r.Route == "batches.create");
    }

    private static RawUpstream Listing(Func<string, string> answer) =>
        RawUpstream.Start(async (request, network) => await network.WriteAsync(RawBatches.Json(answer(request[..request.IndexOf('\r')]))));

    private static string Page(bool hasMore, params string[] items) =>
        $$"""{"object":"list","data":[{{string.Join(',', items)}}],"has_more":{{(hasMore ? "true" : "false")}}}""";

    private static string Item(string id, string file, long createdAt) => $$"""{"id":"{{id}}","input_file_id":"{{file}}","created_at":{{createdAt}}}""";

    private static Task<long> RecordedAsync(Company company) =>
        Batched.ScalarAsync<long>(company, "SELECT count(*) FROM provider_objects WHERE organization_id = @organization AND kind = 3");

    /// <summary>The state that a crash leaves before a batch is recorded.</summary>
    private static async Task ForgetAsync(Company company, string id)
    {
        await using var connection = await company.Gateway.Database.ConnectAsync(TestContext.Current.CancellationToken);
        var forgotten = await connection.ExecuteAsync(
            "DELETE FROM provider_objects WHERE organization_id = @organization AND object_id = @id AND kind = 3", new { organization = company.Id, id });
        forgotten.Should().Be(1);
    }
}
