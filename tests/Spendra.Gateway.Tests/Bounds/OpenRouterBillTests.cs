using static Spendra.Gateway.Tests.Bounds.BoundedExchange;

namespace Spendra.Gateway.Tests.Bounds;

/// <summary>A bill that contradicts itself, or the usage beside it, is not what a call cost.</summary>
public sealed class OpenRouterBillTests
{
    // 100 tokens in and 50 out at the book's price.
    private const long Computed = 100 * 1_000 + 50 * 5_000;

    private static Core.Ledger.Settlement Settle(string route, string bill, string usage = "\"input_tokens\":100,\"output_tokens\":50", long nanos = 1_000)
    {
        var body = route == "responses"
            ? """{"model":"maker/m","max_output_tokens":100,"input":"hi"}"""
            : """{"model":"maker/m","max_tokens":100,"messages":[{"role":"user","content":"hi"}]}""";
        var price = Price("openrouter", "maker/m");
        if (nanos == 0) price = price with { Rates = new(Nanos(0), Nanos(0), Nanos(0), Nanos(0)), LongContext = null };
        var (call, refusal) = Bound(Route("openrouter", route), body, price);
        refusal.Should().BeNull();
        return BoundedExchange.Settle(call, "{\"id\":\"gen-1\",\"type\":\"message\",\"model\":\"maker/m\",\"usage\":{" + usage + "," + bill + "}}");
    }

    [Theory]
    [InlineData("\"cost\":0,\"is_byok\":true,\"is_byok\":false,\"cost_details\":{\"upstream_inference_cost\":0.0005}")]
    [InlineData("\"cost\":0,\"is_byok\":false,\"is_byok\":true,\"cost_details\":{\"upstream_inference_cost\":0.0005}")]
    [InlineData("\"cost\":0.00001,\"is_byok\":true,\"is_byok\":true,\"cost_details\":{\"upstream_inference_cost\":0.00001}")]
    [InlineData("\"cost\":0,\"cost_details\":{\"upstream_inference_cost\":0.0005}")]
    [InlineData("\"cost\":0,\"is_byok\":\"true\",\"cost_details\":{\"upstream_inference_cost\":0.0005}")]
    [InlineData("\"cost\":0.00001,\"is_byok\":\"true\"")]
    [InlineData("\"cost\":0.00001,\"is_byok\":1")]
    [InlineData("\"cost\":0,\"is_byok\":false,\"cost_details\":{\"upstream_inference_cost\":0.0005}")]
    [InlineData("\"cost\":0.0001,\"cost_details\":{\"upstream_inference_cost\":0.0005}")]
    [InlineData("\"cost\":0")]
    [InlineData("\"cost\":0.0000000001")]
    [InlineData("\"cost\":0,\"is_byok\":true,\"cost_details\":{\"upstream_inference_cost\":0}")]
    public void Usage_times_price_stands_in_for_a_bill_that_contradicts_itself(string bill)
    {
        foreach (var route in (string[])["chat.completions", "responses", "openrouter.messages"])
        {
            var settled = Settle(route, bill);

            (settled.Cost.Value, settled.IsBilled, settled.IsEstimated).Should().Be((Computed, false, false), route);
        }
    }

    /// <summary>Nothing for nothing: what was done is not known.</summary>
    [Fact]
    public void Without_usage_a_bill_of_nothing_is_no_knowledge()
    {
        foreach (var route in (string[])["chat.completions", "responses", "openrouter.messages"])
        {
            var settled = Settle(route, "\"cost\":0", "\"input_tokens\":0,\"output_tokens\":0");

            settled.IsEstimated.Should().BeTrue(route);
            settled.Cost.Value.Should().BePositive(route);
        }
    }

    [Theory]
    [InlineData("\"cost\":0.0001", 100_000)]
    [InlineData("\"cost\":0.0001,\"is_byok\":null", 100_000)]
    [InlineData("\"cost\":0.0001,\"is_byok\":false,\"cost_details\":{\"upstream_inference_cost\":0.0001}", 100_000)]
    [InlineData("\"cost\":0.00001,\"is_byok\":true,\"cost_details\":{\"upstream_inference_cost\":0.0002}", 210_000)]
    public void One_that_agrees_with_itself_is_settled_as_it_is(string bill, long nanos)
    {
        foreach (var route in (string[])["chat.completions", "responses", "openrouter.messages"])
        {
            var settled = Settle(route, bill);

            (settled.Cost.Value, settled.IsBilled).Should().Be((nanos, true), route);
        }
    }

    [Fact]
    public void A_model_that_costs_nothing_may_be_billed_as_nothing()
    {
        var settled = Settle("chat.completions", "\"cost\":0", nanos: 0);

        (settled.Cost.Value, settled.IsBilled, settled.IsEstimated).Should().Be((0, true, false));
    }
}
