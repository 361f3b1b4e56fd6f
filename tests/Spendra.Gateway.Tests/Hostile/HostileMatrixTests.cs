namespace Spendra.Gateway.Tests.Hostile;

/// <summary>
/// Every surface against every fault. Money stays right: nothing is settled at zero unless the provider refused before any
/// work, nothing above its bound without an overrun, and nothing stays held. A clear error reaches the client, in its shape.
/// </summary>
[Collection(nameof(HostileMatrixTests))]
[CollectionDefinition(nameof(HostileMatrixTests), DisableParallelization = true)]
public sealed class HostileMatrixTests
{
    // Twice as much as a call may allocate on both sides, whatever else goes on.
    private const int EndlessBytes = 24 * 1024 * 1024;
    private const long MostAllocated = EndlessBytes / 2;

    private const long MostBytes = HostileFault.LineBytes + 1_000;

    private static readonly ParallelOptions AFew = new() { MaxDegreeOfParallelism = 4 };

    /// <param name="Answer">What came of it; null where the connection broke.</param>
    /// <param name="RequestId">By which it stands in the ledger; null where the connection broke before the head came.</param>
    /// <param name="Length">How many bytes came.</param>
    private sealed record Outcome(Answer? Answer, Guid? RequestId, long Length)
    {
        public bool IsBroken { get; init; }
    }

    public static TheoryData<string> Faults => [.. HostileFault.All("").Keys];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Money_stays_right_at_every_surface_and_the_client_is_told(string name)
    {
        await using var elsewhere = RawUpstream.Start(() => []);
        var fault = HostileFault.All(elsewhere.BaseUrl)[name];
        await using var provider = ToolServer.Start((request, network) => fault.AnswerAsync(HostileSurfaces.Of(request), network));
        await using var company = await Company.StartAsync(HostileSurfaces.Rules(provider.BaseUrl));
        var outcomes = new Outcome[HostileSurfaces.All.Length];

        await Parallel.ForAsync(0, outcomes.Length, AFew, async (i, _) => outcomes[i] = await SendAsync(company, i));

        var books = await company.SettledAsync();
        books.Reserved.Should().Be(0);
        elsewhere.Requests.Should().Be(0, "the credential of an account goes to its own host alone");
        (books.Events.Count + books.Released.Count).Should().Be(outcomes.Length);
        // Those whose head did not come are among the others, and all of those cost their bound.
        var known = outcomes.Select(o => o.RequestId).ToHashSet();
        books.Events.Where(e => !known.Contains(e.ReservationId)).Should().HaveCount(outcomes.Count(o => o.RequestId is null)).And.OnlyContain(e => e.CostNanos == e.ReservedNanos && e.CostNanos > 0);
        for (var i = 0; i < outcomes.Length; i++) ShouldBeRight(HostileSurfaces.All[i], fault, outcomes[i], books);
    }

    [Fact]
    public async Task No_surface_holds_more_of_an_answer_than_a_line_may_have()
    {
        var text = new byte[EndlessBytes];
        text.AsSpan().Fill((byte)'x');
        await using var provider = ToolServer.Start((request, network) =>
        {
            var surface = HostileSurfaces.Of(request);
            return HostileFault.SendAsync(network, $"HTTP/1.1 200 OK\ncontent-type: {surface.MediaType}\nconnection: close", surface.IsEvents ? "data: {\"x\":\""u8.ToArray() : "{\"x\":\""u8.ToArray(), text);
        });
        await using var gateway = await GatewayHarness.StartAsync(options: new GatewayOptions { MaxStreamLineBytes = 128 * 1024 });
        await using var company = await Company.StartAsync(HostileSurfaces.Rules(provider.BaseUrl), gateway: gateway);

        for (var i = 0; i < HostileSurfaces.All.Length; i++)
        {
            var before = GC.GetTotalAllocatedBytes();
            await SendAsync(company, i);
            (GC.GetTotalAllocatedBytes() - before).Should().BeLessThan(MostAllocated, HostileSurfaces.All[i].Name);
        }
        (await company.SettledAsync()).Events.Should().HaveCount(HostileSurfaces.All.Length);
    }

