using Spendra.Simulation.Engines;
using Spendra.Simulation.Scheduling;
using Spendra.Storage;
using Spendra.Testing;

namespace Spendra.Simulation.Tests;

/// <summary>The real engines, held against the model and against the store that stands for them in the simulation.</summary>
public sealed class EngineTests
{
    private const int Scripts = 12;
    private const int Steps = 60;

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task The_simulated_store_and_the_real_one_agree_on_every_outcome_and_every_row(DatabaseEngine engine)
    {
        for (var seed = 1UL; seed <= Scripts; seed++)
        {
            using var folder = new TempFolder();
            await using var real = await RealLedger.FoundAsync(await TargetAsync(engine, folder), 0, new SimRandom(seed));

            var differences = await StoreComparison.CompareAsync(real, seed, Steps);

            differences.Should().BeEmpty("seed {0} is the same script for both", seed);
        }
    }

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task What_three_lanes_did_at_once_over_breaking_connections_is_what_the_model_says(DatabaseEngine engine)
    {
        using var folder = new TempFolder();
        var target = await TargetAsync(engine, folder);
        await using var real = await RealLedger.FoundAsync(target, 0, new SimRandom(7));
        var replay = new ConcurrentReplay(real, target, seed: 7);

        var contradictions = await replay.RunAsync(callsPerCaller: 60);

        contradictions.Should().BeEmpty();
        replay.Losses.Should().BeGreaterThan(20, "commits were ambiguous");
        replay.Commands.Should().BeGreaterThan(1_500);
        replay.Endings.Should().BeGreaterThan(200, "what the finishers were told is compared as well");
    }

    [Fact]
    public async Task A_lane_that_tells_a_finisher_of_another_outcome_than_its_own_is_noticed()
    {
        using var folder = new TempFolder();
        var target = await TargetAsync(DatabaseEngine.Sqlite, folder);
        await using var real = await RealLedger.FoundAsync(target, 0, new SimRandom(7));
        var replay = new ConcurrentReplay(real, target, seed: 7, engine => new ForgetfulHistory(engine));

        var contradictions = await replay.RunAsync(callsPerCaller: 10);

        contradictions.Should().Contain(c => c.Contains("was answered") && c.Contains("the model says AlreadyEnded"));
    }

    [Fact]
    public async Task Lanes_that_turn_everybody_away_are_noticed()
    {
        using var folder = new TempFolder();
        var target = await TargetAsync(DatabaseEngine.Sqlite, folder);
        await using var real = await RealLedger.FoundAsync(target, 0, new SimRandom(7));
        var replay = new ConcurrentReplay(real, target, seed: 7, engine => new AwayEngine(engine));

        var contradictions = await replay.RunAsync(callsPerCaller: 1);

        replay.Unavailable.Should().Be(replay.Answers).And.BePositive();
        contradictions.Should().ContainSingle().Which.Should().Contain("were turned away; no more than 20 % may be");
    }

    private static async Task<DatabaseTarget> TargetAsync(DatabaseEngine engine, TempFolder folder) => engine == DatabaseEngine.Sqlite
        ? DatabaseTarget.Folder(folder.Path)
        : DatabaseTarget.Address(PostgresCluster.ToUrl(await (await PostgresCluster.SharedAsync()).CreateDatabaseAsync("simulation")));
}
