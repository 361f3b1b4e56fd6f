using Spendra.Core.Ledger;
using Spendra.Core.Ledger.Verification;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using Spendra.Core.Tests.Pricing;
using static Spendra.Core.Tests.Ledger.LedgerLane;
using static Spendra.Core.Tests.Ledger.Verification.LedgerRows;

namespace Spendra.Core.Tests.Ledger.Verification;

public sealed class EventCheckTests
{
    private readonly LedgerRows _ledger = Sample();

    private static string Subject(Guid reservationId, int number) => $"event {number} of reservation {reservationId}";

    [Fact]
    public void Gap_in_the_numbers_of_events_is_reported()
    {
        Renumber(Expired, 2, 3);
        _ledger.Violations.Should().Equal(
            new Violation(Invariant.EventNumbers, Subject(Expired, 3), "event 2", "event 3"));
    }

    [Fact]
    public void Number_that_comes_twice_is_reported()
    {
        Renumber(Expired, 2, 1);
        _ledger.ViolationsOf(Invariant.EventNumbers).Should().Equal(
            new Violation(Invariant.EventNumbers, Subject(Expired, 1), "event 2", "event 1"));
    }

    [Fact]
    public void Reservation_without_its_first_event_is_reported()
    {
        Renumber(Measured, 0, 1);
        _ledger.ViolationsOf(Invariant.EventNumbers).Should().Equal(
            new Violation(Invariant.EventNumbers, Subject(Measured, 1), "event 0", "event 1"));
        _ledger.ViolationsOf(Invariant.EventKinds).Should().Equal(
            new Violation(Invariant.EventKinds, Subject(Measured, 1), "late or adjusted", "settled"));
        _ledger.ViolationsOf(Invariant.EntryCorrects).Should().Equal(
            new Violation(Invariant.EntryCorrects, "journal entry 1", "corrects an earlier entry, 0", "corrects none"));
    }

    [Theory]
    [InlineData(SpendKind.Late, "late")]
    [InlineData(SpendKind.Adjusted, "adjusted")]
    public void First_event_settles_or_expires(SpendKind kind, string found)
    {
        SetKind(Overrun, 0, kind);
        _ledger.ViolationsOf(Invariant.EventKinds).First().Should().Be(
            new Violation(Invariant.EventKinds, Subject(Overrun, 0), "settled or expired", found));
    }

    [Theory]
    [InlineData(SpendKind.Settled, "settled")]
    [InlineData(SpendKind.Expired, "expired")]
    public void Later_events_are_late_or_adjusted(SpendKind kind, string found)
    {
        SetKind(Expired, 2, kind);
        _ledger.ViolationsOf(Invariant.EventKinds).Should().Equal(
            new Violation(Invariant.EventKinds, Subject(Expired, 2), "late or adjusted", found));
    }

    [Fact]
    public void Late_settlement_follows_only_an_expiry()
    {
        SetKind(Expired, 0, SpendKind.Settled);
        _ledger.ViolationsOf(Invariant.EventKinds).Should().Equal(
            new Violation(Invariant.EventKinds, Subject(Expired, 1), "a late settlement only after expiry", "late"));
    }

    [Fact]
    public void Late_settlement_whose_expiry_is_missing_is_reported()
    {
        Renumber(Expired, 0, 7);
        SetKind(Expired, 7, SpendKind.Expired);
        _ledger.ViolationsOf(Invariant.EventKinds).Should().Contain(
            new Violation(Invariant.EventKinds, Subject(Expired, 1), "a late settlement only after expiry", "late"));
    }

    [Fact]
    public void Second_late_settlement_is_reported()
    {
        SetKind(Expired, 2, SpendKind.Late);
        _ledger.ViolationsOf(Invariant.EventKinds).Should().Equal(
            new Violation(Invariant.EventKinds, Subject(Expired, 2), "one late settlement", "late"));
    }

    [Fact]
    public void Every_late_settlement_after_the_first_is_reported()
    {
        var ledger = new LedgerRows { Organization = new OrganizationRow(Org, Epoch, 4, 4) };
        Append(ledger, Id(1), 0, SpendKind.Expired, 0, isEstimated: true);
        for (var number = 1; number <= 3; number++) Append(ledger, Id(1), number, SpendKind.Late, 0, corrects: 1);
        ledger.Violations.Should().Equal(
            new Violation(Invariant.EventKinds, Subject(Id(1), 2), "one late settlement", "late"),
            new Violation(Invariant.EventKinds, Subject(Id(1), 3), "one late settlement", "late"));
    }

