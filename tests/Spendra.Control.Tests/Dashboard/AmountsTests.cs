using Spendra.Control.Dashboard;
using Spendra.Core.Money;

namespace Spendra.Control.Tests.Dashboard;

public sealed class AmountsTests
{
    [Theory]
    [InlineData(0, "0.00", "$0.00")]
    [InlineData(1, "< 0.01", "< $0.01")]
    [InlineData(4_999_999, "< 0.01", "< $0.01")]
    [InlineData(5_000_000, "< 0.01", "< $0.01")]
    [InlineData(5_000_001, "0.01", "$0.01")]
    [InlineData(1_234_560_000_000, "1,234.56", "$1,234.56")]
    [InlineData(-1, "> −0.01", "> −$0.01")]
    [InlineData(-12_340_000_000, "−12.34", "−$12.34")]
    [InlineData(long.MaxValue, "9,223,372,036.85", "$9,223,372,036.85")]
    [InlineData(long.MinValue, "−9,223,372,036.85", "−$9,223,372,036.85")]
    public void An_amount_is_told_to_the_cent_and_never_as_nothing_when_it_is_something(long nanos, string cents, string usd)
    {
        Amounts.Cents(new NanoUsd(nanos)).Should().Be(cents);
        Amounts.Usd(new NanoUsd(nanos)).Should().Be(usd);
    }

    [Theory]
    [InlineData(1, 2, "50 %")]
    [InlineData(1, 3, "33.3 %")]
    [InlineData(3, 2, "150 %")]
    [InlineData(1, 0, "–")]
    public void A_share_is_in_tenths_of_a_per_cent(long part, long whole, string text) =>
        Amounts.Share(NanoUsd.FromUsd(part), NanoUsd.FromUsd(whole)).Should().Be(text);

    [Theory]
    [InlineData(1, 4, 25)]
    [InlineData(5, 4, 100)]
    [InlineData(-1, 4, 0)]
    [InlineData(1, 0, 0)]
    public void A_part_is_drawn_within_the_line_of_the_whole(long part, long whole, double position) =>
        Amounts.Position(NanoUsd.FromUsd(part), NanoUsd.FromUsd(whole)).Should().Be(position);
}
