using Spendra.Storage;
using Spendra.Storage.Access;
using Spendra.Storage.Governance;

namespace Spendra.Control.SignIn;

/// <summary>
/// Tickets with which somebody sets a password: the first one, or another for one that was forgotten. Only the operator
/// gives them out: people may belong to several organizations, and no administrator of one may take over a person.
/// </summary>
public static class PasswordLinks
{
    public static readonly TimeSpan Life = TimeSpan.FromHours(24);

    /// <summary>A ticket, good once and for a day, of which every organization of the person has a record; null when nobody has the address.</summary>
    /// <param name="database">Where.</param>
    /// <param name="time">Dates it.</param>
    /// <param name="email">Whose password is to be set.</param>
    /// <param name="author">Who gives the ticket out.</param>
    /// <param name="cancel">Stops waiting.</param>
    public static async Task<string?> IssueAsync(Database database, TimeProvider time, string email, ChangeAuthor author, CancellationToken cancel) =>
        await UserAccounts.FindByEmailAsync(database, email, cancel) is { } account
            ? await new Tickets(database, time).IssueRecordedAsync(
                TicketKind.Password, account.UserId, new SignInChange("issue_password_link", author), Life, cancel)
            : null;
}
