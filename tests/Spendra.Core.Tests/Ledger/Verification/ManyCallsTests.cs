using Spendra.Core.Ledger.Verification;
using Spendra.Core.Pricing;
using Spendra.Core.Tests.Pricing;
using static Spendra.Core.Tests.Ledger.Verification.LedgerRows;

namespace Spendra.Core.Tests.Ledger.Verification;

/// <summary>Rows of many calls as one: each call was in a context band of its own, so that the sum decides no band.</summary>
public sealed class ManyCallsTests
{
    private readonly LedgerRows _ledger = Sample();

    [Fact]
    public void Bound_and_cost_of_many_calls_may_be_of_either_band()
    {
        Guid price = Prices.Mini.PriceId;
        // Above one token of input everything is ten times as dear.
        _ledger.PriceVersions[price] = Prices.Mini with { LongContext = new ContextBand(1, Prices.Card("4", "1", "4", "16")) };
        _ledger.ViolationsOf(Invariant.EventPrice).Should().NotBeEmpty("one call of that size costs ten times as much");
        _ledger.ViolationsOf(Invariant.ReservationBound).Should().NotBeEmpty();

        foreach (var row in _ledger.Events.ToList()) _ledger.Change(row.ReservationId, row.Number, e => e with { Facts = Many(e.Facts) });
        _ledger.Releases[0] = Many(_ledger.Releases[0]);
        _ledger.ChangeOpen(h => h with { Facts = Many(h.Facts) });

        _ledger.ViolationsOf(Invariant.EventPrice).Should().BeEmpty();
        _ledger.ViolationsOf(Invariant.ReservationBound).Should().BeEmpty();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void Cost_of_many_calls_outside_of_the_bands_is_reported(long tooMuch)
    {
        _ledger.Change(Measured, 0, e => e with { Cost = MeasuredCost + tooMuch, Facts = Many(e.Facts) });

        _ledger.ViolationsOf(Invariant.EventPrice).Should().ContainSingle();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void Bound_of_many_calls_outside_of_the_bands_is_reported(long tooMuch)
    {
        _ledger.Releases[0] = Many(_ledger.Releases[0]) with { Amount = _ledger.Releases[0].Amount + tooMuch };

        _ledger.ViolationsOf(Invariant.ReservationBound).Should().ContainSingle();
    }

    [Theory]
    [InlineData(8_000, false)]
    [InlineData(16_000, true)]
    public void Bound_of_many_calls_is_of_their_tier(long amount, bool isSound)
    {
        _ledger.ChangeOpen(h => h with { TierPercent = 200, Facts = Many(h.Facts) with { Amount = amount } });

        _ledger.ViolationsOf(Invariant.ReservationBound).Should().Equal(isSound ? [] : [new Violation(
            Invariant.ReservationBound, $"reservation {Open}", "a bound of the units between the rates of both context bands", "0.000008 USD")]);
    }

    private static Facts Many(Facts facts) => facts with { BoundKinds = TokenKinds.ManyCalls };
}
