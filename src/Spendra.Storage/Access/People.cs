using Dapper;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Access;

/// <summary>A person of the installation.</summary>
/// <param name="UserId">The person.</param>
/// <param name="Email">In lower case.</param>
/// <param name="Name">As people write it.</param>
public sealed record Person(Guid UserId, string Email, string Name);

/// <summary>Reads who somebody is, in whatever organization.</summary>
public static class People
{
    /// <summary>The person of an id; null for nobody.</summary>
    public static async Task<Person?> FindAsync(Database database, Guid userId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        var stored = await connection.QuerySingleOrDefaultAsync<StoredPerson>(new CommandDefinition(
            "SELECT user_id, email, name FROM users WHERE user_id = @userId", new { userId }, cancellationToken: cancel));
        return stored is null ? null : new Person(stored.UserId, stored.Email, stored.Name);
    }

    /// <summary>Gives a person a password, with the transaction; sessions of before are over.</summary>
    public static Task SetPasswordAsync(GovernanceTransaction transaction, Guid userId, string passwordHash, CancellationToken cancel) =>
        transaction.WritePeopleAsync((connection, inner) => connection.ExecuteAsync(new CommandDefinition(
            "UPDATE users SET password_hash = @passwordHash, security_stamp = @stamp, version = version + 1 WHERE user_id = @userId",
            new { passwordHash, stamp = Guid.NewGuid().ToString("N"), userId }, inner, cancellationToken: cancel)), cancel);

    private sealed class StoredPerson
    {
        public Guid UserId { get; set; }
        public string Email { get; set; } = "";
        public string Name { get; set; } = "";
    }
}
