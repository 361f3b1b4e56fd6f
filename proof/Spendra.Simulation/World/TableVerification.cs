using System.Text;
using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Core.Ledger.Verification;
using Spendra.Model;
using Spendra.Simulation.Store;
using Spendra.Storage;
using Spendra.Storage.Ledger;

namespace Spendra.Simulation.World;

/// <summary>Feeds the tables of the simulated store to the production verification.</summary>
internal sealed class TableVerification
{
    private readonly SimStore _store;
    private readonly Guid _organizationId;
    private readonly SpendVerification _spend;
    private readonly JournalVerification _journal;
    private readonly RowContent _content = new();

    private TableVerification(SimStore store, Guid organizationId, VerificationReport report)
    {
        (_store, _organizationId) = (store, organizationId);
        _spend = new SpendVerification(Organization(), report);
        _journal = new JournalVerification(store.Tables.Organizations[organizationId], report);
    }

    public static void Verify(SimStore store, Guid organizationId, VerificationReport report)
    {
        var verification = new TableVerification(store, organizationId, report);
        verification.FeedSpend();
        verification.FeedJournal();
        var match = new BookingMatch(report);
        match.Add(verification._spend.Events);
        match.Add(verification._spend.Announced);
        match.Add(verification._journal.Entries);
        match.Add(verification._journal.Announcements);
        match.Complete();
    }

    private VerifiedOrganization Organization()
    {
        var rules = _store.Rules[_organizationId];
        return new VerifiedOrganization
        {
            Row = _store.Tables.Organizations[_organizationId],
            Budgets = rules.Budgets,
            HardCapped = SimStore.HardCapped(rules),
            Prices = rules.Prices,
            Windows = [.. _store.Tables.Windows.Values.Where(w => w.OrganizationId == _organizationId)],
            Excesses = [.. _store.Tables.Excesses.Values.Where(e => e.OrganizationId == _organizationId)],
            Keys = rules.Keys.Keys.ToHashSet(),
            Accounts = rules.Accounts.Keys.Append(ProviderAccount.SandboxId).ToHashSet(),
            Scopes = rules.Scopes.Keys.ToHashSet(),
            Policies = rules.Policies.ToDictionary(p => p.Key, p => new VerifiedPolicy(p.Value.Kind, p.Value.BudgetId)),
            // Long after all: only windows without an end still follow their budget.
            NowMicros = long.MaxValue - 1,
        };
    }

    /// <summary>All rows in the order of the ids that they name; of one id the reservation before what names it.</summary>
    private void FeedSpend()
    {
        var tables = _store.Tables;
        foreach (var open in tables.Open.Values.Where(r => r.OrganizationId == _organizationId)) Feed(open);
        List<(Guid Id, int Order, Action Feed)> rows =
        [
            .. tables.Events.Values.Where(e => e.Reservation.OrganizationId == _organizationId)
                .Select(e => (e.Reservation.ReservationId, e.EventNumber, (Action)(() => Feed(e)))),
            .. tables.Released.Values.Where(r => r.Reservation.OrganizationId == _organizationId)
                .Select(r => (r.Reservation.ReservationId, int.MaxValue - 1, (Action)(() => Feed(r)))),
            .. tables.Refusals.Values.Where(r => r.OrganizationId == _organizationId)
                .Select(r => (r.RequestId, int.MaxValue, (Action)(() => Feed(r)))),
            .. tables.Idempotency.Values.Where(i => i.OrganizationId == _organizationId)
                .Select(i => (i.ReservationId, int.MaxValue, (Action)(() => _spend.AddIdempotencyKey(i.ReservationId, i.KeyId, i.KeyDigest)))),
            .. _store.Objects.Values.Where(o => o.OrganizationId == _organizationId)
                .Select(o => (o.ReservationId, int.MaxValue, (Action)(() => _spend.AddObject(o.ReservationId, o.KeyId)))),
        ];
        foreach (var row in rows.OrderBy(r => r.Id).ThenBy(r => r.Order)) row.Feed();
        _spend.Complete();
    }

