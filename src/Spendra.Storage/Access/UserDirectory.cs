using Dapper;

namespace Spendra.Storage.Access;

/// <summary>The people of an installation, by address.</summary>
public static class UserDirectory
{
    /// <summary>The person of an address; made without a way to sign in when there is none.</summary>
    /// <param name="database">A migrated database.</param>
    /// <param name="email">In any case.</param>
    /// <param name="name">For a person who is new.</param>
    /// <param name="nowMicros">When.</param>
    /// <param name="cancel">Stops waiting.</param>
    public static async Task<Guid> FindOrAddAsync(Database database, string email, string name, long nowMicros, CancellationToken cancel)
    {
        var address = email.ToLowerInvariant();
        await using var connection = await database.ConnectAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition("""
            INSERT INTO users (user_id, email, name, security_stamp, is_two_factor, recovery_digests, failed_sign_ins, created_at)
            VALUES (@userId, @address, @name, @stamp, FALSE, '[]', 0, @nowMicros) ON CONFLICT (email) DO NOTHING
            """, new { userId = Guid.CreateVersion7(), address, name, stamp = Guid.NewGuid().ToString("N"), nowMicros }, cancellationToken: cancel));
        return await connection.QuerySingleAsync<Guid>(new CommandDefinition(
            "SELECT user_id FROM users WHERE email = @address", new { address }, cancellationToken: cancel));
    }
}
