using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Spendra.Control.Shell;
using Spendra.Storage;
using Spendra.Storage.Access;

namespace Spendra.Control.Dashboard;

/// <summary>
/// Lets in what pages call for their visitors. The session is looked up at every call, as that of a browser is: somebody who was
/// signed out elsewhere sees no more of a page that is still open.
/// </summary>
internal sealed class PageAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, Database database, TimeProvider time)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "page";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Context.Features.Get<PageVisitor>() is not { } visitor || SignedIn.Read(visitor.Person) is not { Session: { } session } signedIn)
            return AuthenticateResult.NoResult();
        var found = await Sessions.FindAsync(database, session.SessionId, Micros.Now(time), Context.RequestAborted);
        if (found?.UserId != signedIn.UserId) return AuthenticateResult.Fail("the session is over");
        // No cookie brought this call, so that no other page can have made it.
        var identity = new ClaimsIdentity(SignedIn.ClaimsOf(signedIn.UserId, session.SessionId, session.StartedAt), SchemeName);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), SchemeName));
    }
}
