using Spendra.Control.Dashboard;
using Spendra.Core.Money;

namespace Spendra.Control.Tests.Dashboard;

/// <summary>What a single request cost, which is often less than a cent.</summary>
public sealed class RequestAmountTests
{
    [Theory]
    [InlineData(2_250_000, "0.002250")]
    [InlineData(-2_250_000, "−0.002250")]
    [InlineData(1_234_567_890_123, "1,234.567890")]
    [InlineData(499, "< 0.000001")]
    [InlineData(-1, "> −0.000001")]
    [InlineData(0, "0.000000")]
    public void An_amount_of_a_request_is_written_to_the_millionth_and_never_as_a_wrong_zero(long nanos, string text) =>
        Amounts.Fine(new NanoUsd(nanos)).Should().Be(text);
}
