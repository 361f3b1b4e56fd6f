using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Core.Ledger.Verification;
using Spendra.Model;
using Spendra.Storage;

namespace Spendra.Simulation.World;

/// <summary>Feeds the tables of the simulated store to the production verification.</summary>
internal static class TableVerification
{
    public static void Verify(LedgerTables tables, GovernanceRows rules, VerificationReport report)
    {
        var id = rules.OrganizationId;
        var verification = new LedgerVerification(new VerifiedOrganization
        {
            Row = tables.Organizations[id],
            BudgetAmounts = rules.Budgets.ToDictionary(b => b.Key, b => b.Value.Amount),
            HardCapped = Store.SimStore.HardCapped(rules),
            Prices = rules.Prices,
            Windows = [.. tables.Windows.Values.Where(w => w.OrganizationId == id)],
            Excesses = [.. tables.Excesses.Values.Where(e => e.OrganizationId == id)],
            // Long after all: only windows without an end still follow their budget.
            NowMicros = long.MaxValue - 1,
        }, report);
        foreach (var open in tables.Open.Values.Where(r => r.OrganizationId == id))
            verification.AddOpen(open.ReservationId, PackedIds.Pack(open.WindowIds), open.Amount);
        var events = tables.Events.Values.Where(e => e.Reservation.OrganizationId == id)
            .OrderBy(e => e.Reservation.ReservationId).ThenBy(e => e.EventNumber).ToList();
        foreach (var spend in events) Feed(verification, spend);
        var spent = events.Select(e => e.Reservation.ReservationId).ToHashSet();
        foreach (var key in tables.Released.Keys.Where(k => k.OrganizationId == id)) verification.AddReleased(key.Id, spent.Contains(key.Id));
        foreach (var entry in tables.Entries.Values.Where(e => e.OrganizationId == id).OrderBy(e => e.Sequence)) Feed(verification, entry);
        foreach (var row in tables.Outbox.Values.Where(o => o.OrganizationId == id).OrderBy(o => o.Sequence))
            verification.AddOutboxRow(row.Sequence, isSpend: true, row.SubjectId, row.EventNumber);
        verification.Complete();
    }

    private static void Feed(LedgerVerification verification, SpendEvent spend) => verification.AddSpend(new SpendRow
    {
        ReservationId = spend.Reservation.ReservationId,
        EventNumber = spend.EventNumber,
        Kind = spend.Kind,
        WindowIds = PackedIds.Pack(spend.Reservation.WindowIds),
        AccountId = spend.Reservation.AccountId,
        PriceId = spend.Reservation.PriceId,
        TierPercent = spend.Settlement.TierPercent,
        Reserved = spend.Reservation.Amount,
        Cost = spend.Settlement.Cost,
        Usage = spend.Settlement.Usage,
        IsEstimated = spend.Settlement.IsEstimated,
        EntrySequence = spend.EntrySequence,
    });

    // The engines write the two lines of an entry; here they follow from it.
    private static void Feed(LedgerVerification verification, JournalEntry entry)
    {
        var postings = new PostingSum();
        postings.Add(LedgerAccount.Expense, entry.AccountId, entry.Amount);
        postings.Add(LedgerAccount.Payable, entry.AccountId, -entry.Amount);
        verification.AddEntry(new EntryRow(entry.Sequence, entry.Kind, entry.ReservationId, entry.EventNumber, entry.Corrects, postings));
    }
}
