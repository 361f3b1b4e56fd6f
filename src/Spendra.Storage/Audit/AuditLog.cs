using System.Data.Common;
using System.Runtime.CompilerServices;
using Dapper;
using Spendra.Core.Audit;
using Spendra.Core.Ledger;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Audit;

/// <summary>What a verification found.</summary>
/// <param name="Records">How many records were read and agree with each other.</param>
/// <param name="Contradiction">What is wrong, in one line, or null when the chain is whole.</param>
public sealed record AuditVerdict(long Records, string? Contradiction)
{
    public bool IsWhole => Contradiction is null;
}

/// <summary>A part of a chain: the numbers of its records, and the hashes before and at its end.</summary>
public sealed record AuditSpan(long First, long Last, byte[] PreviousHash, byte[] Hash)
{
    public long Records => Last - First + 1;
}

/// <summary>Where the chain of an organization ends.</summary>
public sealed record OrganizationHead(Guid OrganizationId, string Slug, AuditHead Head)
{
    /// <summary>The last row of the outbox.</summary>
    public long LedgerSequence { get; init; }

    /// <summary>Its seal; none as long as nothing is sealed.</summary>
    public Seal LedgerSeal { get; init; }
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
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        await foreach (var record in ReadAsync(connection, transaction, organizationId, cancel)) yield return record;
    }

    /// <summary>
    /// Reads a span of records, all of one moment, with what the organization remembers of it: for exports, which tell first
    /// what follows.
    /// </summary>
    /// <param name="database">Where.</param>
    /// <param name="organizationId">Whose.</param>
    /// <param name="from">The first record; null for the beginning.</param>
    /// <param name="to">The last record; null for the end. One that is not there yet means the end.</param>
    /// <param name="take">Gets the span before its records; with none of them when the span is empty.</param>
    /// <param name="cancel">Stops reading.</param>
    public static async Task ReadSpanAsync(
        Database database, Guid organizationId, long? from, long? to, Func<AuditSpan, IAsyncEnumerable<AuditRecord>, Task> take, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var head = await HeadAsync(connection, transaction, organizationId, cancel) ?? throw new ArgumentException("there is no such organization", nameof(organizationId));
        var first = Math.Min(Math.Max(1, from ?? 1), head.Sequence + 1);
        var last = Math.Max(first - 1, Math.Min(to ?? head.Sequence, head.Sequence));
        var span = new AuditSpan(first, last,
            await HashAsync(connection, transaction, organizationId, first - 1, head, cancel),
            await HashAsync(connection, transaction, organizationId, last, head, cancel));
        await take(span, ReadAsync(connection, transaction, organizationId, cancel, first - 1).TakeWhile(r => r.Sequence <= last));
    }

    /// <summary>The end of every chain, as the organizations remember it.</summary>
    public static async Task<IReadOnlyList<OrganizationHead>> ReadHeadsAsync(Database database, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        var rows = await connection.QueryAsync<StoredHead>(new CommandDefinition(
            "SELECT organization_id, slug, audit_sequence, audit_hash, outbox_sequence, ledger_seal FROM organizations ORDER BY organization_id", cancellationToken: cancel));
        return [.. rows.Select(r => new OrganizationHead(r.OrganizationId, r.Slug, new AuditHead(r.AuditSequence, r.AuditHash))
        {
            LedgerSequence = r.OutboxSequence, LedgerSeal = Seal.Read(r.LedgerSeal),
        })];
    }

    /// <summary>Whether the ledger goes on from what was signed of it. Null when it does; otherwise what is wrong, in one line.</summary>
    public static async Task<string?> ContradictionOfLedgerAsync(Database database, AuditCheckpoint checkpoint, CancellationToken cancel)
    {
        if (checkpoint.LedgerSeal.IsNone) return null;
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, checkpoint.OrganizationId, cancel);
        var found = await connection.QuerySingleOrDefaultAsync<byte[]>(new CommandDefinition(
            "SELECT seal FROM outbox WHERE organization_id = @OrganizationId AND sequence = @LedgerSequence",
            new { checkpoint.OrganizationId, checkpoint.LedgerSequence }, transaction, cancellationToken: cancel));
        return Seal.Read(found) == checkpoint.LedgerSeal ? null
            : $"row {checkpoint.LedgerSequence} of the outbox is not the one that was signed before: run 'spendra verify'";
    }

    /// <summary>
    /// Checks that a chain goes on from an earlier head to the one that its organization remembers now. Null when it does, with
    /// the head; otherwise what is wrong, in one line.
    /// </summary>
    public static async Task<(AuditHead Head, string? Contradiction)> VerifySinceAsync(
        Database database, Guid organizationId, AuditHead earlier, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var expected = await HeadAsync(connection, transaction, organizationId, cancel);
        if (expected is not { } end) return (earlier, "there is no such organization");
        if (end.Sequence < earlier.Sequence)
            return (earlier, $"records were cut off: the organization counts {end.Sequence} records, but record {earlier.Sequence} was signed before");
        var anchor = await HashAsync(connection, transaction, organizationId, earlier.Sequence, default, cancel);
        if (!anchor.AsSpan().SequenceEqual(earlier.Hash)) return (earlier, $"record {earlier.Sequence} is not the one that was signed before");
        var head = earlier;
        await foreach (var record in ReadAsync(connection, transaction, organizationId, cancel, earlier.Sequence))
        {
            if (AuditChain.Contradiction(head, record) is { } contradiction) return (head, contradiction);
            head = AuditChain.HeadOf(record);
        }
        return (head, AuditChain.ContradictionAtEnd(head, end));
    }

    /// <summary>Recomputes the whole chain and compares its end with what the organization remembers.</summary>
    public static async Task<AuditVerdict> VerifyAsync(Database database, Guid organizationId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        return await VerifyAsync(connection, transaction, organizationId, cancel);
    }

    /// <summary>As the public one, within a transaction that sees one moment.</summary>
    internal static async Task<AuditVerdict> VerifyAsync(
        DbConnection connection, DbTransaction transaction, Guid organizationId, CancellationToken cancel)
    {
        if (await HeadAsync(connection, transaction, organizationId, cancel) is not { } expected)
            return new AuditVerdict(0, "there is no such organization");
        var head = AuditHead.Start;
        var count = 0L;
        await foreach (var record in ReadAsync(connection, transaction, organizationId, cancel))
        {
            if (AuditChain.Contradiction(head, record) is { } contradiction) return new AuditVerdict(count, contradiction);
            head = AuditChain.HeadOf(record);
            count++;
        }
        return new AuditVerdict(count, AuditChain.ContradictionAtEnd(head, expected));
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

    /// <summary>Writes a record of each change behind the head that the caller holds locked, and has to keep what comes back.</summary>
    internal static async Task<AuditHead> AppendAsync(
        Database database, DbConnection connection, DbTransaction transaction, Guid organizationId, AuditHead head, long nowMicros,
        IEnumerable<ChangeNote> notes, ChangeAuthor author, CancellationToken cancel)
    {
        var records = new List<AuditRecord>();
        foreach (var note in notes)
        {
            var record = AuditChain.Append(head, new AuditRecord
            {
                OrganizationId = organizationId,
                Sequence = 0,
                RecordedAt = nowMicros,
                Actor = author.Actor,
                Action = note.Action,
                SubjectKind = note.SubjectKind,
                Subject = note.Subject,
                BeforeState = note.Before,
                AfterState = note.After,
                Reason = author.Reason,
                Origin = author.Origin,
                PreviousHash = [],
                Hash = [],
            });
            records.Add(record);
            head = AuditChain.HeadOf(record);
        }
        await InsertAsync(database, connection, transaction, records, cancel);
        return head;
    }

    private static async IAsyncEnumerable<AuditRecord> ReadAsync(
        DbConnection connection, DbTransaction transaction, Guid organizationId,
        [EnumeratorCancellation] CancellationToken cancel, long after = 0)
    {
        for (; ; )
        {
            var page = (await connection.QueryAsync<StoredAuditRecord>(new CommandDefinition(
                Page, new { organizationId, after }, transaction, cancellationToken: cancel))).AsList();
            if (page.Count == 0) yield break;
            foreach (var row in page) yield return row.ToRecord();
            after = page[^1].Sequence;
        }
    }

    private static async Task<AuditHead?> HeadAsync(
        DbConnection connection, DbTransaction transaction, Guid organizationId, CancellationToken cancel) =>
        await connection.QuerySingleOrDefaultAsync<StoredHead>(new CommandDefinition(
            "SELECT audit_sequence, audit_hash FROM organizations WHERE organization_id = @organizationId",
            new { organizationId }, transaction, cancellationToken: cancel)) is { } row ? new AuditHead(row.AuditSequence, row.AuditHash) : null;

    /// <summary>The hash of a record; of the head as the organization remembers it; empty for one that is missing.</summary>
    private static async Task<byte[]> HashAsync(
        DbConnection connection, DbTransaction transaction, Guid organizationId, long sequence, AuditHead head, CancellationToken cancel)
    {
        if (sequence == 0) return AuditHead.Start.Hash;
        if (sequence == head.Sequence) return head.Hash;
        return await connection.QuerySingleOrDefaultAsync<byte[]>(new CommandDefinition(
            "SELECT hash FROM audit_records WHERE organization_id = @organizationId AND sequence = @sequence",
            new { organizationId, sequence }, transaction, cancellationToken: cancel)) ?? [];
    }

    private sealed class StoredHead
    {
        public Guid OrganizationId { get; set; }
        public string Slug { get; set; } = "";
        public long AuditSequence { get; set; }
        public byte[] AuditHash { get; set; } = [];
        public long OutboxSequence { get; set; }
        public byte[]? LedgerSeal { get; set; }
    }

    internal sealed class StoredAuditRecord
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
