using System.Data.Common;
using Dapper;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Reconciliation;

/// <summary>A bill that is fetched again and again. Times are microseconds since the Unix epoch.</summary>
public sealed record BillSchedule
{
    public required Guid OrganizationId { get; init; }

    public required Guid ScheduleId { get; init; }

    /// <summary>Whose bill it is.</summary>
    public required Guid AccountId { get; init; }

    /// <summary>The account's slug.</summary>
    public string Account { get; init; } = "";

    /// <summary>The account whose credential may see it.</summary>
    public required Guid CredentialAccountId { get; init; }

    /// <summary>That account's slug.</summary>
    public string CredentialAccount { get; init; } = "";

    /// <summary>Five fields, UTC.</summary>
    public required string Cron { get; init; }

    /// <summary>How many of the last whole days are fetched each time, from 1 to 30.</summary>
    public required int DayCount { get; init; }

    /// <summary>The months that the days are of are compared afterwards.</summary>
    public required bool IsCompared { get; init; }

    /// <summary>The instant that waits; null when it has been ended.</summary>
    public long? NextAt { get; init; }

    /// <summary>Not tried before: later than <see cref="NextAt"/> after failures.</summary>
    public long RetryAt { get; init; }

    /// <summary>Attempts for the instant that waits which have failed.</summary>
    public int Attempts { get; init; }

    /// <summary>What went wrong the last time, in one sentence; null when nothing did.</summary>
    public string? Failure { get; init; }

    public long? FailedAt { get; init; }

    public long? FetchedAt { get; init; }

    /// <summary>The day after the last one that was fetched, in days since the Unix epoch.</summary>
    public long? FetchedEndDay { get; init; }

    /// <summary>The import that the last fetch made, or found to be there already.</summary>
    public Guid? ImportId { get; init; }

    /// <summary>Who is at it, or was.</summary>
    public Guid? HolderId { get; init; }

    public long CreatedAt { get; init; }

    public string CreatedBy { get; init; } = "";

    public long? EndedAt { get; init; }

    public required long Version { get; init; }
}

/// <summary>Reads schedules of bills, and puts them for <see cref="GovernanceRowWriter"/>.</summary>
public static class BillSchedules
{
    private const string Rows = """
        SELECT s.organization_id, s.schedule_id, s.account_id, a.slug AS account, s.credential_account_id, c.slug AS credential_account, s.cron,
            s.day_count, s.is_compared, s.next_at, s.retry_at, s.attempts, s.failure, s.failed_at, s.fetched_at, s.fetched_end_day, s.import_id,
            s.holder_id, s.created_at, s.created_by, s.ended_at, s.version
        FROM bill_schedules s
        LEFT JOIN provider_accounts a ON a.organization_id = s.organization_id AND a.account_id = s.account_id
        LEFT JOIN provider_accounts c ON c.organization_id = s.organization_id AND c.account_id = s.credential_account_id
        WHERE s.organization_id = @organizationId
        """;

    internal const string One = Rows + "\nAND s.schedule_id = @scheduleId";
    private const string Page = Rows + "\nAND (@isFirst OR s.schedule_id < @before) AND s.ended_at IS NULL ORDER BY s.schedule_id DESC LIMIT @limit";

    private const string Due = """
        SELECT organization_id, schedule_id FROM bill_schedules
        WHERE next_at <= @now AND retry_at <= @now AND (holder_id IS NULL OR held_until < @now)
        ORDER BY retry_at, schedule_id LIMIT 100
        """;

    private const string Put = """
        INSERT INTO bill_schedules (organization_id, schedule_id, account_id, credential_account_id, cron, day_count, is_compared, next_at,
            retry_at, attempts, held_until, created_at, created_by, version)
        VALUES (@OrganizationId, @ScheduleId, @AccountId, @CredentialAccountId, @Cron, @DayCount, @IsCompared, @NextAt, @NextAt, 0, 0,
            @NowMicros, @Actor, @Version)
        ON CONFLICT (organization_id, schedule_id) DO UPDATE SET next_at = excluded.next_at, retry_at = excluded.retry_at, attempts = 0,
            failure = NULL, failed_at = NULL, fetched_at = @FetchedAt, fetched_end_day = @FetchedEndDay, import_id = @ImportId,
            holder_id = NULL, held_until = 0, version = excluded.version
        """;

    private const string End = """
        UPDATE bill_schedules SET next_at = NULL, ended_at = @NowMicros, ended_by = @Actor, holder_id = NULL, held_until = 0, version = @Version
        WHERE organization_id = @OrganizationId AND schedule_id = @ScheduleId AND ended_at IS NULL
        """;

