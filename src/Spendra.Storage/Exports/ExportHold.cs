using System.Data.Common;
using Dapper;

namespace Spendra.Storage.Exports;

/// <summary>
/// The hold of one process on one export: of several workers one writes it. A hold that is not renewed is over after a minute; then
/// another goes on behind the last part that was noted, and whoever has lost the hold notes nothing any more.
/// </summary>
/// <param name="database">A migrated database.</param>
/// <param name="holderId">Who this is: another id for each process.</param>
/// <param name="time">Tells when a hold is over.</param>
public sealed class ExportHold(Database database, Guid holderId, TimeProvider time)
{
    /// <summary>After so many attempts nobody tries an export any more: about five hours, in which a bucket or a folder may come back.</summary>
    public const int MostAttempts = 12;

    private static readonly long HoldMicros = (long)TimeSpan.FromSeconds(60).TotalMicroseconds;
    private static readonly long FirstPauseMicros = (long)TimeSpan.FromSeconds(30).TotalMicroseconds;
    private static readonly long LongestPauseMicros = (long)TimeSpan.FromHours(1).TotalMicroseconds;

    private const string Due = """
        SELECT organization_id, run_id FROM export_runs
        WHERE state = 'waiting' AND folder IS NULL AND retry_at <= @now AND (holder_id IS NULL OR held_until < @now)
        ORDER BY retry_at, run_id LIMIT @limit
        """;

    private const string Hold = """
        UPDATE export_runs SET holder_id = @holderId, held_until = @until
        WHERE organization_id = @organizationId AND run_id = @runId AND state = 'waiting'
            AND (holder_id IS NULL OR holder_id = @holderId OR held_until < @now)
        """;

    private const string One = $"""
        SELECT {ExportReader.RunColumns} FROM export_runs
        WHERE organization_id = @organizationId AND run_id = @runId AND holder_id = @holderId
        """;

    private const string Held = "organization_id = @organizationId AND run_id = @runId AND state = 'waiting' AND holder_id = @holderId";

    private const string Begin = $"""
        UPDATE export_runs SET taken_at = @TakenAt, entry_sequence = @EntrySequence, outbox_sequence = @OutboxSequence,
            ledger_seal = @LedgerSeal, audit_sequence = @AuditSequence, rollup_sequence = @RollupSequence, hours_from = @HoursFrom, held_until = @until
        WHERE {Held}
        """;

    private const string Forget = $"""
        UPDATE export_runs SET part_count = @parts, row_count = @rows, position = @position, held_until = @until WHERE {Held}
        """;

    private const string ForgetParts = "DELETE FROM export_parts WHERE organization_id = @organizationId AND run_id = @runId AND part_number > @parts";

    private const string Note = $"""
        UPDATE export_runs SET part_count = @Number, row_count = row_count + @RowCount, position = @Position, held_until = @until
        WHERE {Held} AND part_count = @Number - 1
        """;

    private const string AddPart = """
        INSERT INTO export_parts (organization_id, run_id, part_number, row_count, byte_count, sha256, position)
        VALUES (@organizationId, @runId, @Number, @RowCount, @ByteCount, @Sha256, @Position)
        """;

    private const string Renew = $"UPDATE export_runs SET held_until = @until WHERE {Held}";

    private const string End = $"UPDATE export_runs SET state = 'complete', ended_at = @now, failure = NULL, holder_id = NULL, held_until = 0 WHERE {Held}";

    private const string Fail = $"""
        UPDATE export_runs SET attempts = attempts + 1, failure = @failure, holder_id = NULL, held_until = 0, retry_at = @now + @pause,
            state = CASE WHEN attempts + 1 >= @most THEN 'failed' ELSE 'waiting' END,
            ended_at = CASE WHEN attempts + 1 >= @most THEN @now END
        WHERE {Held}
        """;

    private const string LetGo = $"UPDATE export_runs SET holder_id = NULL, held_until = 0 WHERE {Held}";

