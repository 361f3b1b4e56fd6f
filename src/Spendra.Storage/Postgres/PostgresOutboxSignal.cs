using Npgsql;
using Spendra.Storage.Outbox;

namespace Spendra.Storage.Postgres;

/// <summary>Listens on a connection of its own. While the server is away it waits for the time to be over.</summary>
internal sealed class PostgresOutboxSignal(NpgsqlDataSource source, TimeProvider time) : OutboxSignal
{
    public const string Channel = "spendra_outbox";

    private NpgsqlConnection? _connection;

    public override async Task WaitAsync(TimeSpan atMost, CancellationToken cancel)
    {
        var began = time.GetTimestamp();
        try
        {
            _connection ??= await ListenAsync(cancel);
            await _connection.WaitAsync(atMost, cancel);
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or IOException or InvalidOperationException && !cancel.IsCancellationRequested)
        {
            await DisposeAsync();
            var rest = atMost - time.GetElapsedTime(began);
            if (rest > TimeSpan.Zero) await Task.Delay(rest, time, cancel);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        if (_connection is not { } connection) return;
        _connection = null;
        try
        {
            await connection.DisposeAsync();
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException)
        {
            // It was broken already.
        }
    }

    private async Task<NpgsqlConnection> ListenAsync(CancellationToken cancel)
    {
        var connection = await source.OpenConnectionAsync(cancel);
        await using var listen = new NpgsqlCommand($"LISTEN {Channel}", connection);
        await listen.ExecuteNonQueryAsync(cancel);
        return connection;
    }
}
