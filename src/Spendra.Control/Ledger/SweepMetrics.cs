using System.Diagnostics.Metrics;

namespace Spendra.Control.Ledger;

/// <summary>
/// What a sweep did with reservations in doubt, by why they were: their time was over, or their gateway fell silent. Told from zero
/// on: of a counter that appears with its first event, the first event is what nobody sees grow.
/// </summary>
internal sealed class SweepMetrics : IDisposable
{
    public const string EndedName = "spendra.settlements.in_doubt";
    public const string FailedName = "spendra.settlements.in_doubt.failed";
    public const string Expired = "expired";
    public const string Silent = "gateway_silent";

    private static readonly string[] Causes = [Expired, Silent];

    private readonly Meter _meter = new(WorkerMeter.Name);
    private readonly long[] _ended = new long[Causes.Length];
    private readonly long[] _failed = new long[Causes.Length];

    public SweepMetrics()
    {
        _meter.CreateObservableCounter(EndedName, () => Tell(_ended), "{reservation}", "Reservations in doubt that were booked at their bound");
        _meter.CreateObservableCounter(FailedName, () => Tell(_failed), "{reservation}", "Attempts to book a reservation in doubt that failed");
    }

    public void Swept(string cause, int ended, int failed)
    {
        var index = Array.IndexOf(Causes, cause);
        Interlocked.Add(ref _ended[index], ended);
        Interlocked.Add(ref _failed[index], failed);
    }

    public void Dispose() => _meter.Dispose();

    private static IEnumerable<Measurement<long>> Tell(long[] counts) =>
        Causes.Select((cause, index) => new Measurement<long>(Volatile.Read(ref counts[index]), new KeyValuePair<string, object?>("cause", cause)));
}
