using System.Globalization;
using System.Net;
using System.Text.Json;
using Spendra.Simulation.Scheduling;
using Spendra.Simulation.World;

namespace Spendra.Simulation.Provider;

/// <summary>
/// Every provider of the simulated world. It answers in OpenAI's wire format, keeps a record of what it did and will
/// bill, and fails in all the ways that are drawn for it.
/// </summary>
internal sealed class SimProvider(SimLoop loop, SimRandom random) : HttpMessageHandler
{
    private const string ObjectPrefix = "resp_";
    private const string Refusal = """{"error":{"message":"no","type":"invalid_request_error","param":null,"code":"no"}}""";

    private readonly Dictionary<string, (ProviderRecord Record, long DoneAt)> _jobs = new(StringComparer.Ordinal);

    public ProviderFaults Faults { get; set; } = new();

    /// <summary>By the number of the attempt.</summary>
    public Dictionary<int, ProviderRecord> Records { get; } = [];

    public FaultTally Tally { get; init; } = new();

    /// <summary>What struck which attempt: only that excuses what its client was told.</summary>
    public HashSet<(int Attempt, FaultKind Kind)> Struck { get; } = [];

    /// <summary>Called when a gateway sends a request, with the number of its attempt.</summary>
    public Action<int>? Sent { get; set; }

    /// <summary>The attempt that started what an id names.</summary>
    public static int AttemptOf(string objectId) => int.Parse(objectId[ObjectPrefix.Length..], CultureInfo.InvariantCulture);

    private static string ObjectIdOf(int attempt) => string.Create(CultureInfo.InvariantCulture, $"{ObjectPrefix}{attempt}");

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var done = new TaskCompletionSource<HttpResponseMessage>();
        cancellationToken.UnsafeRegister(_ => done.TrySetCanceled(cancellationToken), null);
        // A count before the call is no attempt of its client's. This provider has no such endpoint: what does not fit stays refused.
        if (request.RequestUri!.AbsolutePath.EndsWith("/responses/input_tokens", StringComparison.Ordinal))
        {
            Answer(done, 404, Refusal);
            return done.Task;
        }
        var attempt = int.Parse(request.Headers.GetValues("x-client-request-id").Single());
        var call = Read(request);
        Sent?.Invoke(attempt);
        if (Draw(attempt, FaultKind.ProviderUnreachable, Faults.Unreachable))
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
        if (call.Fetches is { } id)
        {
            AnswerFetch(id, attempt, done);
            return;
        }
        if (Draw(attempt, FaultKind.ProviderRefuses, Faults.Refuses))
        {
            record.HasRefused = true;
            Answer(done, random.Pick([400, 429, 503]), Refusal);
            return;
        }
        if (Draw(attempt, FaultKind.ProviderFails, Faults.Fails))
        {
            if (random.Chance(500)) Work(attempt, record, call);
            if (random.Chance(250)) Answer(done, 503, "<html>overloaded</html>");
            else Answer(done, random.Pick([500, 502, 504]), Refusal);
            return;
        }
        if (Draw(attempt, FaultKind.ProviderResets, Faults.Resets))
        {
            if (random.Chance(500)) Work(attempt, record, call);
            loop.After(Delay(), () => done.TrySetException(new HttpRequestException("reset", new IOException("reset"))));
            return;
        }
        if (Draw(attempt, FaultKind.ProviderHangs, Faults.Hangs))
        {
            if (random.Chance(500)) Work(attempt, record, call);
            return;
        }
        Work(attempt, record, call);
        if (call.IsBackground)
        {
            var started = ObjectIdOf(attempt);
            _jobs[started] = (record, loop.Now + random.Between(10_000, 30_000_000));
            Answer(done, 200, $"{{\"id\":\"{started}\",\"object\":\"response\",\"status\":\"queued\",\"usage\":null}}");
            return;
        }
        var content = MakeContent(attempt, record, call);
        loop.After(Delay(), () => done.TrySetResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = content }));
    }

    /// <summary>What a job used is told once it is done, as often as it is asked for.</summary>
    private void AnswerFetch(string id, int attempt, TaskCompletionSource<HttpResponseMessage> done)
    {
        var (record, doneAt) = _jobs[id];
        if (loop.Now < doneAt)
        {
            Answer(done, 200, $"{{\"id\":\"{id}\",\"object\":\"response\",\"status\":\"in_progress\",\"usage\":null}}");
            return;
        }
        var usage = $"\"usage\":{{\"input_tokens\":{record.InputTokens},\"output_tokens\":{record.OutputTokens},\"input_tokens_details\":{{\"cached_tokens\":{record.CachedTokens}}}}}";
        Answer(done, 200, $"{{\"id\":\"{id}\",\"object\":\"response\",\"status\":\"completed\",{usage}}}", () => NoteRead(record, attempt));
    }

    private void Work(int attempt, ProviderRecord record, ProviderCall call)
    {
        record.HasWorked = true;
        record.InputTokens = random.Between(1, call.Bytes);
        record.CachedTokens = random.Chance(300) ? random.Between(0, record.InputTokens) : 0;
        record.OutputTokens = random.Between(0, call.MaxTokens);
        if (Draw(attempt, FaultKind.Overbilling, Faults.Overbills)) record.OutputTokens = call.MaxTokens + 1_000 + random.Between(0, 1_000);
    }

    private SimContent MakeContent(int attempt, ProviderRecord record, ProviderCall call)
    {
        var usage = Draw(attempt, FaultKind.BadUsage, Faults.BadUsage) ? BadUsage(record) : UsageOf(record);
        var isBadUsage = usage != UsageOf(record);
        var pieces = call.IsStream ? Stream(usage, call) : [Body(usage)];
        var end = SimContentEnd.Complete;
        if (Draw(attempt, FaultKind.ResponseBreaksOff, Faults.BreaksOff))
        {
            end = random.Chance(500) ? SimContentEnd.Broken : SimContentEnd.Silent;
            pieces = [.. pieces.Take(random.Below(pieces.Count))];
        }
        var stream = new SimUpstream(loop, random.Fork(), pieces, end)
        {
            Ended = () =>
            {
                if (end == SimContentEnd.Complete && !isBadUsage) NoteRead(record, attempt);
            },
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

    private void NoteRead(ProviderRecord record, int attempt)
    {
        record.WasUsageRead = true;
        record.ReadBy = attempt;
        record.ReadAt = loop.Now;
    }

    private long Delay()
    {
        var delay = random.Between(100, Faults.MaxDelay);
        if (delay > ProviderFaults.UsualDelay) Tally.Count(FaultKind.SlowProvider);
        return delay;
    }

    private bool Draw(int attempt, FaultKind kind, int perMille)
    {
        if (perMille == 0 || !random.Chance(perMille)) return false;
        Tally.Count(kind);
        Struck.Add((attempt, kind));
        return true;
    }

    private sealed record ProviderCall(int Bytes, int MaxTokens, bool IsStream, bool IncludesUsage)
    {
        public bool IsBackground { get; init; }

        /// <summary>The job that is asked for, or null when the call is work itself.</summary>
        public string? Fetches { get; init; }
    }
}
