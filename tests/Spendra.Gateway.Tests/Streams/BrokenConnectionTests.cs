using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Gateway.Tests.Golden;

namespace Spendra.Gateway.Tests.Streams;

/// <summary>Recorded streams whose connection ends after any byte, through a whole gateway: settled at their usage or at the bound.</summary>
public sealed class BrokenConnectionTests
{
    private static readonly ParallelOptions AFew = new() { MaxDegreeOfParallelism = 8 };

    [Theory]
    [InlineData("azure responses")]
    [InlineData("azure chat, older")]
    [InlineData("azure responses, older")]
    [InlineData("openrouter responses")]
    [InlineData("anthropic chat")]
    [InlineData("google chat")]
    [InlineData("vertex chat")]
    [InlineData("vertex events")]
    [InlineData("vertex list")]
    [InlineData("image")]
    [InlineData("speech")]
    [InlineData("transcription")]
    public async Task A_stream_that_breaks_off_after_any_byte_is_paid_by_its_usage_or_at_the_bound(string name)
    {
        var stream = RecordedStreams.All[name];
        var books = await CallForEachByteAsync(stream, (company, client) => ShouldBreakOffAsync(() => SendAsync(company, client, stream)), isClean: false);

        ShouldBePaid(books, stream);
    }

    /// <summary>A proxy between here and the provider may end a stream as if it were whole.</summary>
    [Theory]
    [InlineData("openai chat")]
    [InlineData("openai responses")]
    [InlineData("azure chat")]
    [InlineData("openrouter chat")]
    [InlineData("google chat")]
    public async Task A_stream_that_ends_in_good_order_after_any_byte_is_paid_by_its_usage_or_at_the_bound(string name)
    {
        var stream = RecordedStreams.All[name];
        var books = await CallForEachByteAsync(stream, async (company, client) => (await SendAsync(company, client, stream)).ShouldBe(200), isClean: true);

        ShouldBePaid(books, stream);
    }

    /// <summary>Whoever fetches a background response settles the call that made it, or leaves it held.</summary>
    [Fact]
    public async Task A_fetched_stream_that_breaks_off_settles_by_its_usage_or_leaves_the_call_held()
    {
        var stream = RecordedStreams.All["openai responses"];
        var requests = 0;
        await using var provider = RawUpstream.Start(async network =>
        {
            // Each call is made first, and then fetched with one byte more than the one before.
            var (number, isFetch) = Math.DivRem(Interlocked.Increment(ref requests) - 1, 2);
            if (isFetch == 1) await BreakOffAsync(network, stream, number);
            else await network.WriteAsync(Made($"{{\"id\":\"resp_{number}\",\"object\":\"response\",\"status\":\"queued\",\"model\":\"m1\",\"error\":null,\"usage\":null}}"));
        });
        await using var company = await Company.StartAsync(DoorRules.Of(provider.BaseUrl));
        using var client = company.Client();
        for (var cut = 0; cut <= stream.Bytes.Length; cut++)
        {
            (await Answer.PostAsync(client, "responses", Bodies.Response(more: "\"max_output_tokens\":64,\"background\":true"))).ShouldBe(200);
            await ShouldBreakOffAsync(() => Answer.OfAsync(client.GetAsync($"responses/resp_{cut}?stream=true", TestContext.Current.CancellationToken)));
        }

        // A fetch ends its own reservation, of nothing, after it has settled the call.
        var books = await company.BooksAsync();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (books.Open.Any(held => held.Route != "responses"))
        {
            await Task.Delay(5, patience.Token);
            books = await company.BooksAsync();
        }
        await Books.ProveAsync(company.Gateway.Database, company.Id);
        var known = stream.Bytes.Length - stream.KnownFrom + 1;
        books.Paid.Should().HaveCount(known).And.OnlyContain(e => e.CostNanos == stream.Nanos && !e.IsEstimated && e.Kind == (int)SpendKind.Settled);
        books.Open.Should().HaveCount(stream.KnownFrom).And.OnlyContain(held => held.AmountNanos > stream.Nanos);
    }

    private static async Task<Books> CallForEachByteAsync(RecordedStream stream, Func<Company, HttpClient, Task> call, bool isClean)
    {
        var offset = -1;
        await using var provider = RawUpstream.Start(async network =>
        {
            var cut = Interlocked.Increment(ref offset);
            if (isClean) await EndAsync(network, stream, cut);
            else await BreakOffAsync(network, stream, cut);
        });
        await using var company = await Company.StartAsync(DoorRules.Of(provider.BaseUrl));
        using var client = company.Client();

        await Parallel.ForAsync(0, stream.Bytes.Length + 1, AFew, async (_, _) => await call(company, client));

        provider.Requests.Should().Be(stream.Bytes.Length + 1);
        return await company.SettledAsync();
    }

    /// <summary>The connection breaks here too, or the last event says that it broke there.</summary>
    private static async Task ShouldBreakOffAsync(Func<Task<Answer>> call)
    {
        try
        {
            (await call()).ShouldBe(200).Text.Should().Contain("\"upstream_failed\"", "a stream that broke off must not look like one that ended");
        }
        catch (HttpRequestException)
        {
            // As the provider did, so does the gateway.
        }
    }

    private static void ShouldBePaid(Books books, RecordedStream stream)
    {
        books.Events.Should().HaveCount(stream.Bytes.Length + 1);
        books.Events.Should().OnlyContain(e => e.CostNanos == (e.IsEstimated ? e.ReservedNanos : stream.Nanos) && e.ReservedNanos > stream.Nanos);
        books.Events.Count(e => !e.IsEstimated).Should().Be(stream.Bytes.Length - stream.KnownFrom + 1);
        books.Excesses.Should().BeEmpty();
    }

    private static Task<Answer> SendAsync(Company company, HttpClient client, RecordedStream stream)
    {
        if (stream.Media is { } media) return media.SendAsync(company);
        var path = stream.Door.Replace("{model}", stream.Model, StringComparison.Ordinal);
        if (Doors.Route(stream.Door).Provider.Name == KnownProvider.Azure) path += "?api-version=2025-04-01-preview";
        else if (stream.MediaType == "text/event-stream" && path.Contains(":stream", StringComparison.Ordinal)) path += "?alt=sse";
        return Answer.PostAsync(client, path, Doors.Body(stream.Door, stream.Model, isStream: true, stream.Request, textBytes: 200, maxOutput: 64));
    }

    /// <summary>The connection closes without the end of the chunked body, after exactly so many bytes of it.</summary>
    private static async Task BreakOffAsync(System.Net.Sockets.NetworkStream network, RecordedStream stream, int cut)
    {
        await network.WriteAsync(RawUpstream.Http($"HTTP/1.1 200 OK\ncontent-type: {stream.MediaType}\ntransfer-encoding: chunked", $"{stream.Bytes.Length:x}\r\n"));
        await network.WriteAsync(stream.Bytes.AsMemory(0, cut));
    }

    /// <summary>A body without a length ends with its connection, and nobody can tell whether it is whole.</summary>
    private static async Task EndAsync(System.Net.Sockets.NetworkStream network, RecordedStream stream, int cut)
    {
        await network.WriteAsync(RawUpstream.Http($"HTTP/1.1 200 OK\ncontent-type: {stream.MediaType}\nconnection: close"));
        await network.WriteAsync(stream.Bytes.AsMemory(0, cut));
    }

    private static byte[] Made(string json) =>
        RawUpstream.Http($"HTTP/1.1 200 OK\ncontent-type: application/json\ncontent-length: {json.Length}\nconnection: close", json);
}
