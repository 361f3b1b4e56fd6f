using Spendra.Storage;
using Spendra.Storage.Access;

namespace Spendra.Control.SignIn;

/// <summary>
/// Tickets with which somebody sets a password: the first one, or another for one that was forgotten. Only the operator
/// gives them out: people may belong to several organizations, and no administrator of one may take over a person.
/// </summary>
public static class PasswordLinks
{
    public static readonly TimeSpan Life = TimeSpan.FromHours(24);

    /// <summary>A ticket, good once and for a day; null when nobody has the address.</summary>
    public static async Task<string?> IssueAsync(Database database, TimeProvider time, string email, CancellationToken cancel) =>
        await UserAccounts.FindByEmailAsync(database, email, cancel) is { } account
            ? await new Tickets(database, time).IssueAsync(TicketKind.Password, new SignInTicket(account.UserId, null), cancel, Life)
            : null;
}
