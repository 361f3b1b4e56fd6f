using Spendra.Core.Budgets;
using Spendra.Core.Money;

namespace Spendra.Core.Ledger.Verification;

/// <summary>Adds up what reservations and events say of each window and compares it with the window's row.</summary>
internal sealed class WindowCheck
{
    private const int IdBytes = 16;

    private readonly VerifiedOrganization _organization;
    private readonly VerificationReport _report;
    private readonly Dictionary<Guid, Totals> _totals = [];

    public WindowCheck(VerifiedOrganization organization, VerificationReport report)
    {
        _organization = organization;
        _report = report;
        foreach (var window in organization.Windows) _totals[window.WindowId] = new Totals { Row = window };
        foreach (var excess in organization.Excesses) Of(excess.WindowId).Excess += excess.Amount.Value;
    }

    public void AddReserved(ReadOnlySpan<byte> windowIds, NanoUsd amount)
    {
        for (var i = 0; i + IdBytes <= windowIds.Length; i += IdBytes)
            Of(new Guid(windowIds.Slice(i, IdBytes), bigEndian: true)).Reserved += amount.Value;
    }

    public void AddSettled(ReadOnlySpan<byte> windowIds, NanoUsd cost)
    {
        for (var i = 0; i + IdBytes <= windowIds.Length; i += IdBytes)
            Of(new Guid(windowIds.Slice(i, IdBytes), bigEndian: true)).Settled += cost.Value;
    }

    public void Complete()
    {
        foreach (var (windowId, totals) in _totals)
        {
            var subject = $"window {windowId}";
            Compare(Invariant.WindowReserved, subject, totals.Reserved, totals.Row?.Reserved);
            Compare(Invariant.WindowSettled, subject, totals.Settled, totals.Row?.Settled);
            if (totals.Row is { } row) CompleteRow(subject, row, totals);
        }
    }

    private void CompleteRow(string subject, WindowRow row, Totals totals)
    {
        _report.Count(Invariant.WindowId, 1);
        var id = BudgetWindow.IdOf(row.BudgetId, row.Span);
        if (id != row.WindowId) _report.Add(Invariant.WindowId, subject, $"{id}", $"{row.WindowId}");

        if (row.Span.EndsAt > _organization.NowMicros)
        {
            _report.Count(Invariant.WindowLimit, 1);
            if (!_organization.BudgetAmounts.TryGetValue(row.BudgetId, out var amount))
                _report.Add(Invariant.WindowLimit, subject, $"budget {row.BudgetId}", "no such budget");
            else if (amount != row.Limit)
                _report.Add(Invariant.WindowLimit, subject, Usd(amount.Value), Usd(row.Limit.Value));
        }

        if (_organization.HardCapped.Contains(row.BudgetId))
        {
            _report.Count(Invariant.HardCap, 1);
            var highest = row.Limit.Value + totals.Excess;
            var taken = (Int128)row.Settled.Value + row.Reserved.Value;
            if (taken > highest)
                _report.Add(Invariant.HardCap, subject, $"at most {Usd(highest)} (limit and excesses)", Usd(taken));
        }
    }

    private void Compare(string invariant, string subject, Int128 sum, NanoUsd? stored)
    {
        _report.Count(invariant, 1);
        if (stored is null ? sum == 0 : sum == stored.Value.Value) return;
        _report.Add(invariant, subject, Usd(sum), stored is { } row ? Usd(row.Value) : "no such window");
    }

    private Totals Of(Guid windowId)
    {
        if (_totals.TryGetValue(windowId, out var totals)) return totals;
        return _totals[windowId] = new Totals();
    }

    // Corrupt rows may add up to more than an amount can be.
    private static string Usd(Int128 nanos) => nanos <= long.MaxValue && nanos >= long.MinValue
        ? $"{new NanoUsd((long)nanos)} USD"
        : $"{nanos} nano-USD";

    private sealed class Totals
    {
        public WindowRow? Row { get; init; }

        public Int128 Reserved { get; set; }

        public Int128 Settled { get; set; }

        public Int128 Excess { get; set; }
    }
}
