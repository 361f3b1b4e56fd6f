using System.Text;
using Spendra.Core.Governance;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using Spendra.Gateway.Tests.Golden;

namespace Spendra.Gateway.Tests.Units;

/// <summary>
/// OpenRouter sells models that search by themselves. Two of them are known to search once for each choice; how often others
/// do, and what their passes read, no request limits and no field of OpenRouter's bounds.
/// </summary>
public sealed class SelfSearchingModelTests
{
    private static PriceVersion Price(string model, bool hasFee = true) => new()
    {
        PriceId = Guid.NewGuid(), Provider = "openrouter", Model = model, EffectiveFrom = 0, RecordedAt = 0, Source = "test", ContextWindow = 200_000, MaxOutput = 8_000,
        Rates = new RateCard(Usd(3), Usd(3), Usd(3), Usd(15))
        {
            Others = hasFee ? default(UnitMap<Rate>).With(UnitClass.WebSearches, new Rate(5_000 * NanoUsd.PerUsd)) : default,
        },
    };

    private static Rate Usd(long perMillion) => new(perMillion * NanoUsd.PerUsd);

    private static (Gateway.Requests.GovernedCall Call, Refusal? Refusal) Bound(string door, string model, string more = "", bool hasFee = true)
    {
        var body = door == Doors.RouterResponses
            ? $$"""{"model":"{{model}}",{{more}}"max_output_tokens":200,"input":"find"}"""
            : $$"""{"model":"{{model}}",{{more}}"max_tokens":200,"messages":[{"role":"user","content":"find"}]}""";
        return ListedCall.Bound(door, model, Encoding.UTF8.GetBytes(body), null, [Price(model, hasFee)]);
    }

    [Theory]
    [InlineData("openai/o3-deep-research")]
    [InlineData("openai/o4-mini-deep-research:nitro")]
    [InlineData("openai/gpt-4o-mini-search-preview")]
    [InlineData("openai/gpt-5-search-api")]
    [InlineData("perplexity/sonar-deep-research")]
    [InlineData("perplexity/sonar-pro-search")]
    [InlineData("perplexity/sonar-reasoning-pro")]
    [InlineData("perplexity/sonar:online")]
    public void A_model_whose_searches_have_no_bound_is_refused_in_every_format(string model)
    {
        foreach (var door in (string[])[Doors.RouterChat, Doors.RouterResponses, Doors.RouterMessages])
            Bound(door, model).Refusal!.Message.Should().Contain("searches by itself", door);
    }

    [Theory]
    [InlineData(Doors.RouterChat)]
    [InlineData(Doors.RouterResponses)]
    [InlineData(Doors.RouterMessages)]
    public void One_that_searches_once_needs_the_permission_to_search(string door)
    {
        foreach (var model in (string[])["perplexity/sonar", "perplexity/sonar-pro"])
        {
            var (call, refusal) = Bound(door, model);

            refusal.Should().BeNull();
            call.Shape.Tools.Should().Equal("web_search");
            call.Bound.Pieces.Should().Equal((UnitClass.WebSearches, 1L));
        }
    }

    /// <summary>What the fee covers is the model's own search: how often a tool would search, and at what size, it does not tell.</summary>
    [Theory]
    [InlineData(Doors.RouterResponses, "\"tools\":[{\"type\":\"web_search\"}],")]
    [InlineData(Doors.RouterResponses, "\"tools\":[{\"type\":\"web_search_preview\",\"search_context_size\":\"high\"}],")]
    [InlineData(Doors.RouterResponses, "\"tools\":[{\"type\":\"web_search_2025_08_26\"}],")]
    [InlineData(Doors.RouterChat, "\"tools\":[{\"type\":\"web_search\"}],")]
    [InlineData(Doors.RouterChat, "\"tools\":[{\"type\":\"web_search_preview\"}],")]
    [InlineData(Doors.RouterMessages, "\"tools\":[{\"type\":\"web_search_20250305\",\"name\":\"web_search\",\"max_uses\":1}],")]
    [InlineData(Doors.RouterChat, "\"web_search_options\":{\"search_context_size\":\"high\"},")]
    [InlineData(Doors.RouterChat, "\"web_search_options\":{\"search_type\":\"pro\"},")]
    [InlineData(Doors.RouterChat, "\"web_search_options\":{},")]
    [InlineData(Doors.RouterResponses, "\"web_search_options\":{\"search_context_size\":\"high\"},")]
    [InlineData(Doors.RouterMessages, "\"web_search_options\":{\"search_context_size\":\"high\"},")]
    [InlineData(Doors.RouterMessages, "\"web\\u005fsearch_options\":{\"search_context_size\":\"high\"},")]
    [InlineData(Doors.RouterChat, "\"search_context_size\":\"high\",")]
    public void One_that_searches_once_takes_no_tool_and_no_option_of_searches(string door, string more)
    {
        foreach (var model in (string[])["perplexity/sonar", "perplexity/sonar-pro"])
            Bound(door, model, more).Refusal!.Code.Should().Be(RefusalCode.UnpriceableRequest, model);
    }

    [Theory]
    [InlineData(Doors.RouterChat, "\"web_search_options\":null,")]
    [InlineData(Doors.RouterChat, "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"web_search\"}}],")]
    public void Options_that_are_null_and_tools_of_the_clients_own_pass(string door, string more) =>
        Bound(door, "perplexity/sonar", more).Refusal.Should().BeNull();

    /// <summary>The same as the plugin of that name, which is refused; whose price somebody declares does not matter.</summary>
    [Theory]
    [InlineData("maker/m:online")]
    [InlineData("google/gemini-3-pro:online")]
    [InlineData("maker/m:free:Online")]
    [InlineData("maker/m:online:nitro")]
    public void A_variant_that_searches_is_refused_in_every_format(string model)
    {
        foreach (var door in (string[])[Doors.RouterChat, Doors.RouterResponses, Doors.RouterMessages])
            Bound(door, model).Refusal!.Message.Should().Contain("searches by itself", door);
    }

    [Fact]
    public void Every_choice_searches() =>
        Bound(Doors.RouterChat, "perplexity/sonar", "\"n\":3,").Call.Bound.Pieces.Should().Equal((UnitClass.WebSearches, 3L));

    [Fact]
    public void Without_a_fee_in_the_price_book_it_is_refused() =>
        Bound(Doors.RouterChat, "perplexity/sonar", hasFee: false).Refusal!.Code.Should().Be(RefusalCode.UnpriceableRequest);

    [Theory]
    [InlineData("alibaba/tongyi-deepresearch-30b-a3b")]
    [InlineData("maker/research-1")]
    public void Others_search_nothing(string model)
    {
        var (call, refusal) = Bound(Doors.RouterChat, model);

        refusal.Should().BeNull();
        call.Shape.Tools.Should().BeEmpty();
    }

    [Fact]
    public void A_model_that_makes_vectors_does_not_search()
    {
        const string model = "perplexity/pplx-embed-v1";

        var (call, refusal) = ListedCall.Bound(Doors.RouterEmbeddings, model, Encoding.UTF8.GetBytes($$"""{"model":"{{model}}","input":"x"}"""), null, [Price(model)]);

        refusal.Should().BeNull();
        call.Shape.Tools.Should().BeEmpty();
    }
}
