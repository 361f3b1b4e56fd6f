using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;

namespace Spendra.Core.Tests.Pricing;

/// <summary>A search is counted as queries and as a prompt, and billed as the one that has a rate.</summary>
public sealed class SearchUnitsTests
{
    private static readonly UnitMap<long> Both = default(UnitMap<long>)
        .With(UnitClass.WebSearches, 3).With(UnitClass.GroundedPrompts, 1).With(UnitClass.MapQueries, 2);

    private static RateCard Card(params UnitClass[] units)
    {
        var others = default(UnitMap<Rate>);
        foreach (var unit in units) others = others.With(unit, new Rate(1_000));
        return Prices.Card("1", "1", "1", "1") with { Others = others };
    }

    [Fact]
    public void The_unit_without_a_rate_is_left_out_when_the_other_has_one()
    {
        SearchUnits.BilledOf(Card(UnitClass.WebSearches), Both).Should().Equal((UnitClass.WebSearches, 3L), (UnitClass.MapQueries, 2L));
        SearchUnits.BilledOf(Card(UnitClass.GroundedPrompts), Both).Should().Equal((UnitClass.GroundedPrompts, 1L), (UnitClass.MapQueries, 2L));
    }

    [Fact]
    public void Both_stay_when_both_have_a_rate_or_none_has()
    {
        SearchUnits.BilledOf(Card(UnitClass.WebSearches, UnitClass.GroundedPrompts), Both).Should().Equal(Both);
        SearchUnits.BilledOf(Card(UnitClass.MapQueries), Both).Should().Equal(Both);
    }

    [Fact]
    public void Maps_are_billed_by_the_query_or_by_the_prompt_as_searches_are()
    {
        var both = default(UnitMap<long>).With(UnitClass.MapQueries, 10).With(UnitClass.GroundedMapPrompts, 1);

        SearchUnits.BilledOf(Card(UnitClass.MapQueries), both).Should().Equal((UnitClass.MapQueries, 10L));
        SearchUnits.BilledOf(Card(UnitClass.GroundedMapPrompts), both).Should().Equal((UnitClass.GroundedMapPrompts, 1L));
        SearchUnits.BilledOf(Card(UnitClass.WebSearches), both).Should().Equal(both);
        SearchUnits.BilledOf(Card(UnitClass.WebSearches, UnitClass.GroundedMapPrompts), both.With(UnitClass.WebSearches, 3).With(UnitClass.GroundedPrompts, 1))
            .Should().Equal((UnitClass.WebSearches, 3L), (UnitClass.GroundedMapPrompts, 1L));
    }

    [Fact]
    public void One_alone_stays_whatever_has_a_rate()
    {
        var queries = default(UnitMap<long>).With(UnitClass.WebSearches, 3);
        var prompt = default(UnitMap<long>).With(UnitClass.GroundedPrompts, 1);

        SearchUnits.BilledOf(Card(UnitClass.GroundedPrompts), queries).Should().Equal(queries);
        SearchUnits.BilledOf(Card(UnitClass.WebSearches), prompt).Should().Equal(prompt);
    }

    [Fact]
    public void The_rates_of_the_band_that_the_input_reached_decide()
    {
        var price = Prices.Version(Card(UnitClass.WebSearches)) with { LongContext = new ContextBand(100, Card(UnitClass.GroundedPrompts)) };

        SearchUnits.BilledOf(price, new Usage { Input = 100, Output = 7, Others = Both }).Should()
            .Be(new Usage { Input = 100, Output = 7, Others = Both.Without(UnitClass.GroundedPrompts) });
        SearchUnits.BilledOf(price, new Usage { Input = 101, Others = Both }).Others.Should().Equal(Both.Without(UnitClass.WebSearches));
    }

    [Fact]
    public void A_class_is_taken_out_of_a_map_and_the_rest_keeps_its_order()
    {
        Both.Without(UnitClass.WebSearches).Should().Equal((UnitClass.GroundedPrompts, 1L), (UnitClass.MapQueries, 2L));
        Both.Without(UnitClass.Images).Should().Equal(Both);
        default(UnitMap<long>).With(UnitClass.Images, 1).Without(UnitClass.Images).Should().BeEmpty();
    }

    [Theory]
    [InlineData(TokenKinds.Text)]
    [InlineData(TokenKinds.AudioOutput, UnitClass.AudioOutput)]
    [InlineData(TokenKinds.ImageOutput, UnitClass.ImageOutput, UnitClass.AudioInput)]
    [InlineData(TokenKinds.AudioOutput | TokenKinds.ImageOutput, UnitClass.AudioOutput, UnitClass.ImageOutput)]
    public void The_kinds_of_output_that_have_a_rate_are_sold(TokenKinds kinds, params UnitClass[] units) =>
        Card(units).OutputKinds.Should().Be(kinds);
}
