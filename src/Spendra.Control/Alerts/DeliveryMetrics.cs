using System.Diagnostics.Metrics;
using Spendra.Core.Alerts;

namespace Spendra.Control.Alerts;

/// <summary>
/// What became of attempts to send notices of alerts, by the kind of channel. Told from zero on: of a counter that appears with its
/// first event, the first event is what nobody sees grow.
/// </summary>
internal sealed class DeliveryMetrics : IDisposable
{
    public const string Name = "spendra.alerts.deliveries";
    public const string Delivered = "delivered";
    public const string Postponed = "postponed";
    public const string Dead = "dead";

    private static readonly string[] Outcomes = [Delivered, Postponed, Dead];
    private static readonly ChannelKind[] Kinds = Enum.GetValues<ChannelKind>();

    private readonly Meter _meter = new(WorkerMeter.Name);
    private readonly long[] _counts = new long[Kinds.Length * Outcomes.Length];

    public DeliveryMetrics() => _meter.CreateObservableCounter(Name, Tell, "{notice}", "Attempts to send notices of alerts");

    public void Tried(ChannelKind kind, string outcome) => Interlocked.Increment(ref _counts[PlaceOf(kind, outcome)]);

    public void Dispose() => _meter.Dispose();

    private static int PlaceOf(ChannelKind kind, string outcome) => Array.IndexOf(Kinds, kind) * Outcomes.Length + Array.IndexOf(Outcomes, outcome);

    private IEnumerable<Measurement<long>> Tell() =>
        from kind in Kinds
        from outcome in Outcomes
        select new Measurement<long>(Volatile.Read(ref _counts[PlaceOf(kind, outcome)]), new("channel", ChannelKinds.NameOf(kind)), new("outcome", outcome));
}
