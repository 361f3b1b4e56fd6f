using System.Security.Cryptography;
using Spendra.Core.Keys;
using Spendra.Storage.Access;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Keys;

/// <summary>A new personal access token with its full text, which is shown once and stored nowhere. Prints as redacted.</summary>
public sealed record IssuedToken(AccessTokenRow Row, string Secret)
{
    /// <summary>How lists and logs name the token.</summary>
    public string Id => AccessToken.DisplayName(Row.TokenId);

    public override string ToString() => $"{Row.Name} {Id}_[redacted]";

    /// <summary>Makes the secret of a new token: the row holds only its digest.</summary>
    public static (GovernanceWrite.AddToken Write, IssuedToken Issued) Mint(AccessTokenRow row, MasterKey masterKey)
    {
        var token = AccessToken.Create(row.TokenId, RandomNumberGenerator.GetBytes(AccessToken.SecretBytes));
        return (new GovernanceWrite.AddToken(row, masterKey.DigestSecret(token.Secret)), new IssuedToken(row, token.Reveal()));
    }
}
