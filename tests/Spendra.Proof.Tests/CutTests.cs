using Spendra.Proof.Network;
using Spendra.Storage;

namespace Spendra.Proof.Tests;

/// <summary>A thinned-out campaign of cuts with a floor; the one with every byte is <c>spendra-proof cuts</c>.</summary>
public sealed class CutTests
{
    [Theory]
    // Primes: in the long run every byte of a frame is met.
    [InlineData(DatabaseEngine.Sqlite, 13, 200)]
    [InlineData(DatabaseEngine.Postgres, 53, 40)]
    public async Task Cut_at_any_byte_the_books_agree(DatabaseEngine engine, int stride, int floor)
    {
        var tally = new CutTally();
        var plan = new CutPlan { Sites = 4, Stride = stride, StallStride = 12 };
        plan = plan with { Exchanges = [.. plan.Exchanges.Where(e => e.Engine == engine)] };

        await new CutCampaign(plan, tally).RunAsync(TestContext.Current.CancellationToken);

        tally.Violations.Should().BeEmpty();
        tally.Cuts.Should().BeGreaterThanOrEqualTo(floor);
    }
}
