using Spendra.Core.Pricing;
using Spendra.Storage.Pricing;

namespace Spendra.Storage.Tests;

public sealed class PriceCatalogTests
{
    [Fact]
    public void Every_model_is_listed_once_with_plausible_rates()
    {
        PriceCatalog.All.Select(p => p.Model).Should().OnlyHaveUniqueItems().And.HaveCountGreaterThan(30);
        foreach (var price in PriceCatalog.All)
        {
            price.Rates.Input.NanosPerMillion.Should().BePositive(price.Model);
            price.Rates.CachedInput.NanosPerMillion.Should().BeInRange(1, price.Rates.Input.NanosPerMillion, price.Model);
            price.Rates.CacheWrite.NanosPerMillion.Should().BeGreaterThanOrEqualTo(price.Rates.Input.NanosPerMillion, price.Model);
            price.ContextWindow.Should().NotBeNull(price.Model);
            price.TierPercents.Values.Should().OnlyContain(t => t >= 50 && t <= 600);
            (price.EffectiveFrom, price.Provider).Should().Be((0L, "openai"));
        }
    }

    [Fact]
    public void A_long_context_doubles_input_and_cache_and_makes_output_half_as_dear_again()
    {
        var banded = PriceCatalog.All.Where(p => p.LongContext is not null).ToList();
        banded.Should().HaveCountGreaterThan(10);
        foreach (var price in banded)
        {
            var (card, band) = (price.Rates, price.LongContext!);
            band.AboveInputUnits.Should().Be(272_000);
            (band.Rates.Input.NanosPerMillion, band.Rates.CachedInput.NanosPerMillion, band.Rates.CacheWrite.NanosPerMillion, band.Rates.Output.NanosPerMillion * 2)
                .Should().Be((card.Input.NanosPerMillion * 2, card.CachedInput.NanosPerMillion * 2, card.CacheWrite.NanosPerMillion * 2, card.Output.NanosPerMillion * 3), price.Model);
        }
    }

    [Theory]
    [InlineData("gpt-6-sol", "2 0.2 2.5 10", "fast=200 flex=50 priority=200")]
    [InlineData("gpt-5.5", "5 0.5 5 30", "fast=250 flex=50 priority=250")]
    [InlineData("gpt-5.6-sol", "5 0.5 6.25 30", "")]
    [InlineData("gpt-4.1", "2 0.5 2 8", "fast=175 priority=175")]
    [InlineData("o4-mini", "1.1 0.275 1.1 4.4", "flex=50")]
    [InlineData("gpt-5-pro", "15 15 15 120", "")]
    [InlineData("text-embedding-3-small", "0.02 0.02 0.02 0", "")]
    public void A_row_says_what_the_price_list_says(string model, string rates, string tiers)
    {
        var price = PriceCatalog.Find("openai", model)!;
        $"{price.Rates.Input} {price.Rates.CachedInput} {price.Rates.CacheWrite} {price.Rates.Output}".Should().Be(rates);
        string.Join(' ', price.TierPercents.Select(t => $"{t.Key}={t.Value}")).Should().Be(tiers);
    }

    [Theory]
    [InlineData("chat-latest")]
    [InlineData("gpt-5-search-api")]
    [InlineData("gpt-4o-mini-tts")]
    [InlineData("tool:web_search")]
    [InlineData("gpt-6")]
    public void What_tokens_alone_do_not_price_is_not_listed(string model) =>
        PriceCatalog.Find("openai", model).Should().BeNull();

    [Fact]
    public void Seeded_rows_have_ids_of_their_own()
    {
        PriceCatalog.Seed(7).Select(p => p.PriceId).Should().OnlyHaveUniqueItems();
        PriceCatalog.Seed(7).Should().OnlyContain((PriceVersion p) => p.RecordedAt == 7);
    }
}
