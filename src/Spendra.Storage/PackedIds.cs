using System.Collections.Immutable;

namespace Spendra.Storage;

/// <summary>A short list of ids in one column: 16 big-endian bytes each, one after the other.</summary>
public static class PackedIds
{
    public const int IdBytes = 16;

    public static byte[] Pack(ImmutableArray<Guid> ids)
    {
        var bytes = new byte[ids.Length * IdBytes];
        Pack(ids, bytes);
        return bytes;
    }

    /// <summary>Packs into the caller's memory and returns the number of bytes.</summary>
    public static int Pack(ImmutableArray<Guid> ids, Span<byte> bytes)
    {
        for (var i = 0; i < ids.Length; i++) ids[i].TryWriteBytes(bytes[(i * IdBytes)..], bigEndian: true, out _);
        return ids.Length * IdBytes;
    }

    /// <exception cref="FormatException">The length is not a multiple of 16: the row is damaged.</exception>
    public static ImmutableArray<Guid> Unpack(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length % IdBytes != 0) throw new FormatException($"{bytes.Length} bytes are not a list of ids");
        var ids = ImmutableArray.CreateBuilder<Guid>(bytes.Length / IdBytes);
        for (var at = 0; at < bytes.Length; at += IdBytes) ids.Add(new Guid(bytes.Slice(at, IdBytes), bigEndian: true));
        return ids.MoveToImmutable();
    }
}