    private const string Books = """
        SELECT o.entry_sequence, o.outbox_sequence, o.ledger_seal, o.audit_sequence,
            coalesce((SELECT p.sequence FROM outbox_positions p WHERE p.organization_id = o.organization_id AND p.consumer = 'rollups'), 0) AS rollup_sequence,
            coalesce((SELECT p.hours_from FROM outbox_positions p WHERE p.organization_id = o.organization_id AND p.consumer = 'rollups'), 0) AS hours_from
        FROM organizations o WHERE o.organization_id = @organizationId
        """;

    private readonly string _booksNow = Books + (database.ForUpdate is { Length: > 0 } lockRow ? $"{lockRow} OF o" : "");

    /// <summary>Exports of all organizations that workers write, are due and held by nobody.</summary>
    public static async Task<IReadOnlyList<(Guid OrganizationId, Guid RunId)>> ListDueAsync(Database database, long nowMicros, int limit, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        return [.. (await connection.QueryAsync<StoredKey>(new CommandDefinition(Due, new { now = nowMicros, limit }, cancellationToken: cancel)))
            .Select(r => (r.OrganizationId, r.RunId))];
    }

    /// <summary>Takes an export, as it stands then. Null when another has it, or it has ended.</summary>
    public async Task<ExportRun?> TakeAsync(Guid organizationId, Guid runId, CancellationToken cancel)
    {
        var now = Micros.Now(time);
        ExportRun? taken = null;
        await WriteAsync(organizationId, async (connection, transaction) =>
        {
            if (await connection.ExecuteAsync(new CommandDefinition(
                Hold, new { organizationId, runId, holderId, now, until = now + HoldMicros }, transaction, cancellationToken: cancel)) == 0) return false;
            taken = (await connection.QuerySingleAsync<ExportReader.StoredRun>(new CommandDefinition(
                One, new { organizationId, runId, holderId }, transaction, cancellationToken: cancel))).ToRun();
            return true;
        }, cancel);
        return taken;
    }

    /// <summary>Notes what stands in the books at this moment: the export is of that. Null when the hold is lost.</summary>
    public async Task<ExportRun?> BeginAsync(ExportRun run, CancellationToken cancel)
    {
        ExportSnapshot? snapshot = null;
        var isNoted = await WriteAsync(run.OrganizationId, async (connection, transaction) =>
        {
            snapshot = await ReadBooksAsync(connection, transaction, run.OrganizationId, cancel);
            return await ExecuteAsync(connection, transaction, Begin, run, new DynamicParameters(snapshot), cancel) == 1;
        }, cancel);
        return isNoted ? run with { Snapshot = snapshot } : null;
    }

    /// <summary>Goes back to behind a part: what comes later is written again. Null when the hold is lost.</summary>
    public async Task<ExportRun?> GoBackAsync(ExportRun run, IReadOnlyList<ExportPart> kept, CancellationToken cancel)
    {
        var (parts, rows, position) = (kept.Count, kept.Sum(p => p.RowCount), kept.Count == 0 ? null : kept[^1].Position);
        var isNoted = await WriteAsync(run.OrganizationId, async (connection, transaction) =>
        {
            var values = new DynamicParameters(new { parts, rows, position });
            if (await ExecuteAsync(connection, transaction, Forget, run, values, cancel) == 0) return false;
            await ExecuteAsync(connection, transaction, ForgetParts, run, values, cancel);
            return true;
        }, cancel);
        return isNoted ? run with { PartCount = parts, RowCount = rows, Position = position } : null;
    }

    /// <summary>Notes a finished part. Null when the hold is lost.</summary>
    public async Task<ExportRun?> NoteAsync(ExportRun run, ExportPart part, CancellationToken cancel)
    {
        var isNoted = await WriteAsync(run.OrganizationId, async (connection, transaction) =>
        {
            if (await ExecuteAsync(connection, transaction, Note, run, new DynamicParameters(part), cancel) == 0) return false;
            await ExecuteAsync(connection, transaction, AddPart, run, new DynamicParameters(part), cancel);
            return true;
        }, cancel);
        return isNoted ? run with { PartCount = part.Number, RowCount = run.RowCount + part.RowCount, Position = part.Position } : null;
    }

    /// <summary>Keeps the hold. False when it is lost.</summary>
    public Task<bool> RenewAsync(ExportRun run, CancellationToken cancel) => UpdateAsync(Renew, run, new DynamicParameters(), cancel);

