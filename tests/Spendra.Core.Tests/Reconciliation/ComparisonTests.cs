using CsCheck;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Reconciliation;

namespace Spendra.Core.Tests.Reconciliation;

public sealed class ComparisonTests
{
    private static readonly ComparisonRules Rules = new(100, 130, ComparisonRules.DefaultRounding);

    [Fact]
    public void A_bill_that_is_the_ledger_differs_in_nothing()
    {
        var month = PlantedMonth.Plant(seed: 1, []);
        var result = Comparison.Of(month.Billed, month.Booked, PlantedMonth.Rules);
        result.Differences.Should().BeEmpty();
        result.Billed.Should().Be(result.Booked).And.NotBe(NanoUsd.Zero);
    }

    [Fact]
    public void Twenty_planted_differences_are_found_and_typed_and_none_is_invented()
    {
        DifferenceKind[] kinds = [.. Enumerable.Range(0, 20).Select(i => DifferenceKinds.All[i % DifferenceKinds.All.Count])];
        var month = PlantedMonth.Plant(seed: 7, kinds);
        ShouldFindWhatWasPlanted(month);
        // One that was billed late is told on both days.
        month.Planted.Should().HaveCount(20 + kinds.Count(k => k == DifferenceKind.Late));
    }

    [Fact]
    public void Whatever_is_planted_is_found_and_nothing_else()
    {
        var kind = Gen.Int[0, DifferenceKinds.All.Count - 1].Select(i => DifferenceKinds.All[i]);
        Gen.Select(Gen.Int, kind.List[0, 25]).Sample((seed, kinds) => ShouldFindWhatWasPlanted(PlantedMonth.Plant(seed, kinds)), iter: 200);
    }

    [Fact]
    public void The_differences_of_any_two_sides_add_up_to_what_is_between_them()
    {
        UnitClass?[] classes = [null, UnitClass.Input, UnitClass.CachedInput, UnitClass.CacheWrite, UnitClass.Output, UnitClass.Images];
        var unit = Gen.Int[0, classes.Length - 1].Select(i => classes[i]);
        var place = Gen.Select(Gen.Long[98, 131], Gen.Int[0, 2], unit);
        var billed = Gen.Select(place, Gen.Long[-10, 50].Select(q => q < 0 ? (long?)null : q), Gen.Long[0, 5_000], (p, quantity, amount) => new BilledLine
        {
            AccountId = Guid.Empty, Day = p.Item1, Model = $"m{p.Item2}", Class = p.Item3, Quantity = quantity, Amount = new NanoUsd(amount), SourceLine = 1,
        });
        var booked = Gen.Select(place, Gen.Long[0, 50], Gen.Long[-500, 5_000], Gen.Bool, (p, quantity, amount, isEstimated) => new SettledLine
        {
            Day = p.Item1, Model = $"m{p.Item2}", Class = isEstimated ? null : p.Item3, Quantity = quantity, Amount = new NanoUsd(amount), Requests = 1,
            IsEstimated = isEstimated,
        });
        Gen.Select(billed.Array[0, 60], booked.Array[0, 60], Gen.Long[0, 100]).Sample((left, right, rounding) =>
        {
            var result = Comparison.Of(left, right, Rules with { Rounding = new NanoUsd(rounding) });
            result.Billed.Value.Should().Be(left.Where(l => Rules.Holds(l.Day)).Sum(l => l.Amount.Value));
            result.Booked.Value.Should().Be(right.Where(l => Rules.Holds(l.Day)).Sum(l => l.Amount.Value));
            result.Differences.Sum(d => d.Amount.Value).Should().Be((result.Billed - result.Booked).Value);
            result.Differences.Should().OnlyContain(d => d.Amount != NanoUsd.Zero && Rules.Holds(d.Day));
        }, iter: 2_000);
    }

    [Fact]
    public void What_was_billed_in_the_next_month_is_late_in_both()
    {
        BilledLine[] billed = [Line(130, 1_000, 5_000)];
        SettledLine[] booked = [Booked(129, 1_000, 5_000)];
        Only(Comparison.Of(billed, booked, Rules)).Should().Be((DifferenceKind.Late, -5_000));
        Only(Comparison.Of(billed, booked, new ComparisonRules(130, 160, Rules.Rounding))).Should().Be((DifferenceKind.Late, 5_000));
    }

