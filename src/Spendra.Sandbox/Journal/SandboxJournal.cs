namespace Spendra.Sandbox;

/// <summary>What reached the sandbox. Safe for concurrent use.</summary>
public sealed class SandboxJournal
{
    private static readonly SandboxRoute[] s_charged =
    [
        SandboxRoute.ChatCompletions, SandboxRoute.CreateResponse, SandboxRoute.Embeddings, SandboxRoute.GenerateImage,
        SandboxRoute.EditImage, SandboxRoute.CreateSpeech, SandboxRoute.CreateTranscription,
        SandboxRoute.CreateTranslation, SandboxRoute.CreateBatch, SandboxRoute.CreateMessage, SandboxRoute.GenerateContent, SandboxRoute.StreamGenerateContent,
        SandboxRoute.EmbedContent, SandboxRoute.BatchEmbedContents,
    ];

    private readonly long[] _byRoute = new long[Enum.GetValues<SandboxRoute>().Length];
    private readonly long[] _byProvider = new long[Enum.GetValues<SandboxProvider>().Length];
    private readonly Queue<SandboxRequest> _requests = [];
    private readonly List<(long Count, TaskCompletionSource Reached)> _waiters = [];
    private readonly Lock _gate = new();
    private readonly int _maxRecorded;
    private long _count;
    private long _read;
    private long _answered;
    private long _abandoned;
    private long _toolCalls;
    private volatile bool _isAwaited;

    internal SandboxJournal(int maxRecorded)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxRecorded);
        _maxRecorded = maxRecorded;
    }

    /// <summary>Requests whose head arrived, whatever became of them. Zero proves that nothing was sent.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>Answers that were written to their last byte.</summary>
    public long Answered => Interlocked.Read(ref _answered);

    /// <summary>Requests whose client left before the answer was complete.</summary>
    public long Abandoned => Interlocked.Read(ref _abandoned);

    /// <summary>The last requests, oldest first. Empty unless <see cref="SandboxOptions.RecordRequests"/> is set.</summary>
    public IReadOnlyList<SandboxRequest> Requests
    {
        get
        {
            lock (_gate)
                return [.. _requests];
        }
    }

    /// <summary>Requests of one route whose head arrived.</summary>
    public long CountOf(SandboxRoute route) => Interlocked.Read(ref _byRoute[(int)route]);

    /// <summary>Requests of one provider's API whose head arrived.</summary>
    public long CountOf(SandboxProvider provider) => Interlocked.Read(ref _byProvider[(int)provider]);

    /// <summary>Requests that the provider charges for, by their route and in whichever dialect: calls of models,
    /// images, audio and batches. Counts and lists are free.</summary>
    public long ModelCalls => s_charged.Sum(CountOf);

    /// <summary>Tools that MCP servers ran, whatever they answered.</summary>
    public long ToolCalls => Interlocked.Read(ref _toolCalls);

    /// <summary>Completes when this many requests were read to the end of their body (or as far as they came).</summary>
    public async Task WaitForAsync(long count, CancellationToken cancellationToken)
    {
        TaskCompletionSource reached;
        lock (_gate)
        {
            // Announced before the count is read: a request that misses the flag is seen here instead.
            _isAwaited = true;
            Interlocked.MemoryBarrier();
            if (Interlocked.Read(ref _read) >= count)
            {
                _isAwaited = _waiters.Count > 0;
                return;
            }
            reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((count, reached));
        }
        await reached.Task.WaitAsync(cancellationToken);
    }

    internal void Arrived(RouteMatch match)
    {
        Interlocked.Increment(ref _count);
        Interlocked.Increment(ref _byRoute[(int)match.Route]);
        Interlocked.Increment(ref _byProvider[(int)match.Provider]);
    }

    internal void WasToolCall() => Interlocked.Increment(ref _toolCalls);

    internal void WasRead(SandboxRequest? request)
    {
        if (request is not null)
            Keep(request);
        var read = Interlocked.Increment(ref _read);
        if (_isAwaited)
            Release(read);
    }

    internal void WasAnswered() => Interlocked.Increment(ref _answered);

    internal void WasAbandoned() => Interlocked.Increment(ref _abandoned);

    private void Keep(SandboxRequest request)
    {
        lock (_gate)
        {
            _requests.Enqueue(request);
            if (_requests.Count > _maxRecorded)
                _requests.Dequeue();
        }
    }

    private void Release(long read)
    {
        lock (_gate)
        {
            foreach (var (count, reached) in _waiters)
            {
                if (read >= count)
                    reached.TrySetResult();
            }
            _waiters.RemoveAll(waiter => read >= waiter.Count);
            _isAwaited = _waiters.Count > 0;
        }
    }
}
