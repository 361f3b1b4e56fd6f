using CsCheck;
using Spendra.Core.Governance;
using Spendra.Core.Metering;
using Spendra.Core.Pricing;
using static Spendra.Gateway.Tests.Bounds.BoundedExchange;

namespace Spendra.Gateway.Tests.Bounds;

/// <summary>Claude on Vertex AI, in both of the forms in which its clients ask, at the rates of a global or a regional host.</summary>
public sealed class ClaudeWorstAnswerTests
{
    private const string Model = "claude-any";

    private static PriceVersion PriceWithFees()
    {
        var price = Price("vertexai", "anthropic/" + Model);
        return price with
        {
            Rates = WithFees(price.Rates, 2_000), LongContext = price.LongContext! with { Rates = WithFees(price.LongContext.Rates, 4_000) },
        };
    }

    private static RateCard WithFees(RateCard card, long hourLong) => card with
    {
        Others = default(UnitMap<Core.Money.Rate>).With(UnitClass.CacheWriteLong, Nanos(hourLong)).With(UnitClass.WebSearches, Nanos(10_000_000)),
    };

    [Fact]
    public void A_message_on_Vertex_AI_is_covered() =>
        Gen.Select(ClaudeAsk.Any, Shares.OneOf(100, 110), Gen.Bool, Shares.Any).Sample((ask, ratePercent, isRaw, shares) =>
        {
            var body = ask.Body(Model);
            var (call, refusal) = isRaw
                ? Bound(Route("vertexai", "vertexai.predict.message"), "{\"anthropic_version\":\"vertex-2023-10-16\"," + body[(body.IndexOf(',') + 1)..],
                    PriceWithFees(), new AccountSettings { RatePercent = ratePercent }, Model)
                : Bound(Route("vertexai", "vertexai.messages"), body, PriceWithFees(), new AccountSettings { RatePercent = ratePercent });
            refusal.Should().BeNull();
            var input = shares.OfInput(ask.MostInput * ask.Passes);
            var (cached, written) = OpenAiAsk.Cached(input, shares);
            var hourLong = ask.IsHourLong ? shares.Of(written, 8) : 0;
            var output = shares.Of((long)ask.MaxTokens * ask.Passes, 7);

            ShouldCover(call, $"{{\"id\":\"msg_1\",\"type\":\"message\",\"model\":\"{Model}\",\"usage\":{{\"input_tokens\":{input - cached - written},\"cache_read_input_tokens\":{cached},"
                + $"\"cache_creation_input_tokens\":{written},\"cache_creation\":{{\"ephemeral_5m_input_tokens\":{written - hourLong},\"ephemeral_1h_input_tokens\":{hourLong}}},"
                + $"\"output_tokens\":{output},\"output_tokens_details\":{{\"thinking_tokens\":{shares.Of(output, 3)}}},"
                + $"\"server_tool_use\":{{\"web_search_requests\":{shares.Of(ask.Searches, 9)},\"web_fetch_requests\":{shares.Of(ask.Fetches, 9)}}}}}}}");
        }, iter: 3_000);
}
