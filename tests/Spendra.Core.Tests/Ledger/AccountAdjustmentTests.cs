using Spendra.Core.Ledger;
using Spendra.Core.Money;

namespace Spendra.Core.Tests.Ledger;

/// <summary>Corrections of an account beside all requests.</summary>
public sealed class AccountAdjustmentTests
{
    private static readonly Guid OrganizationId = new("0199c3e4-8f1a-7b52-a3c1-000000000001");
    private static readonly Guid AdjustmentId = new("0199c3e4-8f1a-7b52-a3c1-000000000002");
    private static readonly Guid AccountId = new("0199c3e4-8f1a-7b52-a3c1-000000000003");

    [Theory]
    [InlineData(7)]
    [InlineData(-7)]
    public void A_correction_of_an_account_is_one_entry_and_one_announcement_and_moves_nothing_else(long nanos)
    {
        var writes = Book(nanos, "a fee");

        writes.Entries.Should().Equal(new JournalEntry(OrganizationId, 42, EntryKind.Adjustment, AdjustmentId, 0, AccountId, new NanoUsd(nanos), 1_000));
        writes.Outbox.Should().Equal(new OutboxRow(OrganizationId, 18, OutboxTopic.Adjustment, AdjustmentId, 0, 1_000));
        writes.Organizations.Should().Equal(new OrganizationRow(OrganizationId, 3, 42, 18));
        (writes.Windows.Count + writes.SpendEvents.Count + writes.Excesses.Count).Should().Be(0);
    }

    [Theory]
    [InlineData(0, "a fee")]
    [InlineData(1, " ")]
    public void What_changes_nothing_or_has_no_reason_is_not_booked(long nanos, string reason) =>
        FluentActions.Invoking(() => Book(nanos, reason)).Should().Throw<ArgumentException>();

    private static LedgerWrites Book(long nanos, string reason) => LedgerMachine.AdjustAccount(
        new OrganizationRow(OrganizationId, 3, 41, 17), new AccountAdjustment(AdjustmentId, AccountId, new NanoUsd(nanos), reason), 1_000);
}
