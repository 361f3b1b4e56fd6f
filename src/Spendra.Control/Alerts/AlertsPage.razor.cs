using System.Text;
using Microsoft.AspNetCore.Components;
using Spendra.Control.Dashboard;
using Spendra.Control.Dashboard.Parts;
using Spendra.Control.Shell;

namespace Spendra.Control.Alerts;

/// <summary>Alerts, and beside them what one knows, who was told, and who takes care.</summary>
public sealed partial class AlertsPage
{
    private static readonly FilterField[] Filters =
    [
        new("state", "State", FilterKind.Choice) { Choices = ["open", "acknowledged", "resolved"] },
        new("severity", "Severity", FilterKind.Choice) { Choices = ["info", "warning", "critical"] },
        new("kind", "Kind", FilterKind.Choice)
        {
            Choices = ["soft_cap", "limit_threshold", "exhaustion_forecast", "burn_rate", "unusual_refusals", "stale_catalog", "outbox_lag", "in_doubt_settlements"],
        },
    ];

    private IReadOnlyList<AlertView>? _shown;
    private string? _next;
    private AlertView? _alert;
    private string? _version;
    private IReadOnlyList<DeliveryView> _notices = [];
    private PageProblem? _refused;

    [SupplyParameterFromQuery]
    public string? State { get; set; }

    [SupplyParameterFromQuery]
    public string? Kind { get; set; }

    [SupplyParameterFromQuery]
    public string? Severity { get; set; }

    [SupplyParameterFromQuery]
    public string? Cursor { get; set; }

    /// <summary>The id of the alert that is shown beside the list.</summary>
    [SupplyParameterFromQuery]
    public string? Open { get; set; }

    protected override TimeSpan? RefreshEvery => TimeSpan.FromSeconds(5);

    private string CloseHref => Navigation.GetUriWithQueryParameter("open", (string?)null);

    protected override async Task LoadAsync()
    {
        var page = await ReadAsync<Page<AlertView>>(QueryText.Of("alerts", ("limit", "50"), ("state", State), ("kind", Kind), ("severity", Severity), ("cursor", Cursor)));
        (_shown, _next) = (page?.Items, page?.Next);
        if (_alert?.Id.ToString() != Open) (_alert, _refused, _notices) = (null, null, []);
        if (Open is not null) await LoadAlertAsync(Open);
    }

    private async Task LoadAlertAsync(string id)
    {
        var answer = await TryReadAsync<AlertView>($"alerts/{Uri.EscapeDataString(id)}");
        if (answer.Problem is not null) _refused = answer.Problem;
        (_alert, _version) = (answer.Value, answer.Version);
        if (_alert is null) return;
        _notices = (await TryReadAsync<Page<DeliveryView>>(QueryText.Of("alert-deliveries", ("limit", "50"), ("alert", id)))).Value?.Items ?? [];
    }

    private Task MoveAsync(string verb) => DoAsync<AlertView>(new PageCall(HttpMethod.Post, $"alerts/{_alert!.Id}/{verb}") { Version = _version });

    private Task RetryAsync(DeliveryView notice) =>
        DoAsync<DeliveryView>(new PageCall(HttpMethod.Post, $"alert-deliveries/{notice.Id}/retry") { Version = $"\"{notice.Version}\"" });

    private async Task DoAsync<T>(PageCall call)
    {
        _refused = (await SendAsync<T>(call)).Problem;
        await ReloadAsync();
    }

    private string OpenHref(Guid id) => Navigation.GetUriWithQueryParameter("open", id);

    private static bool IsOfBudget(AlertView alert) => alert.Kind is "soft_cap" or "limit_threshold" or "exhaustion_forecast";

    // settledUsd: Settled, USD.
    private static string Words(string name)
    {
        var words = new StringBuilder();
        foreach (var c in name.EndsWith("Usd", StringComparison.Ordinal) ? name[..^3] : name)
        {
            if (char.IsUpper(c)) words.Append(' ').Append(char.ToLowerInvariant(c));
            else words.Append(words.Length == 0 ? char.ToUpperInvariant(c) : c);
        }
        return name.EndsWith("Usd", StringComparison.Ordinal) ? words.Append(", USD").ToString() : words.ToString();
    }
}
