using Spendra.Core.Ledger;
using Spendra.Core.Ledger.Verification;
using static Spendra.Core.Tests.Ledger.LedgerLane;
using static Spendra.Core.Tests.Ledger.Verification.LedgerRows;

namespace Spendra.Core.Tests.Ledger.Verification;

public sealed class JournalCheckTests
{
    // Entries of the sample: 1 measured, 2 expired, 3 its late settlement, 4 overrun, 5 estimated, 6 adjustment.
    private readonly LedgerRows _ledger = Sample();

    public static TheoryData<bool> Orders => [false, true];

    private static string Event(Guid reservationId, int number = 0) => $"event {number} of reservation {reservationId}";

    [Theory]
    [MemberData(nameof(Orders))]
    public void Event_without_its_entry_is_reported(bool isJournalFirst)
    {
        _ledger.Entries.RemoveAt(5);
        _ledger.Organization = _ledger.Organization with { EntrySequence = 5 };
        _ledger.Verify(isJournalFirst).Violations.Should().Equal(
            new Violation(Invariant.EventEntry, Event(Expired, 2), "journal entry 6", "none"));
    }

    [Theory]
    [MemberData(nameof(Orders))]
    public void Entry_without_an_event_is_reported(bool isJournalFirst)
    {
        _ledger.Entries.Add(new Entry(7, EntryKind.Adjustment, Measured, 1, 1, Booked(3)));
        _ledger.Organization = _ledger.Organization with { EntrySequence = 7 };
        _ledger.Verify(isJournalFirst).Violations.Should().Equal(
            new Violation(Invariant.EventEntry, "journal entry 7", $"{Event(Measured, 1)} that names it", "none"));
    }

    [Theory]
    [MemberData(nameof(Orders))]
    public void Entry_that_names_another_reservation_is_compared_no_further(bool isJournalFirst)
    {
        _ledger.ChangeEntry(1, e => e with { ReservationId = Overrun, Corrects = 4, Postings = Booked(1) });
        _ledger.Verify(isJournalFirst).Violations.Should().Equal(new Violation(
            Invariant.EventEntry, "journal entry 1", $"{Event(Measured)}, Settled", $"{Event(Overrun)}, Settlement"));
    }

    [Theory]
    [MemberData(nameof(Orders))]
    public void Entry_that_names_another_event_is_reported(bool isJournalFirst)
    {
        _ledger.ChangeEntry(6, e => e with { Number = 1 });
        _ledger.Verify(isJournalFirst).Violations.Should().Equal(new Violation(
            Invariant.EventEntry, "journal entry 6", $"{Event(Expired, 2)}, Adjusted", $"{Event(Expired, 1)}, Adjustment"));
    }

    [Theory]
    [MemberData(nameof(Orders))]
    public void Entry_of_another_kind_is_reported(bool isJournalFirst)
    {
        _ledger.ChangeEntry(2, e => e with { Kind = EntryKind.Settlement });
        _ledger.Verify(isJournalFirst).Violations.Should().Equal(new Violation(
            Invariant.EventEntry, "journal entry 2", $"{Event(Expired)}, Expired", $"{Event(Expired)}, Settlement"));
    }

    [Fact]
    public void Two_events_that_name_one_entry_are_reported()
    {
        _ledger.Change(Overrun, 0, e => e with { Entry = 1 });
        _ledger.Violations.Should().Equal(
            new Violation(Invariant.EventEntry, Event(Overrun), "a journal entry of its own",
                $"journal entry 1, which {Event(Measured)} names too"),
            new Violation(Invariant.EventEntry, "journal entry 4", $"{Event(Overrun)} that names it", "none"));
    }

    [Theory]
    [MemberData(nameof(Orders))]
    public void Entry_that_books_another_amount_than_its_event_is_reported(bool isJournalFirst)
    {
        _ledger.ChangeEntry(1, e => e with { Postings = Booked(30_001) });
        _ledger.Verify(isJournalFirst).Violations.Should().Equal(new Violation(Invariant.EntryPostings, "journal entry 1",
            $"30000 nano-USD on account {Account}", $"30001 nano-USD on account {Account}"));
    }

    [Fact]
    public void Entry_that_books_on_another_account_than_its_event_is_reported()
    {
        _ledger.Accounts.Add(Id(80));
        _ledger.ChangeFacts(Measured, 0, f => f with { AccountId = Id(80) });
        _ledger.Violations.Should().Equal(new Violation(Invariant.EntryPostings, "journal entry 1",
            $"30000 nano-USD on account {Id(80)}", $"30000 nano-USD on account {Account}"));
    }

    private const string OneOfEach = "one expense and one payable line of one account that sum to zero";

