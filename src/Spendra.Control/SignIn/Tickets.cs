using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Spendra.Storage;
using Spendra.Storage.Access;

namespace Spendra.Control.SignIn;

/// <summary>Tickets as their holders see them: random text, known here by its digest.</summary>
internal sealed class Tickets(Database database, TimeProvider time)
{
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(5);

    private const int TicketBytes = 32;

    public async Task<string> IssueAsync(TicketKind kind, SignInTicket ticket, CancellationToken cancel)
    {
        var text = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(TicketBytes));
        await SignInTickets.AddAsync(database, Digest(text), kind, ticket, Micros.Of(time.GetUtcNow() + Life), cancel);
        return text;
    }

    /// <summary>As the other, for a ticket that is recorded: whoever holds it will sign in as the person.</summary>
    public async Task<string> IssueRecordedAsync(TicketKind kind, Guid userId, SignInChange change, TimeSpan life, CancellationToken cancel)
    {
        var text = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(TicketBytes));
        await SignInTickets.AddRecordedAsync(database, Digest(text), kind, userId, change, Micros.Now(time), Micros.Of(time.GetUtcNow() + life), cancel);
        return text;
    }

    /// <summary>What a ticket stands for; it stays good.</summary>
    public Task<SignInTicket?> FindAsync(string text, TicketKind kind, CancellationToken cancel) =>
        SignInTickets.FindAsync(database, Digest(text), kind, Micros.Now(time), cancel);

    /// <summary>What a ticket stands for; nobody can use it again.</summary>
    public Task<SignInTicket?> TakeAsync(string text, TicketKind kind, CancellationToken cancel) =>
        SignInTickets.TakeAsync(database, Digest(text), kind, Micros.Now(time), cancel);

    private static byte[] Digest(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
