using System.Globalization;
using Microsoft.AspNetCore.Components;
using Spendra.Control.Alerts;
using Spendra.Control.Budgets;
using Spendra.Control.Dashboard;
using Spendra.Control.Dashboard.Charts;
using Spendra.Control.Ledger;
using Spendra.Control.Members;
using Spendra.Control.Policies;
using Spendra.Control.Reports;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Core.Money;

namespace Spendra.Control.Overview;

/// <summary>How the month goes, and what needs somebody. Every figure leads to its rows.</summary>
public sealed partial class OverviewPage
{
    private const int MoverDays = 7;
    private const int MostMovers = 6;

    private MembershipView? _membership;
    private DateTime _today, _month;
    private List<NanoUsd>? _days;
    private NanoUsd _spent, _spentToday, _spentYesterday, _held;
    private NanoUsd? _limit;
    private long _requests;
    private Forecast? _ahead;
    private DateTime? _countedTo;
    private bool _isRebuilding, _hasMoreHeld;
    private List<BudgetView> _budgets = [];
    private List<Mover> _movers = [];
    private List<RefusalSum>? _refusals;
    private Page<AlertView>? _alerts;

    /// <summary>Whose spend; null for all that the visitor's role holds.</summary>
    [SupplyParameterFromQuery]
    public string? Scope { get; set; }

    protected override TimeSpan? RefreshEvery => TimeSpan.FromSeconds(5);

    private string ComparedWithYesterday => $"{Amounts.Usd(_spentYesterday)} yesterday";

    private string ComparedWithBudget => _limit is { } limit ? $"{Amounts.Share(_spent, limit)} of {Amounts.Usd(limit)}" : "no budget of the month is of all of it";

    protected override async Task LoadAsync()
    {
        _membership = Visitor.In(Organization);
        if (_membership is { IsEverywhere: false, Scopes.Count: > 1 }) Scope ??= _membership.Scopes[0];
        _today = NowUtc.Date;
        _month = new DateTime(_today.Year, _today.Month, 1, 0, 0, 0, DateTimeKind.Utc);
        if (May(Capability.BudgetsRead)) await LoadBudgetsAsync();
        if (May(Capability.LedgerRead)) await LoadSpendAsync();
        if (May(Capability.AlertsRead)) _alerts = await ReadAsync<Page<AlertView>>("alerts?state=open&limit=20");
    }

    private async Task LoadBudgetsAsync()
    {
        var page = await ReadAsync<Page<BudgetView>>("budgets?limit=200");
        _budgets = [.. (page?.Items ?? []).Where(b => b.Window is not null).OrderBy(b => Amounts.Position(b.Window!.RemainingUsd, b.Window.LimitUsd))];
        // The line to compare with is the tightest budget that all of this counts on: one whose cap leaves nothing out.
        var whole = Scope ?? (_membership is { IsEverywhere: false, Scopes: [var only] } ? only : "organization");
        var caps = await ReadAsync<Page<PolicyView>>("policies?kind=hard_cap&limit=200");
        var counted = (caps?.Items ?? []).Where(p => p.Filter is null && p.Scope == whole).Select(p => p.Budget).ToHashSet(StringComparer.Ordinal);
        _limit = _budgets.Where(b => b.Scope == whole && b.Period == "month" && counted.Contains(b.Slug)).Select(b => (NanoUsd?)b.Window!.LimitUsd).Min(l => l?.Value) is { } least ? new NanoUsd(least) : null;
    }

    private async Task LoadSpendAsync()
    {
        var scope = Scope is null ? "" : $"&scope={Uri.EscapeDataString(Scope)}";
        var tomorrow = _today.AddDays(1);
        var from = _month < _today.AddDays(-1) ? _month : _today.AddDays(-1);
        if (await ReadAsync<Report<UsageSum>>($"reports/usage?span=day&limit=200&from={At(from)}&to={At(tomorrow)}{scope}") is not { } usage) return;
        var byDay = usage.Items.ToDictionary(i => i.StartsAt.Date);
        NanoUsd On(DateTime day) => byDay.TryGetValue(day, out var sum) ? sum.CostUsd : NanoUsd.Zero;
        var days = Enumerable.Range(0, _today.Day).Select(d => On(_month.AddDays(d))).ToList();
        (_days, _spentToday, _spentYesterday) = (days, On(_today), On(_today.AddDays(-1)));
        _spent = days.Aggregate(NanoUsd.Zero, (a, b) => a + b);
        _requests = usage.Items.Where(i => i.StartsAt >= _month).Sum(i => i.Requests);
        _ahead = Forecast.Of(days[..^1], DateTime.DaysInMonth(_month.Year, _month.Month), _spentToday);
        (_countedTo, _isRebuilding) = (usage.CountedTo, usage.IsRebuilding);

        var held = await ReadAsync<Page<ReservationView>>($"ledger/reservations?limit=200{scope}");
        _held = (held?.Items ?? []).Aggregate(NanoUsd.Zero, (sum, r) => sum + r.HeldUsd);
        _hasMoreHeld = held?.Next is not null;
        var refusals = await ReadAsync<Report<RefusalSum>>($"reports/refusals?span=whole&limit=200&from={At(_month)}&to={At(tomorrow)}{scope}");
        _refusals = [.. refusals?.Items ?? []];
        var now = await ReadAsync<Report<UsageSum>>($"reports/usage?span=whole&by=model&limit=50&from={At(tomorrow.AddDays(-MoverDays))}&to={At(tomorrow)}{scope}");
        var before = await ReadAsync<Report<UsageSum>>($"reports/usage?span=whole&by=model&limit=50&from={At(tomorrow.AddDays(-2 * MoverDays))}&to={At(tomorrow.AddDays(-MoverDays))}{scope}");
        _movers = Mover.Of(now?.Items ?? [], before?.Items ?? []);
    }

    private void Choose(ChangeEventArgs chosen) => Navigation.NavigateTo(Navigation.GetUriWithQueryParameter("scope", chosen.Value?.ToString()));

    private string Ledger(DateTime from) => PathOf($"ledger?from={At(from)}") + OfScope;

    private string Refusals(string? code = null) => PathOf($"ledger/refusals?from={At(_month)}") + OfScope + (code is null ? "" : $"&code={Uri.EscapeDataString(code)}");

    private string OfScope => Scope is null ? "" : $"&scope={Uri.EscapeDataString(Scope)}";

    private static string At(DateTime at) => at.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    private sealed record Mover(string Group, NanoUsd Now, NanoUsd Before)
    {
        public NanoUsd Change => Now - Before;

        public static List<Mover> Of(IReadOnlyList<UsageSum> now, IReadOnlyList<UsageSum> before)
        {
            var earlier = before.ToDictionary(s => s.Group ?? "", s => s.CostUsd);
            var later = now.ToDictionary(s => s.Group ?? "", s => s.CostUsd);
            return
            [
                .. later.Keys.Union(earlier.Keys)
                    .Select(g => new Mover(g, later.GetValueOrDefault(g), earlier.GetValueOrDefault(g)))
                    .OrderByDescending(m => Math.Abs(m.Change.Value)).Take(MostMovers),
            ];
        }
    }
}
