using System.Text;
using Dapper;

namespace Spendra.Storage.Access;

/// <summary>Somebody as an issuer knows them.</summary>
/// <param name="Issuer">Who says so.</param>
/// <param name="Subject">Whom the issuer means: never given to another person.</param>
/// <param name="Email">An address that the issuer has verified.</param>
/// <param name="Name">As people write it.</param>
public sealed record IssuedIdentity(string Issuer, string Subject, string Email, string Name)
{
    private const int LongestText = 320;

    /// <summary>Whether the texts can be kept at all. Other letters than ASCII's may look, and be lowered, like others.</summary>
    public bool IsUsable => Issuer.Length is > 0 and <= LongestText && IsPlain(Subject) && IsPlain(Email)
        && Email.IndexOf('@', StringComparison.Ordinal) is > 0 and var at && at == Email.LastIndexOf('@') && at < Email.Length - 1;

    private static bool IsPlain(string text) =>
        text.Length is > 0 and <= LongestText && Ascii.IsValid(text) && !text.Any(c => char.IsControl(c) || c == ' ');
}

/// <summary>Who is who at other issuers.</summary>
public static class UserIdentities
{
    /// <summary>
    /// The person of an identity: by subject when it was seen before; otherwise by address, and linked from then on. A person
    /// who is linked with another subject of the same issuer is not handed over: addresses get new owners.
    /// </summary>
    /// <returns>The person; null when the address belongs to somebody who is another subject there.</returns>
    public static async Task<Guid?> ResolveAsync(Database database, IssuedIdentity identity, long nowMicros, CancellationToken cancel)
    {
        if (await FindAsync(database, identity, cancel) is { } known) return known;
        var userId = await UserDirectory.FindOrAddAsync(database, identity.Email, identity.Name, nowMicros, cancel);
        await using (var connection = await database.ConnectAsync(cancel))
        {
            await connection.ExecuteAsync(new CommandDefinition("""
                INSERT INTO user_identities (issuer, subject, user_id, created_at) VALUES (@Issuer, @Subject, @userId, @nowMicros)
                ON CONFLICT DO NOTHING
                """, new { identity.Issuer, identity.Subject, userId, nowMicros }, cancellationToken: cancel));
        }
        return await FindAsync(database, identity, cancel) is { } linked ? linked : null;
    }

    private static async Task<Guid?> FindAsync(Database database, IssuedIdentity identity, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<Guid?>(new CommandDefinition(
            "SELECT user_id FROM user_identities WHERE issuer = @Issuer AND subject = @Subject",
            new { identity.Issuer, identity.Subject }, cancellationToken: cancel));
    }
}