    [Fact]
    public void Each_expired_reservation_may_have_its_late_settlement()
    {
        var ledger = new LedgerRows { Organization = new OrganizationRow(Org, Epoch, 4, 4) };
        foreach (var n in new[] { 1, 2 })
        {
            Append(ledger, Id(n), 0, SpendKind.Expired, 0, isEstimated: true);
            Append(ledger, Id(n), 1, SpendKind.Late, 0, corrects: ledger.Entries[^1].Sequence);
        }
        ledger.Violations.Should().BeEmpty();
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(-1, false)]
    public void No_more_is_taken_back_than_was_spent(long difference, bool isSound)
    {
        var ledger = new LedgerRows { Organization = new OrganizationRow(Org, Epoch, 3, 3) };
        Append(ledger, Id(1), 0, SpendKind.Settled, 0);
        Append(ledger, Id(1), 1, SpendKind.Adjusted, difference, corrects: 1);
        Append(ledger, Id(2), 0, SpendKind.Settled, 0);
        ledger.Violations.Should().Equal(isSound
            ? []
            : [new Violation(Invariant.EventTotal, $"reservation {Id(1)}", "0 or more", "-1 nano-USD")]);
    }

    [Fact]
    public void Total_of_the_last_reservation_is_checked_too()
    {
        var ledger = new LedgerRows { Organization = new OrganizationRow(Org, Epoch, 2, 2) };
        Append(ledger, Id(1), 0, SpendKind.Settled, 0);
        Append(ledger, Id(2), 0, SpendKind.Settled, -3);
        ledger.ViolationsOf(Invariant.EventTotal).Should().Equal(
            new Violation(Invariant.EventTotal, $"reservation {Id(2)}", "0 or more", "-3 nano-USD"));
    }

    [Fact]
    public void Expiry_that_claims_to_be_measured_is_reported()
    {
        _ledger.Change(Expired, 0, e => e with { IsEstimated = false });
        _ledger.Violations.Should().Equal(
            new Violation(Invariant.ExpiredIsEstimated, Subject(Expired, 0), "estimated", "measured"));
    }

    [Theory]
    [InlineData(30_001)]
    [InlineData(29_999)]
    public void Estimate_that_is_not_the_bound_is_reported(long bound)
    {
        _ledger.Change(Measured, 0, e => e with { IsEstimated = true, Facts = e.Facts with { Amount = bound } });
        _ledger.ViolationsOf(Invariant.EstimateAtBound).Should().Equal(new Violation(
            Invariant.EstimateAtBound, Subject(Measured, 0), $"{Nanos(bound)} USD", "0.00003 USD"));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(-1, 1)]
    public void Estimate_of_containers_alone_costs_its_usage(long tooMuch, int violations)
    {
        // Served at half the rates that were held. A session is 7 nano-USD in every tier.
        _ledger.PriceVersions[Prices.Mini.PriceId] = Prices.Mini with
        {
            Rates = Prices.Mini.Rates with { Others = default(UnitMap<Rate>).With(UnitClass.CodeSessions, new Rate(7 * Rate.UnitsPerRate)) },
        };
        _ledger.Change(Measured, 0, e => e with
        {
            IsEstimated = true, TierPercent = 50, Usage = e.Usage.Plus(UnitClass.CodeSessions, 2), Cost = MeasuredCost / 2 + 14 + tooMuch,
        });
        _ledger.ViolationsOf(Invariant.EstimateAtBound).Should().BeEmpty();
        _ledger.ViolationsOf(Invariant.EventPrice).Should().HaveCount(violations);
        _ledger.ViolationsOf(Invariant.ReservationBound).Should().BeEmpty();
    }