    private static async Task<Outcome> SendAsync(Company company, int index)
    {
        var call = HostileSurfaces.All[index].Named().Call;
        using var client = company.Client();
        using var request = new HttpRequestMessage(HttpMethod.Post, call.Path) { Content = call.Content() };
        request.Headers.UserAgent.ParseAdd(call.Agent);
        Guid? id = null;
        try
        {
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
            id = Guid.Parse(response.Headers.GetValues("x-spendra-request-id").Single());
            await using var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
            var (kept, length, isBroken) = await ReadAsync(body);
            // Half of what is no stream of events says nothing.
            if (isBroken && !HostileSurfaces.All[index].IsEvents) return new Outcome(null, id, length);
            return new Outcome(new Answer((int)response.StatusCode, response.Headers, response.Content.Headers, kept), id, length) { IsBroken = isBroken };
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return new Outcome(null, id, 0);
        }
    }

    /// <summary>The beginning, which is all where Spendra speaks, and the length as far as it may be.</summary>
    private static async Task<(byte[] Kept, long Length, bool IsBroken)> ReadAsync(Stream body)
    {
        using var kept = new MemoryStream();
        var piece = new byte[64 * 1024];
        long length = 0;
        try
        {
            int read;
            while (length <= MostBytes && (read = await body.ReadAsync(piece, TestContext.Current.CancellationToken)) > 0)
            {
                if (length < piece.Length) kept.Write(piece, 0, read);
                length += read;
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return (kept.ToArray(), length, true);
        }
        return (kept.ToArray(), length, false);
    }

    private static void ShouldBeRight(HostileSurface surface, HostileFault fault, Outcome outcome, Books books)
    {
        ShouldBeTold(surface, fault, outcome);
        if (outcome.RequestId is not { } id) return;
        var events = books.Events.Where(e => e.ReservationId == id).ToList();
        var released = books.Released.Count(r => r.ReservationId == id);
        (events.Count, released).Should().Be(fault.End == FaultEnd.Refused ? (0, 1) : (1, 0), surface.Name);
        if (events.Count > 0) ShouldBeBooked(surface, fault, events[0], books);
    }

    private static void ShouldBeBooked(HostileSurface surface, HostileFault fault, Books.Event spent, Books books)
    {
        books.Excesses.Should().NotContain(e => e.CauseId == spent.ReservationId, surface.Name);
        if (surface.IsFree)
        {
            (spent.CostNanos, spent.PriceId is null || spent.ReservedNanos == 0).Should().Be((0, true), surface.Name);
            return;
        }
        spent.CostNanos.Should().BePositive(surface.Name);
        if (fault.IsOfUsage && spent.IsBilled)
        {
            // What is told of tokens does not decide where the provider tells its bill.
            (spent.CostNanos, surface.IsBilled).Should().Be((HostileSurface.BilledNanos, true), surface.Name);
            return;
        }
        (spent.CostNanos, spent.IsEstimated || surface.IsKnownBefore).Should().Be((spent.ReservedNanos, true), surface.Name);
    }

    private static void ShouldBeTold(HostileSurface surface, HostileFault fault, Outcome outcome)
    {
        if (fault.End == FaultEnd.Refused)
        {
            surface.ShouldTell(outcome.Answer!, 502, fault.Code);
            return;
        }
        if (fault.End == FaultEnd.Broken && outcome.Answer is { ContentHeaders.ContentType.MediaType: "text/event-stream" })
        {
            // Behind half an event nothing can be told: then the connection alone breaks, and may take that half with it.
            var text = outcome.Answer.Text;
            var isTold = text.EndsWith("\n\n", StringComparison.Ordinal)
                && text.TrimEnd().Split("\n\n")[^1].Contains($"\"{fault.Code}\"", StringComparison.Ordinal);
            (isTold || outcome.IsBroken).Should().BeTrue(surface.Name);
            return;
        }
        if (fault.End == FaultEnd.Broken || (fault.IsGarbage && surface.IsHeld))
        {
            // Where nothing more can be told, the connection breaks as the provider's did.
            if (outcome.Answer is null) surface.IsStream.Should().BeTrue(surface.Name);
            else surface.ShouldTell(outcome.Answer, 502, fault.Code);
            return;
        }
        outcome.Answer.Should().NotBeNull(surface.Name);
        outcome.Answer!.Status.Should().Be(200, surface.Name);
        outcome.Length.Should().BeLessThanOrEqualTo(MostBytes, surface.Name);
    }
}
