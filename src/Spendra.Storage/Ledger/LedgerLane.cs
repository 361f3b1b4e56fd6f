using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Spendra.Core.Ledger;

namespace Spendra.Storage.Ledger;

/// <summary>
/// The one way to write money. Commands queue in a channel; one writer takes whatever has queued, decides it in
/// <see cref="LedgerMachine"/> against rows that it has locked, writes and commits it in one transaction, and then
/// answers the callers. An idle lane has the latency of one commit, a busy one the throughput of a batch, and both
/// are equally strict.
/// <list type="number">
/// <item>Take what has queued. A batch that only ends reservations waits a moment for one to ride with.</item>
/// <item>Load and lock; decide; seal; write and commit. The commit is never cancelled.</item>
/// <item>After an ambiguous commit, decide the same commands again: their ids tell what has happened. Commit even when
/// it has: what the first attempt has left may be on no replica yet.</item>
/// <item>A poisonous command fails alone: the batch is taken apart.</item>
/// <item>Answer. A reservation whose caller has gone is given back.</item>
/// </list>
/// </summary>
public sealed partial class LedgerLane : IAsyncDisposable
{
    /// <summary>What a lane measures of itself.</summary>
    public const string MeterName = "Spendra.Ledger";

    private readonly ILedgerEngine _engine;
    private readonly LaneMetrics _metrics;
    private readonly LaneOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Channel<LaneTicket> _queue =
        Channel.CreateUnbounded<LaneTicket>(new UnboundedChannelOptions { SingleReader = true });
    private readonly List<LaneTicket> _endings = [];
    private readonly Queue<LaneTicket> _reserves = new();
    private readonly CancellationTokenSource _closing;
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _writer;
    private int _queuedReserves;

    public LedgerLane(Database database, LaneOptions options, TimeProvider time, ILogger<LedgerLane> logger)
        : this(database.CreateLedgerEngine(), options, time, logger)
    {
    }

    /// <param name="engine">Owned by the lane from here on.</param>
    /// <param name="options">Limits and waits.</param>
    /// <param name="time">Decides when patience and timeouts end, and dates what is written.</param>
    /// <param name="logger">Hears of retries and of commands that cannot be written.</param>
    internal LedgerLane(ILedgerEngine engine, LaneOptions options, TimeProvider time, ILogger<LedgerLane> logger)
    {
        _engine = engine;
        _options = options;
        _time = time;
        _logger = logger;
        _metrics = new LaneMetrics(time, () => Math.Max(0, Volatile.Read(ref _queuedReserves)));
        _closing = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        // Where the lane was made it runs: on the thread pool, or wherever a simulation schedules.
        _writer = Task.Factory.StartNew(
            WriteAsync, CancellationToken.None, TaskCreationOptions.DenyChildAttach, TaskScheduler.Current).Unwrap();
    }

    /// <summary>
    /// Holds money durably, or says why not. When this returns <see cref="LedgerOutcome.Admitted"/>, the
    /// reservation is committed.
    /// </summary>
    /// <exception cref="LedgerUnavailableException">The database is out of reach or the queue is full.</exception>
    public Task<LedgerOutcome> ReserveAsync(ReserveCommand command) =>
        _metrics.TimesReservations ? _metrics.TimeReservationAsync(QueueAsync, command) : QueueAsync(command);

    private async Task<LedgerOutcome> QueueAsync(ReserveCommand command)
    {
        if (Interlocked.Increment(ref _queuedReserves) > _options.MaxQueuedReservations)
        {
            Interlocked.Decrement(ref _queuedReserves);
            throw new LedgerUnavailableException("too many reservations are waiting");
        }
        var ticket = LaneTicket.For(command);
        if (!_queue.Writer.TryWrite(ticket))
        {
            Interlocked.Decrement(ref _queuedReserves);
            throw new LedgerUnavailableException("the gateway is shutting down");
        }
        try
        {
            return await ticket.AwaitAsync().WaitAsync(_options.ReserveTimeout, _time);
        }
        catch (TimeoutException)
        {
            // From here on either the lane sees that nobody waits, or it was faster and its answer counts.
            var gaveUp = new LedgerUnavailableException("the database did not answer in time");
            if (ticket.TryFail(gaveUp)) throw gaveUp;
            return await ticket.Done;
        }
    }

    /// <summary>What came of a command, in a word, for metrics and traces.</summary>
    public static string NameOf(LedgerOutcome outcome) => outcome switch
    {
        LedgerOutcome.Admitted => "admitted",
        LedgerOutcome.Refused => "refused",
        LedgerOutcome.Stale => "stale",
        LedgerOutcome.Repeated => "repeated",
        LedgerOutcome.Ended => "ended",
        LedgerOutcome.AlreadyEnded => "already_ended",
        LedgerOutcome.Kept => "kept",
        LedgerOutcome.Unknown => "unknown",
        _ => "failed",
    };

