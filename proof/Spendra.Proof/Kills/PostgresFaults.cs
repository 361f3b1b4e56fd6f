using Npgsql;
using Spendra.Proof.Worlds;
using Spendra.Settings;
using Spendra.Storage;
using Spendra.Testing;

namespace Spendra.Proof.Kills;

/// <summary>
/// A server of the product that lives on while its database dies: immediate stops of PostgreSQL in the middle of the
/// load, and connections that the server ends.
/// </summary>
internal sealed class PostgresFaults(World world, PostgresCluster postgres, Tally tally)
{
    private const int Callers = 6;
    private const int StopsBetweenChecks = 10;

    private static readonly string[] Names = ["spendra-ledger", "spendra"];

    /// <summary>Ends the connections of one kind to a world's database.</summary>
    /// <returns>How many.</returns>
    public static async Task<int> TerminateAsync(World world, string applicationName)
    {
        await using var database = world.Open();
        await using var connection = (NpgsqlConnection)await database.ConnectAsync(CancellationToken.None);
        await using var command = new NpgsqlCommand(
            """
            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = $1 AND pid <> pg_backend_pid()
            """, connection);
        command.Parameters.Add(new NpgsqlParameter { Value = applicationName });
        return (int)(long)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>In the middle of a load that goes on: connections end, the lane's and the pool's in turn, and the server stops at once.</summary>
    public async Task StopAgainAndAgainAsync(int stops, CancellationToken cancel)
    {
        for (var done = 0; done < stops && !cancel.IsCancellationRequested;)
        {
            var some = Math.Min(StopsBetweenChecks, stops - done);
            await UnderLoadAsync(some, async load =>
            {
                await TerminateAsync(load);
                await StopAsync(load);
            });
            done += some;
        }
    }

    private async Task TerminateAsync(Load load)
    {
        await load.WaitForAsync(Random.Shared.Next(1, 20));
        tally.TerminatedConnections(await TerminateAsync(world, Names[Random.Shared.Next(Names.Length)]));
    }

    private async Task StopAsync(Load load)
    {
        await load.WaitForAsync(Random.Shared.Next(1, 20));
        await postgres.StopImmediateAsync();
        tally.Stopped();
        await postgres.StartAsync();
    }

    private async Task UnderLoadAsync(int times, Func<Load, Task> disturb)
    {
        await using (var host = HostProcess.Start(new HostOrder
        {
            Engine = DatabaseEngine.Postgres,
            Location = world.Location,
            MasterKey = world.MasterKeyText,
            Role = Role.All,
            // Its own heartbeats fail to be written while the server is down.
            LeaseSeconds = 20,
        }))
        {
            var url = await host.ListeningAsync() ?? throw new InvalidOperationException($"the server did not start: {host.Output}");
            await using (var load = Load.Start(world, url, Callers, goesOn: true))
            {
                for (var i = 0; i < times; i++) await disturb(load);
                await load.WaitForAsync(10);
            }
            // A stop in peace: everything that was acknowledged is written before it ends.
            await host.StopAsync();
        }
        await new KillCampaign(world, new PointDeck(DatabaseEngine.Postgres, _ => true), tally).CheckAsync();
    }
}
