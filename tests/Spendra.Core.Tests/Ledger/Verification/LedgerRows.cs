using Spendra.Core.Budgets;
using Spendra.Core.Ledger;
using Spendra.Core.Ledger.Verification;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using Spendra.Core.Tests.Pricing;
using static Spendra.Core.Tests.Ledger.LedgerLane;

namespace Spendra.Core.Tests.Ledger.Verification;

/// <summary>A spend event as a row that tests can damage.</summary>
internal sealed record Spend(Guid ReservationId, int Number, SpendKind Kind, Guid[] WindowIds, long Reserved, long Cost)
{
    public Guid AccountId { get; init; } = Account;

    public Guid? PriceId { get; init; }

    public int TierPercent { get; init; } = 100;

    public Usage Usage { get; init; }

    public bool IsEstimated { get; init; }

    public required long Entry { get; init; }
}

internal sealed record Posting(LedgerAccount Line, Guid AccountId, long Amount);

internal sealed record Entry(long Sequence, EntryKind Kind, Guid ReservationId, int Number, long? Corrects, Posting[] Postings);

internal sealed record Announcement(long Sequence, bool IsSpend, Guid SubjectId, int Number);

internal sealed record Held(Guid ReservationId, Guid[] WindowIds, long Amount);

/// <summary>
/// The rows of one organization. The sample is what the ledger itself writes; tests damage a row and see what the
/// verification says.
/// </summary>
internal sealed class LedgerRows
{
    /// <summary>The hard cap of the sample: 1,000,000 nano-USD in a window that has not ended.</summary>
    public static readonly WindowClaim Cap = Claim(1, 1_000_000, Enforcement.Hard);

    /// <summary>A soft cap, far passed.</summary>
    public static readonly WindowClaim Watched = Claim(2, 50, Enforcement.Observed);

    // Ids of the sample's reservations, in the order of their keys.
    public static readonly Guid Measured = Id(10);
    public static readonly Guid Expired = Id(11);
    public static readonly Guid Estimated = Id(12);
    public static readonly Guid Overrun = Id(13);
    public static readonly Guid Released = Id(14);
    public static readonly Guid Open = Id(15);

    /// <summary>What <see cref="LedgerLane.Settle"/> uses, at the prices of <see cref="Prices.Mini"/>.</summary>
    public const long MeasuredCost = 30_000;

    public OrganizationRow Organization { get; set; } = new(Org, Epoch, 0, 0);

    public Dictionary<Guid, NanoUsd> BudgetAmounts { get; } = [];

    public HashSet<Guid> HardCapped { get; } = [];

    public List<WindowRow> Windows { get; } = [];

    public List<WindowExcess> Excesses { get; } = [];

    public List<Held> Holds { get; } = [];

    public List<(Guid ReservationId, bool IsSpent)> Releases { get; } = [];

    public List<Spend> Events { get; } = [];

    public List<Entry> Entries { get; } = [];

    public List<Announcement> Outbox { get; } = [];

    public List<long> OrphanedPostings { get; } = [];

    public long NowMicros { get; set; } = 1_000;

    /// <summary>
    /// One of each: measured; expired, settled late and adjusted; settled at the bound; settled above it; released;
    /// open.
    /// </summary>
    public static LedgerRows Sample()
    {
        var lane = new LedgerLane();
        lane.Run(
            Priced(lane.Reserve(10, 120_000, Cap, Watched)), Priced(lane.Reserve(11, 20_000, Cap, Watched)),
            Priced(lane.Reserve(12, 120_000, Cap)), Priced(lane.Reserve(13, 20_000, Cap, Watched)),
            Priced(lane.Reserve(14, 120_000, Cap)), Priced(lane.Reserve(15, 7_000, Cap, Watched)));
        lane.Run(lane.Settle(10, MeasuredCost), lane.Expire(11));
        var atBound = lane.Settle(12, 120_000);
        lane.Run(
            lane.Settle(11, MeasuredCost), lane.Release(14), lane.Settle(13, MeasuredCost),
            atBound with { Settlement = atBound.Settlement with { IsEstimated = true } });
        lane.Run(lane.Adjust(11, -5));
        return Of(lane.Store);
    }

    /// <summary>Feeds everything to a verification.</summary>
    /// <param name="isJournalFirst">Entries and outbox rows before the events, rather than after them.</param>
    public VerificationReport Verify(bool isJournalFirst = false)
    {
        var report = new VerificationReport();
        var verification = new LedgerVerification(new VerifiedOrganization
        {
            Row = Organization,
            BudgetAmounts = BudgetAmounts,
            HardCapped = HardCapped,
            Prices = new Dictionary<Guid, PriceVersion> { [Prices.Mini.PriceId] = Prices.Mini },
            Windows = Windows,
            Excesses = Excesses,
            NowMicros = NowMicros,
        }, report);
        foreach (var held in Holds) verification.AddOpen(held.ReservationId, Bytes(held.WindowIds), Nanos(held.Amount));
        if (isJournalFirst) AddJournal(verification);
        foreach (var spend in Events) AddSpend(verification, spend);
        if (!isJournalFirst) AddJournal(verification);
        foreach (var (id, isSpent) in Releases) verification.AddReleased(id, isSpent);
        verification.Complete();
        return report;
    }

    /// <summary>Everything that is wrong.</summary>
    public IReadOnlyList<Violation> Violations => Verify().Violations;

    /// <summary>What is wrong with one invariant; a damage may break several.</summary>
    public IEnumerable<Violation> ViolationsOf(string invariant) => Violations.Where(v => v.Invariant == invariant);

