using System.Buffers.Binary;

namespace Spendra.Core.Ledger;

/// <summary>
/// Seals what the ledger appends, as <see cref="Audit.AuditChain"/> seals what people change: each outbox row carries a hash over the
/// row before it and over the content of what it announces. Whoever changes, removes, inserts or reorders anything that was
/// announced contradicts a seal; whoever rewrites all seals after it contradicts the checkpoints that were signed meanwhile.
/// </summary>
public static class SealChain
{
    private static ReadOnlySpan<byte> Purpose => "spendra ledger seal v1\n"u8;

    /// <summary>What the first sealed row continues.</summary>
    /// <param name="organizationId">Whose ledger.</param>
    /// <param name="sequence">The last outbox row that is not sealed; zero when all are.</param>
    public static Seal Start(Guid organizationId, long sequence)
    {
        Span<byte> bytes = stackalloc byte[Purpose.Length + 16 + sizeof(long)];
        Purpose.CopyTo(bytes);
        organizationId.TryWriteBytes(bytes[Purpose.Length..], bigEndian: true, out _);
        BinaryPrimitives.WriteInt64BigEndian(bytes[(Purpose.Length + 16)..], sequence);
        return Seal.Of(bytes);
    }

    /// <summary>The seal of an outbox row.</summary>
    /// <param name="previous">The seal of the row before, or <see cref="Start"/>.</param>
    /// <param name="row">What it announces; its own seal is not looked at.</param>
    /// <param name="content">Of the rows that it announces.</param>
    public static Seal Next(Seal previous, in Announcement row, Seal content)
    {
        Span<byte> bytes = stackalloc byte[2 * Seal.Bytes + 16 + 2 * sizeof(long) + 2 * sizeof(int)];
        previous.Write(bytes);
        content.Write(bytes[32..]);
        row.SubjectId.TryWriteBytes(bytes[64..], bigEndian: true, out _);
        BinaryPrimitives.WriteInt64BigEndian(bytes[80..], row.Sequence);
        BinaryPrimitives.WriteInt64BigEndian(bytes[88..], row.CreatedAt);
        BinaryPrimitives.WriteInt32BigEndian(bytes[96..], row.EventNumber);
        BinaryPrimitives.WriteInt32BigEndian(bytes[100..], (int)row.Topic);
        return Seal.Of(bytes);
    }
}

/// <summary>What an outbox row says.</summary>
/// <param name="Sequence">Its number.</param>
/// <param name="Topic">What it announces.</param>
/// <param name="SubjectId">The reservation, request or adjustment.</param>
/// <param name="EventNumber">Which event of a reservation; zero for everything else.</param>
/// <param name="CreatedAt">When, in microseconds since the Unix epoch.</param>
public readonly record struct Announcement(long Sequence, OutboxTopic Topic, Guid SubjectId, int EventNumber, long CreatedAt);
