using Spendra.Settings;

namespace Spendra.Telemetry;

/// <summary>What is told to a collector of telemetry.</summary>
[Flags]
internal enum Signals
{
    None = 0,
    Traces = 1,
    Metrics = 2,
    Logs = 4,
}

/// <summary>Whom the process tells of itself. Nobody, unless configured: then nothing is measured or traced.</summary>
internal sealed record TelemetryOptions
{
    /// <summary>The collector, without the signal's path; null for none.</summary>
    public Uri? OtlpEndpoint { get; init; }

    /// <summary>OTLP over gRPC; otherwise protobuf over HTTP.</summary>
    public bool IsGrpc { get; init; }

    /// <summary>Headers for the collector, <c>name=value</c> separated by commas: mostly its token.</summary>
    public Secret? OtlpHeaders { get; init; }

    public Signals Signals { get; init; } = Signals.Traces | Signals.Metrics | Signals.Logs;

    /// <summary>Which part of all governed requests is traced, from 0 to 1.</summary>
    public double TraceSampleRatio { get; init; } = 0.05;

    public string ServiceName { get; init; } = "spendra";

    /// <summary>Providers are told the trace that a request belongs to.</summary>
    public bool SendsTraceContext { get; init; }

    /// <summary>What a scraper of <c>/metrics</c> must bring; null when there is no such page.</summary>
    public Secret? MetricsToken { get; init; }

    public bool Sends(Signals signal) => OtlpEndpoint is not null && Signals.HasFlag(signal);

    public bool Measures => MetricsToken is not null || Sends(Signals.Metrics);
}
