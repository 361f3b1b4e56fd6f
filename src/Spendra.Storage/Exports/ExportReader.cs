using System.Data.Common;
using Dapper;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Exports;

/// <summary>Reads exports, their parts and schedules.</summary>
public static class ExportReader
{
    internal const string RunColumns = """
        organization_id, run_id, dataset, format, starts_at, ends_at, rows_per_part, schedule_id, due_at, folder, requested_at, requested_by,
            taken_at, entry_sequence, outbox_sequence, ledger_seal, audit_sequence, rollup_sequence, hours_from, position, part_count, row_count, state,
            attempts, failure, retry_at, ended_at
        """;

    private const string Runs = $"SELECT {RunColumns} FROM export_runs WHERE organization_id = @organizationId";
    private const string OneRun = Runs + " AND run_id = @runId";
    private const string RunPage = Runs + " AND (@isFirst OR run_id < @before) AND (@withAudit OR dataset <> 'audit') ORDER BY run_id DESC LIMIT @limit";

    // The command line goes on with what it began.
    private const string InFolder = Runs + """
         AND folder = @folder AND dataset = @dataset AND format = @format AND starts_at = @startsAt AND ends_at = @endsAt AND state = 'waiting'
        ORDER BY run_id DESC LIMIT 1
        """;

    private const string PartRows = """
        SELECT part_number AS number, row_count, byte_count, sha256, position FROM export_parts
        WHERE organization_id = @organizationId AND run_id = @runId ORDER BY part_number
        """;

    private const string Schedules = """
        SELECT organization_id, schedule_id, dataset, format, cron, period, next_at, created_at, created_by, ended_at, ended_by, version
        FROM export_schedules WHERE organization_id = @organizationId
        """;

    private const string OneSchedule = Schedules + " AND schedule_id = @scheduleId";
    private const string SchedulePage = Schedules + " AND (@isFirst OR schedule_id < @before) AND ended_at IS NULL ORDER BY schedule_id DESC LIMIT @limit";

    /// <summary>The latest first; those of audit records only for whoever may see them.</summary>
    public static async Task<IReadOnlyList<ExportRun>> ListAsync(
        Database database, Guid organizationId, Guid? before, bool withAudit, int limit, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var rows = await connection.QueryAsync<StoredRun>(new CommandDefinition(RunPage,
            new { organizationId, isFirst = before is null, before = before ?? Guid.Empty, withAudit, limit }, transaction, cancellationToken: cancel));
        return [.. rows.Select(r => r.ToRun())];
    }

    public static async Task<ExportRun?> FindAsync(Database database, Guid organizationId, Guid runId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        return (await connection.QuerySingleOrDefaultAsync<StoredRun>(new CommandDefinition(
            OneRun, new { organizationId, runId }, transaction, cancellationToken: cancel)))?.ToRun();
    }

    /// <summary>What the command line began in a folder and has not ended; null when there is nothing.</summary>
    public static async Task<ExportRun?> FindUnfinishedAsync(Database database, ExportRun like, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, like.OrganizationId, cancel);
        return (await connection.QuerySingleOrDefaultAsync<StoredRun>(new CommandDefinition(InFolder, new
        {
            organizationId = like.OrganizationId, folder = like.Folder, dataset = ExportNames.Of(like.Dataset), format = ExportNames.Of(like.Format),
            startsAt = like.StartsAt, endsAt = like.EndsAt,
        }, transaction, cancellationToken: cancel)))?.ToRun();
    }

    /// <summary>Finished parts in their order.</summary>
    public static async Task<IReadOnlyList<ExportPart>> PartsAsync(Database database, Guid organizationId, Guid runId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var rows = await connection.QueryAsync<StoredPart>(new CommandDefinition(PartRows, new { organizationId, runId }, transaction, cancellationToken: cancel));
        return [.. rows.Select(r => new ExportPart(r.Number, r.RowCount, r.ByteCount, r.Sha256, r.Position))];
    }

    /// <summary>Schedules that have not been ended, the latest first.</summary>
    public static async Task<IReadOnlyList<ExportSchedule>> ListSchedulesAsync(Database database, Guid organizationId, Guid? before, int limit, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var rows = await connection.QueryAsync<StoredSchedule>(new CommandDefinition(SchedulePage,
            new { organizationId, isFirst = before is null, before = before ?? Guid.Empty, limit }, transaction, cancellationToken: cancel));
        return [.. rows.Select(r => r.ToSchedule())];
    }

    /// <summary>A schedule, under the lock of a change; ended ones too.</summary>
    public static Task<ExportSchedule?> FindScheduleAsync(GovernanceTransaction transaction, Guid scheduleId, CancellationToken cancel) =>
        transaction.ReadAsync(async (connection, inner) => (await connection.QuerySingleOrDefaultAsync<StoredSchedule>(new CommandDefinition(
            OneSchedule, new { organizationId = transaction.OrganizationId, scheduleId }, inner, cancellationToken: cancel)))?.ToSchedule());

    internal sealed class StoredRun
    {
        public Guid OrganizationId { get; set; }
        public Guid RunId { get; set; }
        public string Dataset { get; set; } = "";
        public string Format { get; set; } = "";
        public long StartsAt { get; set; }
        public long EndsAt { get; set; }
        public int RowsPerPart { get; set; }
        public Guid? ScheduleId { get; set; }
        public long? DueAt { get; set; }
        public string? Folder { get; set; }
        public long RequestedAt { get; set; }
        public string RequestedBy { get; set; } = "";
        public long? TakenAt { get; set; }
        public long EntrySequence { get; set; }
        public long OutboxSequence { get; set; }
        public byte[] LedgerSeal { get; set; } = [];
        public long AuditSequence { get; set; }
        public long RollupSequence { get; set; }
        public long HoursFrom { get; set; }
        public string? Position { get; set; }
        public int PartCount { get; set; }
        public long RowCount { get; set; }
        public string State { get; set; } = "";
        public int Attempts { get; set; }
        public string? Failure { get; set; }
        public long RetryAt { get; set; }
        public long? EndedAt { get; set; }

        public ExportRun ToRun() => new()
        {
            OrganizationId = OrganizationId, RunId = RunId, Dataset = ExportNames.Dataset(Dataset), Format = ExportNames.Format(Format),
            StartsAt = StartsAt, EndsAt = EndsAt, RowsPerPart = RowsPerPart, ScheduleId = ScheduleId, DueAt = DueAt, Folder = Folder,
            RequestedAt = RequestedAt, RequestedBy = RequestedBy,
            Snapshot = TakenAt is { } at ? new ExportSnapshot(at, EntrySequence, OutboxSequence, LedgerSeal, AuditSequence, RollupSequence, HoursFrom) : null,
            Position = Position, PartCount = PartCount, RowCount = RowCount, State = State, Attempts = Attempts, Failure = Failure,
            RetryAt = RetryAt, EndedAt = EndedAt,
        };
    }

    private sealed class StoredPart
    {
        public int Number { get; set; }
        public long RowCount { get; set; }
        public long ByteCount { get; set; }
        public byte[] Sha256 { get; set; } = [];
        public string? Position { get; set; }
    }

    internal sealed class StoredSchedule
    {
        public Guid OrganizationId { get; set; }
        public Guid ScheduleId { get; set; }
        public string Dataset { get; set; } = "";
        public string Format { get; set; } = "";
        public string Cron { get; set; } = "";
        public string Period { get; set; } = "";
        public long? NextAt { get; set; }
        public long CreatedAt { get; set; }
        public string CreatedBy { get; set; } = "";
        public long? EndedAt { get; set; }
        public string? EndedBy { get; set; }
        public long Version { get; set; }

        public ExportSchedule ToSchedule() => new()
        {
            ScheduleId = ScheduleId, Dataset = ExportNames.Dataset(Dataset), Format = ExportNames.Format(Format), Cron = Cron, Period = Period,
            NextAt = NextAt, CreatedAt = CreatedAt, CreatedBy = CreatedBy, EndedAt = EndedAt, EndedBy = EndedBy, Version = Version,
        };
    }
}

