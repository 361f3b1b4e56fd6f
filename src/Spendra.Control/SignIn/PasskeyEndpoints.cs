using System.Buffers.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Routing;
using Spendra.Control.Shell;
using Spendra.Storage.Access;

namespace Spendra.Control.SignIn;

/// <summary>Passkeys: registered, listed, removed, and signed in with. Challenges are good once.</summary>
internal static class PasskeyEndpoints
{
    private const int MostPasskeys = 20;

    private static readonly Problem Refused = new(ProblemKind.SignInRefused,
        "This passkey is not known here, its answer is not to this challenge, or that took more than five minutes. Begin again.");

    private static readonly JsonElement ExampleCredential = JsonDocument.Parse("""{ "id": "…", "type": "public-key", "response": {} }""").RootElement;

    public static void Map(IEndpointRouteBuilder session)
    {
        var group = session.MapGroup("").WithTags("Sign-in");
        group.MapGet("/passkeys", ListAsync).ForSession("listPasskeys", "List one's own passkeys");
        group.MapPost("/passkeys/options", BeginAsync).ForSession("beginPasskey", "Begin to register a passkey", isFresh: true, null,
            ProblemKind.AntiforgeryRequired, ProblemKind.WrongState);
        group.MapPost("/passkeys", RegisterAsync).ForSession("registerPasskey", "Register a passkey", isFresh: true,
            new NewPasskey { Ticket = "KpX1…", Name = "My phone", Credential = ExampleCredential }, ProblemKind.AntiforgeryRequired, ProblemKind.SignInRefused);
        group.MapPost("/passkeys/{id}/remove", RemoveAsync).ForSession("removePasskey", "Remove a passkey", isFresh: true, null,
            ProblemKind.AntiforgeryRequired, ProblemKind.NotFound, ProblemKind.StaleVersion);
        group.MapPost("/passkey/options", BeginSignInAsync).ForAnybody("beginPasskeySignIn", "Begin to sign in with a passkey", null, ProblemKind.TooManyRequests);
        group.MapPost("/passkey", SignInAsync).ForAnybody("signInWithPasskey", "Sign in with a passkey",
            new PasskeySignIn { Ticket = "KpX1…", Credential = ExampleCredential }, ProblemKind.SignInRefused, ProblemKind.TooManyRequests);
    }

    private static async Task<Answer<PasskeysView>> ListAsync(SignedIn signedIn, AccountDesk desk, UserManager<UserAccount> users, HttpContext http)
    {
        if (await desk.FindAsync(signedIn, http.RequestAborted) is not var (account, _)) return Problem.NotFound;
        return Outcome<PasskeysView>.Done(new PasskeysView([.. (await users.GetPasskeysAsync(account)).Select(View)]));
    }

    private static async Task<Answer<PasskeyOptionsView>> BeginAsync(
        SignedIn signedIn, AccountDesk desk, UserManager<UserAccount> users, IPasskeyHandler<UserAccount> handler, Tickets tickets, HttpContext http)
    {
        if (await desk.FindAsync(signedIn, http.RequestAborted) is not var (account, _)) return Problem.NotFound;
        if ((await users.GetPasskeysAsync(account)).Count >= MostPasskeys)
            return new Problem(ProblemKind.WrongState, $"An account has at most {MostPasskeys} passkeys. Remove one first.");
        var made = await handler.MakeCreationOptionsAsync(
            new PasskeyUserEntity { Id = account.UserId.ToString(), Name = account.Email, DisplayName = account.Name }, http);
        var ticket = await tickets.IssueAsync(TicketKind.PasskeyRegistration, new SignInTicket(account.UserId, made.AttestationState), http.RequestAborted);
        return Outcome<PasskeyOptionsView>.Done(new PasskeyOptionsView(ticket, ReadJson(made.CreationOptionsJson)));
    }

