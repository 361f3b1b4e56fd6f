using Dapper;

namespace Spendra.Storage.Access;

/// <summary>What a ticket is good for.</summary>
public enum TicketKind
{
    /// <summary>The password was right; a code is to follow.</summary>
    TwoFactor = 1,
    PasskeyRegistration = 2,
    PasskeySignIn = 3,
    /// <summary>A password may be set by whoever was given the ticket.</summary>
    Password = 4,
}

/// <summary>A sign-in between two of its steps.</summary>
/// <param name="UserId">Whose; null for a passkey that is still to say it.</param>
/// <param name="State">Of passkeys: the challenge and what belongs to it.</param>
public sealed record SignInTicket(Guid? UserId, string? State);

/// <summary>Tickets of sign-ins of several steps: known by the digest of what their holders present.</summary>
public static class SignInTickets
{
    /// <summary>Remembers a ticket.</summary>
    public static async Task AddAsync(
        Database database, byte[] digest, TicketKind kind, SignInTicket ticket, long expiresAt, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition("""
            INSERT INTO sign_in_tickets (ticket_digest, kind, user_id, state, expires_at)
            VALUES (@digest, @kind, @UserId, @State, @expiresAt)
            """, new { digest, kind = (int)kind, ticket.UserId, ticket.State, expiresAt }, cancellationToken: cancel));
    }

    /// <summary>Remembers a ticket with which its holder changes how a person signs in, and records that it was given out.</summary>
    public static Task AddRecordedAsync(
        Database database, byte[] digest, TicketKind kind, Guid userId, SignInChange change, long nowMicros, long expiresAt, CancellationToken cancel) =>
        SignInRecord.WriteAsync(database, userId, change, nowMicros, async (connection, transaction) =>
            await connection.ExecuteAsync(new CommandDefinition("""
                INSERT INTO sign_in_tickets (ticket_digest, kind, user_id, state, expires_at) VALUES (@digest, @kind, @userId, NULL, @expiresAt)
                """, new { digest, kind = (int)kind, userId, expiresAt }, transaction, cancellationToken: cancel)) == 1, cancel);

    /// <summary>A ticket that is still good, and stays so.</summary>
    public static async Task<SignInTicket?> FindAsync(Database database, byte[] digest, TicketKind kind, long nowMicros, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        return ToTicket(await connection.QuerySingleOrDefaultAsync<StoredTicket>(new CommandDefinition(
            "SELECT user_id, state FROM sign_in_tickets WHERE ticket_digest = @digest AND kind = @kind AND expires_at > @nowMicros",
            new { digest, kind = (int)kind, nowMicros }, cancellationToken: cancel)));
    }

    /// <summary>Uses a ticket up: of several who try, one gets it.</summary>
    public static async Task<SignInTicket?> TakeAsync(Database database, byte[] digest, TicketKind kind, long nowMicros, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        return ToTicket(await connection.QuerySingleOrDefaultAsync<StoredTicket>(new CommandDefinition("""
            DELETE FROM sign_in_tickets WHERE ticket_digest = @digest AND kind = @kind AND expires_at > @nowMicros
            RETURNING user_id, state
            """, new { digest, kind = (int)kind, nowMicros }, cancellationToken: cancel)));
    }

    private static SignInTicket? ToTicket(StoredTicket? stored) => stored is null ? null : new SignInTicket(stored.UserId, stored.State);

    private sealed class StoredTicket
    {
        public Guid? UserId { get; set; }
        public string? State { get; set; }
    }
}
