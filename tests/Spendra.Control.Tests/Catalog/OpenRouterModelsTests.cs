using CsCheck;
using Spendra.Control.Catalog;
using Spendra.Core.Pricing;

namespace Spendra.Control.Tests.Catalog;

/// <summary>OpenRouter's list of models: prices in USD per unit, as text.</summary>
public sealed class OpenRouterModelsTests
{
    [Fact]
    public void A_model_becomes_a_price_with_exact_rates_by_the_million()
    {
        var price = Read("""
            {"id":"x/y","context_length":200000,"top_provider":{"max_completion_tokens":8000},"pricing":{"prompt":"0.00000014",
             "completion":"0.00000028","input_cache_read":"0.000000003625","input_cache_write":"0.0000002","input_cache_write_1h":"0.0000004",
             "audio":"0.000001","audio_output":"0.000002","image_token":"0.000003","image_output":"0.00003","web_search":"0.005",
             "request":"0","image":"0","internal_reasoning":"0","discount":0}}
            """).Prices.Single();
        price.IsDated.Should().BeFalse();
        price.Price.Should().BeEquivalentTo(new { Provider = "openrouter", Model = "x/y", ContextWindow = 200_000L, MaxOutput = 8_000L, Source = "openrouter, 2026-11-25" });
        Text(price.Price.Rates).Should().Be("0.14 0.003625 0.2 0.28");
        price.Price.Rates.Others.ToString().Should().Be("cache_write_long 0.4, audio_input 1, image_input 3, audio_output 2, image_output 30, web_searches 5000");
    }

    [Fact]
    public void What_is_not_said_is_no_discount_and_no_limit()
    {
        var price = Read("""{"id":"x/y","context_length":null,"pricing":{"prompt":"0.000001","completion":"0.000002"}}""").Prices.Single().Price;
        Text(price.Rates).Should().Be("1 1 1 2");
        (price.ContextWindow, price.MaxOutput, price.LongContext).Should().Be((null, null, null));
    }

    [Fact]
    public void A_number_is_read_by_its_digits() =>
        Text(Read("""{"id":"x/y","pricing":{"prompt":0.0000001,"completion":0.000000000000001}}""").Prices.Single().Price.Rates).Should().Be("0.1 0.1 0.1 0.000000001");

    [Fact]
    public void One_override_by_length_is_a_band()
    {
        var price = Read("""
            {"id":"x/y","pricing":{"prompt":"0.000002","completion":"0.000006","input_cache_read":"0.0000003","web_search":"0.005",
             "overrides":[{"min_prompt_tokens":200000,"prompt":"0.000004","completion":"0.000012"}]}}
            """).Prices.Single().Price;
        price.LongContext!.AboveInputUnits.Should().Be(199_999);
        Text(price.LongContext.Rates).Should().Be("4 4 4 12");
        price.LongContext.Rates.Others.ToString().Should().Be("web_searches 5000");
    }

    [Theory]
    [InlineData("""{"pricing":{"prompt":"1","completion":"1"}}""", "an entry without an id")]
    [InlineData("""{"id":"x/y"}""", "no pricing")]
    [InlineData("""{"id":"x/y","pricing":{"prompt":"1"}}""", "no price for input or output")]
    [InlineData("""{"id":"x/y","pricing":{"prompt":"-1","completion":"-1"}}""", "'prompt' is no exact price")]
    [InlineData("""{"id":"x/y","pricing":{"prompt":"1e-7","completion":"1"}}""", "'prompt' is no exact price")]
    [InlineData("""{"id":"x/y","pricing":{"prompt":1E-7,"completion":"1"}}""", "'prompt' is no exact price")]
    [InlineData("""{"id":"x/y","pricing":{"prompt":"0","completion":true}}""", "'completion' is no exact price")]
    [InlineData("""{"id":"x/y","pricing":{"prompt":"0","completion":"0.0000000000000001"}}""", "'completion' is no exact price")]
    [InlineData("""{"id":"x/y","pricing":{"prompt":"0","completion":"0","web_search":"cheap"}}""", "'web_search' is no exact price")]
    [InlineData("""{"id":"x/y","pricing":{"prompt":"0","completion":"0","request":"0.01"}}""", "a fee for each request")]
    [InlineData("""{"id":"x/y","pricing":{"prompt":"0","completion":"0","image":"0.01"}}""", "a fee for each image")]
    [InlineData("""{"id":"x/y","pricing":{"prompt":"0","completion":"0","discount":"0.1"}}""", "a discount that the list does not explain")]
    [InlineData("""{"id":"x/y","pricing":{"prompt":"0","completion":"0.001","internal_reasoning":"0.002"}}""", "reasoning has a price of its own")]
    [InlineData("""{"id":"x/y","pricing":{"prompt":"0","completion":"0","overrides":[{"min_prompt_tokens":9,"prompt":"0"},{"min_prompt_tokens":99,"prompt":"0"}]}}""", "prices that depend on more than one length of the prompt")]
    [InlineData("""{"id":"x/y","pricing":{"prompt":"0","completion":"0","overrides":[{"utc_start":"01:00","prompt":"0"}]}}""", "prices that depend on more than one length of the prompt")]
    [InlineData("""{"id":"x/y","pricing":{"prompt":"0","completion":"0","overrides":[{"min_prompt_tokens":9,"utc_start":"01:00","prompt":"0"}]}}""", "prices that depend on the time of day")]
    [InlineData("""{"id":"x/y","pricing":{"prompt":"0","completion":"0","overrides":{}}}""", "prices that depend on more than one length of the prompt")]
    [InlineData("""{"id":"x/y","pricing":{"prompt":"0","completion":"0","new_fee":"0.1"}}""", "'new_fee' is a price that is not known here")]
    [InlineData("""{"id":"x/y","pricing":{"prompt":"0","completion":"0","new_fee":{"usd":1}}}""", "'new_fee' is a price that is not known here")]
    [InlineData("""{"id":"x/y","pricing":{"prompt":"0","completion":"0","new_fee":"free"}}""", "'new_fee' is a price that is not known here")]
    [InlineData("""{"id":"x/y","pricing":{"prompt":"0","completion":"0","bad\u0000name":"0.1"}}""", "it has a price that is not known here")]
    [InlineData("""{"id":"x/y","pricing":{"prompt":"0","completion":"0","overrides":[{"min_prompt_tokens":9,"prompt":"0","new_fee":"0.1"}]}}""", "'new_fee' is a price that is not known here")]
    [InlineData("""{"id":"x/y","pricing":{"prompt":"0","completion":"0","min_prompt_tokens":9}}""", "'min_prompt_tokens' is a price that is not known here")]
    [InlineData("""{"id":"x/y","pricing":{"prompt":"0","completion":"0","overrides":[{"min_prompt_tokens":9,"prompt":"0","overrides":[{}]}]}}""", "'overrides' is a price that is not known here")]
    public void What_no_unit_class_stands_for_is_skipped_with_the_reason(string entry, string reason)
    {
        var read = Read(entry);
        read.Prices.Should().BeEmpty();
        read.Skipped.Should().ContainSingle().Which.Reason.Should().Be(reason);
    }

