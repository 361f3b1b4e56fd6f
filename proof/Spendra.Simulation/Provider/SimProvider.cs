using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Spendra.Simulation.Scheduling;

namespace Spendra.Simulation.Provider;

/// <summary>
/// Every provider of the simulated world. It answers in OpenAI's wire format, keeps a record of what it did and will
/// bill, and fails in all the ways that are drawn for it.
/// </summary>
internal sealed class SimProvider(SimLoop loop, SimRandom random) : HttpMessageHandler
{
    private const string Refusal = """{"error":{"message":"no","type":"invalid_request_error","param":null,"code":"no"}}""";

    private readonly Dictionary<string, (ProviderRecord Record, long DoneAt)> _jobs = new(StringComparer.Ordinal);

    public ProviderFaults Faults { get; set; } = new();

    /// <summary>By the number of the attempt.</summary>
    public Dictionary<int, ProviderRecord> Records { get; } = [];

    public Dictionary<string, int> Drawn { get; } = new(StringComparer.Ordinal);

    /// <summary>Called when a request arrives, with the number of its attempt.</summary>
    public Action<int>? Arrived { get; set; }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var done = new TaskCompletionSource<HttpResponseMessage>();
        cancellationToken.UnsafeRegister(_ => done.TrySetCanceled(cancellationToken), null);
        var attempt = int.Parse(request.Headers.GetValues("x-client-request-id").Single());
        var call = Read(request);
        if (Draw("provider unreachable", Faults.Unreachable))
        {
            loop.After(Delay(), () => done.TrySetException(new HttpRequestException(HttpRequestError.ConnectionError, "refused")));
            return done.Task;
        }
        loop.After(random.Between(20, 2_000), () => Arrive(attempt, call, done));
        return done.Task;
    }

    private void Arrive(int attempt, ProviderCall call, TaskCompletionSource<HttpResponseMessage> done)
    {
        if (!Records.TryGetValue(attempt, out var record)) Records[attempt] = record = new ProviderRecord();
        record.Arrivals++;
        Arrived?.Invoke(attempt);
        if (call.Fetches is { } id)
        {
            AnswerFetch(id, done);
            return;
        }
        if (Draw("provider refuses", Faults.Refuses))
        {
            record.HasRefused = true;
            Answer(done, random.Pick([400, 429, 503]), Refusal);
            return;
        }
        if (Draw("provider fails", Faults.Fails))
        {
            if (random.Chance(500)) Work(record, call);
            if (random.Chance(250)) Answer(done, 503, "<html>overloaded</html>");
            else Answer(done, random.Pick([500, 502, 504]), Refusal);
            return;
        }
        if (Draw("provider resets", Faults.Resets))
        {
            if (random.Chance(500)) Work(record, call);
            loop.After(Delay(), () => done.TrySetException(new HttpRequestException("reset", new IOException("reset"))));
            return;
        }
        if (Draw("provider hangs", Faults.Hangs))
        {
            if (random.Chance(500)) Work(record, call);
            return;
        }
        Work(record, call);
        if (call.IsBackground)
        {
            var started = $"resp_{attempt}";
            _jobs[started] = (record, loop.Now + random.Between(10_000, 30_000_000));
            Answer(done, 200, $"{{\"id\":\"{started}\",\"object\":\"response\",\"status\":\"queued\",\"usage\":null}}");
            return;
        }
        var content = MakeContent(record, call);
        loop.After(Delay(), () => done.TrySetResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = content }));
    }

    /// <summary>What a job used is told once it is done, as often as it is asked for.</summary>
    private void AnswerFetch(string id, TaskCompletionSource<HttpResponseMessage> done)
    {
        var (record, doneAt) = _jobs[id];
        if (loop.Now < doneAt)
        {
            Answer(done, 200, $"{{\"id\":\"{id}\",\"object\":\"response\",\"status\":\"in_progress\",\"usage\":null}}");
            return;
        }
        var usage = $"\"usage\":{{\"input_tokens\":{record.InputTokens},\"output_tokens\":{record.OutputTokens},\"input_tokens_details\":{{\"cached_tokens\":{record.CachedTokens}}}}}";
        Answer(done, 200, $"{{\"id\":\"{id}\",\"object\":\"response\",\"status\":\"completed\",{usage}}}", () => record.WasUsageRead = true);
    }

    private void Work(ProviderRecord record, ProviderCall call)
    {
        record.HasWorked = true;
        record.InputTokens = random.Between(1, call.Bytes);
        record.CachedTokens = random.Chance(300) ? random.Between(0, record.InputTokens) : 0;
        record.OutputTokens = random.Between(0, call.MaxTokens);
        if (Draw("provider overbills", Faults.Overbills)) record.OutputTokens = call.MaxTokens + 1_000 + random.Between(0, 1_000);
    }

    private SimContent MakeContent(ProviderRecord record, ProviderCall call)
    {
        var usage = Draw("bad usage", Faults.BadUsage) ? BadUsage(record) : UsageOf(record);
        var isBadUsage = usage != UsageOf(record);
        var pieces = call.IsStream ? Stream(usage, call) : [Body(usage)];
        var end = SimContentEnd.Complete;
        if (Draw("response breaks off", Faults.BreaksOff))
        {
            end = random.Chance(500) ? SimContentEnd.Broken : SimContentEnd.Silent;
            pieces = [.. pieces.Take(random.Below(pieces.Count))];
        }
        var stream = new SimUpstream(loop, random.Fork(), pieces, end)
        {
            Ended = () => record.WasUsageRead = end == SimContentEnd.Complete && !isBadUsage,
        };
        return new SimContent(stream, call.IsStream ? "text/event-stream" : "application/json");
    }

    private List<string> Stream(string? usage, ProviderCall call)
    {
        List<string> pieces = [];
        for (var i = random.Below(4); i >= 0; i--)
            pieces.Add("""data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"x"}}]}""" + "\n\n");
        if (call.IncludesUsage && usage is not null)
            pieces.Add($$"""data: {"id":"c","object":"chat.completion.chunk","choices":[],{{usage}}}""" + "\n\n");
        pieces.Add("data: [DONE]\n\n");
        return pieces;
    }

    private static string Body(string? usage) =>
        """{"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"x"}}]"""
        + (usage is null ? "}" : $",{usage}}}");

    private static string UsageOf(ProviderRecord record) =>
        Usage(record.InputTokens, record.OutputTokens, record.CachedTokens);

    private static string Usage(long input, long output, long cached) =>
        $"\"usage\":{{\"prompt_tokens\":{input},\"completion_tokens\":{output},\"prompt_tokens_details\":{{\"cached_tokens\":{cached}}}}}";

    private string? BadUsage(ProviderRecord record) => random.Below(4) switch
    {
        0 => null,
        1 => Usage(-5, 1, 0),
        2 => Usage(1, 99_999_999_999_999, 0),
        _ => Usage(record.InputTokens, 1, record.InputTokens + 1),
    };

    private void Answer(TaskCompletionSource<HttpResponseMessage> done, int status, string body, Action? wasRead = null)
    {
        var stream = new SimUpstream(loop, random.Fork(), [body], SimContentEnd.Complete) { Ended = wasRead };
        var response = new HttpResponseMessage((HttpStatusCode)status) { Content = new SimContent(stream, "application/json") };
        loop.After(Delay(), () => done.TrySetResult(response));
    }

    private static ProviderCall Read(HttpRequestMessage request)
    {
        var path = request.RequestUri!.AbsolutePath;
        if (request.Content is null) return new ProviderCall(0, 0, false, false) { Fetches = path[(path.LastIndexOf('/') + 1)..] };
        using var buffer = new MemoryStream();
        request.Content.ReadAsStream().CopyTo(buffer);
        using var json = JsonDocument.Parse(buffer.ToArray());
        var root = json.RootElement;
        var isBackground = path.EndsWith("/responses", StringComparison.Ordinal);
        return new ProviderCall(
            (int)buffer.Length,
            root.GetProperty(isBackground ? "max_output_tokens" : "max_tokens").GetInt32(),
            root.TryGetProperty("stream", out var stream) && stream.GetBoolean(),
            root.TryGetProperty("stream_options", out var options) && options.GetProperty("include_usage").GetBoolean())
        {
            IsBackground = isBackground,
        };
    }

    private long Delay() => random.Between(100, Faults.MaxDelay);

    private bool Draw(string kind, int perMille)
    {
        if (perMille == 0 || !random.Chance(perMille)) return false;
        Drawn[kind] = Drawn.GetValueOrDefault(kind) + 1;
        return true;
    }

    private sealed record ProviderCall(int Bytes, int MaxTokens, bool IsStream, bool IncludesUsage)
    {
        public bool IsBackground { get; init; }

        /// <summary>The job that is asked for, or null when the call is work itself.</summary>
        public string? Fetches { get; init; }
    }
}