    [Fact]
    public void Difference_after_an_estimate_is_no_estimate()
    {
        _ledger.Change(Expired, 1, e => e with { IsEstimated = true });
        var report = _ledger.Verify();
        report.Violations.Should().BeEmpty();
        report.Checked[Invariant.EstimateAtBound].Should().Be(2);
        report.Checked[Invariant.EventPrice].Should().Be(2, "what is estimated has no measured usage");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void Measured_cost_that_is_not_usage_times_price_is_reported(long tooMuch)
    {
        _ledger.Change(Measured, 0, e => e with { Cost = MeasuredCost + tooMuch });
        _ledger.ViolationsOf(Invariant.EventPrice).Should().Equal(new Violation(
            Invariant.EventPrice, Subject(Measured, 0), "30000 nano-USD", $"{MeasuredCost + tooMuch} nano-USD"));
    }

    [Fact]
    public void Late_settlement_brings_cost_and_usage_to_what_was_used()
    {
        _ledger.Change(Expired, 1, e => e with { Usage = e.Usage with { Output = e.Usage.Output + 1 } });
        _ledger.Violations.Should().Equal(
            new Violation(Invariant.EventPrice, Subject(Expired, 1), "31600 nano-USD", "30000 nano-USD"));
    }

    public static TheoryData<string, Usage, long> Classes => new()
    {
        { "input", new Usage { Input = 1 }, 30_400 },
        { "cached input", new Usage { CachedInput = 1 }, 30_100 },
        { "cache write", new Usage { CacheWrite = 1 }, 30_400 },
        { "output", new Usage { Output = 1 }, 31_600 },
    };

    [Theory]
    [MemberData(nameof(Classes))]
    public void Usage_of_every_class_is_added_up_and_priced(string name, Usage more, long cost)
    {
        // An adjustment that also moves units, followed by a late settlement: the units of all events count.
        _ledger.Change(Expired, 0, e => e with { Usage = Plus(e.Usage, more) });
        _ledger.ViolationsOf(Invariant.EventPrice).Should().Equal([new Violation(
            Invariant.EventPrice, Subject(Expired, 1), $"{cost} nano-USD", "30000 nano-USD")], name);
    }

    [Theory]
    // 30,000 at the whole rate; 52.5 % of it, told as 53
    [InlineData(53, 5_250, 15_750, null)]
    [InlineData(53, 5_250, 15_900, "15750 nano-USD")]
    [InlineData(52, 5_250, 15_750, "5250 hundredths of a per cent, rounded up")]
    [InlineData(54, 5_250, 15_750, "5250 hundredths of a per cent, rounded up")]
    [InlineData(52, 5_200, 15_600, null)]
    public void A_multiplier_that_is_not_whole_is_charged_exactly_and_told_rounded_up(int percent, int hundredths, long cost, string? expected)
    {
        _ledger.Change(Measured, 0, e => e with { TierPercent = percent, TierHundredths = hundredths, Cost = cost });

        _ledger.ViolationsOf(Invariant.EventPrice).Select(v => v.Expected).Should().Equal(expected is null ? [] : [expected]);
    }

    [Fact]
    public void Tier_that_was_charged_prices_the_event()
    {
        _ledger.Change(Measured, 0, e => e with { TierPercent = 200 });
        _ledger.Violations.Should().Equal(
            new Violation(Invariant.EventPrice, Subject(Measured, 0), "60000 nano-USD", "30000 nano-USD"));
    }

    [Fact]
    public void Price_of_the_model_that_served_prices_the_event()
    {
        // Twice the rates of the version that the reservation pinned.
        var twice = Prices.Mini with { PriceId = Id(61), Rates = Doubled(Prices.Mini.Rates) };
        _ledger.PriceVersions[twice.PriceId] = twice;
        _ledger.Change(Measured, 0, e => e with { ServedPriceId = twice.PriceId });
        _ledger.Violations.Should().Equal(
            new Violation(Invariant.EventPrice, Subject(Measured, 0), "60000 nano-USD", "30000 nano-USD"));

        static Rate Twice(Rate rate) => new(rate.NanosPerMillion * 2);
        static RateCard Doubled(RateCard card) => new(Twice(card.Input), Twice(card.CachedInput), Twice(card.CacheWrite), Twice(card.Output));
    }

    [Fact]
    public void Served_price_version_that_does_not_exist_is_reported()
    {
        _ledger.Change(Measured, 0, e => e with { ServedPriceId = Id(404) });
        _ledger.Violations.Should().Equal(
            new Violation(Invariant.EventPrice, Subject(Measured, 0), $"price version {Id(404)}", "no such price version"));
    }

    [Fact]
    public void Event_without_a_price_costs_nothing()
    {
        _ledger.ChangeFacts(Measured, 0, f => f with { PriceId = null });
        _ledger.ViolationsOf(Invariant.EventFree).Should().Equal(
            new Violation(Invariant.EventFree, Subject(Measured, 0), "0", "0.00003 USD"));
        var report = _ledger.Verify();
        (report.Checked[Invariant.EventFree], report.Checked[Invariant.EventPrice]).Should().Be((1, 2));
    }

    [Fact]
    public void Late_settlement_without_a_price_costs_nothing()
    {
        foreach (var number in new[] { 0, 1, 2 }) _ledger.ChangeFacts(Expired, number, f => f with { PriceId = null });
        _ledger.ViolationsOf(Invariant.EventFree).Should().Equal(
            new Violation(Invariant.EventFree, Subject(Expired, 0), "0", "0.00002 USD"),
            new Violation(Invariant.EventFree, Subject(Expired, 1), "0", "0.00001 USD"));
    }

    [Fact]
    public void What_has_no_price_and_costs_nothing_is_sound()
    {
        var ledger = new LedgerRows { Organization = new OrganizationRow(Org, Epoch, 1, 1) };
        Append(ledger, Id(1), 0, SpendKind.Settled, 0);
        ledger.Violations.Should().BeEmpty();
    }

    public static TheoryData<string, Usage, string> OtherUnits => new()
    {
        { "input", new Usage { Input = 11, Output = 10 }, "11 in, 10 out" },
        { "output", new Usage { Input = 10, Output = 9 }, "10 in, 9 out" },
    };

    [Theory]
    [MemberData(nameof(OtherUnits))]
    public void Expiry_books_the_units_of_the_bound(string name, Usage usage, string found)
    {
        _ledger.Change(Expired, 0, e => e with { Usage = usage });
        _ledger.ViolationsOf(Invariant.ExpiredUnits).Should().Equal(
            [new Violation(Invariant.ExpiredUnits, Subject(Expired, 0), "10 in, 10 out", found)], name);
    }

    [Fact]
    public void Units_of_an_estimate_that_did_not_expire_are_not_those_of_the_bound()
    {
        _ledger.Change(Estimated, 0, e => e with { Usage = new Usage { Input = 3 } });
        _ledger.Violations.Should().BeEmpty();
    }

    public static TheoryData<string> Repeated => [.. Others.Keys];

    private static Dictionary<string, Func<Facts, Facts>> Others { get; } = new()
    {
        ["key"] = f => f with { KeyId = Id(80) },
        ["account"] = f => f with { AccountId = Id(80) },
        ["price"] = f => f with { PriceId = Id(80) },
        ["amount"] = f => f with { Amount = f.Amount + 1 },
        ["input"] = f => f with { BoundInput = f.BoundInput + 1 },
        ["output"] = f => f with { BoundOutput = f.BoundOutput + 1 },
        ["time"] = f => f with { ReservedAt = 1 },
        ["fewer windows"] = f => f with { WindowIds = f.WindowIds[..16] },
        ["more windows"] = f => f with { WindowIds = [.. f.WindowIds, .. Bytes(Id(80))] },
        ["other windows"] = f => f with { WindowIds = [.. f.WindowIds[16..], .. f.WindowIds[..16]] },
    };

    [Theory]
    [MemberData(nameof(Repeated))]
    public void Correction_repeats_what_it_corrects(string what)
    {
        _ledger.ChangeFacts(Expired, 2, Others[what]);
        _ledger.ViolationsOf(Invariant.EventRepeats).Should().Equal(new Violation(Invariant.EventRepeats, Subject(Expired, 2),
            "windows, key, account, price, bound and time of the first event", "others"));
    }

    [Fact]
    public void Adjustment_without_a_reason_is_reported()
    {
        _ledger.Change(Expired, 2, e => e with { HasReason = false });
        _ledger.Violations.Should().Equal(new Violation(Invariant.EventReason, Subject(Expired, 2), "a reason", "none"));
    }

    [Theory]
    [InlineData(10, true)]
    [InlineData(9, false)]
    public void Reservation_does_not_expire_before_it_was_made(long expiresAt, bool isSound)
    {
        _ledger.Change(Measured, 0, e => e with { ExpiresAt = expiresAt, Facts = e.Facts with { ReservedAt = 10 } });
        _ledger.Violations.Should().Equal(isSound
            ? []
            : [new Violation(Invariant.Expiry, Subject(Measured, 0), "expires at 10 or later", "9")]);
    }

    [Fact]
    public void Event_may_be_dated_before_its_reservation_by_another_clock()
    {
        _ledger.ChangeFacts(Measured, 0, f => f with { ReservedAt = 5_000 });
        _ledger.Events[0].OccurredAt.Should().BeLessThan(5_000);
        _ledger.Violations.Should().BeEmpty();
    }

    [Fact]
    public void Usage_that_cannot_be_is_reported_instead_of_failing()
    {
        _ledger.Change(Measured, 0, e => e with { Usage = new Usage { ReasoningWithinOutput = -1 } });
        _ledger.Change(Overrun, 0, e => e with { TierPercent = int.MaxValue, Usage = new Usage { Output = Usage.MaxUnits, CachedInput = 1 } });
        var found = _ledger.ViolationsOf(Invariant.EventPrice).ToArray();
        found.Select(v => (v.Subject, v.Expected)).Should().Equal(
            (Subject(Measured, 0), "plausible usage"), (Subject(Overrun, 0), "plausible usage"));
        found.Should().OnlyContain(v => v.Found.Length > 0);
    }

    [Fact]
    public void Corrupt_units_wrap_around_and_are_implausible()
    {
        var most = new Usage
        {
            Input = long.MaxValue, CachedInput = long.MaxValue, CacheWrite = long.MaxValue, Output = long.MaxValue,
            ReasoningWithinOutput = long.MaxValue,
        };
        _ledger.Change(Expired, 0, e => e with { Usage = most });
        _ledger.Change(Expired, 1, e => e with { Usage = most });
        _ledger.ViolationsOf(Invariant.EventPrice).Should().ContainSingle().Which.Should().Match<Violation>(v =>
            v.Subject == Subject(Expired, 1) && v.Expected == "plausible usage");
    }

    private static Usage Plus(Usage a, Usage b) => new()
    {
        Input = a.Input + b.Input, CachedInput = a.CachedInput + b.CachedInput, CacheWrite = a.CacheWrite + b.CacheWrite,
        Output = a.Output + b.Output, ReasoningWithinOutput = a.ReasoningWithinOutput + b.ReasoningWithinOutput,
    };

    /// <summary>Gives an event another number, in the journal and the outbox too.</summary>
    private void Renumber(Guid id, int from, int to)
    {
        _ledger.Change(id, from, e => e with { Number = to });
        var entry = _ledger.Entries.FindIndex(e => e.ReservationId == id && e.Number == from);
        _ledger.Entries[entry] = _ledger.Entries[entry] with { Number = to };
        var row = _ledger.Outbox.FindIndex(o => o.SubjectId == id && o.Number == from);
        _ledger.Outbox[row] = _ledger.Outbox[row] with { Number = to };
    }

    private void SetKind(Guid id, int number, SpendKind kind)
    {
        _ledger.Change(id, number, e => e with { Kind = kind });
        var entry = _ledger.Entries.FindIndex(e => e.ReservationId == id && e.Number == number);
        _ledger.Entries[entry] = _ledger.Entries[entry] with { Kind = (EntryKind)kind };
    }

    private static void Append(
        LedgerRows ledger, Guid id, int number, SpendKind kind, long cost, long? corrects = null, bool isEstimated = false)
    {
        var sequence = ledger.Entries.Count + 1;
        ledger.Events.Add(new Spend(new Facts(id), number, kind, cost)
        {
            Entry = sequence, IsEstimated = isEstimated, HasReason = kind == SpendKind.Adjusted,
        });
        ledger.Entries.Add(new Entry(sequence, (EntryKind)kind, id, number, corrects, Booked(cost)));
        ledger.Outbox.Add(new Announcement(sequence, OutboxTopic.Spend, id, number));
    }
}