    [Theory]
    [InlineData("\"new_fee\":\"0\"")]
    [InlineData("\"new_fee\":0")]
    [InlineData("\"new_fee\":null")]
    [InlineData("\"overrides\":[{\"min_prompt_tokens\":9,\"prompt\":\"0.2\",\"new_fee\":\"0\"}]")]
    public void A_price_that_is_not_known_and_is_zero_is_none(string member) =>
        Read("{\"id\":\"x/y\",\"pricing\":{\"prompt\":\"0.1\",\"completion\":\"0.1\"," + member + "}}").Prices.Should().ContainSingle();

    [Fact]
    public void A_model_that_is_listed_twice_counts_once()
    {
        var read = Read("""{"id":"x/y","pricing":{"prompt":"1","completion":"1"}},{"id":"x/y","pricing":{"prompt":"2","completion":"2"}}""");
        Text(read.Prices.Single().Price.Rates).Should().StartWith("1000000 ");
        read.Skipped.Single().Should().Be(new SkippedModel("x/y", "listed twice: the first entry counts"));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"data":{}}""")]
    [InlineData("{")]
    [InlineData("""{"data":[1,""")]
    public void Another_document_is_an_error(string text)
    {
        var document = PriceDocument.Read(text, "x");
        document.Errors.Should().ContainSingle();
        document.Prices.Should().BeEmpty();
    }

    [Fact]
    public void Entries_of_another_shape_are_skipped() =>
        PriceDocument.Read("""{"data":[1,null,"x",[],{}]}""", "x").Skipped.Should().HaveCount(5);

    [Fact]
    public void Rates_are_the_digits_of_the_list_shifted_by_six() => Gen.Long[0, 99_999_999].Sample(digits =>
    {
        var price = Read($$$"""{"id":"x/y","pricing":{"prompt":"0.{{{digits:D15}}}","completion":"0"}}""").Prices.Single().Price;
        return price.Rates.Input.NanosPerMillion == digits;
    }, iter: 500);

    private static PriceDocument Read(string entries) => PriceDocument.Read($$$"""{"data":[{{{entries}}}]}""", "openrouter, 2026-11-25");

    private static string Text(RateCard card) => $"{card.Input} {card.CachedInput} {card.CacheWrite} {card.Output}";

    [Fact]
    public void A_list_in_which_every_model_is_skipped_says_why()
    {
        string Entry(int i) => $$$"""{"id":"x/m{{{i}}}","pricing":{"prompt":"1"}}""";

        PriceSync.Parse("list", $$"""{"data":[{{Entry(1)}},{{Entry(2)}}]}""", TimeProvider.System).Failure
            .Should().Be("the document has no price that could be taken; skipped: x/m1 (no price for input or output), x/m2 (no price for input or output)");
        PriceSync.Parse("list", $$"""{"data":[{{string.Join(',', Enumerable.Range(1, 7).Select(Entry))}}]}""", TimeProvider.System).Failure
            .Should().EndWith("x/m5 (no price for input or output) and 2 more");
        PriceSync.Parse("list", """{"data":[]}""", TimeProvider.System).Failure.Should().Be("the document has no price");
    }
}
