using Dapper;

namespace Spendra.Storage;

public static class DatabaseHealth
{
    /// <summary>Returns when the database has answered a statement.</summary>
    /// <exception cref="DatabaseUnavailableException">It cannot be reached.</exception>
    public static async Task PingAsync(Database database, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await connection.ExecuteScalarAsync<long>(new CommandDefinition("SELECT count(*) FROM installation", cancellationToken: cancel));
    }
}
