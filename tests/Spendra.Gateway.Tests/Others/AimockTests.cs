namespace Spendra.Gateway.Tests.Others;

/// <summary>
/// The gateway in front of a provider that others wrote does what it does in front of the sandbox: same status, the same
/// answer as a client reads it, the same usage in the ledger, the same cost, and the same end of what was held.
/// </summary>
public sealed class AimockTests(Aimock providers) : IClassFixture<Aimock>
{
    private static readonly Exchange[] Table = [.. AimockExchanges.Table, .. AimockTroubles.Table];

    public static TheoryData<string> Names() => [.. Table.Select(e => e.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_gateway_does_the_same_in_front_of_either(string name)
    {
        var exchange = Table.Single(e => e.Name == name);

        var there = await RunAsync(providers.There, exchange);
        var here = await RunAsync(providers.Here, exchange);

        there.Seen.Should().Equal(Parts(exchange.SeenThere ?? exchange.Seen), "aimock");
        here.Seen.Should().Equal(Parts(exchange.Seen), "the sandbox");
        (there.Status, there.IsWhole).Should().Be((exchange.Status, exchange.IsWhole), "aimock");
        (here.Status, here.IsWhole).Should().Be((exchange.Status, exchange.IsWhole), "the sandbox");
        // Clients may come again when the provider said so.
        if (exchange.Status == 429) (there.RetryAfter, here.RetryAfter).Should().Be(("1", exchange.RetryAfterHere));
        ShouldEnd(exchange, there, here);
    }

    private static void ShouldEnd(Exchange exchange, Outcome there, Outcome here)
    {
        (there.IsReleased, here.IsReleased).Should().Be((exchange.Fate == Fate.Released, exchange.Fate == Fate.Released));
        switch (exchange.Fate)
        {
            case Fate.Settled:
                there.Booked.Should().Be(exchange.There, "aimock");
                here.Booked.Should().Be(exchange.Here, "the sandbox");
                if (exchange.Here == exchange.There) here.CostHeader.Should().Be(there.CostHeader);
                break;
            case Fate.Released:
                (there.Booked, here.Booked).Should().Be((null, null));
                break;
            case Fate.Bound:
                there.Booked!.IsEstimated.Should().BeTrue();
                there.Booked.CostNanos.Should().Be(there.ReservedNanos).And.BePositive();
                here.Booked.Should().Be(there.Booked);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(exchange));
        }
    }

    private static string[] Parts(string seen) => seen.Split('|', StringSplitOptions.RemoveEmptyEntries);

    private static async Task<Outcome> RunAsync(Company company, Exchange exchange)
    {
        using var client = company.Client();
        var (answer, isWhole) = await Answer.BegunAsync(client, exchange.Path, GatewayHarness.Json(exchange.Body));
        var books = await company.SettledAsync();
        var request = Guid.Parse(answer.Header("x-spendra-request-id")!);
        var booked = books.Events.SingleOrDefault(e => e.ReservationId == request);
        return new Outcome(
            answer.Status, isWhole, exchange.Paths.Length == 0 ? [] : [.. ClientView.Of(answer, exchange.Paths)], answer.Header("x-spendra-cost-usd"), answer.Header("retry-after"),
            books.Released.Any(r => r.ReservationId == request), booked?.ReservedNanos,
            booked is { } e ? new Booked(e.InputUnits, e.CachedInputUnits, e.CacheWriteUnits, e.OutputUnits, e.CostNanos, e.IsEstimated) : null);
    }

    private sealed record Outcome(
        int Status, bool IsWhole, IReadOnlyList<string> Seen, string? CostHeader, string? RetryAfter, bool IsReleased, long? ReservedNanos, Booked? Booked);
}
