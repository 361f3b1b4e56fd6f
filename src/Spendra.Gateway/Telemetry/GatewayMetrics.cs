using System.Diagnostics.Metrics;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Telemetry;

/// <summary>
/// What a gateway counts and times. Labels come from sets that do not grow with use: routes, providers, codes. Organizations,
/// keys, scopes, models and requests are none of them; they are in the ledger. As long as nobody listens an instrument costs a
/// comparison.
/// </summary>
internal sealed class GatewayMetrics : IDisposable
{
    public const string RequestsName = "spendra.gateway.requests";
    public const string RefusalsName = "spendra.gateway.refusals";
    public const string SettlementsName = "spendra.gateway.settlements";
    public const string ActiveName = "spendra.gateway.requests.active";
    public const string StreamsName = "spendra.gateway.streams.active";
    public const string UpstreamName = "spendra.upstream.duration";
    public const string UpstreamErrorsName = "spendra.upstream.errors";

    private readonly Meter _meter = new(GatewayTelemetry.MeterName);
    private readonly Counter<long> _requests;
    private readonly Counter<long> _refusals;
    private readonly Counter<long> _settlements;
    private readonly Histogram<double> _upstream;
    private readonly Counter<long> _upstreamErrors;
    private int _streams;

    public GatewayMetrics()
    {
        _requests = _meter.CreateCounter<long>(RequestsName, "{request}", "Governed requests that ended");
        _refusals = _meter.CreateCounter<long>(RefusalsName, "{request}", "Governed requests that were refused before any provider knew of them");
        _settlements = _meter.CreateCounter<long>(SettlementsName, "{reservation}", "Reservations that this gateway ended");
        _upstream = _meter.CreateHistogram(UpstreamName, "s", "From sending a request to a provider to the beginning of its answer", tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60, 120, 300, 600] });
        _upstreamErrors = _meter.CreateCounter<long>(UpstreamErrorsName, "{request}", "Requests to providers that failed or were refused there");
        _meter.CreateObservableGauge(ActiveName, () => Requests.Count, "{request}", "Governed requests in flight, those of clients that have gone included");
        _meter.CreateObservableGauge(StreamsName, () => Volatile.Read(ref _streams), "{stream}", "Answers that are passed on piece by piece right now");
    }

    /// <summary>All requests that the gateway is working on.</summary>
    public InFlightRequests Requests { get; } = new();

    public bool TimesUpstream => _upstream.Enabled;

    public void Ended(GovernedCall call, RequestOutcome outcome, GatewayError? error)
    {
        if (outcome == RequestOutcome.Refused && _refusals.Enabled)
            _refusals.Add(1, new KeyValuePair<string, object?>("reason", error?.Code ?? "unknown"));
        if (!_requests.Enabled) return;
        _requests.Add(1,
            new("provider", call.Route.Provider.Name), new("route", call.Route.Name), new("outcome", RequestOutcomes.NameOf(outcome)));
    }

    /// <param name="call">Whose reservation it was.</param>
    /// <param name="kind">How it ended: <c>measured</c>, <c>estimated</c> or <c>released</c>.</param>
    public void Settled(GovernedCall call, string kind)
    {
        if (_settlements.Enabled) _settlements.Add(1, new("provider", call.Route.Provider.Name), new("kind", kind));
    }

    /// <param name="call">What was sent.</param>
    /// <param name="duration">Until the answer began, or none came.</param>
    /// <param name="reason">What was wrong; null for an answer that is none of an error.</param>
    public void Sent(GovernedCall call, TimeSpan duration, string? reason)
    {
        var provider = new KeyValuePair<string, object?>("provider", call.Route.Provider.Name);
        if (_upstream.Enabled) _upstream.Record(duration.TotalSeconds, provider, new("outcome", reason is null ? "answered" : "error"));
        if (reason is not null) BrokeOff(call, reason);
    }

    public void BrokeOff(GovernedCall call, string reason)
    {
        if (_upstreamErrors.Enabled) _upstreamErrors.Add(1, new("provider", call.Route.Provider.Name), new("reason", reason));
    }

    public void StreamBegins() => Interlocked.Increment(ref _streams);

    public void StreamEnds() => Interlocked.Decrement(ref _streams);

    /// <summary>Whether an instrument is of this gateway: every gateway of a process has its own.</summary>
    public bool Owns(Instrument instrument) => ReferenceEquals(instrument.Meter, _meter);

    public void Dispose() => _meter.Dispose();
}
