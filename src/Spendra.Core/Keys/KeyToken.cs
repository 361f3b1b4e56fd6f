using System.Diagnostics.CodeAnalysis;

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
    public const int SecretBytes = TokenText.SecretBytes;
    public const string LivePrefix = "spk_live_";
    public const string TestPrefix = "spk_test_";

    /// <summary>Characters of every well-formed token; anything longer is refused unread.</summary>
    public static int Length => TokenText.LengthOf(LivePrefix);

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
        KeyMode mode;
        if (text.StartsWith(LivePrefix, StringComparison.Ordinal)) mode = KeyMode.Live;
        else if (text.StartsWith(TestPrefix, StringComparison.Ordinal)) mode = KeyMode.Test;
        else return false;

        Span<byte> secret = stackalloc byte[SecretBytes];
        if (!TokenText.TryRead(text, Prefix(mode), out var keyId, secret)) return false;
        token = new KeyToken(mode, keyId, secret.ToArray());
        return true;
    }

    /// <summary>The full text with the secret. Shown once, to whoever creates the key.</summary>
    public string Reveal() => TokenText.Write(Prefix(Mode), KeyId, _secret);

    /// <summary>How a key is named in lists and logs: prefix and id, without the secret.</summary>
    public static string DisplayName(KeyMode mode, Guid keyId) => TokenText.Name(Prefix(mode), keyId);

    /// <summary>Reads what <see cref="DisplayName"/> wrote, or a full token, as the key id.</summary>
    public static bool TryParseId(ReadOnlySpan<char> text, out Guid keyId)
    {
        if (text.StartsWith(LivePrefix, StringComparison.Ordinal) || text.StartsWith(TestPrefix, StringComparison.Ordinal))
            text = text[LivePrefix.Length..];
        return TokenText.TryReadId(text, out keyId);
    }

    public override string ToString() => $"{DisplayName(Mode, KeyId)}_[redacted]";

    private static string Prefix(KeyMode mode) => mode == KeyMode.Live ? LivePrefix : TestPrefix;
}
