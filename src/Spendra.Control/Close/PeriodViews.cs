using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Spendra.Control.Shell;
using Spendra.Core.Money;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Periods;

namespace Spendra.Control.Close;

/// <summary>The lock of an accounting period.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Month">The period, UTC.</param>
/// <param name="State"><c>locked</c>, or <c>reopened</c> when it is not in force any more.</param>
/// <param name="Entries">How many journal entries the period held when it was locked.</param>
/// <param name="ExpenseUsd">What they debited to expenses.</param>
/// <param name="LastEntry">The last journal entry before the lock: later ones are of later periods.</param>
/// <param name="Waiver">Why bills did not have to be explained; null where they were.</param>
/// <param name="LockedAt">When.</param>
/// <param name="LockedBy">Who.</param>
/// <param name="ReopenedAt">When it was opened again.</param>
/// <param name="ReopenedBy">Who opened it.</param>
/// <param name="ReopenReason">Why.</param>
internal sealed record PeriodLockView(
    Guid Id, string Month, string State, long Entries, NanoUsd ExpenseUsd, long LastEntry, string? Waiver, DateTime LockedAt, string LockedBy,
    DateTime? ReopenedAt, string? ReopenedBy, string? ReopenReason)
{
    public static PeriodLockView Of(PeriodLock row) => new(row.LockId, row.Period.ToString(), row.IsInForce ? "locked" : "reopened", row.EntryCount, row.Expense,
        row.LastSequence, row.Waiver, Utc(row.LockedAt), row.LockedBy, row.ReopenedAt is { } at ? Utc(at) : null, row.ReopenedBy, row.ReopenReason);

    /// <summary>As audit records tell it.</summary>
    public static Description Describe(PeriodLock row) => new(
    [
        ("month", row.Period.ToString()), ("state", row.IsInForce ? "locked" : "reopened"), ("entries", Text(row.EntryCount)), ("expenseUsd", row.Expense.ToString()),
        ("lastEntry", Text(row.LastSequence)), ("waiver", row.Waiver), ("reopenReason", row.ReopenReason),
    ]);

    private static DateTime Utc(long micros) => Micros.ToInstant(micros).UtcDateTime;

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A bill that belongs to a period.</summary>
/// <param name="Account">The provider account.</param>
/// <param name="ReconciliationId">The latest comparison of its month; null when there is none.</param>
/// <param name="ExplainedPercent">How much of the bill is explained; null without a comparison.</param>
/// <param name="IsCurrent">Whether that was compared after the month's end and after the last import of a bill of the month.</param>
/// <param name="IsWithinTolerance">Whether that is enough.</param>
internal sealed record PeriodAccountView(string Account, Guid? ReconciliationId, string? ExplainedPercent, bool IsCurrent, bool IsWithinTolerance);

/// <summary>An accounting period with what is checked before it is locked.</summary>
/// <param name="Month">The period, UTC.</param>
/// <param name="IsLocked">Whether it is locked, by itself or with a later one.</param>
/// <param name="IsAsLocked">Whether it still adds up to what its lock noted: if not, somebody changed the books by hand; null while it has no lock of its own.</param>
/// <param name="Entries">Its journal entries.</param>
/// <param name="ExpenseUsd">What they debit to expenses.</param>
/// <param name="TrialBalanceUsd">Debits minus credits: zero.</param>
/// <param name="UnbalancedEntries">Entries that do not balance by themselves: none.</param>
/// <param name="OpenReservations">Reservations of it, or earlier, that have not ended: none, to lock it.</param>
/// <param name="InDoubt">Requests that stand at their bound because nobody told what they cost; they stop nothing.</param>
/// <param name="Accounts">Bills, and how far they are explained.</param>
/// <param name="TolerancePercent">How much of a bill may stay unexplained.</param>
/// <param name="Obstacles">Why it cannot be locked, in sentences; empty when it can.</param>
/// <param name="Unexplained">Bills that are not explained enough: a reason waives them.</param>
internal sealed record PeriodView(
    string Month, bool IsLocked, bool? IsAsLocked, long Entries, NanoUsd ExpenseUsd, NanoUsd TrialBalanceUsd, long UnbalancedEntries, long OpenReservations, long InDoubt,
    IReadOnlyList<PeriodAccountView> Accounts, string TolerancePercent, IReadOnlyList<string> Obstacles, IReadOnlyList<string> Unexplained);

/// <summary>Locks a period.</summary>
public sealed record PeriodToLock
{
    /// <summary>Why it is locked although a bill is not explained within the tolerance; absent where all are.</summary>
    [Plain(500)]
    public string? Waiver { get; init; }
}

/// <summary>Opens a period again.</summary>
public sealed record PeriodToReopen
{
    /// <summary>Why.</summary>
    [Plain(500)]
    public required string Reason { get; init; }
}

/// <summary>What is asked for before a period is locked.</summary>
public sealed record ClosingRulesBody
{
    /// <summary>How much of a bill may stay unexplained, in hundredths of a per cent: 100 is one per cent.</summary>
    [Range(0, 10_000)]
    public required int ToleranceBasisPoints { get; init; }
}

/// <summary>What is asked for before a period is locked.</summary>
/// <param name="ToleranceBasisPoints">How much of a bill may stay unexplained, in hundredths of a per cent.</param>
/// <param name="Version">For If-Match; 0 as long as nobody has set it.</param>
internal sealed record ClosingRulesView(int ToleranceBasisPoints, long Version);
