using System.Security.Claims;
using Microsoft.IdentityModel.JsonWebTokens;
using Spendra.Core.Governance;
using Spendra.Storage.Access;

namespace Spendra.Control.Shell;

/// <summary>Reads who an issuer says somebody is.</summary>
internal static class IssuedIdentities
{
    private const int LongestName = 200;

    /// <summary>Null when the claims name no subject with an address.</summary>
    public static IssuedIdentity? Read(ClaimsPrincipal claims, string issuer)
    {
        var email = claims.FindFirstValue(JwtRegisteredClaimNames.Email);
        var subject = claims.FindFirstValue(JwtRegisteredClaimNames.Sub);
        if (email is null || subject is null) return null;
        var name = claims.FindFirstValue(JwtRegisteredClaimNames.Name);
        var identity = new IssuedIdentity(issuer, subject, email, name is not null && PlainText.Matches(name, LongestName) ? name : email);
        return identity.IsUsable ? identity : null;
    }
}
