using System.Security.Cryptography;
using Dapper;
using Spendra.Core.Keys;
using Spendra.Storage.Keys;

namespace Spendra.Storage.Access;

/// <summary>
/// How an installation without a member gets its first one: a secret that the operator is shown at the start. Only its digest
/// is kept, the newest one; it is good once, and for nothing as soon as there is a member.
/// </summary>
public static class SetupLink
{
    private const string DigestName = "setup_digest";

    private const string Members = "SELECT count(*) FROM (SELECT 1 FROM members WHERE removed_at IS NULL LIMIT 1) AS found";

    /// <summary>Makes the secret; an earlier one means nothing any more. Null when there is a member.</summary>
    public static async Task<string?> OfferAsync(Database database, MasterKey masterKey, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        if (await connection.ExecuteScalarAsync<long>(new CommandDefinition(Members, cancellationToken: cancel)) > 0) return null;
        var link = OneTimeLink.Create(OneTimePurpose.Setup, Guid.CreateVersion7(), RandomNumberGenerator.GetBytes(OneTimeLink.SecretBytes));
        await connection.ExecuteAsync(new CommandDefinition("""
            INSERT INTO installation (name, value) VALUES (@name, @value) ON CONFLICT (name) DO UPDATE SET value = excluded.value
            """, new { name = DigestName, value = DigestOf(link, masterKey) }, cancellationToken: cancel));
        return link.Reveal();
    }

    /// <summary>Whether this is the newest secret, without using it.</summary>
    public static async Task<bool> IsOfferedAsync(Database database, OneTimeLink link, MasterKey masterKey, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        var known = await connection.QuerySingleOrDefaultAsync<string>(new CommandDefinition(
            "SELECT value FROM installation WHERE name = @name", new { name = DigestName }, cancellationToken: cancel));
        return known is not null && CryptographicOperations.FixedTimeEquals(
            System.Text.Encoding.ASCII.GetBytes(known), System.Text.Encoding.ASCII.GetBytes(DigestOf(link, masterKey)));
    }

    /// <summary>
    /// Uses the secret up, by the owner of the table and before the change: of two at once one finds nothing left. False when it
    /// is not the newest one, was used, or there is a member. Should the change not be made, <see cref="GiveBackAsync"/>.
    /// </summary>
    public static async Task<bool> UseAsync(Database database, OneTimeLink link, MasterKey masterKey, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        return await connection.ExecuteAsync(new CommandDefinition("""
            DELETE FROM installation WHERE name = @name AND value = @value
                AND NOT EXISTS (SELECT 1 FROM members WHERE removed_at IS NULL)
            """, new { name = DigestName, value = DigestOf(link, masterKey) }, cancellationToken: cancel)) == 1;
    }

    /// <summary>Makes a used secret good again, unless a newer one was offered.</summary>
    public static async Task GiveBackAsync(Database database, OneTimeLink link, MasterKey masterKey)
    {
        await using var connection = await database.ConnectAsync(CancellationToken.None);
        await connection.ExecuteAsync("INSERT INTO installation (name, value) VALUES (@name, @value) ON CONFLICT (name) DO NOTHING",
            new { name = DigestName, value = DigestOf(link, masterKey) });
    }

    // Hexadecimal: the table holds text.
    private static string DigestOf(OneTimeLink link, MasterKey masterKey) => Convert.ToHexStringLower(masterKey.DigestSecret(link.Secret));
}