    /// <summary>
    /// Settles, releases, expires, adjusts or keeps a refusal. Retries through every outage until it is written; the caller need
    /// not wait.
    /// </summary>
    public Task<LedgerOutcome> EndAsync(LedgerCommand command)
    {
        if (command.Reserves) throw new ArgumentException("reservations are made with ReserveAsync", nameof(command));
        var written = Enqueue(LaneTicket.For(command));
        return _metrics.TimesEndings ? _metrics.TimeEndingAsync(command, written) : written;
    }

    /// <summary>Keeps a refusal, so that its id can be explained. The task fails when it cannot be written.</summary>
    public async Task RecordAsync(RefusalRecord refusal)
    {
        if (await EndAsync(new RefuseCommand(refusal)) is LedgerOutcome.Failed failed) throw failed.Error;
    }

    /// <summary>Keeps what was left out of a request, so that its id explains it.</summary>
    public Task RecordAsync(StrippedToolRecord stripped) => Enqueue(LaneTicket.For(notes => notes.StrippedTools.Add(stripped)));

    /// <summary>Records whose an object at a provider is. Await it before the client can learn the id.</summary>
    public Task RecordAsync(ProviderObject made) => Enqueue(LaneTicket.For(notes => notes.Objects.Add(made)));

    public Task RecordDeletionAsync(Guid organizationId, string objectId, long deletedAt) =>
        Enqueue(LaneTicket.For(notes => notes.Deletions.Add(new ObjectDeletion(organizationId, objectId, deletedAt))));

    public Task BeatAsync(Guid gatewayId, long startedAt, long at) =>
        Enqueue(LaneTicket.For(notes => notes.Heartbeats.Add(new Heartbeat(gatewayId, startedAt, at))));

    /// <summary>Takes no more commands, writes what is queued, and closes the connection. A second call waits for the first.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_queue.Writer.TryComplete())
        {
            await _closed.Task;
            return;
        }
        _closing.CancelAfter(_options.DrainTimeout);
        await _writer;
        await _engine.DisposeAsync();
        _metrics.Dispose();
        _closing.Dispose();
        _closed.SetResult();
    }

    private Task<LedgerOutcome> Enqueue(LaneTicket ticket) =>
        _queue.Writer.TryWrite(ticket)
            ? ticket.AwaitAsync()
            : Task.FromException<LedgerOutcome>(new LedgerUnavailableException("the gateway is shutting down"));

    private async Task WriteAsync()
    {
        var batch = new List<LaneTicket>(_options.MaxBatch);
        while (await TakeAsync(batch))
        {
            var (count, begun) = (batch.Count, _metrics.Begin());
            try
            {
                await CommitAsync(batch);
                _metrics.Written(count, begun);
            }
            catch (Exception e)
            {
                // A bug in the lane itself: whoever waits is told, the next batch goes on.
                LogLaneFailed(_logger, e);
                foreach (var ticket in batch) ticket.TryFail(e);
                await _engine.AbandonAsync(reconnect: true);
            }
            batch.Clear();
        }
    }

    /// <summary>Step 1. False when the lane is closed and empty.</summary>
    private async Task<bool> TakeAsync(List<LaneTicket> batch)
    {
        if (_endings.Count + _reserves.Count == 0 && !await _queue.Reader.WaitToReadAsync()) return false;
        Sort();
        if (_reserves.Count == 0 && _endings.Count < _options.MaxBatch && !_queue.Reader.Completion.IsCompleted)
            await WaitForReserveAsync();
        var endings = Math.Min(_endings.Count, _options.MaxBatch);
        batch.AddRange(_endings.Take(endings));
        _endings.RemoveRange(0, endings);
        while (batch.Count < _options.MaxBatch && _reserves.TryDequeue(out var reserve))
        {
            Interlocked.Decrement(ref _queuedReserves);
            // A caller that has given up already needs no reservation.
            if (!reserve.Done.IsCompleted) batch.Add(reserve);
        }
        return true;
    }

    private void Sort()
    {
        while (_queue.Reader.TryRead(out var ticket))
        {
            if (ticket.Reserves) _reserves.Enqueue(ticket);
            else _endings.Add(ticket);
        }
    }

    private async Task WaitForReserveAsync()
    {
        if (_options.Patience <= TimeSpan.Zero) return;
        var patience = Task.Delay(_options.Patience, _time, CancellationToken.None);
        while (_reserves.Count == 0 && _endings.Count < _options.MaxBatch)
        {
            var arrival = ArrivalAsync();
            if (await Task.WhenAny(arrival, patience) == patience || !await arrival) return;
            Sort();
        }
    }

    // A method of its own, so that the wait ends where the lane runs and not on any thread.
    private async Task<bool> ArrivalAsync() => await _queue.Reader.WaitToReadAsync();

    [LoggerMessage(Level = LogLevel.Critical, Message = "The ledger lane failed unexpectedly; the batch was abandoned")]
    private static partial void LogLaneFailed(ILogger logger, Exception error);
}
