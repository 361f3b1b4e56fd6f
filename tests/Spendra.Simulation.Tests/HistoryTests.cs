using System.Collections.Concurrent;
using Spendra.Simulation.World;

namespace Spendra.Simulation.Tests;

/// <summary>
/// Histories of the simulated world. The seeds are fixed, so that a failure is one for everybody; other seeds are
/// run by <c>./prove.sh</c>.
/// </summary>
public sealed class HistoryTests
{
    private const int Histories = 1_500;

    [Fact]
    public void No_promise_is_broken_in_fifteen_hundred_histories_with_faults_of_every_kind()
    {
        var reports = new ConcurrentBag<SimulationReport>();
        Parallel.For(1, Histories + 1, seed => reports.Add(Simulator.Run((ulong)seed)));

        var broken = reports.Where(r => r.Violations.Count > 0).OrderBy(r => r.Seed)
            .Select(r => $"seed {r.Seed} (replay: {r.ReplayCommand}): {r.Violations[0]}");
        broken.Should().BeEmpty();
        reports.Count.Should().Be(Histories);
        reports.Count(r => r.FaultKinds >= 5).Should().BeGreaterThan(Histories * 8 / 10);
        // A world in which nothing happens keeps every promise.
        reports.Sum(r => r.Operations).Should().BeGreaterThan(Histories * 30);
        var struck = reports.SelectMany(r => r.Faults).GroupBy(f => f.Key).ToDictionary(g => g.Key, g => g.Sum(f => f.Value));
        struck.Keys.Should().BeEquivalentTo(Enum.GetNames<FaultKind>(), "every kind of fault strikes, not only is allowed to");
        struck.Values.Should().OnlyContain(count => count > 100);
        reports.Sum(r => r.CrashesInBurst).Should().BeGreaterThan(100, "processes die between any two continuations, not only when all is quiet");
        reports.Sum(r => r.CrashesInTransaction).Should().BeGreaterThan(100, "processes die between begin and commit");
    }

    [Fact]
    public void The_same_seed_gives_the_same_history()
    {
        for (var seed = 1UL; seed <= 60; seed++) Simulator.Run(seed).Hash.Should().Be(Simulator.Run(seed).Hash, "seed {0} is replayed", seed);
    }

    [Fact]
    public void Different_seeds_give_different_histories() =>
        Enumerable.Range(1, 100).Select(seed => Simulator.Run((ulong)seed).Hash).Should().OnlyHaveUniqueItems();

    [Fact]
    public void Every_kind_of_fault_is_drawn_for_some_world()
    {
        var plans = Enumerable.Range(1, 200).Select(seed => new SimWorld((ulong)seed, keepsTrace: false).Plan).ToList();

        plans.SelectMany(p => p.Faults).Distinct().Should().BeEquivalentTo(Enum.GetValues<FaultKind>());
        plans.Should().Contain(p => p.Faults.Count == 0, "calm worlds show refusals without a reason");
    }

    [Fact]
    public void A_trace_tells_what_the_hash_sums_up()
    {
        var report = Simulator.Run(1, keepsTrace: true);

        report.Trace.Should().Contain(line => line.Contains("ReserveCommand") && line.Contains("Admitted"));
        report.Trace.Should().Contain(line => line.Contains("healing"));
        report.Hash.Should().Be(Simulator.Run(1).Hash);
    }
}
