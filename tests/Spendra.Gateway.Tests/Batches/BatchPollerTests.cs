using Spendra.Core.Ledger;
using Spendra.Storage;

namespace Spendra.Gateway.Tests.Batches;

/// <summary>Batches are settled without anybody asking for them, by whichever process lives then.</summary>
public sealed class BatchPollerTests
{
    private const long CostOfTwo = 2 * 21_000;

    private static readonly string Two = Batched.File(Enumerable.Repeat(Batched.Body("input_tokens=10"), 2));

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task A_gateway_settles_what_nobody_asks_for(DatabaseEngine engine)
    {
        await using var gateway = await GatewayHarness.StartAsync(engine, new GatewayOptions { BatchPollSeconds = 1 });
        await using var company = await Company.StartAsync(Batched.Rules, gateway: gateway);

        (await Batched.CreateAsync(company, Two)).ShouldBe(200);

        var books = await company.SettledAsync();
        books.Settled.Should().Be(CostOfTwo);
        books.Paid.Should().ContainSingle().Which.IsEstimated.Should().BeFalse();
    }

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task Processes_that_come_after_a_crash_find_it_and_settle_it_once(DatabaseEngine engine)
    {
        await using var company = await Company.StartAsync(Batched.Rules, engine);
        var id = (string)(await Batched.CreateAsync(company, Two, "batch_fetches=1")).ShouldBe(200).Json["id"]!;
        await using var first = new LaterProcess(company);
        await using var second = new LaterProcess(company);

        await Task.WhenAll(first.PollAsync(), second.PollAsync());
        await first.PollAsync();

        var books = await company.SettledAsync();
        books.Settled.Should().Be(CostOfTwo);
        books.Paid.Should().ContainSingle().Which.UpstreamRequestId.Should().Be(id);
    }

    [Fact]
    public async Task One_that_is_still_working_stays_held()
    {
        await using var company = await Company.StartAsync(Batched.Rules);
        (await Batched.CreateAsync(company, Two, "batch_fetches=3")).ShouldBe(200);
        await using var process = new LaterProcess(company);

        await process.PollAsync();

        (await company.BooksAsync()).Open.Should().ContainSingle(h => h.Route == "batches.create");
        await process.PollAsync();
        await process.PollAsync();
        (await company.SettledAsync()).Settled.Should().Be(CostOfTwo);
    }

    [Fact]
    public async Task One_that_expired_here_is_corrected_when_its_answers_are_there()
    {
        await using var company = await Company.StartAsync(Batched.Rules);
        (await Batched.CreateAsync(company, Two, "batch_fetches=1")).ShouldBe(200);
        var held = (await company.BooksAsync()).Open.Single(h => h.Route == "batches.create");
        await company.Gateway.Lane.EndAsync(new ExpireCommand(company.Id, held.ReservationId, await WindowsOfAsync(company)));
        (await company.SettledAsync()).Settled.Should().Be(held.AmountNanos);
        await using var process = new LaterProcess(company);

        await process.PollAsync();
        await process.PollAsync();

        var books = await company.SettledAsync();
        books.Settled.Should().Be(CostOfTwo);
        books.Paid.Select(e => (e.EventNumber, e.Kind)).Should().Equal((0, 1), (1, 2));
    }

    [Fact]
    public async Task An_answer_that_breaks_off_is_read_again()
    {
        await using var company = await Company.StartAsync(Batched.Rules);
        var body = Batched.Body("input_tokens=10");
        var id = (string)(await Batched.CreateAsync(company, Batched.File([body]), "batch_fetches=1")).Json["id"]!;
        await using var broken = RawUpstream.Start(() => RawUpstream.Http("HTTP/1.1 200 OK\ncontent-type: application/json\ncontent-length: 10000",
            $$$"""{"id":"{{{id}}}","status":"completed","endpoint":"/v1/chat/completions","output_file_id":"file-1","request_counts":{"completed":1}}"""));
        await company.ApplyAsync(Batched.Rules with { BaseUrl = broken.BaseUrl });
        await using (var cut = new LaterProcess(company)) await cut.PollAsync();
        broken.Requests.Should().BePositive();
        (await company.BooksAsync()).Open.Should().ContainSingle(h => h.Route == "batches.create", "nothing is known yet");
        await company.ApplyAsync(Batched.Rules);

        await using var whole = new LaterProcess(company);
        await whole.PollAsync();

        (await company.SettledAsync()).Settled.Should().Be(21_000);
    }

