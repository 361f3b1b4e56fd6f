using System.Security.Cryptography;
using Spendra.Core.Keys;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Keys;

/// <summary>A new key with its full token, which is shown once and stored nowhere. Prints as redacted.</summary>
public sealed record IssuedKey(string Slug, Guid KeyId, KeyMode Mode, string Secret)
{
    /// <summary>How lists and logs name the key.</summary>
    public string Id => KeyToken.DisplayName(Mode, KeyId);

    public override string ToString() => $"{Slug} {Id}_[redacted]";

    /// <summary>Makes the secret of a new key: the row holds only its digest.</summary>
    public static (GovernanceWrite.AddKey Write, IssuedKey Issued) Mint(ScopedKey key, MasterKey masterKey)
    {
        var token = NewToken(key);
        return (new GovernanceWrite.AddKey(key, masterKey.DigestSecret(token.Secret)), Of(key, token));
    }

    /// <summary>Makes another secret of a key that there is.</summary>
    /// <param name="key">The key as it shall be.</param>
    /// <param name="masterKey">Digests the secret.</param>
    /// <param name="previousUntil">Until when the present secret stays good.</param>
    public static (GovernanceWrite.RotateKey Write, IssuedKey Issued) Rotate(ScopedKey key, MasterKey masterKey, long previousUntil)
    {
        var token = NewToken(key);
        return (new GovernanceWrite.RotateKey(key, masterKey.DigestSecret(token.Secret), previousUntil), Of(key, token));
    }

    private static KeyToken NewToken(ScopedKey key) =>
        KeyToken.Create(key.Mode, key.KeyId, RandomNumberGenerator.GetBytes(KeyToken.SecretBytes));

    private static IssuedKey Of(ScopedKey key, KeyToken token) => new(key.Slug, key.KeyId, key.Mode, token.Reveal());
}