/// <summary>How a response from the provider ends.</summary>
internal enum SimContentEnd
{
    Complete,
    Broken,
    Silent,
}

internal sealed class SimContent : HttpContent
{
    private readonly SimUpstream _stream;

    public SimContent(SimUpstream stream, string type)
    {
        _stream = stream;
        Headers.ContentType = new MediaTypeHeaderValue(type);
    }

    protected override Task<Stream> CreateContentReadStreamAsync() => Task.FromResult<Stream>(_stream);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => throw new NotSupportedException();

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}

/// <summary>A response as it arrives: piece by piece, each after a while.</summary>
internal sealed class SimUpstream(SimLoop loop, SimRandom random, IReadOnlyList<string> pieces, SimContentEnd end) : Stream
{
    private int _next;
    private ReadOnlyMemory<byte> _rest;

    /// <summary>Called when the reader has read the end.</summary>
    public Action? Ended { get; init; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_rest.IsEmpty)
        {
            await loop.DelayAsync(random.Between(5, 60_000)).WaitAsync(cancellationToken);
            if (_next == pieces.Count)
            {
                if (end == SimContentEnd.Broken) throw new IOException("the provider broke off");
                if (end == SimContentEnd.Silent) await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
                Ended?.Invoke();
                return 0;
            }
            _rest = Encoding.UTF8.GetBytes(pieces[_next++]);
        }
        // Pieces do not arrive as they were sent.
        var length = Math.Min(buffer.Length, random.Chance(300) ? 1 + random.Below(_rest.Length) : _rest.Length);
        _rest[..length].CopyTo(buffer);
        _rest = _rest[length..];
        return length;
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
