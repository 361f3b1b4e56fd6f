using System.Security.Claims;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Spendra.Storage;
using Spendra.Storage.Access;

namespace Spendra.Control.Shell;

/// <summary>
/// Sessions of people in browsers: a cookie that names a row. Looked up at every call, so that signing out, here or
/// everywhere, holds from the next call on. What such a call changes needs the antiforgery token as well: browsers send
/// cookies with calls that other pages make.
/// </summary>
internal static class SessionAuthentication
{
    public const string SchemeName = "session";
    public const string AntiforgeryHeader = "x-spendra-antiforgery";

    // The prefix binds a cookie to this host: no other host of the domain can set it.
    private const string SecurePrefix = "__Host-";

    public static AuthenticationBuilder AddSessions(this AuthenticationBuilder builder, ControlOptions options)
    {
        builder.Services.AddAntiforgery(antiforgery =>
        {
            Shape(antiforgery.Cookie, "spendra-antiforgery", options);
            antiforgery.Cookie.SameSite = SameSiteMode.Strict;
            antiforgery.HeaderName = AntiforgeryHeader;
            antiforgery.SuppressReadingTokenFromFormBody = true;
            antiforgery.SuppressXFrameOptionsHeader = true;
        });
        return builder.AddCookie(SchemeName, cookies =>
        {
            Shape(cookies.Cookie, "spendra-session", options);
            // A link from elsewhere finds people signed in; a call from elsewhere that changes something does not.
            cookies.Cookie.SameSite = SameSiteMode.Lax;
            cookies.SlidingExpiration = false;
            cookies.ExpireTimeSpan = TimeSpan.FromHours(options.SessionHours);
            cookies.Events.OnValidatePrincipal = ValidateAsync;
        });
    }

    public static void Shape(CookieBuilder cookie, string name, ControlOptions options)
    {
        cookie.Name = options.IsPlainHttp ? name : SecurePrefix + name;
        cookie.SecurePolicy = options.IsPlainHttp ? CookieSecurePolicy.None : CookieSecurePolicy.Always;
        cookie.HttpOnly = true;
        cookie.IsEssential = true;
        cookie.Path = "/";
    }

    /// <summary>Begins a session and hands out its cookie; the call goes on as its person.</summary>
    public static async Task StartAsync(HttpContext http, SessionRow session)
    {
        await Sessions.StartAsync(http.RequestServices.GetRequiredService<Database>(), session, http.RequestAborted);
        var claims = SignedIn.ClaimsOf(session.UserId, session.SessionId, session.CreatedAt);
        var principal = new ClaimsPrincipal(new ClaimsIdentity(claims, SchemeName));
        await http.SignInAsync(SchemeName, principal, new AuthenticationProperties
        {
            IsPersistent = true,
            IssuedUtc = Micros.ToInstant(session.CreatedAt),
            ExpiresUtc = Micros.ToInstant(session.ExpiresAt),
        });
        http.User = principal;
    }

    /// <summary>Whether a call changes something and comes from a browser's session without proof that its own page made it.</summary>
    public static async Task<bool> IsForgedAsync(HttpContext http)
    {
        if (http.User.Identity?.AuthenticationType != SchemeName) return false;
        return !await http.RequestServices.GetRequiredService<IAntiforgery>().IsRequestValidAsync(http);
    }

    private static async Task ValidateAsync(CookieValidatePrincipalContext context)
    {
        var services = context.HttpContext.RequestServices;
        if (context.Principal is { } principal && SignedIn.Read(principal) is { Session: { } session } signedIn)
        {
            var now = Micros.Now(services.GetRequiredService<TimeProvider>());
            var found = await Sessions.FindAsync(services.GetRequiredService<Database>(), session.SessionId, now, context.HttpContext.RequestAborted);
            if (found?.UserId == signedIn.UserId) return;
        }
        context.RejectPrincipal();
    }
}
