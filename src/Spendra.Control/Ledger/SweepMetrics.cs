using System.Diagnostics.Metrics;

namespace Spendra.Control.Ledger;

/// <summary>What a sweep did with reservations in doubt, by why they were: their time was over, or their gateway fell silent.</summary>
internal sealed class SweepMetrics : IDisposable
{
    public const string EndedName = "spendra.settlements.in_doubt";
    public const string FailedName = "spendra.settlements.in_doubt.failed";
    public const string Expired = "expired";
    public const string Silent = "gateway_silent";

    private readonly Meter _meter = new(WorkerMeter.Name);
    private readonly Counter<long> _ended;
    private readonly Counter<long> _failed;

    public SweepMetrics()
    {
        _ended = _meter.CreateCounter<long>(EndedName, "{reservation}", "Reservations in doubt that were booked at their bound");
        _failed = _meter.CreateCounter<long>(FailedName, "{reservation}", "Attempts to book a reservation in doubt that failed");
    }

    public void Swept(string cause, int ended, int failed)
    {
        var tag = new KeyValuePair<string, object?>("cause", cause);
        if (ended > 0) _ended.Add(ended, tag);
        if (failed > 0) _failed.Add(failed, tag);
    }

    public void Dispose() => _meter.Dispose();
}
