using System.Diagnostics;
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

    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan TwoHeartbeats = TimeSpan.FromSeconds(6);

    private static readonly string[] Names = ["spendra-ledger", "spendra"];

    private TimeSpan _longestSilence;

    /// <summary>Ends the connections of one kind to a world's database.</summary>
    /// <returns>How many.</returns>
    public static async Task<int> TerminateAsync(World world, string applicationName)
    {
        var since = DateTimeOffset.UtcNow;
        await using var database = world.Open();
        await using var connection = (NpgsqlConnection)await database.ConnectAsync(CancellationToken.None);
        await using var command = new NpgsqlCommand(
            """
            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = $1 AND pid <> pg_backend_pid()
            """, connection);
        command.Parameters.Add(new NpgsqlParameter { Value = applicationName });
        var ended = (int)(long)(await command.ExecuteScalarAsync())!;
        world.Disturbances.DatabaseWasAway(since);
        return ended;
    }

    /// <summary>In the middle of a load that goes on: connections end, the lane's and the pool's in turn, and the server stops at once.</summary>
    public async Task StopAgainAndAgainAsync(int stops, CancellationToken timeUp)
    {
        await using (world.Administrator.ChangeOn(tally.Found))
        {
            for (var done = 0; done < stops && !timeUp.IsCancellationRequested; done += StopsBetweenChecks)
                await UnderLoadAsync(Math.Min(StopsBetweenChecks, stops - done), timeUp);
        }
        tally.RulesChanged(world.Administrator.Book);
    }

    private async Task TerminateAsync(Load load)
    {
        await load.WaitForAsync(Random.Shared.Next(1, 20));
        tally.TerminatedConnections(await TerminateAsync(world, Names[Random.Shared.Next(Names.Length)]));
    }

    private async Task StopAsync(Load load)
    {
        await load.WaitForAsync(Random.Shared.Next(1, 20));
        var since = DateTimeOffset.UtcNow;
        var silence = Stopwatch.StartNew();
        await postgres.StopImmediateAsync();
        tally.Stopped();
        await postgres.StartAsync();
        await load.WaitForAsync(1);
        world.Disturbances.DatabaseWasAway(since);
        if (silence.Elapsed > _longestSilence) _longestSilence = silence.Elapsed;
    }

    private async Task UnderLoadAsync(int times, CancellationToken timeUp)
    {
        tally.Doing(world.Journal.Name, "immediate stops");
        await using var host = HostProcess.Start(new HostOrder
        {
            Engine = DatabaseEngine.Postgres,
            Location = world.Location,
            MasterKey = world.MasterKeyText,
            Role = Role.All,
            // Its own heartbeats fail to be written while the server is down.
            LeaseSeconds = (int)Lease.TotalSeconds,
        });
        var campaign = new KillCampaign(world, new PointDeck(DatabaseEngine.Postgres, _ => true), tally);
        if (await host.ListeningAsync() is { } url) await DisturbAsync(host, url, times, timeUp);
        // A stop in peace: everything that was acknowledged is written before it ends.
        await host.StopAsync();
        await campaign.CountAsync(host, death: null);
        tally.Checked(await PeacefulStop.InspectAsync(world, mayHaveLapsed: _longestSilence > Lease - TwoHeartbeats));
        await campaign.CheckAsync();
    }

    private async Task DisturbAsync(HostProcess host, Uri url, int times, CancellationToken timeUp)
    {
        await using var load = world.StartLoad(url, Callers, goesOn: true);
        try
        {
            for (var i = 0; i < times && !timeUp.IsCancellationRequested; i++)
            {
                await TerminateAsync(load);
                await StopAsync(load);
            }
            await load.WaitForAsync(10);
            // A call that never ends is the server's fault as well.
            await load.StopAsync();
        }
        catch (TimeoutException)
        {
            host.Give("it did not answer again, or not to the end, after its database was back");
        }
    }
}
