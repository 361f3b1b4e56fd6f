using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Routing;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Storage.Access;

namespace Spendra.Control.SignIn;

/// <summary>One's own password, authenticator app and recovery codes.</summary>
internal static class AccountEndpoints
{
    private const int RecoveryCodes = 10;
    private const string IssuerName = "Spendra";

    public static void Map(IEndpointRouteBuilder session)
    {
        var group = session.MapGroup("").WithTags("Sign-in");
        group.MapPut("/password", SetPasswordAsync).ForSession("setPassword", "Set or change one's own password", isFresh: true,
            new EditedPassword { CurrentPassword = "correct horse battery", NewPassword = "wrong zebra socket" },
            ProblemKind.AntiforgeryRequired, ProblemKind.StaleVersion, ProblemKind.TooManyRequests);
        group.MapPost("/password-link", RedeemLinkAsync).ForAnybody("setPasswordByLink", "Set a password with a ticket of the operator's",
            new LinkedPassword { Ticket = "KpX1…", NewPassword = "wrong zebra socket" }, ProblemKind.SignInRefused, ProblemKind.StaleVersion, ProblemKind.TooManyRequests);
        group.MapPost("/totp", BeginTotpAsync).ForSession("beginTotp", "Begin to use an authenticator app", isFresh: true, null,
            ProblemKind.AntiforgeryRequired, ProblemKind.WrongState, ProblemKind.StaleVersion);
        group.MapPost("/totp/confirm", ConfirmTotpAsync).ForSession("confirmTotp", "Confirm the authenticator app with a code of it", isFresh: true,
            new TotpCode { Code = "492039" }, ProblemKind.AntiforgeryRequired, ProblemKind.WrongState, ProblemKind.StaleVersion, ProblemKind.TooManyRequests);
        group.MapPost("/totp/disable", DisableTotpAsync).ForSession("disableTotp", "Sign in without an authenticator app again", isFresh: true, null,
            ProblemKind.AntiforgeryRequired, ProblemKind.WrongState, ProblemKind.StaleVersion);
        group.MapPost("/recovery-codes", RenewCodesAsync).ForSession("renewRecoveryCodes", "Replace the recovery codes", isFresh: true, null,
            ProblemKind.AntiforgeryRequired, ProblemKind.WrongState, ProblemKind.StaleVersion);
    }

    private static async Task<Answer<SessionView>> SetPasswordAsync(
        EditedPassword body, SignedIn signedIn, AccountDesk desk, Attempts attempts, SignInLimits limits, UserManager<UserAccount> users, HttpContext http)
    {
        if (await desk.FindAsync(signedIn, http.RequestAborted) is not var (account, session)) return Problem.NotFound;
        if (AccountDesk.CheckPassword(account, body.NewPassword) is { } weak) return weak;
        if (account.PasswordHash is null)
        {
            if (body.CurrentPassword is not null) return Problem.Field("currentPassword", "is not there yet: leave it out");
            desk.Record(http, account, "set_password");
            if (!(await users.AddPasswordAsync(account, body.NewPassword)).Succeeded) return AccountDesk.Changed;
            return Outcome<SessionView>.Done(await desk.GoOnAsync(http, account, session, "password set"));
        }
        if (body.CurrentPassword is null) return Problem.Field("currentPassword", "is missing");
        if (limits.Take(http, account.Email) is { } tooMany) return tooMany;
        if (!await attempts.TakeAsync(account.UserId, http.RequestAborted)) return TooManyWrong;
        desk.Record(http, account, "set_password");
        var changed = await users.ChangePasswordAsync(account, body.CurrentPassword, body.NewPassword);
        if (changed.Errors.Any(e => e.Code == nameof(IdentityErrorDescriber.PasswordMismatch))) return Problem.Field("currentPassword", "is wrong");
        await attempts.GiveBackAsync(account.UserId, http.RequestAborted);
        if (!changed.Succeeded) return AccountDesk.Changed;
        return Outcome<SessionView>.Done(await desk.GoOnAsync(http, account, session, "password changed"));
    }

    private static async Task<Answer<LinkView>> RedeemLinkAsync(
        LinkedPassword body, AccountDesk desk, Attempts attempts, Tickets tickets, SignInLimits limits, UserManager<UserAccount> users, HttpContext http)
    {
        if (limits.Take(http, null) is { } tooMany) return tooMany;
        // A password that does not do leaves the ticket good.
        if (await tickets.FindAsync(body.Ticket, TicketKind.Password, http.RequestAborted) is not { UserId: { } userId }
            || await users.FindByIdAsync(userId.ToString()) is not { } account) return LinkRefused;
        if (AccountDesk.CheckPassword(account, body.NewPassword) is { } weak) return weak;
        if (await tickets.TakeAsync(body.Ticket, TicketKind.Password, http.RequestAborted) is null) return LinkRefused;
        account.PasswordHash = null;
        desk.Record(http, account, "set_password", "a password link");
        if (!(await users.AddPasswordAsync(account, body.NewPassword)).Succeeded) return AccountDesk.Changed;
        await attempts.ForgiveAsync(account.UserId, http.RequestAborted);
        return Outcome<LinkView>.Done(new LinkView(account.Email));
    }

