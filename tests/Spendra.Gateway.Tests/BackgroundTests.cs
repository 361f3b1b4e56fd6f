using Dapper;
using Spendra.Core.Ledger;
using Spendra.Storage;

namespace Spendra.Gateway.Tests;

/// <summary>A background response is held until somebody learns its usage.</summary>
public sealed class BackgroundTests
{
    private const string Background = "\"max_output_tokens\":16,\"background\":true";

    private static async Task<string> StartAsync(Company company, string knobs)
    {
        var answer = (await company.PostAsync("responses", Bodies.Response(knobs, Background))).ShouldBe(200);
        ((string?)answer.Json["status"]).Should().Be("queued");
        answer.Header("x-spendra-cost-usd").Should().BeNull("it is not known yet");
        answer.Header("x-spendra-warning").Should().BeNull();
        return (string)answer.Json["id"]!;
    }

    /// <summary>The commands that end a reservation have all been written when a later one has.</summary>
    private static async Task<Books> QuietAsync(Company company)
    {
        var organization = company.Id;
        await company.Gateway.Lane.EndAsync(new ReleaseCommand(organization, Guid.CreateVersion7(), [], "nothing"));
        return await company.BooksAsync();
    }

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task It_stays_held_until_it_is_fetched_complete(DatabaseEngine engine)
    {
        await using var company = await Company.StartAsync(engine: engine);
        var id = await StartAsync(company, "latency_ms=300 input_tokens=10");
        var held = (await QuietAsync(company)).Open.Should().ContainSingle(h => h.Route == "responses").Subject;
        held.AmountNanos.Should().BePositive();

        var answer = (await company.GetAsync($"responses/{id}")).ShouldBe(200);
        while ((string?)answer.Json["status"] == "in_progress")
        {
            (await company.BooksAsync()).Open.Should().Contain(h => h.Route == "responses");
            answer = await company.GetAsync($"responses/{id}");
        }

        ((string?)answer.Json["status"]).Should().Be("completed");
        var books = await company.SettledAsync();
        books.Paid.Should().ContainSingle().Which.Should().BeEquivalentTo(new { CostNanos = 42_000L, Kind = 0, IsEstimated = false, held.ReservationId });
        (await company.GetAsync($"responses/{id}")).ShouldBe(200);
        (await company.SettledAsync()).Settled.Should().Be(42_000);
    }

    [Fact]
    public async Task A_stream_of_it_settles_too()
    {
        await using var company = await Company.StartAsync();
        var id = await StartAsync(company, "input_tokens=10");

        (await company.GetAsync($"responses/{id}?stream=true")).ShouldBe(200);

        (await company.SettledAsync()).Paid.Single().CostNanos.Should().Be(42_000);
    }

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task One_that_expired_is_corrected_when_it_is_fetched(DatabaseEngine engine)
    {
        await using var company = await Company.StartAsync(engine: engine);
        var id = await StartAsync(company, "input_tokens=10");
        var held = (await QuietAsync(company)).Open.Single();
        var windows = await WindowsOfAsync(company, held.ReservationId);
        await company.Gateway.Lane.EndAsync(new ExpireCommand(company.Id, held.ReservationId, windows));
        (await company.BooksAsync()).Settled.Should().Be(held.AmountNanos);

        (await company.GetAsync($"responses/{id}")).ShouldBe(200);
        (await company.GetAsync($"responses/{id}")).ShouldBe(200);

        var books = await company.SettledAsync();
        books.Settled.Should().Be(42_000);
        books.Paid.Select(e => (e.EventNumber, e.Kind)).Should().Equal((0, 1), (1, 2));
        books.Paid.Sum(e => e.OutputUnits).Should().Be(16);
    }

    [Fact]
    public async Task It_is_settled_at_the_price_of_when_it_was_made_whatever_the_book_says_later()
    {
        await using var company = await Company.StartAsync();
        var id = await StartAsync(company, "input_tokens=10");
        await company.ApplyAsync(new Rules { Prices = [.. new Rules().Prices.Select(p => p.Replace("\"1\"", "\"3\"").Replace("\"2\"", "\"6\""))] });

        (await company.GetAsync($"responses/{id}")).ShouldBe(200);

        (await company.SettledAsync()).Settled.Should().Be(42_000);
        (await company.ChatAsync("input_tokens=10")).ShouldBe(200);
        (await company.SettledAsync()).Settled.Should().Be(42_000 * 4, "the new price holds for what comes after it");
    }

    [Fact]
    public async Task One_that_was_cancelled_without_a_usage_stays_held_until_it_expires()
    {
        await using var company = await Company.StartAsync();
        var id = await StartAsync(company, "latency_ms=60000");

        var answer = (await company.PostAsync($"responses/{id}/cancel", "")).ShouldBe(200);

        ((string?)answer.Json["status"]).Should().Be("cancelled");
        (await QuietAsync(company)).Open.Should().ContainSingle().Which.Route.Should().Be("responses");
    }

    [Theory]
    [InlineData("status=429", 429, 1, 0)]
    [InlineData("status=500", 500, 0, 1)]
    public async Task One_that_was_not_taken_in_ends_at_once(string knobs, int status, int released, int spent)
    {
        await using var company = await Company.StartAsync();

        (await company.PostAsync("responses", Bodies.Response(knobs, Background))).ShouldBe(status);

        var books = await company.SettledAsync();
        books.Released.Should().HaveCount(released);
        books.Events.Should().HaveCount(spent);
    }

    [Fact]
    public async Task It_must_be_stored()
    {
        await using var company = await Company.StartAsync();

        (await company.PostAsync("responses", Bodies.Response(more: Background + ",\"store\":false"))).ShouldBe(400, "invalid_request");

        company.Journal.Count.Should().Be(0);
    }

    private static async Task<System.Collections.Immutable.ImmutableArray<Guid>> WindowsOfAsync(Company company, Guid reservationId)
    {
        await using var connection = await company.Gateway.Database.ConnectAsync(TestContext.Current.CancellationToken);
        return PackedIds.Unpack((await connection.QuerySingleAsync<byte[]>(
            "SELECT window_ids FROM open_reservations WHERE organization_id = @organization AND reservation_id = @reservationId",
            new { organization = company.Id, reservationId }))!);
    }
}
