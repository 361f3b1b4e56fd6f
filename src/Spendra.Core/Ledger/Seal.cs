using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Spendra.Core.Ledger;

/// <summary>A SHA-256 value, compared by value. <c>default</c> is none: what was written before the ledger was sealed.</summary>
public readonly record struct Seal(UInt128 High, UInt128 Low)
{
    public const int Bytes = SHA256.HashSizeInBytes;

    public bool IsNone => this == default;

    public static Seal Of(ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[Bytes];
        SHA256.HashData(content, hash);
        return Read(hash);
    }

    /// <param name="bytes">32 bytes, or nothing for none.</param>
    /// <exception cref="FormatException">Any other length: the row is damaged.</exception>
    public static Seal Read(ReadOnlySpan<byte> bytes) => bytes.Length switch
    {
        0 => default,
        Bytes => new Seal(BinaryPrimitives.ReadUInt128BigEndian(bytes), BinaryPrimitives.ReadUInt128BigEndian(bytes[16..])),
        _ => throw new FormatException($"{bytes.Length} bytes are not a seal"),
    };

    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt128BigEndian(bytes, High);
        BinaryPrimitives.WriteUInt128BigEndian(bytes[16..], Low);
    }

    /// <summary>As a column holds it: null for none.</summary>
    public byte[]? ToColumn()
    {
        if (IsNone) return null;
        var bytes = new byte[Bytes];
        Write(bytes);
        return bytes;
    }

    public override string ToString() => IsNone ? "none" : $"{High:x32}{Low:x32}";
}
