using System.Diagnostics.CodeAnalysis;

namespace Spendra.Core.Keys;

/// <summary>What a link with a secret is good for, once.</summary>
public enum OneTimePurpose
{
    /// <summary>To become a member as somebody invited one to be.</summary>
    Invitation,
    /// <summary>To make the first member of an installation.</summary>
    Setup,
}

/// <summary>
/// The secret of a link that works once: <c>spi_…</c> invites, <c>sps_…</c> sets an installation up. Spelt like a scoped key,
/// so that whoever finds one knows what it is. Prints as redacted.
/// </summary>
public sealed class OneTimeLink
{
    public const int SecretBytes = TokenText.SecretBytes;

    private readonly byte[] _secret;

    private OneTimeLink(OneTimePurpose purpose, Guid linkId, byte[] secret)
    {
        Purpose = purpose;
        LinkId = linkId;
        _secret = secret;
    }

    public OneTimePurpose Purpose { get; }

    public Guid LinkId { get; }

    /// <summary>The 32 secret bytes: what is hashed and compared, never stored or logged.</summary>
    public ReadOnlySpan<byte> Secret => _secret;

    /// <param name="purpose">What it is good for.</param>
    /// <param name="linkId">The id under which its digest is stored.</param>
    /// <param name="secret">32 bytes from a cryptographic source.</param>
    public static OneTimeLink Create(OneTimePurpose purpose, Guid linkId, ReadOnlySpan<byte> secret)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(secret.Length, SecretBytes);
        return new OneTimeLink(purpose, linkId, secret.ToArray());
    }

    /// <summary>Parses and verifies the checksum. False for anything that is not exactly a secret of this purpose.</summary>
    public static bool TryParse(OneTimePurpose purpose, ReadOnlySpan<char> text, [NotNullWhen(true)] out OneTimeLink? link)
    {
        link = null;
        Span<byte> secret = stackalloc byte[SecretBytes];
        if (!TokenText.TryRead(text, PrefixOf(purpose), out var linkId, secret)) return false;
        link = new OneTimeLink(purpose, linkId, secret.ToArray());
        return true;
    }

    /// <summary>The full text with the secret. Shown once.</summary>
    public string Reveal() => TokenText.Write(PrefixOf(Purpose), LinkId, _secret);

    public override string ToString() => $"{TokenText.Name(PrefixOf(Purpose), LinkId)}_[redacted]";

    private static string PrefixOf(OneTimePurpose purpose) => purpose switch
    {
        OneTimePurpose.Invitation => "spi_",
        OneTimePurpose.Setup => "sps_",
    };
}
