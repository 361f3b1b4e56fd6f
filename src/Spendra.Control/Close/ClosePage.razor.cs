using System.Globalization;
using Microsoft.AspNetCore.Components;
using MudBlazor;
using Spendra.Control.Dashboard;
using Spendra.Control.Dashboard.Parts;
using Spendra.Control.Shell;

namespace Spendra.Control.Close;

/// <summary>A month of the books: what is checked, locking it and opening it again.</summary>
public sealed partial class ClosePage
{
    private const int ShownMonths = 13;

    private PeriodView? _period;
    private IReadOnlyList<PeriodLockView> _locks = [];
    private ClosingRulesView? _rules;
    private PageProblem? _refused, _rulesRefused;
    private string? _rulesVersion;
    private string _waiver = "", _reason = "";
    private int _tolerance;

    /// <summary>Such as <c>2026-10</c>; null for the one before this.</summary>
    [SupplyParameterFromQuery]
    public string? Month { get; set; }

    [Inject]
    private IDialogService Dialogs { get; set; } = null!;

    // Periods are months of UTC, whatever zone budgets have.
    private string Shown => Month ?? Months[1].Name;

    private string Title => TitleOf(Shown);

    private IReadOnlyList<(string Name, string Title)> Months => [.. Enumerable.Range(0, ShownMonths).Select(ago => NowUtc.AddDays(1 - NowUtc.Day).AddMonths(-ago))
        .Select(month => (month.ToString("yyyy-MM", CultureInfo.InvariantCulture), month.ToString("MMM yyyy", CultureInfo.InvariantCulture)))];

    /// <summary>The month's rows: it is a month of UTC here too.</summary>
    private string Entries => DateOnly.TryParseExact($"{Shown}-01", "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var first)
        ? PathOf($"ledger/entries?from={first:yyyy-MM-dd}T00:00:00Z&to={first.AddMonths(1):yyyy-MM-dd}T00:00:00Z") : PathOf("ledger/entries");

    protected override async Task LoadAsync()
    {
        var month = Shown;
        // What was checked in one month says nothing of another, not even while that is read.
        if (_period?.Month != month) (_period, _refused, _waiver, _reason) = (null, null, "", "");
        var period = await ReadAsync<PeriodView>(PathOfMonth(month));
        if (month != Shown) return;
        _period = period;
        _locks = (await ReadAsync<Page<PeriodLockView>>("periods/locks?limit=50"))?.Items ?? [];
        (_rules, _rulesVersion) = await ReadVersionedAsync<ClosingRulesView>("periods/rules");
        _tolerance = _rules?.ToleranceBasisPoints ?? 0;
    }

    private async Task LockAsync()
    {
        // The month whose checks were read is the one that is locked, whatever the page shows by then.
        if (_period is not { } period) return;
        var (title, body) = (TitleOf(period.Month), new PeriodToLock { Waiver = QueryText.OrNull(_waiver) });
        if (!await Confirmation.AskAsync(Dialogs, $"Lock {title}?",
            $"{Amounts.Usd(period.ExpenseUsd)} stand for {title} from then on. What is booked later belongs to a later month and names what it corrects.", "Lock it")) return;
        await DoAsync(period.Month, "lock", body);
    }

    private async Task ReopenAsync()
    {
        if (_period is not { } period) return;
        var body = new PeriodToReopen { Reason = _reason.Trim() };
        if (!await Confirmation.AskAsync(Dialogs, $"Open {TitleOf(period.Month)} again?",
            "Corrections may be booked into it again, and what was reported of it may become wrong. That it was opened stands in the audit record for good.", "Open it")) return;
        await DoAsync(period.Month, "reopen", body);
    }

    private async Task DoAsync(string month, string verb, object body)
    {
        _refused = (await SendAsync<PeriodLockView>(new PageCall(HttpMethod.Post, $"{PathOfMonth(month)}/{verb}", body))).Problem;
        if (_refused is not null) return;
        (_waiver, _reason) = ("", "");
        await ReloadAsync();
    }

    private async Task SetRulesAsync()
    {
        var call = new PageCall(HttpMethod.Put, "periods/rules", new ClosingRulesBody { ToleranceBasisPoints = _tolerance }) { Version = _rulesVersion };
        _rulesRefused = (await SendAsync<ClosingRulesView>(call)).Problem;
        if (_rulesRefused is null) await ReloadAsync();
    }

    private string TitleOf(string month) => Months.FirstOrDefault(m => m.Name == month).Title ?? month;

    private static string PathOfMonth(string month) => $"periods/{Uri.EscapeDataString(month)}";
}
