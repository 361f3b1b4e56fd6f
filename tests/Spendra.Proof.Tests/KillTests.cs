using Spendra.Proof.Kills;
using Spendra.Storage;

namespace Spendra.Proof.Tests;

/// <summary>A small campaign of kills with a floor; the large one is <c>spendra-proof kills</c>.</summary>
public sealed class KillTests
{
    // Where money changes hands; the large campaign takes every point.
    private static readonly string[] Money =
        ["CommitAsync(ReserveCommand)", "CommitAsync(SettleCommand)", "CommitAsync(ExpireCommand)", "Upstream.Send", "Upstream.ReadPiece"];

    [Fact]
    public async Task Killed_where_money_changes_hands_the_books_agree()
    {
        var tally = new Tally();
        var plan = new KillPlan
        {
            AtPoints = 10, Kills = 10, Engines = Enum.GetValues<DatabaseEngine>(), Stops = 2, PowerCuts = 2, Points = p => Money.Any(p.Contains),
        };

        await plan.RunAsync(tally, TestContext.Current.CancellationToken);

        tally.Violations.Should().BeEmpty();
        tally.KillsAtPoints.Should().BeGreaterThanOrEqualTo(10);
        tally.ByPoint.Count.Should().BeGreaterThanOrEqualTo(4);
        tally.Stops.Should().Be(2);
        tally.PowerCuts.Should().BeGreaterThanOrEqualTo(2);
        tally.LostWrites.Should().BeGreaterThanOrEqualTo(2);
        tally.RuleChanges.Should().BeGreaterThanOrEqualTo(4);
        tally.Checks.Should().BeGreaterThanOrEqualTo(4);
        plan.IsReached(tally).Should().BeTrue();
    }

    /// <summary>The control: were a commit not synced, the power cuts would show it.</summary>
    [Fact]
    public async Task A_disk_that_only_says_that_it_synced_is_found_out()
    {
        var tally = new Tally(TextWriter.Null);
        var plan = new KillPlan
        {
            Kills = 0, Engines = [DatabaseEngine.Sqlite], Stops = 0, PowerCuts = 2, SyncLies = true, Points = p => p == "Upstream.Send/after",
        };

        await plan.RunAsync(tally, TestContext.Current.CancellationToken);

        tally.LostWrites.Should().BePositive();
        tally.Violations.Should().Contain(v => v.Contains("not in the ledger"));
    }
}
