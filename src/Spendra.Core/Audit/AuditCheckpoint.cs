using System.Buffers.Binary;
using Spendra.Core.Ledger;

namespace Spendra.Core.Audit;

/// <summary>
/// The word that a chain ended with a record at an instant, to be signed and kept where whoever can change the database cannot:
/// who cuts off the newest records, and corrects what the organization counts, is contradicted by it.
/// </summary>
/// <param name="OrganizationId">Whose chain.</param>
/// <param name="Sequence">The last record.</param>
/// <param name="Hash">Its hash, and with it that of every record before.</param>
/// <param name="SignedAt">Microseconds since the Unix epoch, UTC.</param>
public sealed record AuditCheckpoint(Guid OrganizationId, long Sequence, byte[] Hash, long SignedAt)
{
    private static ReadOnlySpan<byte> OfAuditAlone => "spendra audit checkpoint v1\n"u8;

    private static ReadOnlySpan<byte> OfBoth => "spendra audit checkpoint v2\n"u8;

    /// <summary>The last outbox row of the ledger at that instant; zero as long as there is none.</summary>
    public long LedgerSequence { get; init; }

    /// <summary>Its seal, and with it that of all that was announced before; none as long as nothing is sealed.</summary>
    public Seal LedgerSeal { get; init; }

    /// <summary>
    /// What is signed: the purpose, then id, sequence, instant (big-endian) and hash, and of a ledger that is sealed sequence and seal,
    /// all of fixed length.
    /// </summary>
    public byte[] ToSignedBytes()
    {
        var purpose = LedgerSeal.IsNone ? OfAuditAlone : OfBoth;
        var bytes = new byte[purpose.Length + 16 + sizeof(long) + sizeof(long) + Hash.Length + (LedgerSeal.IsNone ? 0 : sizeof(long) + Seal.Bytes)];
        purpose.CopyTo(bytes);
        var rest = bytes.AsSpan(purpose.Length);
        OrganizationId.TryWriteBytes(rest, bigEndian: true, out _);
        BinaryPrimitives.WriteInt64BigEndian(rest[16..], Sequence);
        BinaryPrimitives.WriteInt64BigEndian(rest[24..], SignedAt);
        Hash.CopyTo(rest[32..]);
        if (LedgerSeal.IsNone) return bytes;
        BinaryPrimitives.WriteInt64BigEndian(rest[(32 + Hash.Length)..], LedgerSequence);
        LedgerSeal.Write(rest[(32 + Hash.Length + sizeof(long))..]);
        return bytes;
    }
}
