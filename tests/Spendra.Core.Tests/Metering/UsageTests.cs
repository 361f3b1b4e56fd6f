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
}
