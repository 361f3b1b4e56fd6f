using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;

namespace Spendra.Core.Tests.Pricing;

public sealed class RateCardTests
{
    private static readonly RateCard Text = Prices.Card(20, 10, 30, 40);

    [Fact]
    public void A_price_is_by_the_piece_when_no_token_costs_anything_and_something_else_does()
    {
        var pieces = default(UnitMap<Rate>).With(UnitClass.Seconds, new Rate(7));
        var free = Prices.Card(0, 0, 0, 0);
        Prices.Version(free with { Others = pieces }).IsByThePiece.Should().BeTrue();
        Prices.Version(free).IsByThePiece.Should().BeFalse("what is free is free");
        Prices.Version(Prices.Card(1, 0, 0, 0) with { Others = pieces }).IsByThePiece.Should().BeFalse();
        Prices.Version(Prices.Card(0, 0, 1, 0) with { Others = pieces }).IsByThePiece.Should().BeFalse();
        Prices.Version(Prices.Card(0, 0, 0, 1) with { Others = pieces }).IsByThePiece.Should().BeFalse();
    }

    [Fact]
    public void Text_tokens_have_their_own_rates()
    {
        Text.RateOf(UnitClass.Input).Should().Be(new Rate(20));
        Text.RateOf(UnitClass.CachedInput).Should().Be(new Rate(10));
        Text.RateOf(UnitClass.CacheWrite).Should().Be(new Rate(30));
        Text.RateOf(UnitClass.Output).Should().Be(new Rate(40));
    }

    [Theory]
    [InlineData(UnitClass.AudioInput, 20L)]
    [InlineData(UnitClass.ImageInput, 20L)]
    [InlineData(UnitClass.CachedAudioInput, 10L)]
    [InlineData(UnitClass.CachedImageInput, 10L)]
    public void Sound_and_images_that_come_in_cost_what_text_costs_without_a_rate_of_their_own(UnitClass unit, long nanos) =>
        Text.RateOf(unit).Should().Be(new Rate(nanos));

    [Theory]
    [InlineData(UnitClass.CacheWriteLong)]
    [InlineData(UnitClass.AudioOutput)]
    [InlineData(UnitClass.ImageOutput)]
    [InlineData(UnitClass.Images)]
    [InlineData(UnitClass.Seconds)]
    [InlineData(UnitClass.Characters)]
    [InlineData(UnitClass.WebSearches)]
    [InlineData(UnitClass.GroundedPrompts)]
    [InlineData(UnitClass.MapQueries)]
    [InlineData(UnitClass.GroundedMapPrompts)]
    [InlineData(UnitClass.FileSearches)]
    [InlineData(UnitClass.CodeSessions)]
    [InlineData(UnitClass.ToolCalls)]
    public void Anything_else_has_a_rate_only_when_one_is_given(UnitClass unit)
    {
        Text.RateOf(unit).Should().BeNull();
        With(Text, (unit, 7)).RateOf(unit).Should().Be(new Rate(7));
    }

    [Fact]
    public void A_given_rate_holds_for_its_kind_and_there_is_no_discount_that_is_not_given()
    {
        var card = With(Text, (UnitClass.AudioInput, 100), (UnitClass.ImageInput, 200));
        card.RateOf(UnitClass.AudioInput).Should().Be(new Rate(100));
        card.RateOf(UnitClass.CachedAudioInput).Should().Be(new Rate(100));
        card.RateOf(UnitClass.ImageInput).Should().Be(new Rate(200));
        card.RateOf(UnitClass.CachedImageInput).Should().Be(new Rate(200));
        var discounted = With(card, (UnitClass.CachedAudioInput, 1), (UnitClass.CachedImageInput, 2));
        discounted.RateOf(UnitClass.CachedAudioInput).Should().Be(new Rate(1));
        discounted.RateOf(UnitClass.CachedImageInput).Should().Be(new Rate(2));
    }

    [Theory]
    [InlineData(20, 10, 30, 30)]
    [InlineData(20, 50, 30, 50)]
    [InlineData(60, 50, 30, 60)]
    public void The_dearest_input_is_the_dearest_of_the_three_text_classes(long input, long cached, long write, long dearest) =>
        Prices.Card(input, cached, write, 99).DearestInput(TokenKinds.Text).Should().Be(new Rate(dearest));

