using Spendra.Core.Governance;
using Spendra.Core.Ledger.Verification;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using Spendra.Core.Tests.Pricing;
using static Spendra.Core.Tests.Ledger.LedgerLane;
using static Spendra.Core.Tests.Ledger.Verification.LedgerRows;

namespace Spendra.Core.Tests.Ledger.Verification;

public sealed class ReservationCheckTests
{
    private static readonly Guid Price = Prices.Mini.PriceId;

    private readonly LedgerRows _ledger = Sample();

    private static Violation Wrong(string invariant, Guid id, string expected, string found) =>
        new(invariant, $"reservation {id}", expected, found);

    private static UnitMap<long> Searches(long count) => count == 0 ? default : default(UnitMap<long>).With(UnitClass.WebSearches, count);

    private void ChangeReleased(Func<Facts, Facts> change) => _ledger.Releases[0] = change(_ledger.Releases[0]);

    [Fact]
    public void Key_and_account_of_a_reservation_exist()
    {
        ChangeReleased(f => f with { KeyId = Id(80), AccountId = Id(81) });
        _ledger.Violations.Should().Equal(
            Wrong(Invariant.ReservationNames, Released, $"key {Id(80)}", "no such key"),
            Wrong(Invariant.ReservationNames, Released, $"provider account {Id(81)}", "no such account"));
    }

    public static TheoryData<string> UnknownIds =>
    [
        Convert.ToHexStringLower(Bytes(Id(80))),
        Convert.ToHexStringLower(Bytes(Org, Id(3_001), Id(80))),
        Convert.ToHexStringLower(Bytes(Id(80), Org, Id(3_001))),
        Convert.ToHexStringLower(Bytes(Org)[..15]),
        Convert.ToHexStringLower([.. Bytes(Org), 7]),
    ];

    [Theory]
    [MemberData(nameof(UnknownIds))]
    public void Scopes_and_policies_of_a_reservation_exist(string hex)
    {
        _ledger.Scopes.Add(Id(3_001));
        _ledger.Policies[Org] = new(PolicyKind.Allowlist, null);
        ChangeReleased(f => f with { ScopeIds = Convert.FromHexString(hex), PolicyIds = Convert.FromHexString(hex) });
        _ledger.Violations.Should().Equal(
            Wrong(Invariant.ReservationNames, Released, "scopes that exist", hex),
            Wrong(Invariant.ReservationNames, Released, "policies that exist", hex));
    }

    [Fact]
    public void Reservation_may_name_several_scopes_or_none()
    {
        _ledger.Scopes.Add(Id(80));
        ChangeReleased(f => f with { ScopeIds = Bytes(Org, Id(80)) });
        _ledger.ChangeOpen(h => h with { Facts = h.Facts with { ScopeIds = [] } });
        _ledger.Violations.Should().BeEmpty();
    }

    [Fact]
    public void Reservation_was_not_made_under_rules_of_tomorrow()
    {
        ChangeReleased(f => f with { Epoch = Epoch + 1 });
        _ledger.ChangeOpen(h => h with { Facts = h.Facts with { Epoch = Epoch - 1 } });
        _ledger.Violations.Should().Equal(Wrong(
            Invariant.ReservationEpoch, Released, $"at most {Epoch}, the organization's", $"{Epoch + 1}"));
    }

    [Fact]
    public void Reservation_without_a_price_holds_nothing()
    {
        ChangeReleased(f => f with { PriceId = null });
        var report = _ledger.Verify();
        report.Violations.Should().Equal(Wrong(Invariant.ReservationBound, Released, "0 without a price", "0.00012 USD"));
        (report.Checked[Invariant.ReservationBound], report.Checked[Invariant.ReservationPrice]).Should().Be((6, 5));
    }

    [Fact]
    public void Price_version_that_does_not_exist_is_reported()
    {
        _ledger.ChangeFacts(Measured, 0, f => f with { PriceId = Id(404) });
        var report = _ledger.Verify();
        report.Violations.Should().Equal(
            Wrong(Invariant.ReservationPrice, Measured, $"price version {Id(404)}", "no such price version"));
        report.Checked[Invariant.EventPrice].Should().Be(2);
    }