    private static async Task<Answer<TotpView>> BeginTotpAsync(SignedIn signedIn, AccountDesk desk, UserManager<UserAccount> users, AccountStore store, HttpContext http)
    {
        if (await desk.FindAsync(signedIn, http.RequestAborted) is not var (account, _)) return Problem.NotFound;
        if (account.IsTwoFactor) return new Problem(ProblemKind.WrongState, "An authenticator app is in use. Disable it first.");
        var secret = users.GenerateNewAuthenticatorKey();
        await store.SetAuthenticatorKeyAsync(account, secret, http.RequestAborted);
        if (!(await users.UpdateAsync(account)).Succeeded) return AccountDesk.Changed;
        var label = Uri.EscapeDataString($"{IssuerName}:{account.Email}");
        return Outcome<TotpView>.Done(new TotpView(secret,
            $"otpauth://totp/{label}?secret={secret}&issuer={IssuerName}&digits={Totp.Digits}&period={Totp.StepSeconds}"));
    }

    private static async Task<Answer<RecoveryCodesView>> ConfirmTotpAsync(
        TotpCode body, SignedIn signedIn, AccountDesk desk, Attempts attempts, SignInLimits limits, UserManager<UserAccount> users, HttpContext http)
    {
        if (await desk.FindAsync(signedIn, http.RequestAborted) is not var (account, session)) return Problem.NotFound;
        if (account.IsTwoFactor || account.TotpSecret is null) return new Problem(ProblemKind.WrongState, "Nothing waits to be confirmed. Begin first.");
        if (limits.Take(http, account.UserId.ToString()) is { } tooMany) return tooMany;
        if (!await attempts.TakeAsync(account.UserId, http.RequestAborted)) return TooManyWrong;
        if (!await users.VerifyTwoFactorTokenAsync(account, TokenOptions.DefaultAuthenticatorProvider, body.Code))
            return Problem.Field("code", "is wrong, or was used before: take the next one");
        await attempts.GiveBackAsync(account.UserId, http.RequestAborted);
        if (await users.GenerateNewTwoFactorRecoveryCodesAsync(account, RecoveryCodes) is not { } codes) return AccountDesk.Changed;
        desk.Record(http, account, "enable_totp");
        if (!(await users.SetTwoFactorEnabledAsync(account, true)).Succeeded) return AccountDesk.Changed;
        await desk.GoOnAsync(http, account, session, "authenticator app confirmed");
        return Outcome<RecoveryCodesView>.Done(new RecoveryCodesView([.. codes]));
    }

    private static async Task<Answer<SessionView>> DisableTotpAsync(SignedIn signedIn, AccountDesk desk, UserManager<UserAccount> users, HttpContext http)
    {
        if (await desk.FindAsync(signedIn, http.RequestAborted) is not var (account, session)) return Problem.NotFound;
        if (!account.IsTwoFactor) return NoTotp;
        account.TotpSecret = null;
        account.WriteRecoveryDigests([]);
        desk.Record(http, account, "disable_totp");
        if (!(await users.SetTwoFactorEnabledAsync(account, false)).Succeeded) return AccountDesk.Changed;
        return Outcome<SessionView>.Done(await desk.GoOnAsync(http, account, session, "authenticator app disabled"));
    }

    private static async Task<Answer<RecoveryCodesView>> RenewCodesAsync(SignedIn signedIn, AccountDesk desk, UserManager<UserAccount> users, HttpContext http)
    {
        if (await desk.FindAsync(signedIn, http.RequestAborted) is not var (account, _)) return Problem.NotFound;
        if (!account.IsTwoFactor) return NoTotp;
        desk.Record(http, account, "renew_recovery_codes");
        return await users.GenerateNewTwoFactorRecoveryCodesAsync(account, RecoveryCodes) is { } codes
            ? Outcome<RecoveryCodesView>.Done(new RecoveryCodesView([.. codes]))
            : AccountDesk.Changed;
    }

    private static Problem TooManyWrong => new(ProblemKind.TooManyRequests, "There were too many wrong attempts. Wait 15 minutes.");

    private static Problem LinkRefused => new(ProblemKind.SignInRefused, "This ticket is unknown, was used, or its time is up. Ask for another one.");

    private static Problem NoTotp => new(ProblemKind.WrongState, "No authenticator app is in use.");

    /// <param name="Email">Whose password was set: sign in with it.</param>
    internal sealed record LinkView(string Email);
}
