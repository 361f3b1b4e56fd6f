using System.Diagnostics.Metrics;
using Spendra.Core.Ledger;

namespace Spendra.Storage.Ledger;

/// <summary>
/// What a lane tells of itself: how long its callers wait, how much it writes at once, and what it had to try again. As long as
/// nobody listens it costs a comparison.
/// </summary>
internal sealed class LaneMetrics : IDisposable
{
    public const string ReservationName = "spendra.ledger.reservation.duration";
    public const string EndingName = "spendra.ledger.settlement.duration";
    public const string QueueName = "spendra.ledger.queue.depth";
    public const string BatchName = "spendra.ledger.batch.size";
    public const string CommitName = "spendra.ledger.commit.duration";
    public const string RetryName = "spendra.ledger.retries";

    // From what one commit takes to the time after which callers are turned away.
    private static readonly double[] Seconds = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

    private readonly TimeProvider _time;
    private readonly Meter _meter = new(LedgerLane.MeterName);
    private readonly Histogram<double> _reservations;
    private readonly Histogram<double> _endings;
    private readonly Histogram<double> _commits;
    private readonly Histogram<long> _batches;
    private readonly Counter<long> _retries;

    public LaneMetrics(TimeProvider time, Func<int> waiting)
    {
        _time = time;
        var seconds = new InstrumentAdvice<double> { HistogramBucketBoundaries = Seconds };
        _reservations = _meter.CreateHistogram(ReservationName, "s", "From asking for a reservation to its answer", tags: null, seconds);
        _endings = _meter.CreateHistogram(EndingName, "s", "From the end of a call to the commit of its settlement or release", tags: null, seconds);
        _commits = _meter.CreateHistogram(CommitName, "s", "How long one batch took, tries included", tags: null, seconds);
        _batches = _meter.CreateHistogram(BatchName, "{command}", "Commands that were written in one transaction", tags: null,
            new InstrumentAdvice<long> { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256] });
        _retries = _meter.CreateCounter<long>(RetryName, "{retry}", "Batches that could not be written at once");
        _meter.CreateObservableGauge(QueueName, waiting, "{command}", "Reservations that wait for the lane");
    }

    public bool TimesReservations => _reservations.Enabled;

    public bool TimesEndings => _endings.Enabled;

    /// <summary>Where a clock stands, for <see cref="Written"/>; nothing when nobody listens.</summary>
    public long Begin() => _commits.Enabled ? _time.GetTimestamp() : 0;

    public void Written(int count, long begun)
    {
        if (count > 0) _batches.Record(count);
        if (begun != 0) _commits.Record(_time.GetElapsedTime(begun).TotalSeconds);
    }

    public void Retried(LaneFault fault) => _retries.Add(1, new KeyValuePair<string, object?>("reason", fault switch
    {
        LaneFault.Poison => "content",
        LaneFault.Conflict => "conflict",
        LaneFault.Unavailable => "unavailable",
    }));

    public async Task<LedgerOutcome> TimeReservationAsync(Func<ReserveCommand, Task<LedgerOutcome>> reserve, ReserveCommand command)
    {
        var begun = _time.GetTimestamp();
        var outcome = "unavailable";
        try
        {
            var answer = await reserve(command);
            outcome = LedgerLane.NameOf(answer);
            return answer;
        }
        finally
        {
            _reservations.Record(_time.GetElapsedTime(begun).TotalSeconds, new KeyValuePair<string, object?>("outcome", outcome));
        }
    }

    public async Task<LedgerOutcome> TimeEndingAsync(LedgerCommand command, Task<LedgerOutcome> written)
    {
        var begun = _time.GetTimestamp();
        try
        {
            return await written;
        }
        finally
        {
            _endings.Record(_time.GetElapsedTime(begun).TotalSeconds, new KeyValuePair<string, object?>("kind", NameOf(command)));
        }
    }

    public void Dispose() => _meter.Dispose();

    private static string NameOf(LedgerCommand command) => command switch
    {
        SettleCommand => "settle",
        ReleaseCommand => "release",
        ExpireCommand => "expire",
        AdjustCommand => "adjust",
        _ => "refuse",
    };
}