    private static async Task<Answer<PasskeyView>> RegisterAsync(
        NewPasskey body, SignedIn signedIn, UserManager<UserAccount> users, IPasskeyHandler<UserAccount> handler, AccountDesk desk, Tickets tickets, HttpContext http)
    {
        if (await desk.FindAsync(signedIn, http.RequestAborted) is not var (account, _)) return Problem.NotFound;
        if (await tickets.TakeAsync(body.Ticket, TicketKind.PasskeyRegistration, http.RequestAborted) is not { } ticket || ticket.UserId != account.UserId)
            return Refused;
        var result = await handler.PerformAttestationAsync(new PasskeyAttestationContext
        {
            HttpContext = http, CredentialJson = body.Credential.GetRawText(), AttestationState = ticket.State,
        });
        if (!result.Succeeded || result.UserEntity.Id != account.UserId.ToString()) return Refused;
        result.Passkey.Name = body.Name;
        desk.Record(http, account, "add_passkey");
        return (await users.AddOrUpdatePasskeyAsync(account, result.Passkey)).Succeeded
            ? Outcome<PasskeyView>.Done(View(result.Passkey))
            : AccountDesk.Changed;
    }

    private static async Task<Answer<SessionView>> RemoveAsync(
        string id, SignedIn signedIn, AccountDesk desk, UserManager<UserAccount> users, HttpContext http)
    {
        if (await desk.FindAsync(signedIn, http.RequestAborted) is not var (account, session)) return Problem.NotFound;
        if (!Base64Url.IsValid(id)) return Problem.NotFound;
        var credentialId = Base64Url.DecodeFromChars(id);
        if (await users.GetPasskeyAsync(account, credentialId) is null) return Problem.NotFound;
        desk.Record(http, account, "remove_passkey");
        // Sessions that the passkey began are over with it.
        if (!(await users.RemovePasskeyAsync(account, credentialId)).Succeeded || !(await users.UpdateSecurityStampAsync(account)).Succeeded)
            return AccountDesk.Changed;
        return Outcome<SessionView>.Done(await desk.GoOnAsync(http, account, session, "passkey removed"));
    }

    private static async Task<Answer<PasskeyOptionsView>> BeginSignInAsync(
        IPasskeyHandler<UserAccount> handler, Tickets tickets, SignInLimits limits, HttpContext http)
    {
        if (limits.Take(http, null) is { } tooMany) return tooMany;
        // No account is named: which passkeys somebody has is nobody's business, and the authenticator knows its own.
        var made = await handler.MakeRequestOptionsAsync(null, http);
        var ticket = await tickets.IssueAsync(TicketKind.PasskeySignIn, new SignInTicket(null, made.AssertionState), http.RequestAborted);
        return Outcome<PasskeyOptionsView>.Done(new PasskeyOptionsView(ticket, ReadJson(made.RequestOptionsJson)));
    }

    private static async Task<Answer<SignInView>> SignInAsync(
        PasskeySignIn body, IPasskeyHandler<UserAccount> handler, UserManager<UserAccount> users, SignInDesk desk, Tickets tickets, SignInLimits limits, HttpContext http)
    {
        if (limits.Take(http, null) is { } tooMany) return tooMany;
        if (await tickets.TakeAsync(body.Ticket, TicketKind.PasskeySignIn, http.RequestAborted) is not { } ticket) return Refused;
        var result = await handler.PerformAssertionAsync(new PasskeyAssertionContext
        {
            HttpContext = http, CredentialJson = body.Credential.GetRawText(), AssertionState = ticket.State,
        });
        if (!result.Succeeded || !(await users.AddOrUpdatePasskeyAsync(result.User, result.Passkey)).Succeeded) return Refused;
        return Outcome<SignInView>.Done(new SignInView(SignInView.SignedIn, await desk.StartAsync(http, result.User, "passkey"), null));
    }

    private static JsonElement ReadJson(string json) => JsonDocument.Parse(json).RootElement.Clone();

    private static PasskeyView View(UserPasskeyInfo passkey) => new(
        Base64Url.EncodeToString(passkey.CredentialId), passkey.Name ?? "", passkey.CreatedAt.UtcDateTime, passkey.IsBackedUp);
}
