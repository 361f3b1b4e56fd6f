using Dapper;

namespace Spendra.Storage.Access;

/// <summary>Somebody who signed in, until they sign out or the time is up.</summary>
/// <param name="SessionId">Random; what the cookie holds.</param>
/// <param name="UserId">Who.</param>
/// <param name="SecurityStamp">The account's when it began: with another one the session is over.</param>
/// <param name="Method"><c>password</c>, <c>two_factor</c>, <c>passkey</c> or <c>openid_connect</c>.</param>
/// <param name="CreatedAt">When.</param>
/// <param name="ExpiresAt">The end, however much it is used.</param>
public sealed record SessionRow(Guid SessionId, Guid UserId, string SecurityStamp, string Method, long CreatedAt, long ExpiresAt);

/// <summary>Sessions: begun, looked up at every call, ended.</summary>
public static class Sessions
{
    /// <summary>Begins one.</summary>
    public static async Task StartAsync(Database database, SessionRow session, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition("""
            INSERT INTO sessions (session_id, user_id, security_stamp, method, created_at, expires_at)
            VALUES (@SessionId, @UserId, @SecurityStamp, @Method, @CreatedAt, @ExpiresAt)
            """, new
        {
            session.SessionId, session.UserId, session.SecurityStamp, session.Method, session.CreatedAt, session.ExpiresAt,
        }, cancellationToken: cancel));
    }

    /// <summary>A session that still holds; null for one that is over.</summary>
    public static async Task<SessionRow?> FindAsync(Database database, Guid sessionId, long nowMicros, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        var stored = await connection.QuerySingleOrDefaultAsync<StoredSession>(new CommandDefinition("""
            SELECT s.session_id, s.user_id, s.security_stamp, s.method, s.created_at, s.expires_at
            FROM sessions s JOIN users u ON u.user_id = s.user_id AND u.security_stamp = s.security_stamp
            WHERE s.session_id = @sessionId AND s.expires_at > @nowMicros
            """, new { sessionId, nowMicros }, cancellationToken: cancel));
        return stored is null ? null
            : new SessionRow(stored.SessionId, stored.UserId, stored.SecurityStamp, stored.Method, stored.CreatedAt, stored.ExpiresAt);
    }

    public static async Task EndAsync(Database database, Guid sessionId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM sessions WHERE session_id = @sessionId", new { sessionId }, cancellationToken: cancel));
    }

    private sealed class StoredSession
    {
        public Guid SessionId { get; set; }
        public Guid UserId { get; set; }
        public string SecurityStamp { get; set; } = "";
        public string Method { get; set; } = "";
        public long CreatedAt { get; set; }
        public long ExpiresAt { get; set; }
    }
}
