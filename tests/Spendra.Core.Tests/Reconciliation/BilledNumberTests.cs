using System.Globalization;
using CsCheck;
using Spendra.Core.Money;
using Spendra.Core.Reconciliation;

namespace Spendra.Core.Tests.Reconciliation;

public sealed class BilledNumberTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("12.5", 12_500_000_000)]
    [InlineData("0.06000000000000001", 60_000_000)]
    [InlineData("6e-05", 60_000)]
    [InlineData("1.2E+3", 1_200_000_000_000)]
    [InlineData("-0.1", -100_000_000)]
    [InlineData("0.0000000005", 0)]
    [InlineData("0.0000000015", 2)]
    [InlineData("0.00000000050000001", 1)]
    [InlineData("1e-30", 0)]
    [InlineData("000000000000000000000000000000000000001", 1_000_000_000)]
    public void Amounts_are_read_exactly_and_rounded_once_half_to_even(string text, long nanos)
    {
        BilledNumber.TryReadAmount(text, perUsd: 1, out var amount).Should().BeTrue();
        amount.Value.Should().Be(nanos);
    }

    [Fact]
    public void Cents_are_hundredths_of_dollars()
    {
        BilledNumber.TryReadAmount("123.78912", perUsd: 100, out var amount).Should().BeTrue();
        amount.Value.Should().Be(1_237_891_200);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("1,5")]
    [InlineData("1.")]
    [InlineData(".5")]
    [InlineData("1.2.3")]
    [InlineData("1e")]
    [InlineData("1e99")]
    [InlineData("e5")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("$12")]
    [InlineData("+1")]
    [InlineData("9223372036.854775808")]
    [InlineData("1234567890123456789012345678901")]
    [InlineData("99999999999999999999e20")]
    public void What_is_no_amount_is_refused(string? text) => BilledNumber.TryReadAmount(text, perUsd: 1, out _).Should().BeFalse();

    [Theory]
    [InlineData("1200", 1, 1_200)]
    [InlineData("1200.0", 1, 1_200)]
    [InlineData("1.5", 1_000, 1_500)]
    [InlineData("0.000001", 1_000_000, 1)]
    public void Quantities_are_whole(string text, long multiplier, long units)
    {
        BilledNumber.TryReadQuantity(text, multiplier, out var quantity).Should().BeTrue();
        quantity.Should().Be(units);
    }

    [Theory]
    [InlineData("0.5", 1)]
    [InlineData("1.0005", 1_000)]
    public void Half_a_token_is_none(string text, long multiplier) => BilledNumber.TryReadQuantity(text, multiplier, out _).Should().BeFalse();

    [Fact]
    public void Any_amount_that_can_be_written_is_read_back()
    {
        Gen.Long[-long.MaxValue, long.MaxValue].Sample(nanos =>
        {
            var text = new NanoUsd(nanos).ToString();
            return BilledNumber.TryReadAmount(text, 1, out var read) && read.Value == nanos;
        });
        Gen.Long[-1_000_000_000_000, 1_000_000_000_000].Sample(nanos =>
            BilledNumber.TryReadAmount(nanos.ToString(CultureInfo.InvariantCulture) + "e-9", 1, out var read) && read.Value == nanos);
    }
}
