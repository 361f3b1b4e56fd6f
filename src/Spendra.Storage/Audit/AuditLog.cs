using System.Data.Common;
using System.Runtime.CompilerServices;
using Dapper;
using Spendra.Core.Audit;

namespace Spendra.Storage.Audit;

/// <summary>What a verification found.</summary>
/// <param name="Records">How many records were read and agree with each other.</param>
/// <param name="Contradiction">What is wrong, in one line, or null when the chain is whole.</param>
public sealed record AuditVerdict(long Records, string? Contradiction)
{
    public bool IsWhole => Contradiction is null;
}

/// <summary>Reads and verifies the hash-chained audit records of an organization.</summary>
public static class AuditLog
{
    private const string Page = """
        SELECT organization_id, sequence, recorded_at, actor, action, subject_kind, subject, before_state, after_state,
            reason, origin, previous_hash, hash FROM audit_records
        WHERE organization_id = @organizationId AND sequence > @after ORDER BY sequence LIMIT 1000
        """;

    /// <summary>Every record in order, as of one moment.</summary>
    public static async IAsyncEnumerable<AuditRecord> ReadAsync(
        Database database, Guid organizationId, [EnumeratorCancellation] CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, cancel);
        await foreach (var record in ReadAsync(connection, transaction, organizationId, cancel)) yield return record;
    }

    /// <summary>Recomputes the whole chain and compares its end with what the organization remembers.</summary>
    public static async Task<AuditVerdict> VerifyAsync(Database database, Guid organizationId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, cancel);
        return await VerifyAsync(connection, transaction, organizationId, cancel);
    }

    /// <summary>As the public one, within a transaction that sees one moment.</summary>
    internal static async Task<AuditVerdict> VerifyAsync(
        DbConnection connection, DbTransaction transaction, Guid organizationId, CancellationToken cancel)
    {
        var expected = await connection.QuerySingleOrDefaultAsync<StoredHead>(new CommandDefinition(
            "SELECT audit_sequence, audit_hash FROM organizations WHERE organization_id = @organizationId",
            new { organizationId }, transaction, cancellationToken: cancel));
        if (expected is null) return new AuditVerdict(0, "there is no such organization");
        var head = AuditHead.Start;
        var count = 0L;
        await foreach (var record in ReadAsync(connection, transaction, organizationId, cancel))
        {
            if (AuditChain.Contradiction(head, record) is { } contradiction) return new AuditVerdict(count, contradiction);
            head = AuditChain.HeadOf(record);
            count++;
        }
        return new AuditVerdict(count,
            AuditChain.ContradictionAtEnd(head, new AuditHead(expected.AuditSequence, expected.AuditHash)));
    }

    internal static Task InsertAsync(
        Database database, DbConnection connection, DbTransaction transaction, IReadOnlyList<AuditRecord> records,
        CancellationToken cancel) =>
        database.ExecuteEachAsync(connection, transaction, """
            INSERT INTO audit_records (organization_id, sequence, recorded_at, actor, action, subject_kind, subject,
                before_state, after_state, reason, origin, previous_hash, hash)
            VALUES (@OrganizationId, @Sequence, @RecordedAt, @Actor, @Action, @SubjectKind, @Subject, @BeforeState,
                @AfterState, @Reason, @Origin, @PreviousHash, @Hash)
            """, records, cancel);

    private static async IAsyncEnumerable<AuditRecord> ReadAsync(
        DbConnection connection, DbTransaction transaction, Guid organizationId,
        [EnumeratorCancellation] CancellationToken cancel)
    {
        for (var after = 0L; ;)
        {
            var page = (await connection.QueryAsync<StoredAuditRecord>(new CommandDefinition(
                Page, new { organizationId, after }, transaction, cancellationToken: cancel))).AsList();
            if (page.Count == 0) yield break;
            foreach (var row in page) yield return row.ToRecord();
            after = page[^1].Sequence;
        }
    }

    private sealed class StoredHead
    {
        public long AuditSequence { get; set; }
        public byte[] AuditHash { get; set; } = [];
    }

    private sealed class StoredAuditRecord
    {
        public Guid OrganizationId { get; set; }
        public long Sequence { get; set; }
        public long RecordedAt { get; set; }
        public string Actor { get; set; } = "";
        public string Action { get; set; } = "";
        public string SubjectKind { get; set; } = "";
        public string Subject { get; set; } = "";
        public string? BeforeState { get; set; }
        public string? AfterState { get; set; }
        public string? Reason { get; set; }
        public string Origin { get; set; } = "";
        public byte[] PreviousHash { get; set; } = [];
        public byte[] Hash { get; set; } = [];

        public AuditRecord ToRecord() => new()
        {
            OrganizationId = OrganizationId,
            Sequence = Sequence,
            RecordedAt = RecordedAt,
            Actor = Actor,
            Action = Action,
            SubjectKind = SubjectKind,
            Subject = Subject,
            BeforeState = BeforeState,
            AfterState = AfterState,
            Reason = Reason,
            Origin = Origin,
            PreviousHash = PreviousHash,
            Hash = Hash,
        };
    }
}
