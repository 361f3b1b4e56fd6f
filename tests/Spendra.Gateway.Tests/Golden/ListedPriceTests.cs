using System.Text;
using Spendra.Core.Governance;
using Spendra.Core.Metering;
using Spendra.Core.Pricing;
using Spendra.Storage.Pricing;

namespace Spendra.Gateway.Tests.Golden;

/// <summary>Every provider at its list prices: recorded answers → disjoint classes → nano-USD (<see cref="ListedPrices"/>).</summary>
public sealed class ListedPriceTests
{
    public static TheoryData<string, bool> Cases()
    {
        var cases = new TheoryData<string, bool>();
        foreach (var (name, row) in ListedPrices.Rows)
        {
            cases.Add(name, false);
            if (Doors.CanStream(row.Door)) cases.Add(name, true);
        }
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_call_costs_what_the_price_list_says(string name, bool isStream)
    {
        var row = ListedPrices.Rows[name];
        var door = Doors.Of(row.Door, isStream);
        var wire = Doors.WireOf(door);
        var isAzure = Doors.Route(door).Provider.Name == KnownProvider.Azure;
        var tokens = row.Told.Input + row.Told.Cached + row.Told.Written + row.Told.WrittenLong;
        // A byte may be a token, so that what was told is within the bound.
        var body = Doors.Body(door, isAzure ? ListedCall.Deployment : row.Model, isStream, row.Request, (int)tokens);

        var (call, refusal) = ListedCall.Bound(door, row.Model, body, row.Day, row.RatePercent);

        refusal.Should().BeNull();
        var served = row.Served ?? row.Model;
        var bytes = Encoding.UTF8.GetBytes(isStream ? Recorded.Stream(wire, row.Told, served) : Recorded.Plain(wire, row.Told, served));
        var settled = ListedCall.Settle(call, ListedCall.Meter(call, isStream ? "text/event-stream" : "application/json", bytes).Reading);
        ListedCall.Show(settled.Usage).Should().Be(row.Classes);
        settled.Cost.Value.Should().Be(row.Nanos);
        (settled.IsEstimated, settled.IsBilled).Should().Be((false, row.IsBilled));
        settled.Cost.Value.Should().BeLessThanOrEqualTo(call.Amount.Value);
    }

    [Fact]
    public void Every_provider_has_long_context_and_a_cache_in_the_table()
    {
        foreach (var provider in new[] { KnownProvider.OpenAi, KnownProvider.Azure, KnownProvider.Anthropic, KnownProvider.Google, KnownProvider.VertexAi, KnownProvider.OpenRouter })
        {
            var rows = ListedPrices.Rows.Values.Where(r => Doors.Route(r.Door).Provider.Name == provider).ToList();
            rows.Should().Contain(r => r.Told.Cached > 0, $"{provider} reads from a cache");
            rows.Should().Contain(r => r.Told.Input + r.Told.Cached + r.Told.Written + r.Told.WrittenLong > 100_000, $"{provider} has long context");
        }
    }

    /// <summary>
    /// A cache that is kept for twelve hours is refused, since no answer of OpenAI's says how much was written to it. The
    /// rate is in the book for whoever bills by hand: 500·2,000 + 500·5,000 + 100·10,000, and above the line twice as much
    /// for input: 272,000·4,000 + 1·10,000.
    /// </summary>
    [Theory]
    [InlineData("gpt-6.2-sol", 500, 500, 100, 4_500_000)]
    [InlineData("gpt-6.2-sol", 272_000, 1, 0, 1_088_010_000)]
    // 500·1,000 + 500·2,500 + 100·5,000
    [InlineData("gpt-6.1-terra", 500, 500, 100, 2_250_000)]
    public void A_write_for_twelve_hours_has_a_rate_and_no_way_through_the_gateway(string model, long input, long written, long output, long nanos)
    {
        var (_, refusal) = ListedCall.Bound(Doors.OpenAiResponses, model, Doors.Body(Doors.OpenAiResponses, model, isStream: false, "\"prompt_cache_options\":{\"ttl\":\"12h\"}"));
        refusal.Should().NotBeNull();
        refusal!.Code.Should().Be(RefusalCode.UnpriceableRequest);

        var price = PriceCatalog.Find(KnownProvider.OpenAi, model, ListedCall.MicrosOf("2026-11-20"))!;
        var usage = new Usage { Input = input, Output = output }.Plus(UnitClass.CacheWriteLong, written);
        Cost.Of(price, usage).Value.Should().Be(nanos);
    }
}
