using Spendra.Core.Budgets;
using Spendra.Core.Governance;
using Spendra.Core.Money;

namespace Spendra.Core.Ledger.Verification;

/// <summary>Adds up what reservations and events say of each window and compares it with the window's row.</summary>
internal sealed class WindowCheck
{
    private const int IdBytes = 16;

    // Reservations that were made before a window ended are written a little later, by clocks that are not quite right.
    private const long MarginMicros = 3_600_000_000;

    private readonly VerifiedOrganization _organization;
    private readonly VerificationReport _report;
    private readonly Dictionary<Guid, Totals> _totals = [];
    private readonly List<Totals> _named = [];
    private readonly List<WindowRow?> _claimed = [];
    private readonly ClaimCheck _claims;
    private readonly Dictionary<Guid, long> _cappedUntil = [];
    private long _reservations;

    public WindowCheck(VerifiedOrganization organization, VerificationReport report)
    {
        _organization = organization;
        _report = report;
        _claims = new ClaimCheck(organization, report);
        foreach (var policy in organization.Policies.Values)
        {
            if (policy is { Kind: PolicyKind.HardCap, BudgetId: { } budgetId, ArchivedAt: { } end })
                _cappedUntil[budgetId] = Math.Max(end, _cappedUntil.GetValueOrDefault(budgetId));
        }
        foreach (var window in organization.Windows) _totals[window.WindowId] = new Totals(window.WindowId) { Row = window };
        foreach (var excess in organization.Excesses) Of(excess.WindowId).Excess += excess.Amount.Value;
    }

    /// <summary>Finds the windows that a row names, for the calls that follow.</summary>
    public void Find(ReadOnlySpan<byte> windowIds)
    {
        _named.Clear();
        for (var i = 0; i + IdBytes <= windowIds.Length; i += IdBytes)
            _named.Add(Of(new Guid(windowIds.Slice(i, IdBytes), bigEndian: true)));
    }

    public void AddReserved(NanoUsd amount)
    {
        foreach (var window in _named) window.Reserved += amount.Value;
    }

    public void AddSettled(NanoUsd cost)
    {
        foreach (var window in _named) window.Settled += cost.Value;
    }

    /// <summary>
    /// The windows of a reservation exist, each once, are those of its policies, and held the instant at which they were chosen.
    /// </summary>
    public void CheckClaims(in ReservationRow row)
    {
        _reservations++;
        if (row.WindowIds.Length % IdBytes != 0)
            Report(Invariant.ReservationWindows, row, "ids of 16 bytes", $"{row.WindowIds.Length} bytes");
        if (_named.Count == 0 && row.Amount != NanoUsd.Zero)
            Report(Invariant.ReservationWindows, row, $"a window that holds {row.Amount} USD", "none");
        _claimed.Clear();
        foreach (var window in _named) _claimed.Add(window.Row);
        _claims.Check(row, _claimed);
        for (var i = 0; i < _named.Count; i++)
        {
            var window = _named[i];
            if (window.Row is not { } found)
                Report(Invariant.ReservationWindows, row, $"window {window.WindowId}", "no such window");
            else if (!found.Span.Contains(row.ReservedAt))
                Report(Invariant.ReservationSpan, row, $"reserved within {found.Span.StartsAt}..{found.Span.EndsAt} of window {window.WindowId}", $"reserved at {row.ReservedAt}");
            if (_named.IndexOf(window) != i)
                Report(Invariant.ReservationWindows, row, $"window {window.WindowId} once", "twice");
        }
    }

    public void Complete()
    {
        _report.Count(Invariant.ReservationWindows, _reservations);
        _report.Count(Invariant.ReservationSpan, _reservations);
        _claims.Complete();
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

        _report.Count(Invariant.WindowSpan, 1);
        if (!_organization.Budgets.TryGetValue(row.BudgetId, out var budget))
            _report.Add(Invariant.WindowSpan, subject, $"budget {row.BudgetId}", "no such budget");
        else CompareWithBudget(subject, row, budget);

        if (IsHardCapped(row))
        {
            _report.Count(Invariant.HardCap, 1);
            var highest = row.Limit.Value + totals.Excess;
            var taken = (Int128)row.Settled.Value + row.Reserved.Value;
            if (taken > highest)
                _report.Add(Invariant.HardCap, subject, $"at most {Usd(highest)} (limit and excesses)", Usd(taken));
        }
    }

    /// <summary>
    /// Of a cap that was archived the windows that had ended before: nothing was booked in them since but what they held,
    /// and what excesses explain. In those that went on, a budget that is only watched may be passed.
    /// </summary>
    private bool IsHardCapped(WindowRow row) => _organization.HardCapped.Contains(row.BudgetId)
        || (_cappedUntil.TryGetValue(row.BudgetId, out var end) && row.Span.EndsAt <= end - MarginMicros);

    private void CompareWithBudget(string subject, WindowRow row, Budget budget)
    {
        if (budget.WindowAt(row.Span.StartsAt)?.Span is var span && span != row.Span)
        {
            _report.Add(Invariant.WindowSpan, subject,
                span is { } period ? $"{period.StartsAt}..{period.EndsAt}" : $"a period of budget '{budget.Slug}'",
                $"{row.Span.StartsAt}..{row.Span.EndsAt}");
        }
        if (row.Span.EndsAt <= _organization.NowMicros) return;
        _report.Count(Invariant.WindowLimit, 1);
        if (budget.Amount != row.Limit)
            _report.Add(Invariant.WindowLimit, subject, Usd(budget.Amount.Value), Usd(row.Limit.Value));
    }

    private void Compare(string invariant, string subject, Int128 sum, NanoUsd? stored)
    {
        _report.Count(invariant, 1);
        if (stored is null ? sum == 0 : sum == stored.Value.Value) return;
        _report.Add(invariant, subject, Usd(sum), stored is { } row ? Usd(row.Value) : "no such window");
    }

    private void Report(string invariant, in ReservationRow row, string expected, string found) =>
        _report.Add(invariant, $"reservation {row.ReservationId}", expected, found);

    private Totals Of(Guid windowId)
    {
        if (_totals.TryGetValue(windowId, out var totals)) return totals;
        return _totals[windowId] = new Totals(windowId);
    }

    // Corrupt rows may add up to more than an amount can be.
    private static string Usd(Int128 nanos) => nanos <= long.MaxValue && nanos >= long.MinValue
        ? $"{new NanoUsd((long)nanos)} USD"
        : $"{nanos} nano-USD";

    private sealed class Totals(Guid windowId)
    {
        public Guid WindowId { get; } = windowId;

        public WindowRow? Row { get; init; }

        public Int128 Reserved { get; set; }

        public Int128 Settled { get; set; }

        public Int128 Excess { get; set; }
    }
}
