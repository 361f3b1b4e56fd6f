using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Spendra.Control;
using Spendra.Gateway.Telemetry;
using Spendra.Hosting;
using Spendra.Settings;
using Spendra.Storage.Ledger;

namespace Spendra.Telemetry;

/// <summary>
/// What of the process is told to a collector (OTLP) and to a scraper. Meters and sources are listed: what a library of somebody
/// else measures or traces comes along only when its names and labels are known.
/// </summary>
internal static class TelemetryStartup
{
    private const string Database = "Npgsql";

    /// <summary>Ours, and of the framework those whose labels are bounded and hold no address of anybody.</summary>
    private static readonly string[] Meters =
    [
        GatewayTelemetry.MeterName, LedgerLane.MeterName, WorkerMeter.Name, HostMetrics.MeterName, "Microsoft.AspNetCore.Hosting", "System.Runtime", Database,
    ];

    private static readonly string[] DatabaseMetrics =
        ["db.client.connection.count", "db.client.connection.max", "db.client.connection.npgsql.pending_requests", "db.client.connection.npgsql.timeouts"];

    public static void AddTelemetry(this IServiceCollection services, SpendraOptions options)
    {
        var telemetry = options.Telemetry;
        if (telemetry is { OtlpEndpoint: null, MetricsToken: null }) return;
        // What the environment may add to the names of this process (OTEL_RESOURCE_ATTRIBUTES) stays out: settings are ours alone.
        var builder = services.AddOpenTelemetry().ConfigureResource(resource => resource.Clear().AddTelemetrySdk()
            .AddService(telemetry.ServiceName, serviceVersion: Serving.Version));
        if (telemetry.Measures)
        {
            services.AddHostedService(provider => new HostMetrics(
                provider.GetRequiredService<Storage.Database>(), options.Role, provider.GetRequiredService<TimeProvider>()));
            builder.WithMetrics(metrics => Measure(metrics, telemetry));
        }
        if (telemetry.Sends(Signals.Traces)) builder.WithTracing(traces => Trace(traces, telemetry));
        if (telemetry.Sends(Signals.Logs))
        {
            builder.WithLogging(
                logs => logs.AddOtlpExporter(exporter => Reach(exporter, telemetry, "logs")),
                logger =>
                {
                    logger.IncludeScopes = true;
                    logger.IncludeFormattedMessage = true;
                });
        }
    }

    /// <summary>What is made first is disposed last: the steps that end with the ledger lane, while the process stops, are told too.</summary>
    public static void BeginTraces(this IServiceProvider services) => services.GetService<TracerProvider>();

    private static void Measure(MeterProviderBuilder metrics, TelemetryOptions telemetry)
    {
        // Of the driver's, what tells whether connections are short. Every pool has a name of ours.
        metrics.AddMeter(Meters).AddView(static instrument => instrument.Meter.Name != Database || DatabaseMetrics.Contains(instrument.Name)
            ? null : MetricStreamConfiguration.Drop);
        if (telemetry.MetricsToken is not null) metrics.AddPrometheusExporter();
        if (telemetry.Sends(Signals.Metrics)) metrics.AddOtlpExporter(exporter => Reach(exporter, telemetry, "metrics"));
    }

    /// <summary>A trace begins here, whatever the client says of its own; steps follow their request.</summary>
    private static void Trace(TracerProviderBuilder traces, TelemetryOptions telemetry) => traces
        .AddSource(GatewayTelemetry.SourceName)
        .SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(telemetry.TraceSampleRatio)))
        .AddOtlpExporter(exporter => Reach(exporter, telemetry, "traces"));

    private static void Reach(OtlpExporterOptions exporter, TelemetryOptions telemetry, string signal)
    {
        exporter.Protocol = telemetry.IsGrpc ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;
        exporter.Endpoint = telemetry.IsGrpc ? telemetry.OtlpEndpoint! : new Uri($"{telemetry.OtlpEndpoint!.AbsoluteUri.TrimEnd('/')}/v1/{signal}");
        // Never those of the environment.
        exporter.Headers = telemetry.OtlpHeaders?.Reveal() ?? "";
        // A redirect would carry the headers to wherever it leads.
        exporter.HttpClientFactory = () => new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false, ActivityHeadersPropagator = null })
        {
            Timeout = TimeSpan.FromMilliseconds(exporter.TimeoutMilliseconds),
        };
    }
}
