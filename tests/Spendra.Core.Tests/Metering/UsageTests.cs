using Spendra.Core.Metering;

namespace Spendra.Core.Tests.Metering;

public sealed class UsageTests
{
    [Fact]
    public void Difference_is_taken_class_by_class()
    {
        var used = new Usage { Input = 10, CachedInput = 20, CacheWrite = 30, Output = 40, ReasoningWithinOutput = 5 };
        var booked = new Usage { Input = 1, CachedInput = 22, CacheWrite = 3, Output = 44, ReasoningWithinOutput = 1 };
        (used - booked).Should().Be(
            new Usage { Input = 9, CachedInput = -2, CacheWrite = 27, Output = -4, ReasoningWithinOutput = 4 });
        (used - default(Usage)).Should().Be(used);
    }

    public static TheoryData<string> Classes => new(Least.Keys);

    private static readonly Dictionary<string, Usage> Least = new()
    {
        ["input"] = new Usage { Input = long.MinValue },
        ["cached input"] = new Usage { CachedInput = long.MinValue },
        ["cache write"] = new Usage { CacheWrite = long.MinValue },
        ["output"] = new Usage { Output = long.MinValue },
        ["reasoning"] = new Usage { ReasoningWithinOutput = long.MinValue },
    };

    [Theory]
    [MemberData(nameof(Classes))]
    public void Difference_throws_instead_of_wrapping(string unit)
    {
        var one = new Usage { Input = 1, CachedInput = 1, CacheWrite = 1, Output = 1, ReasoningWithinOutput = 1 };
        FluentActions.Invoking(() => Least[unit] - one).Should().Throw<OverflowException>();
    }

    [Fact]
    public void All_classes_of_input_decide_the_context_band() =>
        new Usage { Input = 1, CachedInput = 20, CacheWrite = 300, Output = 4_000, ReasoningWithinOutput = 4_000 }
            .TotalInput.Should().Be(321);

    [Fact]
    public void Units_of_other_classes_add_up_and_leave_the_rest_alone()
    {
        var used = new Usage { Input = 5, Output = 2 }.Plus(UnitClass.Images, 1).Plus(UnitClass.WebSearches, 3).Plus(UnitClass.Images, 4);
        used.Others.ToString().Should().Be("images 5, web_searches 3");
        (used.Input, used.Output).Should().Be((5, 2));
        used.Should().Be(new Usage { Input = 5, Output = 2 }.Plus(UnitClass.WebSearches, 3).Plus(UnitClass.Images, 5));
    }

    [Fact]
    public void A_count_of_zero_is_left_out_so_that_equal_usage_is_equal()
    {
        var used = default(Usage).Plus(UnitClass.Images, 2);
        default(Usage).Plus(UnitClass.Images, 0).Should().Be(default(Usage));
        used.Plus(UnitClass.Images, -2).Should().Be(default(Usage));
        used.Plus(UnitClass.Seconds, 0).Should().Be(used);
    }

    [Theory]
    [InlineData(UnitClass.Input)]
    [InlineData(UnitClass.CachedInput)]
    [InlineData(UnitClass.CacheWrite)]
    [InlineData(UnitClass.Output)]
    public void Text_tokens_are_counted_in_their_fields_only(UnitClass unit) =>
        FluentActions.Invoking(() => default(Usage).Plus(unit, 1)).Should().Throw<ArgumentOutOfRangeException>();

    [Fact]
    public void Sum_of_counts_throws_instead_of_wrapping()
    {
        FluentActions.Invoking(() => default(Usage).Plus(UnitClass.Images, long.MaxValue).Plus(UnitClass.Images, 1))
            .Should().Throw<OverflowException>();
        FluentActions.Invoking(() => default(Usage).Plus(UnitClass.Images, long.MinValue) - default(Usage).Plus(UnitClass.Images, 1))
            .Should().Throw<OverflowException>();
    }

    [Fact]
    public void Difference_of_other_classes_is_negative_where_there_is_less()
    {
        var used = default(Usage).Plus(UnitClass.Images, 5).Plus(UnitClass.Seconds, 2);
        var booked = default(Usage).Plus(UnitClass.Images, 5).Plus(UnitClass.Seconds, 3).Plus(UnitClass.WebSearches, 1);
        (used - booked).Others.ToString().Should().Be("seconds -1, web_searches -1");
        (used - default(Usage)).Should().Be(used);
    }

