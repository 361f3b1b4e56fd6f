using System.Text;
using Spendra.Core.Governance;

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
}
