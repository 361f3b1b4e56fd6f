using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Spendra.Core.Keys;

/// <summary>Where a key's traffic may go: to real providers, or only to the sandbox.</summary>
public enum KeyMode
{
    Live,
    Test,
}

/// <summary>
/// The text that a client presents: <c>spk_live_&lt;key id&gt;_&lt;secret&gt;</c>. The key id is a UUID in 26
/// characters, the secret 32 random bytes followed by a four-byte checksum of everything before it, in 58
/// characters. The checksum is no protection; it stops typing errors, scanners and junk before any look-up.
/// Prints as redacted.
/// </summary>
public sealed class KeyToken
{
    public const int SecretBytes = 32;
    public const string LivePrefix = "spk_live_";
    public const string TestPrefix = "spk_test_";

    private const int ChecksumBytes = 4;
    private const int IdChars = 26;
    private const int PrefixChars = 9;
    private const int SecretChars = 58;

    /// <summary>Characters of every well-formed token; anything longer is refused unread.</summary>
    public const int Length = PrefixChars + IdChars + 1 + SecretChars;

    private readonly byte[] _secret;

    private KeyToken(KeyMode mode, Guid keyId, byte[] secret)
    {
        Mode = mode;
        KeyId = keyId;
        _secret = secret;
    }

    public KeyMode Mode { get; }

    public Guid KeyId { get; }

    /// <summary>The 32 secret bytes: what is hashed and compared, never stored or logged.</summary>
    public ReadOnlySpan<byte> Secret => _secret;

    /// <param name="mode">Live or test.</param>
    /// <param name="keyId">The id under which the key is stored.</param>
    /// <param name="secret">32 bytes from a cryptographic source.</param>
    public static KeyToken Create(KeyMode mode, Guid keyId, ReadOnlySpan<byte> secret)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(secret.Length, SecretBytes);
        return new KeyToken(mode, keyId, secret.ToArray());
    }

    /// <summary>Parses and verifies the checksum. False for anything that is not exactly a token.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out KeyToken? token)
    {
        token = null;
        if (text.Length != Length || text[PrefixChars + IdChars] != '_') return false;
        KeyMode mode;
        if (text.StartsWith(LivePrefix, StringComparison.Ordinal)) mode = KeyMode.Live;
        else if (text.StartsWith(TestPrefix, StringComparison.Ordinal)) mode = KeyMode.Test;
        else return false;

        Span<byte> id = stackalloc byte[16];
        Span<byte> secret = stackalloc byte[SecretBytes + ChecksumBytes];
        if (!Base32.TryDecode(text.Slice(PrefixChars, IdChars), id)) return false;
        if (!Base32.TryDecode(text[(PrefixChars + IdChars + 1)..], secret)) return false;
        Span<byte> checksum = stackalloc byte[ChecksumBytes];
        Checksum(mode, id, secret[..SecretBytes], checksum);
        if (!checksum.SequenceEqual(secret[SecretBytes..])) return false;
        token = new KeyToken(mode, new Guid(id, bigEndian: true), secret[..SecretBytes].ToArray());
        return true;
    }

    /// <summary>The full text with the secret. Shown once, to whoever creates the key.</summary>
    public string Reveal()
    {
        Span<byte> id = stackalloc byte[16];
        KeyId.TryWriteBytes(id, bigEndian: true, out _);
        Span<byte> secret = stackalloc byte[SecretBytes + ChecksumBytes];
        _secret.CopyTo(secret);
        Checksum(Mode, id, _secret, secret[SecretBytes..]);
        return $"{Prefix(Mode)}{Base32.Encode(id)}_{Base32.Encode(secret)}";
    }

    /// <summary>How a key is named in lists and logs: prefix and id, without the secret.</summary>
    public static string DisplayName(KeyMode mode, Guid keyId)
    {
        Span<byte> id = stackalloc byte[16];
        keyId.TryWriteBytes(id, bigEndian: true, out _);
        return $"{Prefix(mode)}{Base32.Encode(id)}";
    }

    /// <summary>Reads what <see cref="DisplayName"/> wrote, or a full token, as the key id.</summary>
    public static bool TryParseId(ReadOnlySpan<char> text, out Guid keyId)
    {
        keyId = default;
        if (text.StartsWith(LivePrefix, StringComparison.Ordinal) || text.StartsWith(TestPrefix, StringComparison.Ordinal))
            text = text[PrefixChars..];
        if (text.Length > IdChars && text[IdChars] == '_') text = text[..IdChars];
        Span<byte> id = stackalloc byte[16];
        if (!Base32.TryDecode(text, id)) return false;
        keyId = new Guid(id, bigEndian: true);
        return true;
    }

    public override string ToString() => $"{DisplayName(Mode, KeyId)}_[redacted]";

    private static string Prefix(KeyMode mode) => mode == KeyMode.Live ? LivePrefix : TestPrefix;

    private static void Checksum(KeyMode mode, ReadOnlySpan<byte> id, ReadOnlySpan<byte> secret, Span<byte> checksum)
    {
        Span<byte> input = stackalloc byte[PrefixChars + 16 + SecretBytes];
        Encoding.ASCII.GetBytes(Prefix(mode), input);
        id.CopyTo(input[PrefixChars..]);
        secret.CopyTo(input[(PrefixChars + 16)..]);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(input, digest);
        digest[..ChecksumBytes].CopyTo(checksum);
    }
}