    [Fact]
    public void Price_of_another_model_is_reported()
    {
        ChangeReleased(f => f with { Model = "gpt-4.1" });
        _ledger.Violations.Should().Equal(Wrong(
            Invariant.ReservationPrice, Released, "a price of openai gpt-4.1", $"{Price}, of openai gpt-4.1-mini"));
    }

    [Fact]
    public void Price_of_another_provider_is_reported()
    {
        ChangeReleased(f => f with { Provider = "other" });
        _ledger.Violations.Should().Equal(Wrong(
            Invariant.ReservationPrice, Released, "a price of other gpt-4.1-mini", $"{Price}, of openai gpt-4.1-mini"));
    }

    [Theory]
    [InlineData(5, true)]
    [InlineData(4, false)]
    public void Price_is_in_force_when_it_is_pinned(long reservedAt, bool isSound)
    {
        var later = Prices.Mini with { PriceId = Id(60), EffectiveFrom = 5 };
        _ledger.PriceVersions[later.PriceId] = later;
        ChangeReleased(f => f with { PriceId = later.PriceId, ReservedAt = reservedAt });
        _ledger.Violations.Should().Equal(isSound ? [] : [Wrong(
            Invariant.ReservationPrice, Released, "a price in force at 4", $"{Id(60)}, in force from 5")]);
    }

    [Theory]
    [InlineData(4, true)]
    [InlineData(5, false)]
    [InlineData(6, false)]
    public void Price_that_has_ended_is_not_pinned_any_more(long reservedAt, bool isSound)
    {
        var ended = Prices.Mini with { PriceId = Id(60), EffectiveTo = 5 };
        _ledger.PriceVersions[ended.PriceId] = ended;
        ChangeReleased(f => f with { PriceId = ended.PriceId, ReservedAt = reservedAt });
        _ledger.Violations.Should().Equal(isSound ? [] : [Wrong(
            Invariant.ReservationPrice, Released, $"a price in force at {reservedAt}", $"{Id(60)}, in force from 0 to 5")]);
    }

    [Theory]
    [InlineData(101, 50, "0.0001204")]
    [InlineData(100, 49, "0.0001184")]
    public void Reservation_holds_the_bound_of_its_units(long input, long output, string bound)
    {
        ChangeReleased(f => f with { BoundInput = input, BoundOutput = output });
        _ledger.Violations.Should().Equal(Wrong(Invariant.ReservationBound, Released, $"{bound} USD", "0.00012 USD"));
    }

    // 100 tokens in and 50 out at 400 and 1,600 nano-USD: 120,000. A long write to the cache costs 800, a spoken token
    // 3,200, a search 1,000.
    [Theory]
    [InlineData(TokenKinds.Text, 2, 122_000, "0.000122")]
    [InlineData(TokenKinds.LongCache, 0, 160_000, "0.00016")]
    [InlineData(TokenKinds.AudioOutput, 0, 200_000, "0.0002")]
    [InlineData(TokenKinds.LongCache | TokenKinds.AudioOutput, 2, 242_000, "0.000242")]
    public void Reservation_holds_the_bound_of_its_kinds_of_tokens_and_of_its_pieces(TokenKinds kinds, long searches, long bound, string usd)
    {
        _ledger.PriceVersions[Price] = Prices.Mini with { Rates = Prices.Mini.Rates with { Others = default(UnitMap<Rate>)
            .With(UnitClass.CacheWriteLong, new Rate(800 * Rate.UnitsPerRate)).With(UnitClass.AudioOutput, new Rate(3_200 * Rate.UnitsPerRate))
            .With(UnitClass.WebSearches, new Rate(1_000 * Rate.UnitsPerRate)) } };
        ChangeReleased(f => f with { Amount = bound, BoundKinds = kinds, BoundPieces = Searches(searches) });
        _ledger.ViolationsOf(Invariant.ReservationBound).Should().BeEmpty();
        ChangeReleased(f => f with { Amount = 120_000 });
        _ledger.ViolationsOf(Invariant.ReservationBound).Should().Equal(
            Wrong(Invariant.ReservationBound, Released, $"{usd} USD", "0.00012 USD"));
    }

    [Theory]
    [InlineData(TokenKinds.LongCache, 0)]
    [InlineData(TokenKinds.Text, 1)]
    public void Reservation_of_what_has_no_rate_is_reported(TokenKinds kinds, long searches)
    {
        ChangeReleased(f => f with { BoundKinds = kinds, BoundPieces = Searches(searches) });
        _ledger.Violations.Should().Equal(Wrong(
            Invariant.ReservationBound, Released, "a rate for everything that is bounded", "0.00012 USD"));
    }

