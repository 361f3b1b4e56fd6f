using Dapper;
using Spendra.Core.Audit;
using Spendra.Core.Ledger;

namespace Spendra.Storage.Audit;

/// <summary>
/// How far each sink has checkpoints, so that a restarted worker goes on. Whoever forges these rows gains nothing: what was
/// delivered is outside.
/// </summary>
public static class AuditDeliveries
{
    private const string Upsert = """
        INSERT INTO audit_deliveries (organization_id, sink, sequence, hash, signed_at, ledger_sequence, ledger_seal)
        VALUES (@OrganizationId, @sink, @Sequence, @Hash, @SignedAt, @LedgerSequence, @seal)
        ON CONFLICT (organization_id, sink) DO UPDATE
        SET sequence = excluded.sequence, hash = excluded.hash, signed_at = excluded.signed_at,
            ledger_sequence = excluded.ledger_sequence, ledger_seal = excluded.ledger_seal
        """;

    /// <summary>The last checkpoint of every organization that a sink has.</summary>
    public static async Task<IReadOnlyDictionary<Guid, AuditCheckpoint>> ReadAsync(Database database, string sink, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        var rows = await connection.QueryAsync<Stored>(new CommandDefinition(
            "SELECT organization_id, sequence, hash, signed_at, ledger_sequence, ledger_seal FROM audit_deliveries WHERE sink = @sink", new { sink }, cancellationToken: cancel));
        return rows.ToDictionary(r => r.OrganizationId, r => r.ToCheckpoint());
    }

    /// <summary>The latest checkpoint of one organization that any sink has; null when there is none.</summary>
    public static async Task<AuditCheckpoint?> FindLatestAsync(Database database, Guid organizationId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var row = await connection.QueryFirstOrDefaultAsync<Stored>(new CommandDefinition(
            """
            SELECT organization_id, sequence, hash, signed_at, ledger_sequence, ledger_seal FROM audit_deliveries
            WHERE organization_id = @organizationId ORDER BY sequence DESC LIMIT 1
            """,
            new { organizationId }, transaction, cancellationToken: cancel));
        return row?.ToCheckpoint();
    }

    public static async Task NoteAsync(Database database, string sink, AuditCheckpoint checkpoint, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition(Upsert,
            new { checkpoint.OrganizationId, sink, checkpoint.Sequence, checkpoint.Hash, checkpoint.SignedAt, checkpoint.LedgerSequence, seal = checkpoint.LedgerSeal.ToColumn() }, cancellationToken: cancel));
    }

    private sealed class Stored
    {
        public Guid OrganizationId { get; set; }
        public long Sequence { get; set; }
        public byte[] Hash { get; set; } = [];
        public long SignedAt { get; set; }
        public long LedgerSequence { get; set; }
        public byte[]? LedgerSeal { get; set; }

        public AuditCheckpoint ToCheckpoint() =>
            new(OrganizationId, Sequence, Hash, SignedAt) { LedgerSequence = LedgerSequence, LedgerSeal = Seal.Read(LedgerSeal) };
    }
}
