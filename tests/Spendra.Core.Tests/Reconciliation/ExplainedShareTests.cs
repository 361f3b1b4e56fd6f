using Spendra.Core.Money;
using Spendra.Core.Reconciliation;

namespace Spendra.Core.Tests.Reconciliation;

public sealed class ExplainedShareTests
{
    [Theory]
    [InlineData(1_000, 900, 100, 0, 9_000)]
    [InlineData(1_000, 900, 100, 100, 10_000)]
    [InlineData(1_000, 1_000, 0, 0, 10_000)]
    [InlineData(0, 0, 0, 0, 10_000)]
    [InlineData(0, 50, -50, 0, 0)]
    [InlineData(0, 50, -50, -50, 10_000)]
    [InlineData(1_000_000_000, 999_999_999, 1, 0, 9_999)]
    [InlineData(1_000, 900, 100, 300, 8_000)]
    public void Only_a_bill_without_anything_open_is_explained_whole(long billed, long booked, long needed, long corrected, int share) =>
        ExplainedShare.Of(new NanoUsd(billed), new NanoUsd(booked),
            [new KindStanding(DifferenceKind.PriceDrift, 1, new NanoUsd(needed), new NanoUsd(corrected), NanoUsd.Zero)]).Should().Be(share);

    [Fact]
    public void Kinds_do_not_explain_each_other() => ExplainedShare.Of(new NanoUsd(1_000), new NanoUsd(1_000),
    [
        new KindStanding(DifferenceKind.PriceDrift, 1, new NanoUsd(100), NanoUsd.Zero, NanoUsd.Zero),
        new KindStanding(DifferenceKind.Unknown, 1, new NanoUsd(-100), NanoUsd.Zero, NanoUsd.Zero),
    ]).Should().Be(8_000);
}
