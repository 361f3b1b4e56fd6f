using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Routing;
using Spendra.Control.Shell;
using Spendra.Storage;
using Spendra.Storage.Access;

namespace Spendra.Control.SignIn;

/// <summary>Signing in with a password, and out.</summary>
internal static class SessionEndpoints
{
    public static void Map(IEndpointRouteBuilder session)
    {
        var group = session.MapGroup("").WithTags("Sign-in");
        group.MapGet("", GetAsync).ForSignedIn("getSession", "Get who is signed in, with the token for calls that change something");
        group.MapGet("/methods", (ControlOptions options) => Methods(options)).ForAnybody("getSignInMethods", "Get the ways to sign in");
        group.MapPost("", async (NewSession body, SignInDesk desk, HttpContext http) => (Answer<SignInView>)await desk.PasswordAsync(http, body))
            .ForAnybody("signIn", "Sign in with address and password", new NewSession { Email = "ada@acme.example", Password = "correct horse battery" },
                ProblemKind.SignInRefused, ProblemKind.TooManyRequests);
        group.MapPost("/two-factor", async (SecondStep body, SignInDesk desk, HttpContext http) => (Answer<SignInView>)await desk.TwoFactorAsync(http, body))
            .ForAnybody("signInTwoFactor", "Sign in: the second step", new SecondStep { Ticket = "KpX1…", Code = "492039" },
                ProblemKind.SignInRefused, ProblemKind.TooManyRequests);
        group.MapPost("/sign-out", SignOutAsync).ForSession("signOut", "End this session", problems: ProblemKind.AntiforgeryRequired);
        group.MapPost("/sign-out-everywhere", SignOutEverywhereAsync)
            .ForSession("signOutEverywhere", "End every session of one's own", problems: ProblemKind.AntiforgeryRequired);
    }

    private static async Task<Answer<SessionView>> GetAsync(SignedIn signedIn, Database database, TimeProvider time, HttpContext http)
    {
        if (await UserAccounts.FindAsync(database, signedIn.UserId, http.RequestAborted) is not { } account) return Problem.NotFound;
        var session = signedIn.Session is { } held
            ? await Sessions.FindAsync(database, held.SessionId, Micros.Now(time), http.RequestAborted) : null;
        return Outcome<SessionView>.Done(SessionView.Of(http, account, session));
    }

    private static Answer<MethodsView> Methods(ControlOptions options) =>
        Outcome<MethodsView>.Done(new MethodsView(Password: true, Passkey: true, options.Oidc?.Name));

    private static async Task<Answer<EndView>> SignOutAsync(SignedIn signedIn, Database database, HttpContext http)
    {
        await Sessions.EndAsync(database, signedIn.Session!.SessionId, http.RequestAborted);
        await http.SignOutAsync(SessionAuthentication.SchemeName);
        return Outcome<EndView>.Done(new EndView(true));
    }

    private static async Task<Answer<EndView>> SignOutEverywhereAsync(
        SignedIn signedIn, AccountDesk desk, UserManager<UserAccount> users, HttpContext http)
    {
        if (await users.FindByIdAsync(signedIn.UserId.ToString()) is not { } account) return Problem.NotFound;
        desk.Record(http, account, "sign_out_everywhere");
        if (!(await users.UpdateSecurityStampAsync(account)).Succeeded) return AccountDesk.Changed;
        await http.SignOutAsync(SessionAuthentication.SchemeName);
        return Outcome<EndView>.Done(new EndView(true));
    }

    /// <param name="IsSignedOut">True.</param>
    internal sealed record EndView(bool IsSignedOut);
}
