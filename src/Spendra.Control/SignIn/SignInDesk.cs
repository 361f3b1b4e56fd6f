using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Logging;
using Spendra.Control.Shell;
using Spendra.Storage;
using Spendra.Storage.Access;

namespace Spendra.Control.SignIn;

/// <summary>The steps by which people sign in. Whatever was wrong is answered alike.</summary>
internal sealed partial class SignInDesk(
    Database database, UserManager<UserAccount> users, IPasswordHasher<UserAccount> hasher, Decoy decoy, Attempts attempts,
    SignInLimits limits, Tickets tickets, ControlOptions options, TimeProvider time, ILogger<SignInDesk> logger)
{
    public static readonly Problem Refused = new(ProblemKind.SignInRefused,
        "Address or password is wrong, or there were too many wrong attempts: then wait 15 minutes.");

    public static readonly Problem CodeRefused = new(ProblemKind.SignInRefused,
        "The code is wrong or was used before, the sign-in took more than five minutes, or there were too many wrong attempts: then begin again, after 15 minutes.");

    /// <summary>The first step with a password. With two-factor sign-in, it comes to a ticket for the second.</summary>
    public async Task<Outcome<SignInView>> PasswordAsync(HttpContext http, NewSession body)
    {
        if (limits.Take(http, body.Email) is { } tooMany) return tooMany;
        var (cancel, requestId) = (http.RequestAborted, RequestIds.Of(http));
        var account = await UserAccounts.FindByEmailAsync(database, body.Email, cancel);

        // Everybody's attempt takes the same steps: an account that is not there has an attempt and a hash as well.
        var isTaken = await attempts.TakeAsync(account?.UserId ?? Guid.Empty, cancel);
        var verdict = hasher.VerifyHashedPassword(account ?? decoy.Account, account?.PasswordHash ?? decoy.Hash, body.Password);
        if (!isTaken || account?.PasswordHash is null || verdict == PasswordVerificationResult.Failed)
        {
            var known = account?.UserId;
            LogRefused(known, requestId);
            return Refused;
        }
        if (verdict == PasswordVerificationResult.SuccessRehashNeeded)
        {
            account.PasswordHash = hasher.HashPassword(account, body.Password);
            // The same password, kept in another way: no change to record.
            await UserAccounts.SaveAsync(database, account, change: null, Micros.Now(time), cancel);
        }
        if (!account.IsTwoFactor) return Outcome<SignInView>.Done(new SignInView(SignInView.SignedIn, await StartAsync(http, account, "password"), null));
        await attempts.GiveBackAsync(account.UserId, cancel);
        var ticket = await tickets.IssueAsync(TicketKind.TwoFactor, new SignInTicket(account.UserId, null), cancel);
        return Outcome<SignInView>.Done(new SignInView(SignInView.TwoFactor, null, ticket));
    }

    /// <summary>The second step: a code of the authenticator app, or one of the recovery codes.</summary>
    public async Task<Outcome<SignInView>> TwoFactorAsync(HttpContext http, SecondStep body)
    {
        var (cancel, requestId) = (http.RequestAborted, RequestIds.Of(http));
        if ((body.Code is null) == (body.RecoveryCode is null)) return Problem.Field("code", "or 'recoveryCode' is needed: exactly one of the two");
        if (limits.Take(http, null) is { } tooMany) return tooMany;
        if (await tickets.FindAsync(body.Ticket, TicketKind.TwoFactor, cancel) is not { UserId: { } userId }) return CodeRefused;
        if (limits.Take(http, userId.ToString()) is { } tooManyCodes) return tooManyCodes;
        var account = await UserAccounts.FindAsync(database, userId, cancel);
        if (!await attempts.TakeAsync(userId, cancel) || account is not { IsTwoFactor: true } || !await IsRightAsync(account, body)
            || await tickets.TakeAsync(body.Ticket, TicketKind.TwoFactor, cancel) is null)
        {
            LogRefused(userId, requestId);
            return CodeRefused;
        }
        return Outcome<SignInView>.Done(new SignInView(SignInView.SignedIn, await StartAsync(http, account, "two_factor"), null));
    }

    /// <summary>Begins a session of somebody who has proven who they are.</summary>
    public async Task<SessionView> StartAsync(HttpContext http, UserAccount account, string method)
    {
        if (method is "password" or "two_factor") await attempts.ForgiveAsync(account.UserId, http.RequestAborted);
        var now = time.GetUtcNow();
        var session = new SessionRow(Guid.CreateVersion7(), account.UserId, account.SecurityStamp, method,
            Micros.Of(now), Micros.Of(now.AddHours(options.SessionHours)));
        await SessionAuthentication.StartAsync(http, session);
        var requestId = RequestIds.Of(http);
        LogSignedIn(account.UserId, method, requestId);
        return SessionView.Of(http, account, session);
    }

    private async Task<bool> IsRightAsync(UserAccount account, SecondStep body) => body.Code is { } code
        ? await users.VerifyTwoFactorTokenAsync(account, TokenOptions.DefaultAuthenticatorProvider, code)
        : (await users.RedeemTwoFactorRecoveryCodeAsync(account, body.RecoveryCode!)).Succeeded;

    [LoggerMessage(Level = LogLevel.Information, Message = "user {UserId} signed in by {Method}, request {RequestId}")]
    private partial void LogSignedIn(Guid userId, string method, string requestId);

    [LoggerMessage(Level = LogLevel.Information, Message = "a sign-in of user {UserId} was refused, request {RequestId}")]
    private partial void LogRefused(Guid? userId, string requestId);
}
