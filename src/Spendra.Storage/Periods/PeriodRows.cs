using System.Data.Common;
using Dapper;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Periods;

/// <summary>The lock of an accounting period, in force or ended by a reopening. Times are microseconds since the Unix epoch.</summary>
public sealed record PeriodLock
{
    public required Guid LockId { get; init; }

    public required AccountingPeriod Period { get; init; }

    /// <summary>The number of the last entry before the lock.</summary>
    public required long LastSequence { get; init; }

    /// <summary>How many entries the period held when it was locked.</summary>
    public required long EntryCount { get; init; }

    /// <summary>What its entries debited to expenses.</summary>
    public required NanoUsd Expense { get; init; }

    /// <summary>Why bills did not have to be explained within the tolerance; null where they were.</summary>
    public string? Waiver { get; init; }

    public long LockedAt { get; init; }

    public string LockedBy { get; init; } = "";

    public long? ReopenedAt { get; init; }

    public string? ReopenedBy { get; init; }

    public string? ReopenReason { get; init; }

    public bool IsInForce => ReopenedAt is null;
}

/// <summary>What an organization asks for before a period is locked.</summary>
/// <param name="ToleranceBasisPoints">How much of a bill may stay unexplained: 0 to 10,000.</param>
/// <param name="Version">0 as long as nobody has set it.</param>
public sealed record ClosingRules(int ToleranceBasisPoints, long Version)
{
    /// <summary>A per cent.</summary>
    public static ClosingRules Default { get; } = new(100, 0);
}

/// <summary>Reads locks and rules of closing.</summary>
public static class PeriodReader
{
    private const string Rows = """
        SELECT lock_id, period_starts_at, last_sequence, entry_count, expense_nanos, waiver, locked_at, locked_by, reopened_at, reopened_by,
            reopen_reason
        FROM period_locks WHERE organization_id = @organizationId
        """;

    private const string Page = Rows + "\nAND (@isFirst OR lock_id < @before) ORDER BY lock_id DESC LIMIT @limit";

    private const string InForce = Rows + "\nAND reopened_at IS NULL";

    private const string InForceAt = Rows + "\nAND locked_at <= @at AND (reopened_at IS NULL OR reopened_at > @at)";

    private const string Rules = "SELECT tolerance_basis_points, version FROM closing_rules WHERE organization_id = @organizationId";

    /// <summary>The latest lock first, ended ones too.</summary>
    public static async Task<IReadOnlyList<PeriodLock>> ListAsync(Database database, Guid organizationId, Guid? before, int limit, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var rows = await connection.QueryAsync<Stored>(new CommandDefinition(
            Page, new { organizationId, isFirst = before is null, before = before ?? Guid.Empty, limit }, transaction, cancellationToken: cancel));
        return [.. rows.Select(r => r.ToLock())];
    }

    /// <summary>The locks in force, under the lock of a change.</summary>
    public static Task<IReadOnlyList<PeriodLock>> InForceAsync(GovernanceTransaction transaction, CancellationToken cancel) =>
        transaction.ReadAsync((connection, inner) => InForceAsync(connection, inner, transaction.OrganizationId, cancel));

    /// <summary>
    /// The month that a correction is booked into by name, under the lock of its approval; null when it names none, or one that is
    /// locked: then it is of the month of its approval. No period is locked while the organization is.
    /// </summary>
    public static async Task<string?> BookedMonthAsync(GovernanceTransaction transaction, string? month, CancellationToken cancel)
    {
        if (!AccountingPeriod.TryParse(month, out var period) || period >= AccountingPeriod.Of(transaction.NowMicros)) return null;
        return ToCalendar(await InForceAsync(transaction, cancel)).IsLocked(period) ? null : month;
    }

    public static async Task<ClosingRules> RulesAsync(Database database, Guid organizationId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        return await RulesAsync(connection, transaction, organizationId, cancel);
    }

    /// <summary>The rules, under the lock of a change.</summary>
    public static Task<ClosingRules> RulesAsync(GovernanceTransaction transaction, CancellationToken cancel) =>
        transaction.ReadAsync((connection, inner) => RulesAsync(connection, inner, transaction.OrganizationId, cancel));

    public static PeriodCalendar ToCalendar(IEnumerable<PeriodLock> locks) => new(locks.Select(l => new LockedPeriod(l.Period, l.LastSequence)));

    /// <summary>The locks in force.</summary>
    public static async Task<IReadOnlyList<PeriodLock>> InForceAsync(Database database, Guid organizationId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        return await InForceAsync(connection, transaction, organizationId, cancel);
    }

