using System.Buffers.Binary;

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
    private static ReadOnlySpan<byte> Purpose => "spendra audit checkpoint v1\n"u8;

    /// <summary>What is signed: the purpose, then id, sequence, instant (big-endian) and hash, all of fixed length.</summary>
    public byte[] ToSignedBytes()
    {
        var bytes = new byte[Purpose.Length + 16 + sizeof(long) + sizeof(long) + Hash.Length];
        Purpose.CopyTo(bytes);
        var rest = bytes.AsSpan(Purpose.Length);
        OrganizationId.TryWriteBytes(rest, bigEndian: true, out _);
        BinaryPrimitives.WriteInt64BigEndian(rest[16..], Sequence);
        BinaryPrimitives.WriteInt64BigEndian(rest[24..], SignedAt);
        Hash.CopyTo(rest[32..]);
        return bytes;
    }
}
