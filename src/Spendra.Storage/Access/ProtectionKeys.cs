using Dapper;

namespace Spendra.Storage.Access;

/// <summary>The keys that protect cookies, in sealed elements that only their owner reads.</summary>
public static class ProtectionKeys
{
    public static async Task<IReadOnlyList<string>> ReadAsync(Database database, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        return [.. await connection.QueryAsync<string>(new CommandDefinition(
            "SELECT element FROM protection_keys ORDER BY created_at, key_name", cancellationToken: cancel))];
    }

    public static async Task AddAsync(Database database, string name, string element, long nowMicros, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition("""
            INSERT INTO protection_keys (key_name, element, created_at) VALUES (@name, @element, @nowMicros)
            ON CONFLICT (key_name) DO NOTHING
            """, new { name, element, nowMicros }, cancellationToken: cancel));
    }
}
