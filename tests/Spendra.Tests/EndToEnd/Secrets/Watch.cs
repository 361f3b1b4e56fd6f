using System.Collections;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Spendra.Tests.EndToEnd.Secrets;

/// <summary>
/// Everything that a host tells of itself: what it logs, of every category and with every value and scope; its activities
/// with their tags and events; its measurements with their tags.
/// </summary>
internal sealed class Watch : ILoggerProvider
{
    private readonly ActivityListener _activityListener;
    private readonly MeterListener _meterListener = new();

    public Watch()
    {
        _activityListener = new ActivityListener
        {
            ShouldListenTo = _ => true,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity => Activities.Enqueue(TextOf(activity)),
        };
        ActivitySource.AddActivityListener(_activityListener);
        _meterListener.InstrumentPublished = (instrument, listener) => listener.EnableMeasurementEvents(instrument);
        _meterListener.SetMeasurementEventCallback<byte>(Measured);
        _meterListener.SetMeasurementEventCallback<short>(Measured);
        _meterListener.SetMeasurementEventCallback<int>(Measured);
        _meterListener.SetMeasurementEventCallback<long>(Measured);
        _meterListener.SetMeasurementEventCallback<float>(Measured);
        _meterListener.SetMeasurementEventCallback<double>(Measured);
        _meterListener.SetMeasurementEventCallback<decimal>(Measured);
        _meterListener.Start();
    }

    public ConcurrentQueue<string> Log { get; } = new();

    public ConcurrentQueue<string> Activities { get; } = new();

    public ConcurrentQueue<string> Measurements { get; } = new();

    /// <summary>Everything, by where it was told.</summary>
    public IEnumerable<(string Where, string Text)> All =>
    [
        .. Log.Select(text => ("the log", text)), .. Activities.Select(text => ("an activity", text)), .. Measurements.Select(text => ("a measurement", text)),
    ];

    /// <summary>Listens to a host that is made, and asks for more of its log than any setting allows.</summary>
    public void Join(IServiceCollection services)
    {
        // What the process would print is not wanted in the output of the tests.
        services.RemoveAll<ILoggerProvider>();
        services.AddSingleton<ILoggerProvider>(this);
        services.Configure<LoggerFilterOptions>(filters =>
        {
            filters.MinLevel = LogLevel.Trace;
            foreach (var category in new[] { null, "Microsoft", "Microsoft.AspNetCore", "Microsoft.AspNetCore.Server.Kestrel", "System" })
                filters.Rules.Add(new LoggerFilterRule(providerName: null, category, LogLevel.Trace, filter: null));
        });
    }

    public ILogger CreateLogger(string categoryName) => new Listener(this, categoryName);

    public void Dispose()
    {
        _activityListener.Dispose();
        _meterListener.Dispose();
    }

    private void Measured<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state) =>
        Measurements.Enqueue(TextOf($"{instrument.Meter.Name} {instrument.Name}", tags.ToArray()));

    private static string TextOf(Activity activity)
    {
        var text = new StringBuilder(TextOf($"{activity.Source.Name} {activity.OperationName} {activity.DisplayName} {activity.StatusDescription} {activity.TraceStateString}", activity.TagObjects));
        text.Append(TextOf(" baggage", activity.Baggage));
        foreach (var happened in activity.Events) text.Append(TextOf(" event " + happened.Name, happened.Tags));
        foreach (var link in activity.Links) text.Append(TextOf(" link", link.Tags ?? []));
        return text.ToString();
    }

    private static string TextOf(string name, IEnumerable values)
    {
        var text = new StringBuilder(name);
        foreach (var value in values) text.Append(CultureInfo.InvariantCulture, $" {value}");
        return text.ToString();
    }

    private sealed class Listener(Watch watch, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull
        {
            watch.Log.Enqueue($"{category} scope {ValuesOf(state)}");
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            watch.Log.Enqueue($"{category} {logLevel} {formatter(state, exception)} {ValuesOf(state)} {exception}");

        private static string ValuesOf<TState>(TState state) => state is IEnumerable values and not string ? TextOf($"{state}", values) : $"{state}";
    }
}
