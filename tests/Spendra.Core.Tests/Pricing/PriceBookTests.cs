using Spendra.Core.Pricing;

namespace Spendra.Core.Tests.Pricing;

public sealed class PriceBookTests
{
    [Fact]
    public void Version_is_in_force_from_its_instant_until_a_later_one()
    {
        var book = new PriceBook([At(100, recorded: 1, id: 1), At(200, recorded: 2, id: 2)]);
        book.Find("openai", "gpt-4.1-mini", 99).Should().BeNull("the model had no price yet");
        book.Find("openai", "gpt-4.1-mini", 100)!.PriceId.Should().Be(Id(1));
        book.Find("openai", "gpt-4.1-mini", 199)!.PriceId.Should().Be(Id(1));
        book.Find("openai", "gpt-4.1-mini", 200)!.PriceId.Should().Be(Id(2));
        book.Find("openai", "gpt-4.1-mini", long.MaxValue)!.PriceId.Should().Be(Id(2));
    }

    [Fact]
    public void Of_two_versions_of_one_instant_the_later_written_wins()
    {
        new PriceBook([At(100, recorded: 9, id: 1), At(100, recorded: 5, id: 2)])
            .Find("openai", "gpt-4.1-mini", 100)!.PriceId.Should().Be(Id(1));
        new PriceBook([At(100, recorded: 5, id: 2), At(100, recorded: 5, id: 3), At(100, recorded: 5, id: 1)])
            .Find("openai", "gpt-4.1-mini", 100)!.PriceId.Should().Be(Id(3), "every gateway must choose alike");
    }

    [Fact]
    public void Correction_of_the_past_does_not_replace_a_later_version() =>
        new PriceBook([At(200, recorded: 1, id: 1), At(100, recorded: 9, id: 2)])
            .Find("openai", "gpt-4.1-mini", 300)!.PriceId.Should().Be(Id(1));

    [Theory]
    [InlineData("openai", "gpt-4.1")]
    [InlineData("openai", "gpt-4.1-mini-2025-04-14")]
    [InlineData("openai", "GPT-4.1-mini")]
    [InlineData("openai", "")]
    [InlineData("azure", "gpt-4.1-mini")]
    public void Model_that_is_not_named_exactly_has_no_price(string provider, string model) =>
        new PriceBook([At(0, recorded: 0, id: 1)]).Find(provider, model, 1).Should().BeNull();

    [Fact]
    public void List_in_force_has_one_version_a_model_in_order()
    {
        var book = new PriceBook(
        [
            At(0, 0, 1), At(50, 0, 2), At(0, 0, 3) with { Model = "a" }, At(500, 0, 4) with { Model = "future" },
            At(0, 0, 5) with { Provider = "anthropic", Model = "z" },
        ]);
        book.InForce(100).Select(v => v.PriceId).Should().Equal(Id(5), Id(3), Id(2));
        book.All.Should().HaveCount(5);
        PriceBook.Empty.InForce(100).Should().BeEmpty();
    }

    [Fact]
    public void Version_that_has_ended_is_not_replaced_by_an_older_one()
    {
        var book = new PriceBook([At(0, recorded: 1, id: 1), At(100, recorded: 2, id: 2) with { EffectiveTo = 200 }]);
        book.Find("openai", "gpt-4.1-mini", 99)!.PriceId.Should().Be(Id(1));
        book.Find("openai", "gpt-4.1-mini", 199)!.PriceId.Should().Be(Id(2));
        book.Find("openai", "gpt-4.1-mini", 200).Should().BeNull("the end is the first instant without it");
        book.InForce(200).Should().BeEmpty();
        book.InForce(199).Should().ContainSingle();
    }

    [Fact]
    public void Successor_takes_over_where_a_version_ends()
    {
        var book = new PriceBook([At(0, recorded: 1, id: 1) with { EffectiveTo = 100 }, At(100, recorded: 1, id: 2)]);
        book.Find("openai", "gpt-4.1-mini", 99)!.PriceId.Should().Be(Id(1));
        book.Find("openai", "gpt-4.1-mini", 100)!.PriceId.Should().Be(Id(2));
        book.VersionsOf("openai", "gpt-4.1-mini").Select(v => v.PriceId).Should().Equal(Id(1), Id(2));
        book.VersionsOf("openai", "gpt-4.1").Should().BeEmpty();
    }

    [Fact]
    public void Context_band_begins_above_its_threshold()
    {
        Prices.Sol.CardFor(272_000).Should().BeSameAs(Prices.Sol.Rates);
        Prices.Sol.CardFor(272_001).Should().BeSameAs(Prices.Sol.LongContext!.Rates);
        Prices.Mini.CardFor(long.MaxValue).Should().BeSameAs(Prices.Mini.Rates);
    }

    private static PriceVersion At(long from, long recorded, int id) =>
        Prices.Mini with { PriceId = Id(id), EffectiveFrom = from, RecordedAt = recorded };

    private static Guid Id(int n) => new(n, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}