    [Fact]
    public void Other_input_tokens_decide_the_context_band_too_and_pieces_do_not()
    {
        var total = 0L;
        foreach (var (unit, _) in UnitClasses.Others) total += unit.IsInput() ? 1 : 0;
        var used = UnitClasses.Others.Aggregate(new Usage { Input = 100 }, (u, o) => u.Plus(o.Class, 1));
        used.TotalInput.Should().Be(100 + total).And.Be(105);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(Usage.MaxUnits, true)]
    [InlineData(Usage.MaxUnits + 1, false)]
    [InlineData(-1, false)]
    public void A_count_of_any_other_class_must_be_plausible(long count, bool isPlausible)
    {
        foreach (var (unit, _) in UnitClasses.Rated)
        {
            default(Usage).Plus(UnitClass.Images, 1).Plus(unit, count == 0 ? 0 : count - (unit == UnitClass.Images ? 1 : 0))
                .IsPlausible.Should().Be(isPlausible, unit.ToString());
        }
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(Usage.MaxUnits, true)]
    [InlineData(Usage.MaxUnits + 1, false)]
    [InlineData(-1, false)]
    public void Each_count_with_a_field_must_be_plausible_by_itself(long count, bool isPlausible)
    {
        new Usage { Input = count }.IsPlausible.Should().Be(isPlausible, "input");
        new Usage { CachedInput = count }.IsPlausible.Should().Be(isPlausible, "cached input");
        new Usage { CacheWrite = count }.IsPlausible.Should().Be(isPlausible, "cache write");
        new Usage { Output = count }.IsPlausible.Should().Be(isPlausible, "output");
        new Usage { ReasoningWithinOutput = count }.IsPlausible.Should().Be(isPlausible, "reasoning");
    }

    [Fact]
    public void A_count_of_zero_that_was_not_left_out_is_plausible() =>
        new Usage { Others = default(UnitMap<long>).With(UnitClass.Images, 0) }.IsPlausible.Should().BeTrue();

    [Theory]
    [InlineData(Usage.MaxCharges, true)]
    [InlineData(Usage.MaxCharges + 1, false)]
    [InlineData(-1, false)]
    public void Charges_must_be_plausible_too(long nanos, bool isPlausible) =>
        default(Usage).Plus(UnitClass.ToolCharges, nanos).IsPlausible.Should().Be(isPlausible);

    [Fact]
    public void Rows_that_were_read_back_are_summed_class_by_class()
    {
        var a = new Usage { Input = 1, CachedInput = 2, CacheWrite = 3, Output = 4, ReasoningWithinOutput = 5 }.Plus(UnitClass.Images, 6).Plus(UnitClass.Seconds, 7);
        var b = new Usage { Input = 10, CachedInput = 20, CacheWrite = 30, Output = 40, ReasoningWithinOutput = 50 }.Plus(UnitClass.Images, -6).Plus(UnitClass.Characters, 8);
        Usage.SumUnchecked(a, b).Should().Be(
            new Usage { Input = 11, CachedInput = 22, CacheWrite = 33, Output = 44, ReasoningWithinOutput = 55 }
                .Plus(UnitClass.Seconds, 7).Plus(UnitClass.Characters, 8));
    }

    [Fact]
    public void Sum_of_corrupt_rows_wraps_and_is_implausible_instead_of_ending_the_verification()
    {
        var most = new Usage
        {
            Input = long.MaxValue, CachedInput = long.MaxValue, CacheWrite = long.MaxValue, Output = long.MaxValue,
            ReasoningWithinOutput = long.MaxValue,
        }.Plus(UnitClass.Images, long.MaxValue);
        var one = new Usage { Input = 1, CachedInput = 1, CacheWrite = 1, Output = 1, ReasoningWithinOutput = 1 }.Plus(UnitClass.Images, 1);
        var sum = Usage.SumUnchecked(most, one);
        sum.Should().Be(new Usage
        {
            Input = long.MinValue, CachedInput = long.MinValue, CacheWrite = long.MinValue, Output = long.MinValue,
            ReasoningWithinOutput = long.MinValue,
        }.Plus(UnitClass.Images, long.MinValue));
        sum.IsPlausible.Should().BeFalse();
    }
}
