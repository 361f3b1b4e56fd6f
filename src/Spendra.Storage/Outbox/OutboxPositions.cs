using System.Data.Common;
using Dapper;

namespace Spendra.Storage.Outbox;

/// <summary>Where a reader of the outbox stands in one organization, while it holds the position.</summary>
/// <param name="OrganizationId">Whose outbox.</param>
/// <param name="Sequence">The last row that was taken in.</param>
/// <param name="LastSequence">The last row that is there.</param>
/// <param name="IsRebuilding">What was written is incomplete: a rebuild has begun and not ended.</param>
public sealed record OutboxPosition(Guid OrganizationId, long Sequence, long LastSequence, bool IsRebuilding)
{
    public bool IsBehind => Sequence < LastSequence;
}

/// <summary>How far a reader is behind.</summary>
public sealed class OutboxLag
{
    /// <summary>Rows that were taken in, of all organizations that are read.</summary>
    public long Taken { get; set; }

    /// <summary>Rows that wait.</summary>
    public long Waiting { get; set; }

    /// <summary>When the oldest of them was written, in microseconds since the Unix epoch; null when none waits.</summary>
    public long? Since { get; set; }

    /// <summary>Rows that failed too often and wait for somebody.</summary>
    public long Dead { get; set; }
}

/// <summary>
/// Positions of one reader, and who holds them: of several workers one reads an organization at a time. Holding keeps workers from
/// doing the same work twice; that nothing takes effect twice follows from <see cref="AdvanceAsync"/> alone, which is part of the
/// transaction that writes the effect.
/// </summary>
/// <param name="database">A migrated database.</param>
/// <param name="consumer">The reader's name.</param>
/// <param name="holderId">Who this is: another id for each process.</param>
/// <param name="time">Tells when a hold is over.</param>
public sealed class OutboxPositions(Database database, string consumer, Guid holderId, TimeProvider time)
{
    internal long NowMicros => Micros.Now(time);

    private static readonly long HoldMicros = (long)TimeSpan.FromSeconds(15).TotalMicroseconds;

    private const string AddMissing = """
        INSERT INTO outbox_positions (organization_id, consumer, sequence, holder_id, held_until, is_rebuilding)
        SELECT o.organization_id, @consumer, 0, NULL, 0, (1 = 0) FROM organizations o
        WHERE NOT EXISTS (SELECT 1 FROM outbox_positions p WHERE p.organization_id = o.organization_id AND p.consumer = @consumer)
        ON CONFLICT (organization_id, consumer) DO NOTHING
        """;

    private const string Behind = """
        SELECT p.organization_id, p.sequence, o.outbox_sequence AS last_sequence, p.is_rebuilding
        FROM outbox_positions p JOIN organizations o ON o.organization_id = p.organization_id
        WHERE p.consumer = @consumer AND (p.sequence < o.outbox_sequence OR p.is_rebuilding
            OR EXISTS (SELECT 1 FROM outbox_failures f WHERE f.organization_id = p.organization_id AND f.consumer = p.consumer
                AND f.retry_at <= @now AND NOT f.is_dead))
            AND (p.holder_id IS NULL OR p.holder_id = @holderId OR p.held_until < @now)
        ORDER BY p.organization_id
        """;

    private const string Hold = """
        UPDATE outbox_positions SET holder_id = @holderId, held_until = @until
        WHERE organization_id = @organizationId AND consumer = @consumer
            AND (holder_id IS NULL OR holder_id = @holderId OR held_until < @now)
        """;

    private const string Seize = """
        UPDATE outbox_positions SET holder_id = @holderId, held_until = @until
        WHERE organization_id = @organizationId AND consumer = @consumer
            AND (holder_id IS NULL OR holder_id = @holderId OR held_until < @now OR NOT is_rebuilding)
        """;

    private const string Renew = """
        UPDATE outbox_positions SET held_until = @until
        WHERE organization_id = @organizationId AND consumer = @consumer AND holder_id = @holderId
        """;

    private const string One = """
        SELECT p.organization_id, p.sequence, o.outbox_sequence AS last_sequence, p.is_rebuilding
        FROM outbox_positions p JOIN organizations o ON o.organization_id = p.organization_id
        WHERE p.organization_id = @organizationId AND p.consumer = @consumer AND p.holder_id = @holderId
        """;

    private const string LetGo = """
        UPDATE outbox_positions SET holder_id = NULL, held_until = 0
        WHERE organization_id = @organizationId AND consumer = @consumer AND holder_id = @holderId
        """;

    private const string Lag = """
        SELECT CAST(coalesce(sum(p.sequence), 0) AS bigint) AS taken,
            CAST(coalesce(sum(o.outbox_sequence - p.sequence), 0) AS bigint) AS waiting,
            min((SELECT x.created_at FROM outbox x WHERE x.organization_id = p.organization_id AND x.sequence = p.sequence + 1)) AS since,
            (SELECT count(*) FROM outbox_failures f WHERE f.consumer = @consumer AND f.is_dead) AS dead
        FROM outbox_positions p JOIN organizations o ON o.organization_id = p.organization_id
        WHERE p.consumer = @consumer AND (@isOne = 0 OR p.organization_id = @organizationId)
        """;

