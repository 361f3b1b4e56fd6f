using System.Data.Common;
using Dapper;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Outbox;

/// <summary>A row of the outbox that its reader could not take in. Times are microseconds since the Unix epoch.</summary>
/// <param name="Consumer">The reader.</param>
/// <param name="Sequence">The row.</param>
/// <param name="Attempts">How often it was tried.</param>
/// <param name="Reason">What went wrong the last time, in one line.</param>
/// <param name="FailedAt">When that was.</param>
/// <param name="RetryAt">When it is tried again; of a dead one, when it would have been.</param>
/// <param name="IsDead">It is not tried again by itself.</param>
/// <param name="Topic">What the row announces; null when the row is not there any more.</param>
/// <param name="SubjectId">Of what; null likewise.</param>
public sealed record OutboxFailure(
    string Consumer, long Sequence, int Attempts, string Reason, long FailedAt, long RetryAt, bool IsDead, string? Topic, Guid? SubjectId);

/// <summary>Rows that failed: kept aside so that they hold up nothing, tried again with growing pauses.</summary>
public static class OutboxFailures
{
    /// <summary>After so many attempts a row is dead.</summary>
    public const int MostAttempts = 8;

    private const int MostReasonChars = 500;

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(5);

    private const string Put = """
        INSERT INTO outbox_failures (organization_id, consumer, sequence, attempts, reason, failed_at, retry_at, is_dead)
        VALUES (@organizationId, @consumer, @sequence, 1, @reason, @now, @firstRetry, (1 = 0))
        ON CONFLICT (organization_id, consumer, sequence) DO UPDATE SET attempts = outbox_failures.attempts + 1,
            reason = excluded.reason, failed_at = excluded.failed_at, retry_at = @now + @pause,
            is_dead = outbox_failures.attempts + 1 >= @most
        """;

    private const string Due = """
        SELECT sequence, attempts FROM outbox_failures
        WHERE organization_id = @organizationId AND consumer = @consumer AND NOT is_dead AND retry_at <= @now
        ORDER BY sequence LIMIT @limit
        """;

    private const string Remove = """
        DELETE FROM outbox_failures WHERE organization_id = @organizationId AND consumer = @consumer AND sequence = @sequence
        """;

    private const string Page = """
        SELECT f.consumer, f.sequence, f.attempts, f.reason, f.failed_at, f.retry_at, f.is_dead, o.topic, o.subject_id
        FROM outbox_failures f LEFT JOIN outbox o ON o.organization_id = f.organization_id AND o.sequence = f.sequence
        WHERE f.organization_id = @organizationId AND f.sequence > @after ORDER BY f.sequence, f.consumer LIMIT @limit
        """;

    private const string One = """
        SELECT f.consumer, f.sequence, f.attempts, f.reason, f.failed_at, f.retry_at, f.is_dead, o.topic, o.subject_id
        FROM outbox_failures f LEFT JOIN outbox o ON o.organization_id = f.organization_id AND o.sequence = f.sequence
        WHERE f.organization_id = @OrganizationId AND f.sequence = @sequence ORDER BY f.consumer LIMIT 1
        """;

    private const string Again = """
        UPDATE outbox_failures SET is_dead = (1 = 0), attempts = 1, retry_at = @now
        WHERE organization_id = @organizationId AND sequence = @sequence
        """;

    public static async Task<IReadOnlyList<OutboxFailure>> ListAsync(
        Database database, Guid organizationId, long after, int limit, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var rows = await connection.QueryAsync<Stored>(new CommandDefinition(
            Page, new { organizationId, after, limit }, transaction, cancellationToken: cancel));
        return [.. rows.Select(r => r.ToFailure())];
    }

    /// <summary>A row that failed, as a change sees it under its lock; null when none of this number did.</summary>
    public static Task<OutboxFailure?> FindAsync(GovernanceTransaction change, long sequence, CancellationToken cancel) =>
        change.ReadAsync(async (connection, transaction) => (await connection.QuerySingleOrDefaultAsync<Stored>(new CommandDefinition(
            One, new { change.OrganizationId, sequence }, transaction, cancellationToken: cancel)))?.ToFailure());

    /// <summary>Lets a row be tried again now, dead or not. False when it has not failed.</summary>
    public static async Task<bool> RetryAsync(Database database, Guid organizationId, long sequence, long nowMicros, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginWriteAsync(connection, cancel);
        await database.EnterAsync(connection, transaction, organizationId, cancel);
        var isThere = await RetryAsync(connection, transaction, organizationId, sequence, nowMicros, cancel);
        await database.CommitAsync(connection, transaction);
        return isThere;
    }

    internal static async Task<bool> RetryAsync(
        DbConnection connection, DbTransaction transaction, Guid organizationId, long sequence, long nowMicros, CancellationToken cancel) =>
        await connection.ExecuteAsync(new CommandDefinition(
            Again, new { organizationId, sequence, now = nowMicros }, transaction, cancellationToken: cancel)) > 0;

    internal static Task PutAsync(
        DbConnection connection, DbTransaction transaction, Guid organizationId, string consumer, long sequence, int attempts, string reason,
        long nowMicros, CancellationToken cancel)
    {
        var line = reason.ReplaceLineEndings(" ");
        return connection.ExecuteAsync(new CommandDefinition(Put, new
        {
            organizationId, consumer, sequence, reason = ForeignText.Storable(line.Length > MostReasonChars ? line[..MostReasonChars] : line),
            now = nowMicros, firstRetry = nowMicros + PauseMicros(0), pause = PauseMicros(attempts), most = MostAttempts,
        }, transaction, cancellationToken: cancel));
    }

    internal static async Task<IReadOnlyList<(long Sequence, int Attempts)>> ListDueAsync(
        DbConnection connection, DbTransaction transaction, Guid organizationId, string consumer, long nowMicros, int limit, CancellationToken cancel) =>
        [.. await connection.QueryAsync<(long, int)>(new CommandDefinition(
            Due, new { organizationId, consumer, now = nowMicros, limit }, transaction, cancellationToken: cancel))];

    /// <summary>False when somebody else has taken it in meanwhile.</summary>
    internal static async Task<bool> RemoveAsync(
        DbConnection connection, DbTransaction transaction, Guid organizationId, string consumer, long sequence, CancellationToken cancel) =>
        await connection.ExecuteAsync(new CommandDefinition(
            Remove, new { organizationId, consumer, sequence }, transaction, cancellationToken: cancel)) == 1;

    // 5 s, 10 s, 20 s … ten minutes in all until the last attempt.
    private static long PauseMicros(int attempts) => (long)FirstPause.TotalMicroseconds << Math.Clamp(attempts, 0, MostAttempts);

    private sealed class Stored
    {
        public string Consumer { get; set; } = "";
        public long Sequence { get; set; }
        public int Attempts { get; set; }
        public string Reason { get; set; } = "";
        public long FailedAt { get; set; }
        public long RetryAt { get; set; }
        public bool IsDead { get; set; }
        public string? Topic { get; set; }
        public Guid? SubjectId { get; set; }

        public OutboxFailure ToFailure() => new(Consumer, Sequence, Attempts, Reason, FailedAt, RetryAt, IsDead, Topic, SubjectId);
    }
}