    [Fact]
    public async Task Files_that_drip_for_ever_keep_nobody_else_waiting()
    {
        await using var gateway = await GatewayHarness.StartAsync(options: new GatewayOptions { BatchPollSeconds = 1 });
        await using var slow = await Company.StartAsync(Batched.Rules, gateway: gateway);
        await using var other = await Company.StartAsync(Batched.Rules, gateway: gateway);
        await using var dripping = RawBatches.Dripping();
        for (var i = 0; i < 6; i++) (await Batched.CreateAsync(slow, Two, "batch_fetches=1000")).ShouldBe(200);
        await slow.ApplyAsync(Batched.Rules with { BaseUrl = dripping.BaseUrl });
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (dripping.Requests < 4) await Task.Delay(20, patience.Token);

        (await Batched.CreateAsync(other, Two, "batch_fetches=1")).ShouldBe(200);

        (await other.SettledAsync()).Settled.Should().Be(CostOfTwo);
        (await slow.BooksAsync()).Open.Should().HaveCount(6, "nothing of them is known yet");
    }

    [Fact]
    public async Task A_file_that_drips_is_given_up_and_read_again()
    {
        await using var company = await Company.StartAsync(Batched.Rules);
        (await Batched.CreateAsync(company, Two, "batch_fetches=1")).ShouldBe(200);
        await using (var dripping = RawBatches.Dripping())
        {
            await company.ApplyAsync(Batched.Rules with { BaseUrl = dripping.BaseUrl });
            await using var process = new LaterProcess(company);

            await process.PollAsync(TimeSpan.FromSeconds(1)).WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

            dripping.Requests.Should().Be(2);
        }
        (await company.BooksAsync()).Open.Should().ContainSingle(h => h.Route == "batches.create");
        await company.ApplyAsync(Batched.Rules);
        await using var whole = new LaterProcess(company);
        await whole.PollAsync();
        (await company.SettledAsync()).Settled.Should().Be(CostOfTwo);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(0, true)]
    [InlineData(2, true)]
    public async Task Answers_are_as_many_as_the_provider_counts_or_are_not_believed(int counted, bool isEstimated)
    {
        await using var company = await Company.StartAsync(Batched.Rules);
        var body = Batched.Body("input_tokens=10");
        var id = (string)(await Batched.CreateAsync(company, Batched.File([body]), "batch_fetches=1")).Json["id"]!;
        var state = $$$"""{"id":"{{{id}}}","status":"completed","endpoint":"/v1/chat/completions","output_file_id":"file-1","request_counts":{"completed":{{{counted}}}}}""";
        var answer = """{"custom_id":"line-1","response":{"status_code":200,"body":{"model":"b1","usage":{"prompt_tokens":10,"completion_tokens":16}}}}""";
        var asked = 0;
        await using var other = RawUpstream.Start(() => RawUpstream.Http("HTTP/1.1 200 OK\ncontent-type: application/json\nconnection: close", asked++ == 0 ? state : answer));
        await company.ApplyAsync(Batched.Rules with { BaseUrl = other.BaseUrl });
        await using var process = new LaterProcess(company);

        await process.PollAsync();

        var paid = (await company.SettledAsync()).Paid.Should().ContainSingle().Subject;
        (paid.CostNanos, paid.IsEstimated).Should().Be((isEstimated ? Batched.BoundOf(body) : 21_000, isEstimated));
    }

    private static async Task<System.Collections.Immutable.ImmutableArray<Guid>> WindowsOfAsync(Company company) => PackedIds.Unpack(
        await Batched.ScalarAsync<byte[]>(company, "SELECT window_ids FROM open_reservations WHERE organization_id = @organization AND route = 'batches.create'"));
}
