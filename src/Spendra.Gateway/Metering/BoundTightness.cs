using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Spendra.Core.Ledger;
using Spendra.Core.Pricing;

namespace Spendra.Gateway.Metering;

/// <summary>
/// The metric <c>spendra.bound.tightness</c>: what calls cost by what was held for them, one when a bound is exact. By
/// provider, model and basis of the bound, each from a bounded set: models beyond <see cref="MaxModels"/> are
/// <see cref="OtherModels"/>, since every price book may name its own.
/// </summary>
internal sealed class BoundTightness : IDisposable
{
    public const string MeterName = Telemetry.GatewayTelemetry.MeterName;
    public const string Name = "spendra.bound.tightness";
    public const string OtherModels = "other";
    public const int MaxModels = 500;

    private readonly Meter _meter = new(MeterName);
    private readonly ConcurrentDictionary<(string Provider, string Model), byte> _models = new();
    private readonly Histogram<double> _tightness;

    public BoundTightness() => _tightness = _meter.CreateHistogram<double>(
        Name, unit: "1", "What a call cost by what was held for it", tags: null,
        new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1] });

    /// <summary>Notes a settlement that says what was really used. A ratio, not money: it decides nothing.</summary>
    public void Record(Reservation reservation, Settlement settlement)
    {
        if (!_tightness.Enabled || settlement.IsEstimated || reservation.PriceId is null || reservation.Amount.Value <= 0) return;
        _tightness.Record(
            (double)settlement.Cost.Value / reservation.Amount.Value,
            new("provider", reservation.Provider),
            new("model", ModelOf(reservation)),
            new("basis", BoundBases.NameOf(reservation.BoundBasis)));
    }

    /// <summary>Whether an instrument is this one: every gateway of a process has its own.</summary>
    public bool Owns(Instrument instrument) => ReferenceEquals(instrument, _tightness);

    public void Dispose() => _meter.Dispose();

    private string ModelOf(Reservation reservation)
    {
        var model = (reservation.Provider, reservation.Model);
        if (_models.ContainsKey(model)) return reservation.Model;
        return _models.Count < MaxModels && _models.TryAdd(model, 0) ? reservation.Model : OtherModels;
    }
}