    public void Change(Guid reservationId, int number, Func<Spend, Spend> change)
    {
        var at = Events.FindIndex(e => e.ReservationId == reservationId && e.Number == number);
        Events[at] = change(Events[at]);
    }

    public void ChangeEntry(long sequence, Func<Entry, Entry> change)
    {
        var at = Entries.FindIndex(e => e.Sequence == sequence);
        Entries[at] = change(Entries[at]);
    }

    public void ChangeWindow(WindowClaim claim, Func<WindowRow, WindowRow> change)
    {
        var at = Windows.FindIndex(w => w.WindowId == claim.WindowId);
        Windows[at] = change(Windows[at]);
    }

    /// <summary>A window with nothing in it, and its budget.</summary>
    public WindowClaim AddWindow(int number, long limit, long reserved = 0, long settled = 0, WindowSpan? span = null)
    {
        var claim = Claim(number, limit, Enforcement.Hard, span);
        BudgetAmounts[claim.Window.Budget.BudgetId] = Nanos(limit);
        Windows.Add(new WindowRow
        {
            OrganizationId = Org, WindowId = claim.WindowId, BudgetId = claim.Window.Budget.BudgetId,
            Span = claim.Window.Span, Limit = Nanos(limit), Reserved = Nanos(reserved), Settled = Nanos(settled),
        });
        return claim;
    }

    public static Posting[] Booked(long amount) =>
        [new(LedgerAccount.Expense, Account, amount), new(LedgerAccount.Payable, Account, -amount)];

    private static LedgerRows Of(LedgerStore store)
    {
        var rows = new LedgerRows { Organization = store.Organizations[Org] };
        rows.BudgetAmounts[Cap.Window.Budget.BudgetId] = Cap.Window.Budget.Amount;
        rows.BudgetAmounts[Watched.Window.Budget.BudgetId] = Watched.Window.Budget.Amount;
        rows.HardCapped.Add(Cap.Window.Budget.BudgetId);
        rows.Windows.AddRange(store.Windows.Values);
        rows.Excesses.AddRange(store.Excesses.Values);
        rows.Holds.AddRange(store.Open.Values.Select(r => new Held(r.ReservationId, [.. r.WindowIds], r.Amount.Value)));
        rows.Releases.AddRange(store.Released.Keys.Select(k => (k.Id, false)));
        rows.Events.AddRange(store.Events.Values.OrderBy(e => e.Reservation.ReservationId).ThenBy(e => e.EventNumber).Select(e =>
            new Spend(e.Reservation.ReservationId, e.EventNumber, e.Kind, [.. e.Reservation.WindowIds],
                e.Reservation.Amount.Value, e.Settlement.Cost.Value)
            {
                AccountId = e.Reservation.AccountId, PriceId = e.Reservation.PriceId, Entry = e.EntrySequence,
                TierPercent = e.Settlement.TierPercent, Usage = e.Settlement.Usage, IsEstimated = e.Settlement.IsEstimated,
            }));
        rows.Entries.AddRange(store.Entries.Values.OrderBy(e => e.Sequence).Select(e =>
            new Entry(e.Sequence, e.Kind, e.ReservationId, e.EventNumber, e.Corrects, Booked(e.Amount.Value))));
        rows.Outbox.AddRange(store.Outbox.Values.OrderBy(o => o.Sequence).Select(o =>
            new Announcement(o.Sequence, true, o.SubjectId, o.EventNumber)));
        return rows;
    }

    private void AddJournal(LedgerVerification verification)
    {
        foreach (var entry in Entries)
        {
            var sum = new PostingSum();
            foreach (var posting in entry.Postings) sum.Add(posting.Line, posting.AccountId, Nanos(posting.Amount));
            verification.AddEntry(new EntryRow(
                entry.Sequence, entry.Kind, entry.ReservationId, entry.Number, entry.Corrects, sum));
        }
        foreach (var sequence in OrphanedPostings) verification.AddOrphanedPosting(sequence);
        foreach (var row in Outbox) verification.AddOutboxRow(row.Sequence, row.IsSpend, row.SubjectId, row.Number);
    }

    private static void AddSpend(LedgerVerification verification, Spend spend) => verification.AddSpend(new SpendRow
    {
        ReservationId = spend.ReservationId,
        EventNumber = spend.Number,
        Kind = spend.Kind,
        WindowIds = Bytes(spend.WindowIds),
        AccountId = spend.AccountId,
        PriceId = spend.PriceId,
        TierPercent = spend.TierPercent,
        Reserved = Nanos(spend.Reserved),
        Cost = Nanos(spend.Cost),
        Usage = spend.Usage,
        IsEstimated = spend.IsEstimated,
        EntrySequence = spend.Entry,
    });

    private static byte[] Bytes(Guid[] ids) => [.. ids.SelectMany(id => id.ToByteArray(bigEndian: true))];

    private static ReserveCommand Priced(ReserveCommand command) =>
        command with { Reservation = command.Reservation with { PriceId = Prices.Mini.PriceId } };

    private static WindowClaim Claim(int number, long limit, Enforcement enforcement, WindowSpan? span = null)
    {
        var budget = new Budget
        {
            BudgetId = Id(1_000 + number),
            Slug = $"budget-{number}",
            ScopeId = Org,
            Amount = Nanos(limit),
            Period = Period.Of(PeriodKind.Month),
            Zone = TimeZoneInfo.Utc,
        };
        var covers = span ?? new WindowSpan(0, 1_000_000);
        return new WindowClaim(
            new BudgetWindow(BudgetWindow.IdOf(budget.BudgetId, covers), budget, covers), Id(3_000 + number),
            $"policy-{number}", enforcement);
    }
}