    [Theory]
    [InlineData(30_000, -29_999)]
    [InlineData(30_000, 30_000)]
    public void Entry_that_does_not_sum_to_zero_is_reported(long expense, long payable)
    {
        _ledger.ChangeEntry(1, e => e with
        {
            Postings = [new(LedgerAccount.Expense, Account, expense), new(LedgerAccount.Payable, Account, payable)],
        });
        _ledger.Violations.Should().Equal(new Violation(Invariant.EntryBalances, "journal entry 1", OneOfEach,
            $"1 expense ({expense} nano-USD), 1 payable ({payable} nano-USD)"));
    }

    [Fact]
    public void Entry_over_two_accounts_is_reported()
    {
        _ledger.ChangeEntry(1, e => e with
        {
            Postings = [new(LedgerAccount.Expense, Account, 30_000), new(LedgerAccount.Payable, Id(80), -30_000)],
        });
        _ledger.Violations.Should().Equal(new Violation(Invariant.EntryBalances, "journal entry 1", OneOfEach,
            "1 expense (30000 nano-USD), 1 payable (-30000 nano-USD), different accounts"));
    }

    [Fact]
    public void Entry_without_a_payable_is_reported_as_unbalanced_alone()
    {
        _ledger.ChangeEntry(1, e => e with { Postings = [new(LedgerAccount.Expense, Account, 9)] });
        _ledger.Violations.Should().Equal(new Violation(Invariant.EntryBalances, "journal entry 1", OneOfEach,
            "1 expense (9 nano-USD), 0 payable (0 nano-USD), different accounts"));
    }

    [Fact]
    public void Entry_without_an_expense_is_reported_as_unbalanced_alone()
    {
        _ledger.ChangeEntry(1, e => e with { Postings = [new(LedgerAccount.Payable, Account, 9)] });
        _ledger.Violations.Should().Equal(new Violation(Invariant.EntryBalances, "journal entry 1", OneOfEach,
            "0 expense (0 nano-USD), 1 payable (9 nano-USD), different accounts"));
    }

    [Fact]
    public void Entry_with_lines_too_many_is_reported_though_they_sum_to_zero()
    {
        _ledger.ChangeEntry(1, e => e with { Postings = [.. Booked(30_000), .. Booked(5)] });
        _ledger.Violations.Should().Equal(new Violation(Invariant.EntryBalances, "journal entry 1", OneOfEach,
            "2 expense (30005 nano-USD), 2 payable (-30005 nano-USD)"));
    }

    [Fact]
    public void Entry_with_one_expense_too_many_is_reported_as_unbalanced_alone()
    {
        _ledger.ChangeEntry(1, e => e with { Postings = [.. Booked(30_000), new(LedgerAccount.Expense, Account, 0)] });
        _ledger.Violations.Should().Equal(new Violation(Invariant.EntryBalances, "journal entry 1", OneOfEach,
            "2 expense (30000 nano-USD), 1 payable (-30000 nano-USD)"));
    }

    [Fact]
    public void Lines_that_add_up_to_more_than_an_amount_can_be_are_reported()
    {
        _ledger.ChangeEntry(1, e => e with
        {
            Postings =
            [
                new(LedgerAccount.Expense, Account, long.MaxValue), new(LedgerAccount.Expense, Account, 1),
                new(LedgerAccount.Payable, Account, long.MinValue), new(LedgerAccount.Payable, Account, -1),
            ],
        });
        _ledger.Violations.Should().Equal(new Violation(Invariant.EntryBalances, "journal entry 1", OneOfEach,
            "2 expense (9223372036854775808 nano-USD), 2 payable (-9223372036854775809 nano-USD)"));
    }

    [Fact]
    public void Postings_without_an_entry_are_reported()
    {
        _ledger.OrphanedPostings.Add(44);
        _ledger.Violations.Should().Equal(
            new Violation(Invariant.EntryBalances, "postings of journal entry 44", "a journal entry", "none"));
    }

    [Theory]
    [InlineData(null, "corrects none")]
    [InlineData(1L, "corrects 1")]
    public void Correction_that_does_not_name_the_first_entry_is_reported(long? corrects, string found)
    {
        _ledger.ChangeEntry(6, e => e with { Corrects = corrects });
        _ledger.Violations.Should().Equal(
            new Violation(Invariant.EntryCorrects, "journal entry 6", "corrects an earlier entry, 2", found));
    }

    [Fact]
    public void First_entry_that_claims_to_correct_is_reported()
    {
        _ledger.ChangeEntry(4, e => e with { Corrects = 1 });
        _ledger.Violations.Should().Equal(
            new Violation(Invariant.EntryCorrects, "journal entry 4", "no correction", "corrects 1"));
    }

