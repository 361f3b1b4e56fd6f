using Spendra.Core.Ledger;
using static Spendra.Core.Tests.Ledger.LedgerLane;

namespace Spendra.Core.Tests.Ledger;

public sealed class CapCutTests
{
    [Theory]
    [InlineData(100, 60, 40, 0, null)]
    [InlineData(100, 60, 41, 0, 1L)]
    [InlineData(100, 60, 41, 1, null)]
    [InlineData(100, 60, 90, 20, 30L)]
    [InlineData(100, 60, 90, 50, null)]
    [InlineData(100, 60, 90, 51, null)]
    [InlineData(0, 7, 0, 0, 7L)]
    [InlineData(100, 0, 0, 0, null)]
    public void What_stands_above_a_lowered_limit_is_explained_once(
        long limit, long settled, long reserved, long explained, long? cut)
    {
        var window = new WindowRow
        {
            OrganizationId = Org, WindowId = Id(2), BudgetId = Id(3), Span = new(0, 10),
            Limit = Nanos(limit), Settled = Nanos(settled), Reserved = Nanos(reserved),
        };
        CapCut.Unexplained(window, Nanos(explained))?.Value.Should().Be(cut);
        (CapCut.Unexplained(window, Nanos(explained)) is null).Should().Be(cut is null);
    }
}