    private void FeedJournal()
    {
        var tables = _store.Tables;
        var postings = tables.Postings.Where(p => p.Key.Organization == _organizationId).ToLookup(p => p.Key.Sequence, p => p.Value);
        foreach (var entry in tables.Entries.Values.Where(e => e.OrganizationId == _organizationId).OrderBy(e => e.Sequence))
            Feed(entry, postings[entry.Sequence]);
        foreach (var row in tables.Outbox.Values.Where(o => o.OrganizationId == _organizationId).OrderBy(o => o.Sequence))
            _journal.AddOutboxRow(row.Announcement, row.Seal);
        _journal.Complete();
    }

    private void Feed(Reservation open) => _spend.AddOpen(new OpenRow
    {
        Reservation = RowOf(open),
        TierPercent = open.TierPercent,
        ExpiresAt = open.ExpiresAt,
        IdempotencyDigest = open.IdempotencyDigest,
        Seal = open.Seal,
        Content = LedgerContents.OfOpen(open, _content),
    });

    private void Feed(SpendEvent spend) => _spend.AddSpend(new SpendRow
    {
        Reservation = RowOf(spend.Reservation),
        EventNumber = spend.EventNumber,
        Kind = spend.Kind,
        TierPercent = spend.Settlement.TierPercent,
        TierHundredths = spend.Settlement.TierHundredths,
        ExpiresAt = spend.Reservation.ExpiresAt,
        OccurredAt = spend.OccurredAt,
        Cost = spend.Settlement.Cost,
        Usage = spend.Settlement.Usage,
        IsEstimated = spend.Settlement.IsEstimated,
        IsBilled = spend.Settlement.IsBilled,
        ServedPriceId = spend.Settlement.ServedPriceId,
        HasReason = !string.IsNullOrEmpty(spend.Reason),
        EntrySequence = spend.EntrySequence,
        Content = LedgerContents.Of(spend, _content),
    });

    private void Feed((Reservation Reservation, string Reason, long At) released) => _spend.AddReleased(new ReleasedRow
    {
        Reservation = RowOf(released.Reservation),
        ReleasedAt = released.At,
        Content = LedgerContents.OfRelease(released.Reservation, released.Reason, released.At, _content),
    });

    private void Feed(RefusalRecord record)
    {
        var window = record.Refusal.Window;
        _spend.AddRefusal(new RefusalRow
        {
            RequestId = record.RequestId,
            KeyId = record.KeyId,
            Code = Encoding.UTF8.GetBytes(record.Refusal.CodeName),
            PolicyId = record.Refusal.PolicyId,
            BudgetId = window?.BudgetId,
            Limit = window?.Limit.Value,
            Settled = window?.Settled.Value,
            Reserved = window?.Reserved.Value,
            Needed = window?.Needed.Value,
            WindowStartsAt = window?.StartsAt,
            WindowEndsAt = window?.EndsAt,
            Content = LedgerContents.Of(record, _content),
        });
    }

    private void Feed(JournalEntry entry, IEnumerable<Posting> postings)
    {
        var sum = new PostingSum();
        foreach (var posting in postings) sum.Add(posting.Account, posting.AccountId, posting.Amount);
        _journal.AddEntry(new EntryRow(
            entry.Sequence, entry.Kind, entry.ReservationId, entry.EventNumber, entry.Corrects, entry.BookedAt, sum));
    }

    private static ReservationRow RowOf(Reservation reservation) => new()
    {
        ReservationId = reservation.ReservationId,
        KeyId = reservation.KeyId,
        ScopeIds = PackedIds.Pack(reservation.ScopeIds),
        PolicyIds = PackedIds.Pack(reservation.PolicyIds),
        WindowIds = PackedIds.Pack(reservation.WindowIds),
        Provider = Encoding.UTF8.GetBytes(reservation.Provider),
        AccountId = reservation.AccountId,
        Model = Encoding.UTF8.GetBytes(reservation.Model),
        PriceId = reservation.PriceId,
        Amount = reservation.Amount,
        BoundInput = reservation.BoundInput,
        BoundOutput = reservation.BoundOutput,
        BoundKinds = reservation.BoundKinds,
        BoundPieces = reservation.BoundPieces,
        BoundTierPercent = null,
        Epoch = reservation.Epoch,
        ReservedAt = reservation.ReservedAt,
    };
}
