using Spendra.Proof.Kills;
using Spendra.Storage;

namespace Spendra.Proof.Tests;

/// <summary>A small campaign of kills with a floor; the large one is <c>spendra-proof kills</c>.</summary>
public sealed class KillTests
{
    // Where money changes hands; the large campaign takes every point.
    private static readonly string[] Money =
        ["CommitAsync(ReserveCommand)", "CommitAsync(SettleCommand)", "CommitAsync(ExpireCommand)", "Upstream.Send", "Upstream.ReadPiece"];

    [Theory]
    [InlineData(DatabaseEngine.Sqlite, 0)]
    [InlineData(DatabaseEngine.Postgres, 2)]
    public async Task Killed_where_money_changes_hands_the_books_agree(DatabaseEngine engine, int stops)
    {
        var tally = new Tally();
        var plan = new KillPlan { Kills = 10, Engines = [engine], Stops = stops, Worlds = 2, Points = p => Money.Any(p.Contains) };

        await plan.RunAsync(tally, TestContext.Current.CancellationToken);

        tally.Violations.Should().BeEmpty();
        tally.Kills.Should().BeGreaterThanOrEqualTo(10);
        tally.PointsOf(engine).Should().BeGreaterThanOrEqualTo(3);
        tally.Stops.Should().Be(stops);
        tally.Checks.Should().BeGreaterThanOrEqualTo(2);
    }
}
