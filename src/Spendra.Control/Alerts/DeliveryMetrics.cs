using System.Diagnostics.Metrics;
using Spendra.Core.Alerts;

namespace Spendra.Control.Alerts;

/// <summary>What became of attempts to send notices of alerts, by the kind of channel.</summary>
internal sealed class DeliveryMetrics : IDisposable
{
    public const string Name = "spendra.alerts.deliveries";
    public const string Delivered = "delivered";
    public const string Postponed = "postponed";
    public const string Dead = "dead";

    private readonly Meter _meter = new(WorkerMeter.Name);
    private readonly Counter<long> _attempts;

    public DeliveryMetrics() => _attempts = _meter.CreateCounter<long>(Name, "{notice}", "Attempts to send notices of alerts");

    public void Tried(ChannelKind kind, string outcome) => _attempts.Add(1, new("channel", ChannelKinds.NameOf(kind)), new("outcome", outcome));

    public void Dispose() => _meter.Dispose();
}
