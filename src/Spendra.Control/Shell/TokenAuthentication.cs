using System.Security.Claims;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Spendra.Core.Keys;
using Spendra.Storage;
using Spendra.Storage.Access;
using Spendra.Storage.Keys;

namespace Spendra.Control.Shell;

/// <summary>
/// Personal access tokens: <c>Authorization: Bearer spt_…</c>. Looked up at every call, so that revoking one holds from the
/// next call on.
/// </summary>
internal sealed class TokenAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder,
    Database database, MasterKey masterKey, TimeProvider time)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "token";

    private const string BearerPrefix = "Bearer ";

    /// <summary>Whether a call presents something that is meant as a token.</summary>
    public static bool IsMeant(Microsoft.AspNetCore.Http.HttpRequest request) =>
        request.Headers.Authorization.ToString().StartsWith(BearerPrefix + AccessToken.Prefix, StringComparison.Ordinal);

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (!IsMeant(Request)) return AuthenticateResult.NoResult();
        var text = Request.Headers.Authorization.ToString().AsSpan(BearerPrefix.Length);
        if (!AccessToken.TryParse(text, out var token)) return AuthenticateResult.Fail("malformed");
        var presented = await AccessTokenReader.FindAsync(database, token.TokenId, Context.RequestAborted);
        var digest = masterKey.DigestSecret(token.Secret);
        if (presented is null || !CryptographicOperations.FixedTimeEquals(presented.SecretHmac, digest))
            return AuthenticateResult.Fail("unknown");
        var now = Micros.Now(time);
        if (presented.Row.RevokedAt is not null || presented.Row.ExpiresAt <= now) return AuthenticateResult.Fail("revoked or expired");
        if (await MemberReader.FindAsync(database, presented.OrganizationId, presented.Row.MemberId, Context.RequestAborted) is not { } member)
            return AuthenticateResult.Fail("its member was removed");
        await AccessTokenReader.NoteUseAsync(database, presented, now, Context.RequestAborted);
        var claims = SignedIn.ClaimsOf(member.UserId, presented.Row.Name, presented.OrganizationId, presented.Row.Capabilities);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(new ClaimsIdentity(claims, SchemeName)), SchemeName));
    }
}
