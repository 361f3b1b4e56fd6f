using Spendra.Core.Ledger;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using Spendra.Core.Reconciliation;

namespace Spendra.Core.Tests.Reconciliation;

public sealed class SettledTallyTests
{
    private const long Day = 20_000;

    private static readonly PriceVersion Price = new()
    {
        PriceId = Guid.CreateVersion7(), Provider = "openai", Model = "m", EffectiveFrom = 0, RecordedAt = 0, Source = "test",
        // Thirds: every event is rounded.
        Rates = new RateCard(new Rate(333_333), new Rate(33_333), new Rate(1_000_000), new Rate(7_777_777)) { Others = default(UnitMap<Rate>).With(UnitClass.WebSearches, new Rate(10_000_000_000_000)) },
        LongContext = new ContextBand(1_000, new RateCard(new Rate(666_667), new Rate(66_667), new Rate(2_000_000), new Rate(9_999_999))),
    };

    [Fact]
    public void Classes_add_up_to_what_was_booked_although_each_event_was_rounded()
    {
        var tally = new SettledTally();
        var random = new Random(5);
        var booked = NanoUsd.Zero;
        foreach (var (isLong, tier) in new[] { (false, 100), (true, 100), (false, 50) })
        {
            var sum = default(Usage);
            var cost = NanoUsd.Zero;
            for (var i = 0; i < 100; i++)
            {
                var usage = new Usage { Input = (isLong ? 1_001 : 1) + random.Next(300), CachedInput = random.Next(300), CacheWrite = random.Next(300), Output = random.Next(300) };
                cost += Cost.Of(Price, usage, tier);
                sum = Usage.SumUnchecked(sum, usage);
            }
            tally.Add(new TalliedSum(Event(sum, cost) with { TierHundredths = tier * 100 }, isLong, 100));
            booked += cost;
        }

        var lines = tally.Complete();

        lines.Select(l => l.Class).Should().Equal(UnitClass.Input, UnitClass.CachedInput, UnitClass.CacheWrite, UnitClass.Output);
        lines.Sum(l => l.Amount.Value).Should().Be(booked.Value);
        lines.Should().OnlyContain(l => l.Requests == 300);
    }

    [Fact]
    public void Searches_cost_the_same_in_every_tier_and_have_a_line_of_their_own()
    {
        var usage = new Usage { Input = 900 }.Plus(UnitClass.WebSearches, 3);
        var tally = new SettledTally();
        tally.AddReservation([Event(usage, Cost.Of(Price, usage, 50)) with { TierHundredths = 5_000 }]);
        tally.Complete().Select(l => (l.Class, l.Quantity, l.Amount.Value)).Should().Equal((UnitClass.Input, 900, 150), (UnitClass.WebSearches, 3, 30_000_000));
    }

    [Fact]
    public void What_was_settled_late_is_measured_and_what_is_in_doubt_is_estimated()
    {
        var usage = new Usage { Input = 900, Output = 50 };
        var bound = new Usage { Input = 2_000, Output = 500 };
        var expired = Event(bound, new NanoUsd(99_999)) with { Kind = SpendKind.Expired, IsEstimated = true };
        var late = Event(usage - bound, Cost.Of(Price, usage) - new NanoUsd(99_999)) with { Kind = SpendKind.Late, EventNumber = 1, Day = Day };
        var tally = new SettledTally();
        tally.AddReservation([expired, late]);
        tally.AddReservation([expired]);

        var lines = tally.Complete();

        lines.Where(l => !l.IsEstimated).Select(l => (l.Class, l.Quantity)).Should().Equal((UnitClass.Input, 900), (UnitClass.Output, 50));
        lines.Single(l => l.IsEstimated).Amount.Value.Should().Be(99_999);
        lines.Sum(l => l.Amount.Value).Should().Be(Cost.Of(Price, usage).Value + 99_999);
    }

    [Fact]
    public void A_providers_own_bill_and_corrections_have_no_class()
    {
        var usage = new Usage { Input = 900 };
        var tally = new SettledTally();
        tally.AddReservation([Event(usage, new NanoUsd(700)) with { IsBilled = true }]);
        tally.AddReservation([Event(default, new NanoUsd(-50)) with { Kind = SpendKind.Adjusted, EventNumber = 1 }]);
        tally.AddReservation([Event(usage, new NanoUsd(123_456))]);
        tally.Complete().Select(l => (l.Class, l.Amount.Value)).Should().Equal((null, 700 - 50 + 123_456));
    }

    [Fact]
    public void A_sum_whose_price_does_not_make_its_cost_is_not_divided()
    {
        var tally = new SettledTally();
        tally.Add(new TalliedSum(Event(new Usage { Input = 900 }, new NanoUsd(302)), false, 1));
        tally.Add(new TalliedSum(Event(new Usage { Input = 900 }, new NanoUsd(300)) with { Model = "n" }, false, 1));
        tally.Complete().Select(l => (l.Model, l.Class)).Should().Equal(("m", null), ("n", UnitClass.Input));
    }

    private static TalliedEvent Event(Usage usage, NanoUsd cost) => new()
    {
        EventNumber = 0, Kind = SpendKind.Settled, Day = Day, Model = "m", Price = Price, TierHundredths = 10_000, Usage = usage, Cost = cost,
    };
}
