using System.Globalization;
using Microsoft.AspNetCore.Components;
using MudBlazor;
using Spendra.Control.Dashboard;
using Spendra.Control.Dashboard.Parts;
using Spendra.Control.Ledger;
using Spendra.Control.Requests;
using Spendra.Control.Shell;
using Spendra.Core.Money;

namespace Spendra.Control.Budgets;

/// <summary>One budget: the proof of its window, what holds money in it, its past, and what may be changed.</summary>
public sealed partial class BudgetPage
{
    private BudgetView? _budget;
    private string? _version, _amountVersion;
    private IReadOnlyList<ReservationView> _reservations = [];
    private IReadOnlyList<WindowView> _windows = [];
    private PageProblem? _refused;
    private string _amount = "", _more = "", _reason = "";
    private DateOnly? _until;
    private TimeZoneInfo _zone = TimeZoneInfo.Utc;

    [Parameter]
    public string Slug { get; set; } = "";

    [Inject]
    private IDialogService Dialogs { get; set; } = null!;

    protected override TimeSpan? RefreshEvery => TimeSpan.FromSeconds(3);

    private string Path => $"budgets/{Uri.EscapeDataString(Slug)}";

    protected override async Task LoadAsync()
    {
        var isFirst = _budget?.Slug != Slug;
        (_budget, _version) = await ReadVersionedAsync<BudgetView>(Path);
        if (_budget is null) return;
        _zone = ZoneName.Find(_budget.TimeZone) ?? TimeZoneInfo.Utc;
        // What somebody is typing stays.
        if (isFirst) (_amount, _amountVersion) = (_budget.AmountUsd.ToString(), _version);
        _windows = (await ReadAsync<Page<WindowView>>($"{Path}/windows?limit=24"))?.Items ?? [];
        if (May(Core.Access.Capability.LedgerRead))
            _reservations = (await ReadAsync<Page<ReservationView>>(QueryText.Of("ledger/reservations", ("limit", "50"), ("scope", _budget.Scope))))?.Items ?? [];
    }

    private string Settled(WindowView window) => PathOf(QueryText.Of("ledger", ("scope", _budget!.Scope),
        ("from", window.Start?.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)), ("to", window.End?.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture))));

    private async Task ChangeAsync()
    {
        if (ReadAmount(_amount) is not { } amount) return;
        // Not the version of the last look: what somebody else changed since this was typed is not overwritten unseen.
        if (await DoAsync<BudgetView>(new PageCall(HttpMethod.Put, Path, new EditedBudget { AmountUsd = amount }) { Version = _amountVersion })) _amountVersion = _version;
    }

    private async Task IncreaseAsync()
    {
        if (ReadAmount(_more) is not { } amount || _until is not { } until || _budget is null) return;
        var end = ZoneName.StartOf(until.AddDays(1), _zone);
        if (await DoAsync<IncreaseView>(new PageCall(HttpMethod.Post, $"{Path}/increases", new NewIncrease { AmountUsd = amount, Until = end, Reason = _reason }))) (_more, _reason, _until) = ("", "", null);
    }

    private async Task EndAsync(BudgetIncreaseView increase)
    {
        if (!await Confirmation.AskAsync(Dialogs, "End this increase now?",
            $"{Amounts.Usd(increase.AmountUsd)} leave the budget at once. Requests that would have counted on them are refused; what is already held stays held.", "End it")) return;
        await DoAsync<IncreaseView>(new PageCall(HttpMethod.Post, $"{Path}/increases/{increase.Id}/end") { Version = _version });
    }

    private async Task<bool> DoAsync<T>(PageCall call)
    {
        _refused = (await SendAsync<T>(call)).Problem;
        if (_refused is { Status: 412 } && _budget is not null) (_amount, _amountVersion) = (_budget.AmountUsd.ToString(), _version);
        if (_refused is null) await ReloadAsync();
        return _refused is null;
    }

    private NanoUsd? ReadAmount(string text)
    {
        if (NanoUsd.TryParse(text.Trim(), out var amount)) return amount;
        _refused = PageProblem.NotAnAmount("amountUsd");
        return null;
    }
}
