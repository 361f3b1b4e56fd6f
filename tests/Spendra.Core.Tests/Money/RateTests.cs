using System.Numerics;
using CsCheck;
using Spendra.Core.Money;

namespace Spendra.Core.Tests.Money;

public sealed class RateTests
{
    [Fact]
    public void Rate_is_never_negative()
    {
        FluentActions.Invoking(() => new Rate(-1)).Should().Throw<ArgumentOutOfRangeException>();
        Rate.TryParseUsdPerMillion("-0.1", out _).Should().BeFalse();
        default(Rate).NanosPerMillion.Should().Be(0);
    }

    [Theory]
    [InlineData("0.40", 400_000_000, "0.4")]
    [InlineData("1.60", 1_600_000_000, "1.6")]
    [InlineData("0", 0, "0")]
    [InlineData("0.000000001", 1, "0.000000001")]
    [InlineData("75", 75_000_000_000, "75")]
    public void Rate_is_read_as_usd_per_million_units(string text, long nanos, string printed)
    {
        Rate.TryParseUsdPerMillion(text, out var rate).Should().BeTrue();
        rate.NanosPerMillion.Should().Be(nanos);
        rate.ToString().Should().Be(printed);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("1e2")]
    [InlineData("0.0000000001")]
    [InlineData("free")]
    public void Text_that_is_not_an_exact_rate_is_refused(string? text) =>
        Rate.TryParseUsdPerMillion(text, out _).Should().BeFalse();

    [Theory]
    [InlineData("0.00000014", 140_000_000)]
    [InlineData("0.005", 5_000_000_000_000)]
    [InlineData("0.000000000000001", 1)]
    [InlineData("0", 0)]
    public void Rate_is_read_as_usd_per_unit(string text, long nanos)
    {
        Rate.TryParseUsdPerUnit(text, out var rate).Should().BeTrue();
        rate.NanosPerMillion.Should().Be(nanos);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("-1")]
    [InlineData("1e-7")]
    [InlineData("0.0000000000000001")]
    [InlineData("9224")]
    public void Text_that_is_no_exact_rate_of_a_unit_is_refused(string? text)
    {
        Rate.TryParseUsdPerUnit(text, out var rate).Should().BeFalse();
        rate.Should().Be(default(Rate));
    }

    [Theory]
    [InlineData(2_000, 85, 1_700L)]
    [InlineData(2_000, 100, 2_000L)]
    [InlineData(2_000, 0, 0L)]
    [InlineData(2_000, 250, 5_000L)]
    [InlineData(30, 85, null)]
    [InlineData(1, 99, null)]
    [InlineData(long.MaxValue, 100, long.MaxValue)]
    [InlineData(long.MaxValue - 7, 200, null)]
    public void Part_of_a_rate_is_exact_or_none(long nanos, int percent, long? expected) =>
        (new Rate(nanos).AtPercent(percent)?.NanosPerMillion).Should().Be(expected);

    [Fact]
    public void Product_is_exact() => Gen.Select(Gen.Long[0, long.MaxValue], Gen.Long[0, long.MaxValue]).Sample((r, units) =>
        (BigInteger)new Rate(r).Times(units) == (BigInteger)r * units);

    [Fact]
    public void Greater_of_two_rates_is_the_dearer_one()
    {
        Rate.Max(new Rate(1), new Rate(2)).Should().Be(new Rate(2));
        Rate.Max(new Rate(2), new Rate(1)).Should().Be(new Rate(2));
    }
}
