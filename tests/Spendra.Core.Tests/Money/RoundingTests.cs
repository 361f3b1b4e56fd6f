using System.Numerics;
using CsCheck;
using Spendra.Core.Money;

namespace Spendra.Core.Tests.Money;

public sealed class RoundingTests
{
    private static readonly Gen<Int128> Numerator = Gen.OneOf(
        Gen.Long[0, 1_000].Select(n => (Int128)n),
        Gen.Long[0, long.MaxValue].Select(n => (Int128)n),
        Gen.Select(Gen.ULong, Gen.Long[0, long.MaxValue]).Select((low, high) => new Int128((ulong)high, low)));

    private static readonly Gen<long> Divisor = Gen.OneOf(
        Gen.Long[1, 10], Gen.Long[1, long.MaxValue], Gen.Const(100_000_000L), Gen.Const(1_000_000L));

    [Theory]
    [InlineData(0, 10, 0)]
    [InlineData(1, 10, 1)]
    [InlineData(10, 10, 1)]
    [InlineData(11, 10, 2)]
    [InlineData(19, 10, 2)]
    public void Bounds_round_upward(long numerator, long divisor, long expected) =>
        Rounding.Up(numerator, divisor).Value.Should().Be(expected);

    [Theory]
    [InlineData(4, 10, 0)]
    [InlineData(5, 10, 0)]
    [InlineData(6, 10, 1)]
    [InlineData(15, 10, 2)]
    [InlineData(25, 10, 2)]
    [InlineData(35, 10, 4)]
    [InlineData(1, 3, 0)]
    [InlineData(2, 3, 1)]
    [InlineData(3, 2, 2)]
    [InlineData(5, 2, 2)]
    public void Settlements_round_half_to_even(long numerator, long divisor, long expected) =>
        Rounding.HalfEven(numerator, divisor).Value.Should().Be(expected);

    [Fact]
    public void Rounding_agrees_with_arbitrary_precision() => Gen.Select(Numerator, Divisor).Sample((numerator, divisor) =>
    {
        var floor = BigInteger.DivRem((BigInteger)numerator, divisor, out var rest);
        var up = rest.IsZero ? floor : floor + 1;
        var side = (rest * 2).CompareTo(divisor);
        var half = side > 0 || (side == 0 && !floor.IsEven) ? floor + 1 : floor;
        return Agrees(() => Rounding.Up(numerator, divisor), up) && Agrees(() => Rounding.HalfEven(numerator, divisor), half);
    }, iter: 20_000);

    [Fact]
    public void Quotient_that_no_amount_can_hold_throws()
    {
        var tooMuch = (Int128)long.MaxValue * 10 + 1;
        FluentActions.Invoking(() => Rounding.Up(tooMuch, 10)).Should().Throw<OverflowException>();
        FluentActions.Invoking(() => Rounding.HalfEven(tooMuch + 5, 10)).Should().Throw<OverflowException>();
        Rounding.HalfEven(tooMuch, 10).Value.Should().Be(long.MaxValue);
    }

    [Fact]
    public void Negative_costs_and_divisors_are_bugs()
    {
        FluentActions.Invoking(() => Rounding.Up(-1, 10)).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => Rounding.HalfEven(-1, 10)).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => Rounding.Up(1, 0)).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => Rounding.HalfEven(1, -1)).Should().Throw<ArgumentOutOfRangeException>();
    }

    private static bool Agrees(Func<NanoUsd> rounded, BigInteger expected)
    {
        try
        {
            return rounded().Value == expected;
        }
        catch (OverflowException)
        {
            return expected > long.MaxValue;
        }
    }
}
