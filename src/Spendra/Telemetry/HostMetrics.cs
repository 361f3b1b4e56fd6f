using System.Diagnostics.Metrics;
using Spendra.Hosting;
using Spendra.Settings;
using Spendra.Storage;

namespace Spendra.Telemetry;

/// <summary>
/// What a process is, and how safe its database makes a commit, as the server itself says, asked again every minute: somebody may
/// switch replicas off.
/// </summary>
internal sealed class HostMetrics : BackgroundService
{
    public const string MeterName = "Spendra.Host";
    public const string BuildName = "spendra.build";
    public const string DurabilityName = "spendra.database.durability";

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly Database _database;
    private readonly TimeProvider _time;
    private readonly Meter _meter = new(MeterName);
    private volatile string? _durability;

    public HostMetrics(Database database, Role role, TimeProvider time)
    {
        (_database, _time) = (database, time);
        _meter.CreateObservableGauge(BuildName, () => new Measurement<int>(1, new("version", Serving.Version), new("role", role.ToString().ToLowerInvariant())),
            unit: null, "One; the labels say what runs");
        _meter.CreateObservableGauge(DurabilityName, Durability, unit: null, "One; the label says how safe an acknowledged commit is");
    }

    public override void Dispose()
    {
        _meter.Dispose();
        base.Dispose();
    }

    /// <summary>Before the first scrape, if the database answers.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await ReadAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken)) await ReadAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The process stops.
        }
    }

    private async Task ReadAsync(CancellationToken cancel)
    {
        try
        {
            _durability = await _database.ReadDurabilityAsync(cancel);
        }
        catch (Exception e) when (DatabaseUnavailableException.IsSaidBy(e))
        {
            // Nothing is known, and nothing told.
            _durability = null;
        }
    }

    // The class without what is said of it: 'none: commits may be lost (…)'.
    private IEnumerable<Measurement<int>> Durability() =>
        _durability is { } said ? [new Measurement<int>(1, new KeyValuePair<string, object?>("class", said.Split(':', '(')[0].Trim()))] : [];
}
