using Spendra.Proof.Network;
using Spendra.Storage;

namespace Spendra.Proof.Tests;

/// <summary>A thinned-out campaign of cuts with a floor; the one with every byte is <c>spendra-proof cuts</c>.</summary>
public sealed class CutTests
{
    [Theory]
    // Primes: over the exchanges every part of a frame is met.
    [InlineData(DatabaseEngine.Sqlite, 23, 200)]
    [InlineData(DatabaseEngine.Postgres, 97, 50)]
    public async Task Cut_at_any_byte_the_books_agree(DatabaseEngine engine, int stride, int floor)
    {
        var tally = new CutTally();
        var plan = new CutPlan { Sites = 4, Stride = stride, FreshStride = 7, StallStride = 16, SilenceStride = 40, RuleStride = 8 };
        plan = plan with { Exchanges = [.. plan.Exchanges.Where(e => e.Engine == engine)] };

        await new CutCampaign(plan, tally).RunAsync(TestContext.Current.CancellationToken);

        tally.Violations.Should().BeEmpty();
        if (engine == DatabaseEngine.Postgres) tally.Coverage().Should().Contain(line => line.Contains("silence"));
        tally.Cuts.Should().BeGreaterThanOrEqualTo(floor);
        tally.RuledCuts.Should().BeGreaterThanOrEqualTo(2);
    }
}
