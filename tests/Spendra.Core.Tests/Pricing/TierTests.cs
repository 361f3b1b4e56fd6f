using Spendra.Core.Pricing;

namespace Spendra.Core.Tests.Pricing;

public sealed class TierTests
{
    private static readonly PriceVersion Price = Prices.Mini with
    {
        TierPercents = PriceVersion.NoTiers.Add("flex", 50).Add("fast", 200).Add("us", 110).Add("odd", 33).Add("ultra", 10_000)
            .Add("beyond", 10_001).Add("tenth", 10),
    };

    [Theory]
    [InlineData(null, 100)]
    [InlineData("default", 100)]
    [InlineData("flex", 50)]
    [InlineData("fast", 200)]
    [InlineData("odd", 33)]
    [InlineData("ultra", 10_000)]
    public void A_tier_that_is_listed_has_its_multiplier(string? tier, int percent) =>
        Price.TierPercentOf(tier).Should().Be(percent);

    [Theory]
    [InlineData("scale")]
    [InlineData("Flex")]
    [InlineData("")]
    [InlineData("auto")]
    public void A_tier_that_is_not_listed_has_no_price(string tier) => Price.TierPercentOf(tier).Should().BeNull();

    [Theory]
    [InlineData("fast+us", 220)]
    [InlineData("us+fast", 220)]
    [InlineData("flex+us", 55)]
    [InlineData("flex+fast+us", 110)]
    [InlineData("tenth+ultra", 1_000)]
    public void Tiers_that_apply_at_once_are_multiplied(string tiers, int percent) =>
        Price.TierPercentOf(tiers).Should().Be(percent);

    [Theory]
    [InlineData("odd+flex", "16.5 is not whole")]
    [InlineData("flex+odd", "16.5 is not whole")]
    [InlineData("odd+us", "36.3 is not whole")]
    [InlineData("fast+scale", "one of them has no price")]
    [InlineData("scale+fast", "one of them has no price")]
    [InlineData("fast+", "an empty name has no price")]
    [InlineData("+", "an empty name has no price")]
    [InlineData("default+fast", "the listed rates are no tier among others")]
    [InlineData("ultra+fast", "20,000 is more than any tier")]
    [InlineData("ultra+ultra", "a million per cent is more than any tier")]
    [InlineData("tenth+beyond", "one of them is more than any tier")]
    public void A_combination_without_an_exact_multiplier_has_no_price(string tiers, string why) =>
        Price.TierPercentOf(tiers).Should().BeNull(why);

    [Fact]
    public void The_largest_multiplier_may_be_a_product() =>
        (Price with { TierPercents = Price.TierPercents.Add("half", 5_000) }).TierPercentOf("half+fast").Should().Be(PriceVersion.MaxTierPercent);
}