    [Fact]
    public void The_tier_that_is_kept_with_a_bound_decides_before_the_tier_that_was_charged()
    {
        ChangeReleased(f => f with { BoundTierPercent = 200 });
        _ledger.ChangeFacts(Estimated, 0, f => f with { BoundTierPercent = 200 });
        _ledger.Violations.Should().Equal(
            Wrong(Invariant.ReservationBound, Estimated, "0.00024 USD", "0.00012 USD"),
            Wrong(Invariant.ReservationBound, Released, "0.00024 USD", "0.00012 USD"));
    }

    [Fact]
    public void Open_reservation_holds_the_bound_of_its_tier()
    {
        _ledger.PriceVersions[Price] = Prices.Mini with { TierPercents = PriceVersion.NoTiers.Add("fast", 200) };
        _ledger.ChangeOpen(h => h with { TierPercent = 200 });
        _ledger.Violations.Should().Equal(Wrong(Invariant.ReservationBound, Open, "0.000016 USD", "0.000008 USD"));
    }

    [Fact]
    public void Estimate_holds_the_bound_of_the_tier_that_it_charges()
    {
        _ledger.PriceVersions[Price] = Prices.Mini with { TierPercents = PriceVersion.NoTiers.Add("fast", 200) };
        _ledger.Change(Estimated, 0, e => e with { TierPercent = 200 });
        _ledger.Violations.Should().Equal(Wrong(Invariant.ReservationBound, Estimated, "0.00024 USD", "0.00012 USD"));
    }

    // The bound is 120,000 at the standard tier. What was asked for is not known of what is released.
    [Theory]
    [InlineData(120_000, true)]
    [InlineData(240_000, true)]
    [InlineData(360_000, true)]
    [InlineData(60_000, false)]
    [InlineData(120_001, false)]
    public void Released_reservation_held_the_bound_of_some_tier(long amount, bool isSound)
    {
        _ledger.PriceVersions[Price] = Prices.Mini with
        {
            TierPercents = PriceVersion.NoTiers.Add("flex", 50).Add("fast", 200).Add("instant", 300),
        };
        ChangeReleased(f => f with { Amount = amount });
        _ledger.Violations.Should().Equal(isSound ? [] : [Wrong(
            Invariant.ReservationBound, Released, "0.00012 USD", $"{Nanos(amount)} USD")]);
    }

    [Fact]
    public void Tier_that_costs_the_same_is_no_other_bound()
    {
        _ledger.PriceVersions[Price] = Prices.Mini with { TierPercents = PriceVersion.NoTiers.Add("plain", Cost.DefaultTierPercent) };
        ChangeReleased(f => f with { Amount = 1 });
        _ledger.Violations.Should().Equal(Wrong(Invariant.ReservationBound, Released, "0.00012 USD", "0.000000001 USD"));
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(1, -1)]
    [InlineData(long.MaxValue, 1)]
    public void Units_that_cannot_be_are_reported_instead_of_failing(long input, long output)
    {
        ChangeReleased(f => f with { BoundInput = input, BoundOutput = output });
        _ledger.Violations.Should().ContainSingle().Which.Should().Match<Violation>(v =>
            v.Invariant == Invariant.ReservationBound && v.Subject == $"reservation {Released}"
            && v.Expected == "plausible units" && v.Found.Length > 0);
    }

    [Theory]
    [InlineData(10, true)]
    [InlineData(9, false)]
    public void Open_reservation_does_not_expire_before_it_was_made(long expiresAt, bool isSound)
    {
        _ledger.ChangeOpen(h => h with { ExpiresAt = expiresAt, Facts = h.Facts with { ReservedAt = 10 } });
        _ledger.Violations.Should().Equal(isSound ? [] : [Wrong(Invariant.Expiry, Open, "expires at 10 or later", "9")]);
    }

    [Fact]
    public void Corrections_are_no_reservations_of_their_own()
    {
        foreach (var number in new[] { 0, 1, 2 }) _ledger.ChangeFacts(Expired, number, f => f with { Epoch = 99 });
        _ledger.Violations.Should().Equal(Wrong(Invariant.ReservationEpoch, Expired, $"at most {Epoch}, the organization's", "99"));
    }
}
