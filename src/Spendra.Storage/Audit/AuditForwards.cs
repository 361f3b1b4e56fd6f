using Dapper;

namespace Spendra.Storage.Audit;

/// <summary>An organization whose records wait to be told.</summary>
/// <param name="OrganizationId">Whose.</param>
/// <param name="Slug">Its name for readers.</param>
/// <param name="Sequence">The last record that was told.</param>
public sealed record ForwardPosition(Guid OrganizationId, string Slug, long Sequence);

/// <summary>How far a receiver is behind.</summary>
public sealed class ForwardLag
{
    /// <summary>Records that wait.</summary>
    public long Waiting { get; set; }

    /// <summary>When the oldest of them was written, in microseconds since the Unix epoch; null when none waits.</summary>
    public long? Since { get; set; }
}

/// <summary>
/// How far a receiver was told the audit records of each organization, and who tells it. A position moves after the receiver has
/// confirmed: a worker that dies in between tells the same again.
/// </summary>
/// <param name="database">A migrated database.</param>
/// <param name="receiver">Names the receiver among all that ever were; holds no secret.</param>
/// <param name="holderId">Who this is: another id for each process.</param>
/// <param name="time">Tells when a hold is over.</param>
public sealed class AuditForwards(Database database, string receiver, Guid holderId, TimeProvider time)
{
    // Longer than a batch may take.
    private static readonly long HoldMicros = (long)TimeSpan.FromSeconds(60).TotalMicroseconds;

    private const string AddMissing = """
        INSERT INTO audit_forwards (organization_id, receiver, sequence, holder_id, held_until)
        SELECT o.organization_id, @receiver, 0, NULL, 0 FROM organizations o
        WHERE NOT EXISTS (SELECT 1 FROM audit_forwards f WHERE f.organization_id = o.organization_id AND f.receiver = @receiver)
        ON CONFLICT (organization_id, receiver) DO NOTHING
        """;

    private const string Behind = """
        SELECT f.organization_id, o.slug, f.sequence FROM audit_forwards f JOIN organizations o ON o.organization_id = f.organization_id
        WHERE f.receiver = @receiver AND f.sequence < o.audit_sequence AND (f.holder_id IS NULL OR f.holder_id = @holderId OR f.held_until < @now)
        ORDER BY f.organization_id
        """;

    private const string Hold = """
        UPDATE audit_forwards SET holder_id = @holderId, held_until = @until
        WHERE organization_id = @organizationId AND receiver = @receiver AND (holder_id IS NULL OR holder_id = @holderId OR held_until < @now)
        RETURNING sequence
        """;

    private const string Advance = """
        UPDATE audit_forwards SET sequence = @to, held_until = @until
        WHERE organization_id = @organizationId AND receiver = @receiver AND holder_id = @holderId AND sequence = @from
        """;

    private const string LetGo = """
        UPDATE audit_forwards SET holder_id = NULL, held_until = 0
        WHERE organization_id = @organizationId AND receiver = @receiver AND holder_id = @holderId
        """;

    private const string Lag = """
        SELECT CAST(coalesce(sum(o.audit_sequence - f.sequence), 0) AS bigint) AS waiting,
            min((SELECT r.recorded_at FROM audit_records r WHERE r.organization_id = f.organization_id AND r.sequence = f.sequence + 1)) AS since
        FROM audit_forwards f JOIN organizations o ON o.organization_id = f.organization_id WHERE f.receiver = @receiver
        """;

    /// <summary>Organizations whose records wait, and that nobody else holds.</summary>
    public async Task<IReadOnlyList<ForwardPosition>> ListBehindAsync(CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition(AddMissing, new { receiver }, cancellationToken: cancel));
        var rows = await connection.QueryAsync<Stored>(new CommandDefinition(Behind, new { receiver, holderId, now = Micros.Now(time) }, cancellationToken: cancel));
        return [.. rows.Select(r => new ForwardPosition(r.OrganizationId, r.Slug, r.Sequence))];
    }

    /// <summary>Takes the position, or keeps it: the last record that was told. Null when another has it.</summary>
    public async Task<long?> HoldAsync(Guid organizationId, CancellationToken cancel)
    {
        var now = Micros.Now(time);
        await using var connection = await database.ConnectAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<long?>(new CommandDefinition(
            Hold, new { organizationId, receiver, holderId, now, until = now + HoldMicros }, cancellationToken: cancel));
    }

    /// <summary>Moves the position and keeps it. False when somebody else holds it now.</summary>
    public async Task<bool> AdvanceAsync(Guid organizationId, long from, long to, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        return await connection.ExecuteAsync(new CommandDefinition(
            Advance, new { organizationId, receiver, holderId, from, to, until = Micros.Now(time) + HoldMicros }, cancellationToken: cancel)) == 1;
    }

    /// <summary>Lets others take it at once.</summary>
    public async Task LetGoAsync(Guid organizationId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition(LetGo, new { organizationId, receiver, holderId }, cancellationToken: cancel));
    }

    /// <summary>Records that wait, of all organizations, and since when the oldest of them does.</summary>
    public async Task<ForwardLag> ReadLagAsync(CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        return await connection.QuerySingleAsync<ForwardLag>(new CommandDefinition(Lag, new { receiver }, cancellationToken: cancel));
    }

    private sealed class Stored
    {
        public Guid OrganizationId { get; set; }
        public string Slug { get; set; } = "";
        public long Sequence { get; set; }
    }
}
