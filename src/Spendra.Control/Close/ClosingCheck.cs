using System.Globalization;
using Spendra.Core.Ledger;
using Spendra.Core.Reconciliation;
using Spendra.Storage.Periods;

namespace Spendra.Control.Close;

/// <summary>Says of a period's books whether it may be locked.</summary>
internal static class ClosingCheck
{
    /// <summary>Why a period cannot be locked whatever anybody says, in sentences.</summary>
    public static IReadOnlyList<string> Obstacles(AccountingPeriod period, PeriodCalendar calendar, PeriodChecks checks, long nowMicros)
    {
        var obstacles = new List<string>();
        if (calendar.Obstacle(period, nowMicros) is { } order) obstacles.Add($"{order}.");
        if (checks.OpenReservations > 0)
            obstacles.Add(string.Create(CultureInfo.InvariantCulture, $"{checks.OpenReservations} requests made before its end have not ended: wait until they are settled, or have expired."));
        if (!checks.Totals.IsBalanced)
            obstacles.Add($"Its trial balance is {checks.Totals.Balance} USD with {checks.Totals.UnbalancedCount} unbalanced entries: run 'spendra verify'.");
        return obstacles;
    }

    public static bool IsWithinTolerance(PeriodAccount account, ClosingRules rules) =>
        account is { IsCurrent: true, Report: { } report } && report.Explained >= ExplainedShare.Whole - rules.ToleranceBasisPoints;

    /// <summary>Accounts whose bills are not explained enough.</summary>
    public static IReadOnlyList<string> Unexplained(PeriodChecks checks, ClosingRules rules) =>
        [.. checks.Accounts.Where(a => !IsWithinTolerance(a, rules)).Select(a => a.Account)];

    public static PeriodView View(AccountingPeriod period, IReadOnlyList<PeriodLock> locks, PeriodChecks checks, ClosingRules rules, long nowMicros) => new(
        period.ToString(), PeriodReader.ToCalendar(locks).IsLocked(period),
        locks.FirstOrDefault(l => l.Period == period) is { } own ? own.EntryCount == checks.Totals.EntryCount && own.Expense == checks.Totals.Expense : null,
        checks.Totals.EntryCount, checks.Totals.Expense, checks.Totals.Balance, checks.Totals.UnbalancedCount,
        checks.OpenReservations, checks.InDoubt,
        [.. checks.Accounts.Select(a => new PeriodAccountView(a.Account, a.Report?.Run.RunId, a.Report is { } r ? Percent(r.Explained) : null, a.IsCurrent, IsWithinTolerance(a, rules)))],
        Percent(rules.ToleranceBasisPoints), Obstacles(period, PeriodReader.ToCalendar(locks), checks, nowMicros), Unexplained(checks, rules));

    private static string Percent(int basisPoints) => string.Create(CultureInfo.InvariantCulture, $"{basisPoints / 100}.{basisPoints % 100:D2}");
}
