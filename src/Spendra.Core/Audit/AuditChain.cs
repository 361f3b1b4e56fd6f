using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Spendra.Core.Audit;

/// <summary>Where a chain ends: the sequence and hash of its last record; zero and zeros before the first.</summary>
public readonly record struct AuditHead(long Sequence, byte[] Hash)
{
    public static AuditHead Start => new(0, new byte[SHA256.HashSizeInBytes]);
}

/// <summary>
/// Chains audit records so that a change, a removal, an insertion or a new order of any of them shows. The hash is
/// SHA-256 over the members in the order of the record, each as a four-byte big-endian length and its bytes; an
/// absent text has the length −1, so that no two records have one encoding.
/// </summary>
public static class AuditChain
{
    private const int AbsentLength = -1;

    /// <summary>The record that follows a head: numbered, linked and hashed.</summary>
    public static AuditRecord Append(AuditHead head, AuditRecord record)
    {
        var linked = record with { Sequence = checked(head.Sequence + 1), PreviousHash = head.Hash };
        return linked with { Hash = HashOf(linked) };
    }

    public static AuditHead HeadOf(AuditRecord record) => new(record.Sequence, record.Hash);

    /// <summary>
    /// Checks that a record follows a head. Null when it does; otherwise what is wrong, in one line.
    /// </summary>
    public static string? Contradiction(AuditHead head, AuditRecord record)
    {
        if (record.Sequence != head.Sequence + 1)
            return $"record {head.Sequence + 1} is missing: record {record.Sequence} follows record {head.Sequence}";
        if (!record.PreviousHash.AsSpan().SequenceEqual(head.Hash))
            return $"record {record.Sequence} does not continue record {head.Sequence}: one of them was replaced or moved";
        if (!record.Hash.AsSpan().SequenceEqual(HashOf(record)))
            return $"record {record.Sequence} was changed after it was written";
        return null;
    }

    /// <summary>Checks that a chain ends where the organization says it does: nothing was cut off or added.</summary>
    public static string? ContradictionAtEnd(AuditHead found, AuditHead expected)
    {
        if (found.Sequence != expected.Sequence)
            return $"the organization counts {expected.Sequence} records, but the last one found is {found.Sequence}";
        return found.Hash.AsSpan().SequenceEqual(expected.Hash)
            ? null
            : $"the last record, {found.Sequence}, is not the one that the organization remembers";
    }

    public static byte[] HashOf(AuditRecord record)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> id = stackalloc byte[16];
        record.OrganizationId.TryWriteBytes(id, bigEndian: true, out _);
        Add(hash, record.PreviousHash);
        Add(hash, id);
        Add(hash, record.Sequence);
        Add(hash, record.RecordedAt);
        Add(hash, record.Actor);
        Add(hash, record.Action);
        Add(hash, record.SubjectKind);
        Add(hash, record.Subject);
        Add(hash, record.BeforeState);
        Add(hash, record.AfterState);
        Add(hash, record.Reason);
        Add(hash, record.Origin);
        return hash.GetHashAndReset();
    }

    private static void Add(IncrementalHash hash, string? text)
    {
        if (text is null) AddLength(hash, AbsentLength);
        else Add(hash, Encoding.UTF8.GetBytes(text));
    }

    private static void Add(IncrementalHash hash, long number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        Add(hash, bytes);
    }

    private static void Add(IncrementalHash hash, ReadOnlySpan<byte> bytes)
    {
        AddLength(hash, bytes.Length);
        hash.AppendData(bytes);
    }

    private static void AddLength(IncrementalHash hash, int length)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, length);
        hash.AppendData(bytes);
    }
}