    [Fact]
    public void A_long_cache_needs_a_rate_and_is_counted_only_when_it_is_asked_for()
    {
        Text.DearestInput(TokenKinds.LongCache).Should().BeNull();
        With(Text, (UnitClass.CacheWriteLong, 70)).DearestInput(TokenKinds.LongCache).Should().Be(new Rate(70));
        With(Text, (UnitClass.CacheWriteLong, 5)).DearestInput(TokenKinds.LongCache).Should().Be(new Rate(30));
        With(Text, (UnitClass.CacheWriteLong, 70)).DearestInput(TokenKinds.Text).Should().Be(new Rate(30));
    }

    [Theory]
    [InlineData(TokenKinds.AudioInput, UnitClass.AudioInput, UnitClass.CachedAudioInput)]
    [InlineData(TokenKinds.ImageInput, UnitClass.ImageInput, UnitClass.CachedImageInput)]
    public void What_comes_in_as_tokens_counts_at_the_dearer_of_fresh_and_cached(TokenKinds kind, UnitClass fresh, UnitClass cached)
    {
        Text.DearestInput(kind).Should().Be(new Rate(30), "text covers it");
        With(Text, (fresh, 100)).DearestInput(kind).Should().Be(new Rate(100));
        With(Text, (fresh, 100), (cached, 120)).DearestInput(kind).Should().Be(new Rate(120));
        With(Text, (fresh, 5), (cached, 4)).DearestInput(kind).Should().Be(new Rate(30));
        With(Text, (fresh, 100)).DearestInput(TokenKinds.Text).Should().Be(new Rate(30));
    }

    [Theory]
    [InlineData(TokenKinds.AudioOutput, UnitClass.AudioOutput)]
    [InlineData(TokenKinds.ImageOutput, UnitClass.ImageOutput)]
    public void What_goes_out_beside_text_needs_a_rate(TokenKinds kind, UnitClass unit)
    {
        Text.DearestOutput(TokenKinds.Text).Should().Be(new Rate(40));
        Text.DearestOutput(kind).Should().BeNull();
        With(Text, (unit, 90)).DearestOutput(kind).Should().Be(new Rate(90));
        With(Text, (unit, 9)).DearestOutput(kind).Should().Be(new Rate(40));
        With(Text, (unit, 90)).DearestOutput(TokenKinds.Text).Should().Be(new Rate(40));
    }

    [Fact]
    public void Kinds_together_take_the_dearest_of_all()
    {
        var card = With(Text, (UnitClass.CacheWriteLong, 50), (UnitClass.AudioInput, 60), (UnitClass.ImageInput, 55), (UnitClass.AudioOutput, 80), (UnitClass.ImageOutput, 85));
        var all = TokenKinds.LongCache | TokenKinds.AudioInput | TokenKinds.ImageInput | TokenKinds.AudioOutput | TokenKinds.ImageOutput;
        card.DearestInput(all).Should().Be(new Rate(60));
        card.DearestOutput(all).Should().Be(new Rate(85));
        With(Text, (UnitClass.AudioOutput, 80)).DearestOutput(all).Should().BeNull("an image has no rate");
    }

    private static RateCard With(RateCard card, params (UnitClass Unit, long Nanos)[] rates) =>
        card with { Others = rates.Aggregate(card.Others, (others, r) => others.With(r.Unit, new Rate(r.Nanos))) };

    [Theory]
    [InlineData(UnitClass.AudioInput, TokenKinds.AudioInput)]
    [InlineData(UnitClass.CachedAudioInput, TokenKinds.AudioInput)]
    [InlineData(UnitClass.ImageInput, TokenKinds.ImageInput)]
    [InlineData(UnitClass.CachedImageInput, TokenKinds.ImageInput)]
    [InlineData(UnitClass.AudioOutput, TokenKinds.Text)]
    public void Input_of_a_kind_costs_what_text_does_unless_a_rate_is_given(UnitClass unit, TokenKinds kinds)
    {
        Text.InputKinds.Should().Be(TokenKinds.Text);
        With(Text, (unit, 7)).InputKinds.Should().Be(kinds);
    }
}
