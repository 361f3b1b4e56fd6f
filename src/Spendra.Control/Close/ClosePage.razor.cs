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

    private string Title => Months.FirstOrDefault(m => m.Name == Shown).Title ?? Shown;

    private IReadOnlyList<(string Name, string Title)> Months => [.. Enumerable.Range(0, ShownMonths).Select(ago => NowUtc.AddDays(1 - NowUtc.Day).AddMonths(-ago))
        .Select(month => (month.ToString("yyyy-MM", CultureInfo.InvariantCulture), month.ToString("MMM yyyy", CultureInfo.InvariantCulture)))];

    /// <summary>The month's rows: it is a month of UTC here too.</summary>
    private string Entries => DateOnly.TryParseExact($"{Shown}-01", "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var first)
        ? PathOf($"ledger/entries?from={first:yyyy-MM-dd}T00:00:00Z&to={first.AddMonths(1):yyyy-MM-dd}T00:00:00Z") : PathOf("ledger/entries");

    private string Path => $"periods/{Uri.EscapeDataString(Shown)}";

    protected override async Task LoadAsync()
    {
        _period = await ReadAsync<PeriodView>(Path);
        _locks = (await ReadAsync<Page<PeriodLockView>>("periods/locks?limit=50"))?.Items ?? [];
        (_rules, _rulesVersion) = await ReadVersionedAsync<ClosingRulesView>("periods/rules");
        _tolerance = _rules?.ToleranceBasisPoints ?? 0;
    }

    private async Task LockAsync()
    {
        if (!await Confirmation.AskAsync(Dialogs, $"Lock {Title}?",
            $"{Amounts.Usd(_period!.ExpenseUsd)} stand for {Title} from then on. What is booked later belongs to a later month and names what it corrects.", "Lock it")) return;
        await DoAsync("lock", new PeriodToLock { Waiver = QueryText.OrNull(_waiver) });
    }

    private async Task ReopenAsync()
    {
        if (!await Confirmation.AskAsync(Dialogs, $"Open {Title} again?",
            "Corrections may be booked into it again, and what was reported of it may become wrong. That it was opened stands in the audit record for good.", "Open it")) return;
        await DoAsync("reopen", new PeriodToReopen { Reason = _reason.Trim() });
    }

    private async Task DoAsync(string verb, object body)
    {
        _refused = (await SendAsync<PeriodLockView>(new PageCall(HttpMethod.Post, $"{Path}/{verb}", body))).Problem;
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
}
