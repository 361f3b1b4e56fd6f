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
            [new KindStanding(DifferenceKind.PriceDrift, 1, new NanoUsd(needed), new NanoUsd(corrected), NanoUsd.Zero) { Gross = new NanoUsd(needed) }]).Should().Be(share);

    [Fact]
    public void Kinds_do_not_explain_each_other() => ExplainedShare.Of(new NanoUsd(1_000), new NanoUsd(1_000),
    [
        new KindStanding(DifferenceKind.PriceDrift, 1, new NanoUsd(100), NanoUsd.Zero, NanoUsd.Zero) { Gross = new NanoUsd(100) },
        new KindStanding(DifferenceKind.Unknown, 1, new NanoUsd(-100), NanoUsd.Zero, NanoUsd.Zero) { Gross = new NanoUsd(100) },
    ]).Should().Be(8_000);

    [Theory]
    [InlineData(DifferenceKind.Unknown, 0, 0, 8_000)]
    [InlineData(DifferenceKind.Unknown, 100, 0, 7_000)]
    [InlineData(DifferenceKind.Unknown, 100, 100, 8_000)]
    [InlineData(DifferenceKind.Late, 0, 0, 10_000)]
    [InlineData(DifferenceKind.PriceDrift, 100, 100, 10_000)]
    public void Differences_that_cancel_each_other_explain_each_other_only_where_their_reason_is_known(DifferenceKind kind, long needed, long booked, int share) =>
        ExplainedShare.Of(new NanoUsd(1_000), new NanoUsd(1_000), [new KindStanding(kind, 2, new NanoUsd(needed), new NanoUsd(booked), NanoUsd.Zero) { Gross = new NanoUsd(needed + 200) }])
            .Should().Be(share);
}
