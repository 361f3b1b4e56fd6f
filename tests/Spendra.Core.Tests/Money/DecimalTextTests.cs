using Spendra.Core.Money;

namespace Spendra.Core.Tests.Money;

public sealed class DecimalTextTests
{
    [Theory]
    [InlineData("12", 0, 12)]
    [InlineData("12", 2, 1_200)]
    [InlineData("12.3", 2, 1_230)]
    [InlineData("12.34", 2, 1_234)]
    [InlineData("12.34000", 2, 1_234)]
    [InlineData("12.000", 0, 12)]
    [InlineData("-0.5", 1, -5)]
    [InlineData("9223372036854775807", 0, long.MaxValue)]
    [InlineData("-9223372036854775807", 0, -long.MaxValue)]
    public void Text_is_scaled_exactly(string text, int decimals, long expected)
    {
        DecimalText.TryScale(text, decimals, out var scaled).Should().BeTrue();
        scaled.Should().Be(expected);
    }

    [Theory]
    [InlineData("12.345", 2)]
    [InlineData("12.5", 0)]
    [InlineData("12.0x", 1)]
    [InlineData("12.x0", 1)]
    [InlineData("12.00x00", 2)]
    [InlineData("9223372036854775808", 0)]
    [InlineData("-9223372036854775809", 0)]
    public void Text_that_cannot_be_scaled_exactly_is_refused(string text, int decimals)
    {
        DecimalText.TryScale(text, decimals, out var scaled).Should().BeFalse();
        scaled.Should().Be(0);
    }

    [Fact]
    public void Forty_characters_are_read_and_no_more()
    {
        DecimalText.TryScale("7".PadLeft(40, '0'), 0, out var scaled).Should().BeTrue();
        scaled.Should().Be(7);
        DecimalText.TryScale("7".PadLeft(41, '0'), 0, out _).Should().BeFalse();
    }
}
