using System.Diagnostics.CodeAnalysis;

namespace Spendra.Core.Keys;

/// <summary>
/// A personal access token as automation presents it: <c>spt_&lt;token id&gt;_&lt;secret&gt;</c>, spelt like a scoped key.
/// Prints as redacted.
/// </summary>
public sealed class AccessToken
{
    public const int SecretBytes = TokenText.SecretBytes;
    public const string Prefix = "spt_";

    private readonly byte[] _secret;

    private AccessToken(Guid tokenId, byte[] secret)
    {
        TokenId = tokenId;
        _secret = secret;
    }

    public Guid TokenId { get; }

    /// <summary>The 32 secret bytes: what is hashed and compared, never stored or logged.</summary>
    public ReadOnlySpan<byte> Secret => _secret;

    /// <param name="tokenId">The id under which the token is stored.</param>
    /// <param name="secret">32 bytes from a cryptographic source.</param>
    public static AccessToken Create(Guid tokenId, ReadOnlySpan<byte> secret)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(secret.Length, SecretBytes);
        return new AccessToken(tokenId, secret.ToArray());
    }

    /// <summary>Parses and verifies the checksum. False for anything that is not exactly a token.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out AccessToken? token)
    {
        token = null;
        Span<byte> secret = stackalloc byte[SecretBytes];
        if (!TokenText.TryRead(text, Prefix, out var tokenId, secret)) return false;
        token = new AccessToken(tokenId, secret.ToArray());
        return true;
    }

    /// <summary>Reads the id of a token from how lists name it, or from the token itself.</summary>
    public static bool TryParseId(ReadOnlySpan<char> text, out Guid tokenId)
    {
        tokenId = default;
        return text.StartsWith(Prefix, StringComparison.Ordinal) && TokenText.TryReadId(text[Prefix.Length..], out tokenId);
    }

    /// <summary>The full text with the secret. Shown once, to whoever creates the token.</summary>
    public string Reveal() => TokenText.Write(Prefix, TokenId, _secret);

    /// <summary>How a token is named in lists and logs: prefix and id, without the secret.</summary>
    public static string DisplayName(Guid tokenId) => TokenText.Name(Prefix, tokenId);

    public override string ToString() => $"{DisplayName(TokenId)}_[redacted]";
}