    internal static async Task<IReadOnlyList<PeriodLock>> InForceAsync(
        DbConnection connection, DbTransaction transaction, Guid organizationId, CancellationToken cancel)
    {
        var rows = await connection.QueryAsync<Stored>(new CommandDefinition(InForce, new { organizationId }, transaction, cancellationToken: cancel));
        return [.. rows.Select(r => r.ToLock())];
    }

    /// <summary>The locks that were in force at an instant.</summary>
    internal static async Task<IReadOnlyList<PeriodLock>> InForceAtAsync(
        DbConnection connection, DbTransaction transaction, Guid organizationId, long at, CancellationToken cancel)
    {
        var rows = await connection.QueryAsync<Stored>(new CommandDefinition(InForceAt, new { organizationId, at }, transaction, cancellationToken: cancel));
        return [.. rows.Select(r => r.ToLock())];
    }

    private static async Task<ClosingRules> RulesAsync(DbConnection connection, DbTransaction? transaction, Guid organizationId, CancellationToken cancel) =>
        await connection.QuerySingleOrDefaultAsync<StoredRules>(new CommandDefinition(Rules, new { organizationId }, transaction, cancellationToken: cancel))
            is { } stored ? new ClosingRules(stored.ToleranceBasisPoints, stored.Version) : ClosingRules.Default;

    private sealed class Stored
    {
        public Guid LockId { get; set; }
        public long PeriodStartsAt { get; set; }
        public long LastSequence { get; set; }
        public long EntryCount { get; set; }
        public long ExpenseNanos { get; set; }
        public string? Waiver { get; set; }
        public long LockedAt { get; set; }
        public string LockedBy { get; set; } = "";
        public long? ReopenedAt { get; set; }
        public string? ReopenedBy { get; set; }
        public string? ReopenReason { get; set; }

        public PeriodLock ToLock() => new()
        {
            LockId = LockId, Period = AccountingPeriod.Of(PeriodStartsAt), LastSequence = LastSequence, EntryCount = EntryCount,
            Expense = new NanoUsd(ExpenseNanos), Waiver = Waiver, LockedAt = LockedAt, LockedBy = LockedBy, ReopenedAt = ReopenedAt,
            ReopenedBy = ReopenedBy, ReopenReason = ReopenReason,
        };
    }

    private sealed class StoredRules
    {
        public int ToleranceBasisPoints { get; set; }
        public long Version { get; set; }
    }
}

/// <summary>Puts locks and rules of closing, for <see cref="GovernanceRowWriter"/>.</summary>
internal static class PeriodWriter
{
    private const string Lock = """
        INSERT INTO period_locks (organization_id, lock_id, period_starts_at, last_sequence, entry_count, expense_nanos, waiver, locked_at, locked_by)
        VALUES (@OrganizationId, @LockId, @startsAt, @LastSequence, @EntryCount, @expense, @Waiver, @NowMicros, @Actor)
        """;

    private const string Reopen = """
        UPDATE period_locks SET reopened_at = @NowMicros, reopened_by = @Actor, reopen_reason = @ReopenReason
        WHERE organization_id = @OrganizationId AND lock_id = @LockId AND reopened_at IS NULL
        """;

    private const string Rules = """
        INSERT INTO closing_rules (organization_id, tolerance_basis_points, changed_at, changed_by, version)
        VALUES (@OrganizationId, @ToleranceBasisPoints, @NowMicros, @Actor, @Version)
        ON CONFLICT (organization_id) DO UPDATE SET tolerance_basis_points = excluded.tolerance_basis_points,
            changed_at = excluded.changed_at, changed_by = excluded.changed_by, version = excluded.version
        """;

    public static async Task WriteAsync(
        Database database, DbConnection connection, DbTransaction transaction, WriteStamp stamp, List<GovernanceWrite> writes, CancellationToken cancel)
    {
        await database.ExecuteEachAsync(connection, transaction, Lock, writes.OfType<GovernanceWrite.LockPeriod>().Select(w => w.Lock).Select(l => new
        {
            stamp.OrganizationId, l.LockId, startsAt = l.Period.StartsAt, l.LastSequence, l.EntryCount, expense = l.Expense.Value, l.Waiver,
            stamp.NowMicros, stamp.Actor,
        }), cancel);
        await database.ExecuteEachAsync(connection, transaction, Reopen, writes.OfType<GovernanceWrite.ReopenPeriod>().Select(w => w.Lock).Select(l => new
        {
            stamp.OrganizationId, l.LockId, l.ReopenReason, stamp.NowMicros, stamp.Actor,
        }), cancel);
        await database.ExecuteEachAsync(connection, transaction, Rules, writes.OfType<GovernanceWrite.PutClosingRules>().Select(w => w.Rules).Select(r => new
        {
            stamp.OrganizationId, r.ToleranceBasisPoints, stamp.NowMicros, stamp.Actor, r.Version,
        }), cancel);
    }
}
