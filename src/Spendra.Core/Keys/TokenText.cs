using System.Security.Cryptography;
using System.Text;

namespace Spendra.Core.Keys;

/// <summary>
/// How every secret of Spendra is spelt: a prefix that says what it is, the id under which it is stored (a UUID in 26
/// characters), an underscore, and 32 random bytes with a four-byte checksum of everything before them, in 58 characters.
/// </summary>
internal static class TokenText
{
    public const int SecretBytes = 32;

    private const int ChecksumBytes = 4;
    private const int IdBytes = 16;
    private const int IdChars = 26;
    private const int SecretChars = 58;

    public static int LengthOf(string prefix) => prefix.Length + IdChars + 1 + SecretChars;

    /// <summary>Prefix and id, without the secret.</summary>
    public static string Name(string prefix, Guid id)
    {
        Span<byte> bytes = stackalloc byte[IdBytes];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return prefix + Base32.Encode(bytes);
    }

    public static string Write(string prefix, Guid id, ReadOnlySpan<byte> secret)
    {
        Span<byte> bytes = stackalloc byte[SecretBytes + ChecksumBytes];
        secret.CopyTo(bytes);
        Checksum(prefix, id, secret, bytes[SecretBytes..]);
        return $"{Name(prefix, id)}_{Base32.Encode(bytes)}";
    }

    /// <summary>Reads exactly what <see cref="Write"/> wrote, checksum and all; <paramref name="secret"/> takes 32 bytes.</summary>
    public static bool TryRead(ReadOnlySpan<char> text, string prefix, out Guid id, Span<byte> secret)
    {
        id = default;
        if (text.Length != LengthOf(prefix) || !text.StartsWith(prefix, StringComparison.Ordinal)) return false;
        text = text[prefix.Length..];
        Span<byte> bytes = stackalloc byte[SecretBytes + ChecksumBytes];
        if (text[IdChars] != '_' || !TryReadId(text[..IdChars], out id) || !Base32.TryDecode(text[(IdChars + 1)..], bytes)) return false;
        Span<byte> checksum = stackalloc byte[ChecksumBytes];
        Checksum(prefix, id, bytes[..SecretBytes], checksum);
        if (!checksum.SequenceEqual(bytes[SecretBytes..])) return false;
        bytes[..SecretBytes].CopyTo(secret);
        return true;
    }

    /// <summary>Reads an id, whatever follows it after an underscore.</summary>
    public static bool TryReadId(ReadOnlySpan<char> text, out Guid id)
    {
        id = default;
        if (text.Length > IdChars && text[IdChars] == '_') text = text[..IdChars];
        Span<byte> bytes = stackalloc byte[IdBytes];
        if (!Base32.TryDecode(text, bytes)) return false;
        id = new Guid(bytes, bigEndian: true);
        return true;
    }

    private static void Checksum(string prefix, Guid id, ReadOnlySpan<byte> secret, Span<byte> checksum)
    {
        Span<byte> input = stackalloc byte[prefix.Length + IdBytes + SecretBytes];
        Encoding.ASCII.GetBytes(prefix, input);
        id.TryWriteBytes(input[prefix.Length..], bigEndian: true, out _);
        secret.CopyTo(input[(prefix.Length + IdBytes)..]);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(input, digest);
        digest[..ChecksumBytes].CopyTo(checksum);
    }
}