    /// <summary>Those that have not been ended, the latest first.</summary>
    public static async Task<IReadOnlyList<BillSchedule>> ListAsync(Database database, Guid organizationId, Guid? before, int limit, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var rows = await connection.QueryAsync<StoredSchedule>(new CommandDefinition(Page,
            new { organizationId, isFirst = before is null, before = before ?? Guid.Empty, limit }, transaction, cancellationToken: cancel));
        return [.. rows.Select(r => r.ToSchedule())];
    }

    /// <summary>One, under the lock of a change; ended ones too.</summary>
    public static Task<BillSchedule?> FindAsync(GovernanceTransaction transaction, Guid scheduleId, CancellationToken cancel) =>
        transaction.ReadAsync(async (connection, inner) => (await connection.QuerySingleOrDefaultAsync<StoredSchedule>(new CommandDefinition(
            One, new { organizationId = transaction.OrganizationId, scheduleId }, inner, cancellationToken: cancel)))?.ToSchedule());

    /// <summary>Those of all organizations whose instant has come and that nobody is at.</summary>
    public static async Task<IReadOnlyList<(Guid OrganizationId, Guid ScheduleId)>> ListDueAsync(Database database, long nowMicros, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        return [.. (await connection.QueryAsync<StoredKey>(new CommandDefinition(Due, new { now = nowMicros }, cancellationToken: cancel)))
            .Select(r => (r.OrganizationId, r.ScheduleId))];
    }

    internal static async Task WriteAsync(
        Database database, DbConnection connection, DbTransaction transaction, WriteStamp stamp, List<GovernanceWrite> writes, CancellationToken cancel)
    {
        var schedules = writes.OfType<GovernanceWrite.PutBillSchedule>().Select(w => w.Schedule).ToList();
        await database.ExecuteEachAsync(connection, transaction, Put, schedules.Where(s => s.NextAt is not null).Select(s => new
        {
            stamp.OrganizationId, s.ScheduleId, s.AccountId, s.CredentialAccountId, s.Cron, s.DayCount, s.IsCompared, s.NextAt, s.FetchedAt,
            s.FetchedEndDay, s.ImportId, stamp.NowMicros, stamp.Actor, s.Version,
        }), cancel);
        await database.ExecuteEachAsync(connection, transaction, End, schedules.Where(s => s.NextAt is null).Select(s => new
        {
            stamp.OrganizationId, s.ScheduleId, s.Version, stamp.NowMicros, stamp.Actor,
        }), cancel);
    }

    internal sealed class StoredSchedule
    {
        public Guid OrganizationId { get; set; }
        public Guid ScheduleId { get; set; }
        public Guid AccountId { get; set; }
        public string? Account { get; set; }
        public Guid CredentialAccountId { get; set; }
        public string? CredentialAccount { get; set; }
        public string Cron { get; set; } = "";
        public int DayCount { get; set; }
        public bool IsCompared { get; set; }
        public long? NextAt { get; set; }
        public long RetryAt { get; set; }
        public int Attempts { get; set; }
        public string? Failure { get; set; }
        public long? FailedAt { get; set; }
        public long? FetchedAt { get; set; }
        public long? FetchedEndDay { get; set; }
        public Guid? ImportId { get; set; }
        public Guid? HolderId { get; set; }
        public long CreatedAt { get; set; }
        public string CreatedBy { get; set; } = "";
        public long? EndedAt { get; set; }
        public long Version { get; set; }

        public BillSchedule ToSchedule() => new()
        {
            OrganizationId = OrganizationId, ScheduleId = ScheduleId, AccountId = AccountId, Account = Account ?? "unknown", CredentialAccountId = CredentialAccountId,
            CredentialAccount = CredentialAccount ?? "unknown", Cron = Cron, DayCount = DayCount, IsCompared = IsCompared, NextAt = NextAt, RetryAt = RetryAt,
            Attempts = Attempts, Failure = Failure, FailedAt = FailedAt, FetchedAt = FetchedAt, FetchedEndDay = FetchedEndDay, ImportId = ImportId,
            HolderId = HolderId, CreatedAt = CreatedAt, CreatedBy = CreatedBy, EndedAt = EndedAt, Version = Version,
        };
    }

    private sealed class StoredKey
    {
        public Guid OrganizationId { get; set; }
        public Guid ScheduleId { get; set; }
    }
}
