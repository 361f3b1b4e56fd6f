using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Storage;
using Spendra.Storage.Access;
using Spendra.Storage.Governance;

namespace Spendra.Control.SignIn;

/// <summary>
/// Changes of how a person signs in. Each ends every session of theirs but the one that makes it, which goes on under a new
/// cookie.
/// </summary>
internal sealed partial class AccountDesk(
    Database database, AccountStore store, TimeProvider time, ILogger<AccountDesk> logger)
{
    public static readonly Problem Changed = new(ProblemKind.StaleVersion, "The account was changed at the same time. Read it again and repeat the change.");

    /// <summary>The caller's account and session.</summary>
    public async Task<(UserAccount Account, SessionRow Session)?> FindAsync(SignedIn signedIn, CancellationToken cancel)
    {
        var account = await UserAccounts.FindAsync(database, signedIn.UserId, cancel);
        var session = await Sessions.FindAsync(database, signedIn.Session!.SessionId, Micros.Now(time), cancel);
        return account is not null && session is not null ? (account, session) : null;
    }

    /// <summary>Says what the next write of the account changes, for the record of its owner's organizations.</summary>
    /// <param name="http">Where it comes from.</param>
    /// <param name="account">Whose.</param>
    /// <param name="action">Such as <c>set_password</c>.</param>
    /// <param name="by">What proves that it is they, unless they are signed in.</param>
    public void Record(HttpContext http, UserAccount account, string action, string? by = null) => store.Record(new SignInChange(action,
        new ChangeAuthor(by is null ? account.Email : $"{account.Email} by {by}", $"api {http.Connection.RemoteIpAddress} request {RequestIds.Of(http)}")));

    /// <summary>Ends the other sessions; this one goes on. The account's new stamp is written already.</summary>
    public async Task<SessionView> GoOnAsync(HttpContext http, UserAccount account, SessionRow session, string change)
    {
        await Sessions.EndAsync(database, session.SessionId, http.RequestAborted);
        // It is no newer than it was: what needs a recent sign-in still does.
        var next = session with { SessionId = Guid.CreateVersion7(), SecurityStamp = account.SecurityStamp };
        await SessionAuthentication.StartAsync(http, next);
        var requestId = RequestIds.Of(http);
        LogChanged(account.UserId, change, requestId);
        return SessionView.Of(http, account, next);
    }

    /// <summary>Null for a password that does; the problem names the field.</summary>
    public static Problem? CheckPassword(UserAccount account, string password) =>
        PasswordRule.Fault(password, account.Email, account.Name) is { } fault ? Problem.Field("newPassword", fault) : null;

    [LoggerMessage(Level = LogLevel.Information, Message = "user {UserId} changed how they sign in: {Change}, request {RequestId}")]
    private partial void LogChanged(Guid userId, string change, string requestId);
}