    /// <summary>All of it is written. False when the hold is lost.</summary>
    public Task<bool> EndAsync(ExportRun run, CancellationToken cancel) => UpdateAsync(End, run, new DynamicParameters(), cancel);

    /// <summary>It went wrong: tried again after a while that doubles from half a minute to an hour, a few times.</summary>
    /// <param name="run">The export.</param>
    /// <param name="failure">Why, in one line without anything confidential.</param>
    /// <param name="cancel">Stops waiting.</param>
    public Task<bool> FailAsync(ExportRun run, string failure, CancellationToken cancel) =>
        UpdateAsync(Fail, run, new DynamicParameters(new
        {
            failure, pause = Math.Min(LongestPauseMicros, FirstPauseMicros << Math.Min(run.Attempts, MostAttempts)), most = MostAttempts,
        }), cancel);

    /// <summary>Lets others take it at once.</summary>
    public Task<bool> LetGoAsync(ExportRun run, CancellationToken cancel) => UpdateAsync(LetGo, run, new DynamicParameters(), cancel);

    /// <summary>
    /// Whoever books holds the organization's row and dates entries while they do: what is dated before this moment is there, as far as
    /// clocks agree.
    /// </summary>
    internal async Task<ExportSnapshot> ReadBooksAsync(DbConnection connection, DbTransaction transaction, Guid organizationId, CancellationToken cancel)
    {
        var row = await connection.QuerySingleAsync<StoredBooks>(new CommandDefinition(_booksNow, new { organizationId }, transaction, cancellationToken: cancel));
        return new ExportSnapshot(Micros.Now(time), row.EntrySequence, row.OutboxSequence, row.LedgerSeal ?? [], row.AuditSequence, row.RollupSequence, row.HoursFrom);
    }

    private Task<bool> UpdateAsync(string sql, ExportRun run, DynamicParameters values, CancellationToken cancel) =>
        WriteAsync(run.OrganizationId, async (connection, transaction) => await ExecuteAsync(connection, transaction, sql, run, values, cancel) == 1, cancel);

    private Task<int> ExecuteAsync(DbConnection connection, DbTransaction transaction, string sql, ExportRun run, DynamicParameters values, CancellationToken cancel)
    {
        var now = Micros.Now(time);
        values.AddDynamicParams(new { organizationId = run.OrganizationId, runId = run.RunId, holderId, now, until = now + HoldMicros });
        return connection.ExecuteAsync(new CommandDefinition(sql, values, transaction, cancellationToken: cancel));
    }

    private async Task<bool> WriteAsync(Guid organizationId, Func<DbConnection, DbTransaction, Task<bool>> write, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginWriteAsync(connection, cancel);
        await database.EnterAsync(connection, transaction, organizationId, cancel);
        if (!await write(connection, transaction)) return false;
        await database.CommitAsync(connection, transaction);
        return true;
    }

    private sealed class StoredKey
    {
        public Guid OrganizationId { get; set; }
        public Guid RunId { get; set; }
    }

    private sealed class StoredBooks
    {
        public long EntrySequence { get; set; }
        public long OutboxSequence { get; set; }
        public byte[]? LedgerSeal { get; set; }
        public long AuditSequence { get; set; }
        public long RollupSequence { get; set; }
        public long HoursFrom { get; set; }
    }
}

/// <summary>Finds schedules whose instant has come.</summary>
public static class ExportSchedules
{
    private const string Due = "SELECT organization_id, schedule_id FROM export_schedules WHERE next_at <= @now ORDER BY next_at, schedule_id LIMIT 100";

    /// <summary>Of all organizations.</summary>
    public static async Task<IReadOnlyList<(Guid OrganizationId, Guid ScheduleId)>> ListDueAsync(Database database, long nowMicros, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        return [.. (await connection.QueryAsync<StoredKey>(new CommandDefinition(Due, new { now = nowMicros }, cancellationToken: cancel)))
            .Select(r => (r.OrganizationId, r.ScheduleId))];
    }

    private sealed class StoredKey
    {
        public Guid OrganizationId { get; set; }
        public Guid ScheduleId { get; set; }
    }
}
