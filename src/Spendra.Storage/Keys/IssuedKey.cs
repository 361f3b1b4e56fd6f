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
        var token = KeyToken.Create(key.Mode, key.KeyId, RandomNumberGenerator.GetBytes(KeyToken.SecretBytes));
        return (new GovernanceWrite.AddKey(key, masterKey.DigestSecret(token.Secret)),
            new IssuedKey(key.Slug, key.KeyId, key.Mode, token.Reveal()));
    }
}