    [Fact]
    public void More_units_at_another_price_are_two_differences()
    {
        var result = Comparison.Of([Line(101, 1_100, 2_200_000)], [Booked(101, 1_000, 1_000_000)], Rules);
        result.Differences.Select(d => (d.Kind, d.Amount.Value)).Should().Equal((DifferenceKind.OutsideGateway, 100_000), (DifferenceKind.PriceDrift, 1_100_000));
    }

    [Fact]
    public void An_estimate_covers_what_was_billed_up_to_its_bound_and_no_more()
    {
        SettledLine estimate = new() { Day = 101, Model = "m", Amount = new NanoUsd(10_000), Requests = 1, IsEstimated = true };
        Only(Comparison.Of([Line(101, 70, 7_000)], [estimate], Rules)).Should().Be((DifferenceKind.EstimatedSettlement, -3_000));
        Comparison.Of([Line(101, 100, 10_000)], [estimate], Rules).Differences.Should().BeEmpty();
        Only(Comparison.Of([Line(101, 120, 12_000)], [estimate], Rules)).Should().Be((DifferenceKind.OutsideGateway, 2_000));
        Only(Comparison.Of([], [estimate], Rules)).Should().Be((DifferenceKind.EstimatedSettlement, -10_000));
    }

    [Fact]
    public void A_bill_without_classes_is_compared_by_model()
    {
        SettledLine[] booked = [Booked(101, 10, 6_000), Booked(101, 5, 4_000, UnitClass.Output)];
        Comparison.Of([Line(101, null, 10_000, null)], booked, Rules).Differences.Should().BeEmpty();
        Only(Comparison.Of([Line(101, null, 10_900, null)], booked, Rules)).Should().Be((DifferenceKind.Rounding, 900));
        Only(Comparison.Of([Line(101, null, 90_000, null)], booked, Rules)).Should().Be((DifferenceKind.Unknown, 80_000));
        Only(Comparison.Of([Line(101, null, 90_000, null)], [], Rules)).Should().Be((DifferenceKind.OutsideGateway, 90_000));
    }

    [Fact]
    public void A_charge_that_names_no_model_is_outside_the_gateway()
    {
        var fee = Line(101, null, 550_000_000, null) with { Model = "" };
        Only(Comparison.Of([fee], [Booked(101, 1, 1)], Rules with { FirstDay = 101, EndDay = 101 + 1 }).Differences.Where(d => d.Model.Length == 0)).Should()
            .Be((DifferenceKind.OutsideGateway, 550_000_000));
    }

    [Fact]
    public void The_largest_amounts_do_not_wrap_around()
    {
        var compare = () => Comparison.Of([Line(101, 1, long.MaxValue), Line(101, 1, long.MaxValue)], [], Rules);
        compare.Should().Throw<OverflowException>();
    }

    private static void ShouldFindWhatWasPlanted(PlantedMonth month)
    {
        var result = Comparison.Of(month.Billed, month.Booked, PlantedMonth.Rules);
        // A plant may show in several classes: its sum counts, and its place.
        var found = result.Differences.GroupBy(d => (d.Kind, d.Day, Model: d.Model.Replace("-strange", "", StringComparison.Ordinal)))
            .Select(g => (g.Key.Kind, g.Key.Day, g.Key.Model, Amount: new NanoUsd(g.Sum(d => d.Amount.Value))));
        found.Should().BeEquivalentTo(month.Planted);
        result.Differences.Sum(d => d.Amount.Value).Should().Be((result.Billed - result.Booked).Value);
    }

    private static (DifferenceKind Kind, long Nanos) Only(ComparisonResult result) => Only(result.Differences);

    private static (DifferenceKind Kind, long Nanos) Only(IEnumerable<Difference> differences)
    {
        var only = differences.Should().ContainSingle().Subject;
        return (only.Kind, only.Amount.Value);
    }

    private static BilledLine Line(long day, long? quantity, long nanos, UnitClass? unit = UnitClass.Input) =>
        new() { AccountId = Guid.Empty, Day = day, Model = "m", Class = unit, Quantity = quantity, Amount = new NanoUsd(nanos), SourceLine = 1 };

    private static SettledLine Booked(long day, long quantity, long nanos, UnitClass? unit = UnitClass.Input) =>
        new() { Day = day, Model = "m", Class = unit, Quantity = quantity, Amount = new NanoUsd(nanos), Requests = 1 };
}