/// <summary>Puts exports and schedules, for <see cref="GovernanceRowWriter"/>.</summary>
internal static class ExportWriter
{
    private const string Run = """
        INSERT INTO export_runs (organization_id, run_id, dataset, format, starts_at, ends_at, rows_per_part, schedule_id, due_at, folder,
            requested_at, requested_by, part_count, row_count, state, attempts, retry_at, held_until)
        VALUES (@OrganizationId, @RunId, @dataset, @format, @StartsAt, @EndsAt, @RowsPerPart, @ScheduleId, @DueAt, @Folder,
            @NowMicros, @Actor, 0, 0, 'waiting', 0, @RetryAt, 0)
        """;

    private const string Schedule = """
        INSERT INTO export_schedules (organization_id, schedule_id, dataset, format, cron, period, next_at, created_at, created_by, version)
        VALUES (@OrganizationId, @ScheduleId, @dataset, @format, @Cron, @Period, @NextAt, @NowMicros, @Actor, @Version)
        ON CONFLICT (organization_id, schedule_id) DO UPDATE SET next_at = excluded.next_at, version = excluded.version
        """;

    private const string End = """
        UPDATE export_schedules SET next_at = NULL, ended_at = @NowMicros, ended_by = @Actor, version = @Version
        WHERE organization_id = @OrganizationId AND schedule_id = @ScheduleId AND ended_at IS NULL
        """;

    public static async Task WriteAsync(
        Database database, DbConnection connection, DbTransaction transaction, WriteStamp stamp, List<GovernanceWrite> writes, CancellationToken cancel)
    {
        await database.ExecuteEachAsync(connection, transaction, Run, writes.OfType<GovernanceWrite.RequestExport>().Select(w => w.Run).Select(r => new
        {
            stamp.OrganizationId, r.RunId, dataset = ExportNames.Of(r.Dataset), format = ExportNames.Of(r.Format), r.StartsAt, r.EndsAt, r.RowsPerPart,
            r.ScheduleId, r.DueAt, r.Folder, stamp.NowMicros, stamp.Actor, r.RetryAt,
        }), cancel);
        var schedules = writes.OfType<GovernanceWrite.PutExportSchedule>().Select(w => w.Schedule).ToList();
        await database.ExecuteEachAsync(connection, transaction, Schedule, schedules.Where(s => s.NextAt is not null).Select(s => new
        {
            stamp.OrganizationId, s.ScheduleId, dataset = ExportNames.Of(s.Dataset), format = ExportNames.Of(s.Format), s.Cron, s.Period, s.NextAt,
            stamp.NowMicros, stamp.Actor, s.Version,
        }), cancel);
        await database.ExecuteEachAsync(connection, transaction, End, schedules.Where(s => s.NextAt is null).Select(s => new
        {
            stamp.OrganizationId, s.ScheduleId, s.Version, stamp.NowMicros, stamp.Actor,
        }), cancel);
    }
}
