using Spendra.Core.Ledger;
using Spendra.Core.Ledger.Verification;
using static Spendra.Core.Tests.Ledger.LedgerLane;

namespace Spendra.Core.Tests.Ledger.Verification;

public sealed class SoundLedgerTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_the_ledger_writes_contradicts_nothing(bool isJournalFirst) =>
        LedgerRows.Sample().Verify(isJournalFirst).Violations.Should().BeEmpty();

    [Fact]
    public void Every_check_that_was_made_is_counted() => LedgerRows.Sample().Verify().Checked.Should().Equal(
        new Dictionary<string, long>
        {
            [Invariant.WindowId] = 2,
            [Invariant.WindowSpan] = 2,
            [Invariant.WindowLimit] = 2,
            [Invariant.WindowReserved] = 2,
            [Invariant.WindowSettled] = 2,
            [Invariant.HardCap] = 1,
            [Invariant.EndsOnce] = 6,
            [Invariant.ReservationWindows] = 6,
            [Invariant.ReservationSpan] = 6,
            [Invariant.ReservationClaims] = 6,
            [Invariant.ReservationBound] = 6,
            [Invariant.ReservationPrice] = 6,
            [Invariant.ReservationNames] = 6,
            [Invariant.ReservationEpoch] = 6,
            [Invariant.Expiry] = 7,
            [Invariant.EventNumbers] = 6,
            [Invariant.EventKinds] = 6,
            [Invariant.EventTotal] = 4,
            [Invariant.EventRepeats] = 2,
            [Invariant.EventReason] = 1,
            [Invariant.OpenSeal] = 1,
            [Invariant.AdjustmentBooked] = 0,
            [Invariant.AdjustmentDecided] = 0,
            [Invariant.EventFree] = 0,
            [Invariant.EventMoment] = 6,
            [Invariant.ExpiredIsEstimated] = 1,
            [Invariant.ExpiredUnits] = 1,
            [Invariant.EstimateAtBound] = 2,
            [Invariant.EventPrice] = 3,
            [Invariant.EventEntry] = 6,
            [Invariant.EventOutbox] = 10,
            [Invariant.EntrySequence] = 6,
            [Invariant.EntryBalances] = 6,
            [Invariant.EntryPostings] = 6,
            [Invariant.EntryCorrects] = 2,
            [Invariant.OutboxSequence] = 10,
            [Invariant.OutboxSeal] = 0,
            [Invariant.ExcessExplains] = 4,
            [Invariant.ExcessCaused] = 4,
            [Invariant.Idempotency] = 2,
            [Invariant.IdempotencyHeld] = 1,
            [Invariant.ObjectReservation] = 1,
            [Invariant.RefusalNames] = 3,
            [Invariant.RefusalFigures] = 3,
            [Invariant.RefusalNotSpent] = 3,
        });

    [Fact]
    public void Organization_without_rows_is_sound()
    {
        var report = new LedgerRows().Verify();
        report.Violations.Should().BeEmpty();
        report.ViolationCount.Should().Be(0);
        report.Checked.Values.Should().OnlyContain(count => count == 0);
    }

    [Fact]
    public void Checks_of_several_organizations_add_up()
    {
        var report = new VerificationReport();
        report.Count(Invariant.HardCap, 2);
        report.Count(Invariant.HardCap, 3);
        report.Count(Invariant.EndsOnce, 0);
        report.Checked.Should().Equal(new Dictionary<string, long> { [Invariant.HardCap] = 5, [Invariant.EndsOnce] = 0 });
    }

    [Fact]
    public void Violations_beyond_a_hundred_of_one_invariant_are_only_counted()
    {
        var report = new VerificationReport();
        for (var i = 1; i <= 102; i++) report.Add(Invariant.HardCap, $"window {i}", "less", "more");
        report.Add(Invariant.EndsOnce, "reservation", "open", "open and spent");

        report.ViolationCount.Should().Be(103);
        report.Violations.Should().HaveCount(101);
        report.Violations.Select(v => v.Subject).Should().Equal([.. Enumerable.Range(1, 100).Select(i => $"window {i}"), "reservation"]);
        report.Violations[^1].Should().Be(new Violation(Invariant.EndsOnce, "reservation", "open", "open and spent"));
    }

    [Fact]
    public void Reports_of_several_threads_are_one()
    {
        var (report, other) = (new VerificationReport(), new VerificationReport());
        report.Count(Invariant.HardCap, 2);
        other.Count(Invariant.HardCap, 3);
        other.Count(Invariant.EndsOnce, 1);
        for (var i = 1; i <= 40; i++) report.Add(Invariant.HardCap, $"window {i}", "less", "more");
        for (var i = 41; i <= 143; i++) other.Add(Invariant.HardCap, $"window {i}", "less", "more");
        other.Add(Invariant.EndsOnce, "reservation", "open", "spent");

        report.Add(other);

        report.Checked.Should().Equal(new Dictionary<string, long> { [Invariant.HardCap] = 5, [Invariant.EndsOnce] = 1 });
        report.ViolationCount.Should().Be(144);
        report.Violations.Select(v => v.Subject).Should().Equal([.. Enumerable.Range(1, 100).Select(i => $"window {i}"), "reservation"]);
        report.Violations[^1].Should().Be(new Violation(Invariant.EndsOnce, "reservation", "open", "spent"));
    }

    [Fact]
    public void Reservation_that_is_open_and_spent_is_reported_once()
    {
        var ledger = LedgerRows.Sample();
        ledger.Holds.Add(new Held(new Facts(LedgerRows.Expired)));
        ledger.Violations.Should().Equal(EndsTwice(LedgerRows.Expired, "open and spent"));
    }

    [Fact]
    public void Reservation_that_is_open_and_released_is_reported()
    {
        var ledger = LedgerRows.Sample();
        ledger.Holds.Add(new Held(new Facts(LedgerRows.Released)));
        ledger.Violations.Should().Equal(EndsTwice(LedgerRows.Released, "open and released"));
    }

    [Fact]
    public void Reservation_that_is_spent_and_released_is_reported()
    {
        var ledger = LedgerRows.Sample();
        ledger.Release(new Facts(LedgerRows.Measured));
        ledger.Violations.Should().Equal(EndsTwice(LedgerRows.Measured, "spent and released"));
    }

    [Fact]
    public void Reservation_whose_id_is_all_zeros_is_a_reservation_like_any_other()
    {
        var ledger = new LedgerRows { Organization = new OrganizationRow(Org, Epoch, 1, 1) };
        ledger.Holds.Add(new Held(new Facts(Guid.Empty)));
        ledger.Events.Add(new Spend(new Facts(Guid.Empty), 0, SpendKind.Settled, 0) { Entry = 1 });
        ledger.Entries.Add(new Entry(1, EntryKind.Settlement, Guid.Empty, 0, null, LedgerRows.Booked(0)));
        ledger.Outbox.Add(new Announcement(1, OutboxTopic.Spend, Guid.Empty, 0));

        var report = ledger.Verify();

        report.Violations.Should().Equal(EndsTwice(Guid.Empty, "open and spent"));
        report.Checked[Invariant.EndsOnce].Should().Be(2);
        report.Checked[Invariant.EventTotal].Should().Be(1);
    }

    private static Violation EndsTwice(Guid reservationId, string found) =>
        new(Invariant.EndsOnce, $"reservation {reservationId}", "one of open, spent, released", found);
}
