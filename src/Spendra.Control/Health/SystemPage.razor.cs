using System.Globalization;
using Spendra.Control.Alerts;
using Spendra.Control.Dashboard;
using Spendra.Control.Reports;
using Spendra.Control.Shell;
using Spendra.Core.Access;

namespace Spendra.Control.Health;

/// <summary>What runs, how safe it is, and what lags behind.</summary>
public sealed partial class SystemPage
{
    // Sums are kept every few seconds: later than this is worth a look.
    private static readonly TimeSpan Late = TimeSpan.FromMinutes(5);

    private SystemView? _system;
    private DateTime? _countedTo;
    private bool _isRebuilding;
    private IReadOnlyList<UncountedView> _uncounted = [];
    private Page<AlertView>? _alerts;
    private PageProblem? _refused;

    protected override TimeSpan? RefreshEvery => TimeSpan.FromSeconds(5);

    private string DatabaseName => _system?.Database switch { "sqlite" => "SQLite", "postgres" => "PostgreSQL", var other => other ?? "" };

    private bool IsUnsafe => _system?.Durability.StartsWith("none", StringComparison.Ordinal) == true;

    private TimeSpan Behind => _countedTo is { } counted && NowUtc > counted ? NowUtc - counted : TimeSpan.Zero;

    private bool IsLate => Behind > Late;

    private string Lag => Behind < TimeSpan.FromSeconds(5) ? "current"
        : Behind < TimeSpan.FromMinutes(2) ? string.Create(CultureInfo.InvariantCulture, $"{Behind.TotalSeconds:0} s behind")
        : string.Create(CultureInfo.InvariantCulture, $"{Behind.TotalMinutes:0} min behind");

    private string Says => _system is null ? "" : IsUnsafe || IsLate || _uncounted.Any(u => u.RetryAt is null) ? "something needs you" : "everything answers";

    protected override async Task LoadAsync()
    {
        _system = await ReadAsync<SystemView>("system");
        if (May(Capability.LedgerRead))
        {
            var counted = await ReadAsync<Report<UsageSum>>("reports/usage?span=whole&limit=1");
            (_countedTo, _isRebuilding) = (counted?.CountedTo, counted?.IsRebuilding == true);
            _uncounted = (await ReadAsync<Page<UncountedView>>("reports/uncounted?limit=100"))?.Items ?? [];
        }
        if (May(Capability.AlertsRead)) _alerts = await ReadAsync<Page<AlertView>>("alerts?state=open&limit=20");
    }

    private async Task RetryAsync(UncountedView row)
    {
        _refused = (await SendAsync<UncountedView>(new PageCall(HttpMethod.Post, $"reports/uncounted/{row.Sequence}/retry"))).Problem;
        await ReloadAsync();
    }
}