    [Fact]
    public void Correction_that_was_booked_before_what_it_corrects_is_reported()
    {
        var ledger = new LedgerRows { Organization = new OrganizationRow(Org, Epoch, 2, 2) };
        ledger.Events.Add(new Spend(new Facts(Id(1)), 0, SpendKind.Settled, 0) { Entry = 2 });
        ledger.Events.Add(new Spend(new Facts(Id(1)), 1, SpendKind.Adjusted, 0) { Entry = 1, HasReason = true });
        ledger.Entries.Add(new Entry(1, EntryKind.Adjustment, Id(1), 1, 2, Booked(0)));
        ledger.Entries.Add(new Entry(2, EntryKind.Settlement, Id(1), 0, null, Booked(0)));
        ledger.Outbox.AddRange([new Announcement(1, OutboxTopic.Spend, Id(1), 0), new Announcement(2, OutboxTopic.Spend, Id(1), 1)]);
        ledger.Violations.Should().Equal(
            new Violation(Invariant.EntryCorrects, "journal entry 1", "corrects an earlier entry, 2", "corrects 2"));
    }

    [Fact]
    public void Correction_that_names_itself_is_reported()
    {
        var ledger = new LedgerRows();
        ledger.Events.Add(new Spend(new Facts(Id(1)), 1, SpendKind.Adjusted, 0) { Entry = 0 });
        ledger.Entries.Add(new Entry(0, EntryKind.Adjustment, Id(1), 1, 0, Booked(0)));
        ledger.ViolationsOf(Invariant.EntryCorrects).Should().Equal(
            new Violation(Invariant.EntryCorrects, "journal entry 0", "corrects an earlier entry, 0", "corrects 0"));
    }

    [Fact]
    public void Gap_in_the_entries_is_reported_once()
    {
        _ledger.Entries.RemoveAt(2);
        _ledger.ViolationsOf(Invariant.EntrySequence).Should().Equal(
            new Violation(Invariant.EntrySequence, "journal entry 4", "3 after 2", "4"));
    }

    [Fact]
    public void Gap_in_the_outbox_is_reported_once()
    {
        _ledger.Outbox.RemoveAt(2);
        _ledger.ViolationsOf(Invariant.OutboxSequence).Should().Equal(
            new Violation(Invariant.OutboxSequence, "outbox row 4", "3 after 2", "4"));
    }

    [Theory]
    [InlineData(5)]
    [InlineData(7)]
    public void Counters_of_the_organization_are_those_of_the_last_rows(long counter)
    {
        _ledger.Organization = _ledger.Organization with { EntrySequence = counter, OutboxSequence = counter + 4 };
        _ledger.Violations.Should().Equal(
            new Violation(Invariant.EntrySequence, "entry_sequence of the organization", "6, the last row", $"{counter}"),
            new Violation(Invariant.OutboxSequence, "outbox_sequence of the organization", "10, the last row", $"{counter + 4}"));
    }

    [Theory]
    [MemberData(nameof(Orders))]
    public void Event_that_was_not_announced_is_reported(bool isJournalFirst)
    {
        _ledger.Outbox[2] = _ledger.Outbox[2] with { Topic = default };
        _ledger.Verify(isJournalFirst).Violations.Should().Equal(
            new Violation(Invariant.EventOutbox, "outbox row 3", "a topic that is known", "another"),
            new Violation(Invariant.EventOutbox, Event(Expired, 1), "one outbox row", "none"));
    }

    [Theory]
    [MemberData(nameof(Orders))]
    public void Event_that_was_announced_again_is_reported(bool isJournalFirst)
    {
        _ledger.Outbox.AddRange([new Announcement(11, OutboxTopic.Spend, Measured, 0), new Announcement(12, OutboxTopic.Spend, Measured, 0)]);
        _ledger.Organization = _ledger.Organization with { OutboxSequence = 12 };
        _ledger.Verify(isJournalFirst).Violations.Should().Equal(
            new Violation(Invariant.EventOutbox, Event(Measured), "one for each outbox row", "2 outbox rows too many"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void Entry_of_another_moment_than_its_event_is_reported(long later)
    {
        var at = _ledger.Events[0].OccurredAt;
        _ledger.ChangeEntry(1, e => e with { BookedAt = at + later });
        _ledger.Violations.Should().Equal(
            new Violation(Invariant.EventMoment, "journal entry 1", $"booked at {at}", $"{at + later}"));
    }

    [Theory]
    [MemberData(nameof(Orders))]
    public void Announcement_of_another_moment_than_its_event_is_reported(bool isJournalFirst)
    {
        var at = _ledger.Events[0].OccurredAt;
        _ledger.Outbox[0] = _ledger.Outbox[0] with { CreatedAt = at + 1 };
        _ledger.Verify(isJournalFirst).Violations.Should().Equal(new Violation(
            Invariant.EventMoment, $"outbox row of {Event(Measured)}", "the moment of what it announces", $"{at} and {at + 1}"));
    }
}
