using System.Globalization;
using CsCheck;
using Spendra.Core.Money;

namespace Spendra.Core.Tests.Money;

public sealed class NanoUsdTests
{
    private static readonly Gen<long> AnyNanos = Gen.OneOf(
        Gen.Long,
        Gen.Long[-2_000_000_000, 2_000_000_000],
        Gen.Const(long.MinValue), Gen.Const(long.MaxValue), Gen.Const(0L));

    [Fact]
    public void Every_amount_survives_printing_and_parsing() => AnyNanos.Sample(nanos =>
    {
        var amount = new NanoUsd(nanos);
        return NanoUsd.TryParse(amount.ToString(), out var read) && read == amount;
    }, iter: 20_000);

    [Fact]
    public void Printing_agrees_with_decimal_arithmetic() => AnyNanos.Sample(nanos =>
        new NanoUsd(nanos).ToString() == (nanos / 1_000_000_000m).ToString("0.#########", CultureInfo.InvariantCulture),
        iter: 20_000);

    [Fact]
    public void Parsing_agrees_with_decimal_arithmetic_or_refuses() =>
        Gen.String[Gen.Char["0123456789.-+e, "], 0, 24].Sample(text =>
        {
            var parsed = NanoUsd.TryParse(text, out var amount);
            if (!parsed) return amount == NanoUsd.Zero;
            return decimal.Parse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint,
                CultureInfo.InvariantCulture) * 1_000_000_000m == amount.Value;
        }, iter: 20_000);

    [Theory]
    [InlineData(0, "0")]
    [InlineData(1, "0.000000001")]
    [InlineData(-1, "-0.000000001")]
    [InlineData(1_200, "0.0000012")]
    [InlineData(1_000_000_000, "1")]
    [InlineData(-3_000_000_000, "-3")]
    [InlineData(10_500_000_000, "10.5")]
    [InlineData(long.MaxValue, "9223372036.854775807")]
    [InlineData(long.MinValue, "-9223372036.854775808")]
    public void Amounts_print_as_exact_decimals(long nanos, string text)
    {
        new NanoUsd(nanos).ToString().Should().Be(text);
        NanoUsd.TryParse(text, out var read).Should().BeTrue();
        read.Value.Should().Be(nanos);
    }

    [Theory]
    [InlineData("007", 7_000_000_000)]
    [InlineData("0.5000000000000", 500_000_000)]
    [InlineData("-0", 0)]
    [InlineData("0.0", 0)]
    public void Zeros_that_change_nothing_are_read(string text, long nanos)
    {
        NanoUsd.TryParse(text, out var read).Should().BeTrue();
        read.Value.Should().Be(nanos);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("-")]
    [InlineData("+1")]
    [InlineData("--1")]
    [InlineData("1.")]
    [InlineData(".5")]
    [InlineData("-.5")]
    [InlineData("1.2.3")]
    [InlineData("1,000")]
    [InlineData("1e3")]
    [InlineData("1 ")]
    [InlineData(" 1")]
    [InlineData("$1")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("0x10")]
    [InlineData("١")]
    [InlineData("1.٥")]
    [InlineData("1.-5")]
    [InlineData("0.0000000001")]
    [InlineData("1.0000000009000001")]
    [InlineData("9223372036.854775808")]
    [InlineData("-9223372036.854775809")]
    [InlineData("9223372037")]
    [InlineData("99999999999999999999999999999999999999")]
    [InlineData("00000000000000000000000000000000000000001")]
    public void Text_that_is_not_an_exact_amount_is_refused(string? text)
    {
        NanoUsd.TryParse(text, out var amount).Should().BeFalse();
        amount.Should().Be(NanoUsd.Zero);
    }

    [Fact]
    public void Arithmetic_throws_instead_of_wrapping()
    {
        var max = new NanoUsd(long.MaxValue);
        var min = new NanoUsd(long.MinValue);
        var one = new NanoUsd(1);

        FluentActions.Invoking(() => max + one).Should().Throw<OverflowException>();
        FluentActions.Invoking(() => min - one).Should().Throw<OverflowException>();
        FluentActions.Invoking(() => -min).Should().Throw<OverflowException>();
        FluentActions.Invoking(() => NanoUsd.FromUsd(9_223_372_037)).Should().Throw<OverflowException>();
    }

    [Fact]
    public void Arithmetic_and_order_are_those_of_the_integers() => Gen.Select(Gen.Int, Gen.Int).Sample((x, y) =>
    {
        NanoUsd a = new(x), b = new(y);
        return (a + b).Value == (long)x + y && (a - b).Value == (long)x - y && (-a).Value == -(long)x
            && (a < b) == (x < y) && (a > b) == (x > y) && (a <= b) == (x <= y) && (a >= b) == (x >= y)
            && NanoUsd.Min(a, b).Value == Math.Min(x, y) && NanoUsd.Max(a, b).Value == Math.Max(x, y)
            && Math.Sign(a.CompareTo(b)) == x.CompareTo(y) && a.IsNegative == (x < 0);
    });

    [Fact]
    public void Equal_amounts_are_neither_less_nor_greater()
    {
        NanoUsd a = new(5), b = new(5);
        (a < b).Should().BeFalse();
        (a > b).Should().BeFalse();
        (a <= b).Should().BeTrue();
        (a >= b).Should().BeTrue();
        a.CompareTo(b).Should().Be(0);
        NanoUsd.Zero.IsNegative.Should().BeFalse();
    }

    [Fact]
    public void Whole_dollars_are_a_thousand_million_nanos()
    {
        NanoUsd.FromUsd(3).Value.Should().Be(3_000_000_000);
        default(NanoUsd).Should().Be(NanoUsd.Zero);
    }
}
