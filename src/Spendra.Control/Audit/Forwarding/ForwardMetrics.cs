using System.Diagnostics.Metrics;
using Spendra.Storage;
using Spendra.Storage.Audit;

namespace Spendra.Control.Audit.Forwarding;

/// <summary>How far the receiver of audit records is behind, and what was told it.</summary>
internal sealed class ForwardMetrics : IDisposable
{
    public const string LagName = "spendra.audit.forward.lag";
    public const string WaitingName = "spendra.audit.forward.waiting";
    public const string RecordsName = "spendra.audit.forward.records";
    public const string FailuresName = "spendra.audit.forward.failures";

    private readonly TimeProvider _time;
    private readonly Meter _meter = new(WorkerMeter.Name);
    private readonly Counter<long> _records;
    private readonly Counter<long> _failures;
    private ForwardLag _lag = new();

    public ForwardMetrics(TimeProvider time)
    {
        _time = time;
        _records = _meter.CreateCounter<long>(RecordsName, "{record}", "Audit records that the receiver has confirmed");
        _failures = _meter.CreateCounter<long>(FailuresName, "{attempt}", "Attempts to tell audit records that failed");
        _meter.CreateObservableGauge(WaitingName, () => Volatile.Read(ref _lag).Waiting, "{record}", "Audit records that wait to be told");
        _meter.CreateObservableGauge(LagName, LagSeconds, "s", "How long the oldest audit record waits to be told");
    }

    public void Told(int records) => _records.Add(records);

    public void Failed() => _failures.Add(1);

    public void Note(ForwardLag lag) => Volatile.Write(ref _lag, lag);

    public void Dispose() => _meter.Dispose();

    // It grows while the receiver or the database is away.
    private double LagSeconds() => Volatile.Read(ref _lag).Since is { } since ? Math.Max(0, Micros.Now(_time) - since) / 1e6 : 0;
}