    private const string Advance = """
        UPDATE outbox_positions SET sequence = @to, held_until = @until, is_rebuilding = @isRebuilding
        WHERE organization_id = @organizationId AND consumer = @consumer AND holder_id = @holderId AND sequence = @from
        """;

    private const string Held = """
        SELECT sequence FROM outbox_positions
        WHERE organization_id = @organizationId AND consumer = @consumer AND holder_id = @holderId AND NOT is_rebuilding
        """;

    /// <summary>Organizations whose rows wait, or whose failures are due, and that nobody else holds.</summary>
    public async Task<IReadOnlyList<OutboxPosition>> ListBehindAsync(CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition(AddMissing, new { consumer }, cancellationToken: cancel));
        var rows = await connection.QueryAsync<Stored>(new CommandDefinition(
            Behind, new { consumer, holderId, now = Micros.Now(time) }, cancellationToken: cancel));
        return [.. rows.Select(r => r.ToPosition())];
    }

    /// <summary>Takes the position, or keeps it. Null when another has it.</summary>
    public Task<OutboxPosition?> HoldAsync(Guid organizationId, CancellationToken cancel) => TakeAsync(Hold, organizationId, cancel);

    /// <summary>
    /// Takes the position from whoever reads, to begin anew: what that one has not committed yet it cannot commit any more. Null when
    /// another has begun anew.
    /// </summary>
    public Task<OutboxPosition?> SeizeAsync(Guid organizationId, CancellationToken cancel) => TakeAsync(Seize, organizationId, cancel);

    private async Task<OutboxPosition?> TakeAsync(string take, Guid organizationId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition(AddMissing, new { consumer }, cancellationToken: cancel));
        var now = Micros.Now(time);
        var held = await connection.ExecuteAsync(new CommandDefinition(
            take, new { organizationId, consumer, holderId, now, until = now + HoldMicros }, cancellationToken: cancel));
        if (held == 0) return null;
        return (await connection.QuerySingleOrDefaultAsync<Stored>(new CommandDefinition(
            One, new { organizationId, consumer, holderId }, cancellationToken: cancel)))?.ToPosition();
    }

    /// <summary>Keeps the position, beside work that takes longer than a hold lasts, until what is returned is disposed.</summary>
    public IAsyncDisposable Keep(Guid organizationId) => new OutboxKeeping(this, organizationId, TimeSpan.FromMicroseconds(HoldMicros / 3), time);

    internal async Task RenewAsync(Guid organizationId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition(
            Renew, new { organizationId, consumer, holderId, until = Micros.Now(time) + HoldMicros }, cancellationToken: cancel));
    }

    /// <summary>Lets others take it at once.</summary>
    public async Task LetGoAsync(Guid organizationId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition(LetGo, new { organizationId, consumer, holderId }, cancellationToken: cancel));
    }

    /// <summary>Rows that wait, of all organizations or of one, and since when the oldest of them does.</summary>
    public static async Task<OutboxLag> ReadLagAsync(Database database, string consumer, CancellationToken cancel, Guid? organizationId = null)
    {
        await using var connection = await database.ConnectAsync(cancel);
        return await connection.QuerySingleAsync<OutboxLag>(new CommandDefinition(
            Lag, new { consumer, isOne = organizationId is null ? 0 : 1, organizationId = organizationId ?? Guid.Empty }, cancellationToken: cancel));
    }

    /// <summary>
    /// Moves the position within the transaction that writes what the rows bring about. False when it is held by somebody else now,
    /// or stands elsewhere: then nothing of the transaction may be committed.
    /// </summary>
    internal async Task<bool> AdvanceAsync(
        DbConnection connection, DbTransaction transaction, Guid organizationId, long from, long to, bool isRebuilding, CancellationToken cancel) =>
        await connection.ExecuteAsync(new CommandDefinition(Advance, new
        {
            organizationId, consumer, holderId, from, to, isRebuilding, until = Micros.Now(time) + HoldMicros,
        }, transaction, cancellationToken: cancel)) == 1;

    /// <summary>
    /// Whether the position is held, and nobody has begun anew: as long as the transaction lasts, nobody can take it. What a transaction
    /// brings about beside the position may not be committed otherwise.
    /// </summary>
    internal async Task<bool> IsHeldAsync(DbConnection connection, DbTransaction transaction, Guid organizationId, CancellationToken cancel) =>
        await connection.ExecuteScalarAsync<long?>(new CommandDefinition(
            Held + database.ForUpdate, new { organizationId, consumer, holderId }, transaction, cancellationToken: cancel)) is not null;

    private sealed class Stored
    {
        public Guid OrganizationId { get; set; }
        public long Sequence { get; set; }
        public long LastSequence { get; set; }
        public bool IsRebuilding { get; set; }

        public OutboxPosition ToPosition() => new(OrganizationId, Sequence, LastSequence, IsRebuilding);
    }
}
