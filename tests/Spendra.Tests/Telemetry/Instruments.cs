using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Spendra.Tests.Telemetry;

/// <summary>What an instrument is, as whoever made it says, with the labels that were seen.</summary>
internal sealed record Published(string Name, string Kind, string? Unit)
{
    public ConcurrentDictionary<string, byte> Labels { get; } = new();

    /// <summary>As Prometheus names it.</summary>
    public string PrometheusName => Name.Replace('.', '_') + (Unit == "s" ? "_seconds" : "") + (Kind == "counter" ? "_total" : "");
}

/// <summary>Hears of every instrument of ours that this process makes.</summary>
internal sealed class Instruments : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, Published> _published = new();

    public Instruments()
    {
        _listener.InstrumentPublished = (instrument, self) =>
        {
            if (!instrument.Name.StartsWith("spendra.", StringComparison.Ordinal)) return;
            self.EnableMeasurementEvents(instrument, _published.GetOrAdd(instrument.Name, _ => new Published(instrument.Name, KindOf(instrument), instrument.Unit)));
        };
        _listener.SetMeasurementEventCallback<int>(Note);
        _listener.SetMeasurementEventCallback<long>(Note);
        _listener.SetMeasurementEventCallback<double>(Note);
        _listener.Start();
    }

    public IReadOnlyList<Published> All
    {
        get
        {
            _listener.RecordObservableInstruments();
            return [.. _published.Values.OrderBy(p => p.Name, StringComparer.Ordinal)];
        }
    }

    public void Dispose() => _listener.Dispose();

    private static void Note<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
    {
        foreach (var tag in tags) ((Published)state!).Labels.TryAdd(tag.Key, 0);
    }

    private static string KindOf(Instrument instrument) => instrument.GetType().Name switch
    {
        var name when name.StartsWith("Counter", StringComparison.Ordinal) || name.StartsWith("ObservableCounter", StringComparison.Ordinal) => "counter",
        var name when name.StartsWith("Histogram", StringComparison.Ordinal) => "histogram",
        _ => "gauge",
    };
}
