using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Spendra.Core.Ledger;

/// <summary>A month of the books, UTC, as bills are: named by its first instant in microseconds since the Unix epoch.</summary>
public readonly record struct AccountingPeriod : IComparable<AccountingPeriod>
{
    private const long MicrosPerTick = TimeSpan.TicksPerMicrosecond;

    private AccountingPeriod(int months) => Months = months;

    // Months since the year 0.
    private int Months { get; }

    public int Year => Months / 12;

    public int Month => Months % 12 + 1;

    /// <summary>The first instant, in microseconds since the Unix epoch.</summary>
    public long StartsAt => (new DateTime(Year, Month, 1, 0, 0, 0, DateTimeKind.Utc) - DateTime.UnixEpoch).Ticks / MicrosPerTick;

    /// <summary>The first instant after it.</summary>
    public long EndsAt => Next.StartsAt;

    public AccountingPeriod Next => new(Months + 1);

    public AccountingPeriod Previous => new(Months - 1);

    /// <summary>The period that holds an instant.</summary>
    public static AccountingPeriod Of(long micros)
    {
        var at = DateTime.UnixEpoch.AddTicks(micros * MicrosPerTick);
        return new AccountingPeriod(at.Year * 12 + at.Month - 1);
    }

    /// <summary>Reads <c>2026-10</c>; years from 1970 to 2199.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out AccountingPeriod period)
    {
        period = default;
        if (text is not { Length: 7 } || text[4] != '-') return false;
        if (!int.TryParse(text.AsSpan(0, 4), NumberStyles.None, CultureInfo.InvariantCulture, out var year)) return false;
        if (!int.TryParse(text.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out var month)) return false;
        if (year is < 1970 or > 2199 || month is < 1 or > 12) return false;
        period = new AccountingPeriod(year * 12 + month - 1);
        return true;
    }

    public int CompareTo(AccountingPeriod other) => Months.CompareTo(other.Months);

    public static bool operator <(AccountingPeriod a, AccountingPeriod b) => a.Months < b.Months;

    public static bool operator >(AccountingPeriod a, AccountingPeriod b) => a.Months > b.Months;

    public static bool operator <=(AccountingPeriod a, AccountingPeriod b) => a.Months <= b.Months;

    public static bool operator >=(AccountingPeriod a, AccountingPeriod b) => a.Months >= b.Months;

    /// <summary>For example <c>2026-10</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Year:D4}-{Month:D2}");
}

/// <summary>A period that is locked: entries up to a number may be in it, later ones never.</summary>
public sealed record LockedPeriod(AccountingPeriod Period, long LastSequence);

/// <summary>
/// Which entries a period has, as a condition over the journal: those that were booked into it by name, and those that name no
/// period and lie within these bounds.
/// </summary>
/// <param name="StartsAt">First instant of the period.</param>
/// <param name="EndsAt">First instant after it.</param>
/// <param name="EarlierAfter">Entries dated before the period are in it when their number is above this: the period that they are dated in was locked before they were booked.</param>
/// <param name="LastSequence">No entry above this number is in it.</param>
public readonly record struct PeriodSpan(long StartsAt, long EndsAt, long EarlierAfter, long LastSequence);

/// <summary>
/// Which period an entry belongs to. An entry is of the month that it was booked in. Clocks differ a little, and a month may be
/// locked while another process still dates entries in it: such an entry comes after the lock by its number, which the lock
/// has noted, and belongs to the first period after it. So what a locked period adds up to never changes.
/// </summary>
public sealed class PeriodCalendar(IEnumerable<LockedPeriod> locks)
{
    private readonly LockedPeriod[] _locks = [.. locks.OrderBy(l => l.Period)];

    public bool IsLocked(AccountingPeriod period) => _locks.Length > 0 && period <= _locks[^1].Period;

    /// <summary>The latest locked period; null when none is.</summary>
    public LockedPeriod? Latest => _locks.Length == 0 ? null : _locks[^1];

    /// <param name="sequence">The entry's number.</param>
    /// <param name="bookedAt">When it was booked.</param>
    /// <param name="named">The period that it was booked into by name, or null.</param>
    public AccountingPeriod PeriodOf(long sequence, long bookedAt, AccountingPeriod? named)
    {
        if (named is { } period) return period;
        var dated = AccountingPeriod.Of(bookedAt);
        var closed = _locks.LastOrDefault(l => l.LastSequence < sequence);
        return closed is not null && dated <= closed.Period ? closed.Period.Next : dated;
    }

    /// <summary>The same as a condition.</summary>
    public PeriodSpan SpanOf(AccountingPeriod period)
    {
        var own = _locks.FirstOrDefault(l => l.Period >= period)?.LastSequence ?? long.MaxValue;
        var before = _locks.FirstOrDefault(l => l.Period == period.Previous)?.LastSequence ?? long.MaxValue;
        return new PeriodSpan(period.StartsAt, period.EndsAt, before, own);
    }

    /// <summary>
    /// Why a period cannot be locked next, in one sentence; null when it can. Periods are locked in order, after their end; where
    /// the books begin, or closing does, whatever lies before is closed with the first.
    /// </summary>
    public string? Obstacle(AccountingPeriod period, long nowMicros)
    {
        if (IsLocked(period)) return $"{period} is locked already";
        if (period.EndsAt > nowMicros) return $"{period} is not over yet";
        return Latest is { } latest && latest.Period.Next != period ? $"{latest.Period.Next} is locked before {period}" : null;
    }
}
