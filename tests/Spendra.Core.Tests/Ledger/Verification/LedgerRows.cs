using Spendra.Core.Budgets;
using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Core.Ledger.Verification;
using Spendra.Core.Metering;
using Spendra.Core.Pricing;
using Spendra.Core.Tests.Pricing;
using Spendra.Model;
using static Spendra.Core.Tests.Ledger.LedgerLane;

namespace Spendra.Core.Tests.Ledger.Verification;

/// <summary>The facts of a reservation, whatever has become of it.</summary>
internal sealed record Facts(Guid ReservationId)
{
    public Guid KeyId { get; init; } = Key;

    public byte[] ScopeIds { get; init; } = LedgerRows.Bytes(Org);

    public byte[] PolicyIds { get; init; } = [];

    public byte[] WindowIds { get; init; } = [];

    public string Provider { get; init; } = "openai";

    public Guid AccountId { get; init; } = Account;

    public string Model { get; init; } = "gpt-4.1-mini";

    public Guid? PriceId { get; init; }

    public long Amount { get; init; }

    public long BoundInput { get; init; }

    public long BoundOutput { get; init; }
    public TokenKinds BoundKinds { get; init; }
    public UnitMap<long> BoundPieces { get; init; }
    public int? BoundTierPercent { get; init; }

    public long Epoch { get; init; } = LedgerLane.Epoch;

    public long ReservedAt { get; init; }

    /// <summary>When it was given back, if it was.</summary>
    public long ReleasedAt { get; init; }

    /// <summary>Of its row, when it was given back and sealed.</summary>
    public Seal Content { get; init; }

    public static Facts Of(Reservation r) => new(r.ReservationId)
    {
        KeyId = r.KeyId, ScopeIds = LedgerRows.Bytes([.. r.ScopeIds]), PolicyIds = LedgerRows.Bytes([.. r.PolicyIds]),
        WindowIds = LedgerRows.Bytes([.. r.WindowIds]), Provider = r.Provider, AccountId = r.AccountId, Model = r.Model,
        PriceId = r.PriceId, Amount = r.Amount.Value, BoundInput = r.BoundInput, BoundOutput = r.BoundOutput,
        Epoch = r.Epoch, ReservedAt = r.ReservedAt,
    };
}

internal sealed record Held(Facts Facts)
{
    public int TierPercent { get; init; } = 100;

    public long ExpiresAt { get; init; } = 10_000;

    public byte[]? Digest { get; init; }

    /// <summary>Whether the row was sealed when it was made.</summary>
    public bool IsSealed { get; init; } = true;

    /// <summary>As it is now.</summary>
    public Seal Content { get; init; } = Seal.Of("open"u8);
}

/// <summary>A spend event as a row that tests can damage.</summary>
internal sealed record Spend(Facts Facts, int Number, SpendKind Kind, long Cost)
{
    public Guid ReservationId => Facts.ReservationId;

    public int TierPercent { get; init; } = 100;

    public int? TierHundredths { get; init; }

    public long ExpiresAt { get; init; } = 10_000;

    public long OccurredAt { get; init; }

    public Usage Usage { get; init; }

    public bool IsEstimated { get; init; }
    public bool IsBilled { get; init; }

    public Guid? ServedPriceId { get; init; }

    public bool HasReason { get; init; }

    public Seal Content { get; init; }

    public required long Entry { get; init; }
}

internal sealed record Posting(LedgerAccount Line, Guid AccountId, long Amount);

internal sealed record Entry(long Sequence, EntryKind Kind, Guid ReservationId, int Number, long? Corrects, Posting[] Postings)
{
    public long BookedAt { get; init; }
}

internal sealed record Announcement(long Sequence, OutboxTopic Topic, Guid SubjectId, int Number)
{
    public long CreatedAt { get; init; }

    public Seal Seal { get; init; }
}

internal sealed record Refused(Guid RequestId, string Code)
{
    public Guid KeyId { get; init; } = Key;

    public Guid? PolicyId { get; init; }

    public Guid? BudgetId { get; init; }

    public long? Limit { get; init; }

    public long? Settled { get; init; }

    public long? Reserved { get; init; }

    public long? Needed { get; init; }

    public long? StartsAt { get; init; }

    public long? EndsAt { get; init; }

    public Seal Content { get; init; }
}

/// <summary>An idempotency key, or an object at a provider when it has no digest.</summary>
internal sealed record Reference(Guid ReservationId, Guid KeyId, byte[]? Digest);

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

    // And of its refusals.
    public static readonly Guid Exceeded = Id(16);
    public static readonly Guid AllHeld = Id(17);
    public static readonly Guid NotAllowed = Id(18);

    /// <summary>The end of both windows: January 1970 in UTC.</summary>
    public const long EndOfMonth = 31 * 86_400_000_000L;

    /// <summary>What <see cref="LedgerLane.Settle"/> uses, at the prices of <see cref="Prices.Mini"/>.</summary>
    public const long MeasuredCost = 30_000;

    public OrganizationRow Organization { get; set; } = new(Org, Epoch, 0, 0);

    /// <summary>The last outbox row that needs no seal: all, unless a test seals them.</summary>
    public long SealedAfter { get; set; } = long.MaxValue;

    /// <summary>What was signed and kept elsewhere; null for nothing.</summary>
    public Dictionary<long, Seal>? Kept { get; set; }

    public Dictionary<Guid, Budget> Budgets { get; } = [];

    public HashSet<Guid> HardCapped { get; } = [];

    public List<WindowRow> Windows { get; } = [];

    public List<WindowExcess> Excesses { get; } = [];

    public List<Held> Holds { get; } = [];

    public List<Facts> Releases { get; } = [];

    public List<Spend> Events { get; } = [];

    public List<Entry> Entries { get; } = [];

    public List<Announcement> Outbox { get; } = [];

    public List<long> OrphanedPostings { get; } = [];

    public List<Refused> Refusals { get; } = [];

    public List<Reference> References { get; } = [];

    public Dictionary<Guid, PriceVersion> PriceVersions { get; } = new() { [Prices.Mini.PriceId] = Prices.Mini };

    public HashSet<Guid> Keys { get; } = [Key];

    public HashSet<Guid> Accounts { get; } = [Account];

    public HashSet<Guid> Scopes { get; } = [Org];

    public Dictionary<Guid, VerifiedPolicy> Policies { get; } = new()
    {
        [Cap.PolicyId] = new(PolicyKind.HardCap, Cap.Window.Budget.BudgetId),
        [Watched.PolicyId] = new(PolicyKind.SoftCap, Watched.Window.Budget.BudgetId),
    };

    public long NowMicros { get; set; } = 1_000;

    /// <summary>
    /// One of each: measured; expired, settled late and adjusted; settled at the bound; settled above it; released;
    /// open. Measured and open have an idempotency key, measured has an object too. And refusals: for want of money,
    /// for what is held, and by a rule.
    /// </summary>
    public static LedgerRows Sample()
    {
        var lane = new LedgerLane();
        lane.Run(
            Priced(lane.Once(10, 120_000, 1, 1, Cap, Watched), 100, 50), Priced(lane.Reserve(11, 20_000, Cap, Watched), 10, 10),
            Priced(lane.Reserve(12, 120_000, Cap), 100, 50), Priced(lane.Reserve(13, 20_000, Cap, Watched), 10, 10),
            Priced(lane.Reserve(14, 120_000, Cap), 100, 50), Priced(lane.Once(15, 8_000, 2, 2, Cap, Watched), 0, 5));
        lane.Run(lane.Settle(10, MeasuredCost), lane.Expire(11));
        var atBound = lane.Settle(12, 120_000);
        lane.Run(
            lane.Settle(11, MeasuredCost), lane.Release(14), lane.Settle(13, MeasuredCost),
            atBound with { Settlement = atBound.Settlement with { IsEstimated = true } });
        lane.Run(lane.Adjust(11, -5));
        var rows = Of(lane.Store);
        rows.References.Add(new Reference(Measured, Key, null));
        rows.Refuse(ForMoney(Exceeded, "budget_exceeded", settled: 90, needed: 11));
        rows.Refuse(ForMoney(AllHeld, "budget_held", settled: 90, needed: 6));
        rows.Refuse(new Refused(NotAllowed, "model_not_allowed") { PolicyId = Cap.PolicyId });
        return rows;
    }

    /// <summary>What the rows are checked against.</summary>
    public VerifiedOrganization Rules => new()
    {
        Row = Organization with { SealedAfter = SealedAfter },
        Budgets = Budgets,
        HardCapped = HardCapped,
        Prices = PriceVersions,
        Windows = Windows,
        Excesses = Excesses,
        Keys = Keys,
        Accounts = Accounts,
        Scopes = Scopes,
        Policies = Policies,
        NowMicros = NowMicros,
    };

    /// <summary>Feeds everything to the verifications.</summary>
    /// <param name="isJournalFirst">Entries and outbox rows are matched before the events, rather than after them.</param>
    public VerificationReport Verify(bool isJournalFirst = false)
    {
        var report = new VerificationReport();
        var spend = new SpendVerification(Rules, report);
        var journal = new JournalVerification(Rules.Row, report, Kept);
        var match = new BookingMatch(report);
        RowFeed.Feed(this, spend);
        RowFeed.Feed(this, journal);
        if (!isJournalFirst) AddSpend();
        match.Add(journal.Entries);
        match.Add(journal.Announcements);
        if (isJournalFirst) AddSpend();
        match.Complete();
        return report;

        void AddSpend()
        {
            match.Add(spend.Events);
            match.Add(spend.Announced);
        }
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

    public void ChangeFacts(Guid reservationId, int number, Func<Facts, Facts> change) =>
        Change(reservationId, number, e => e with { Facts = change(e.Facts) });

    public void ChangeOpen(Func<Held, Held> change) => Holds[0] = change(Holds[0]);

    /// <summary>Adds a reservation that was given back, and announces it.</summary>
    public void Release(Facts facts)
    {
        Releases.Add(facts);
        Announce(OutboxTopic.Release, facts.ReservationId);
    }

    /// <summary>Adds a refusal, and announces it.</summary>
    public void Refuse(Refused refused)
    {
        Refusals.Add(refused);
        Announce(OutboxTopic.Refusal, refused.RequestId);
    }

    private void Announce(OutboxTopic topic, Guid subjectId)
    {
        var sequence = Outbox.Count + 1;
        Outbox.Add(new Announcement(sequence, topic, subjectId, 0));
        Organization = Organization with { OutboxSequence = sequence };
    }

    public void ChangeRefusal(Guid requestId, Func<Refused, Refused> change)
    {
        var at = Refusals.FindIndex(r => r.RequestId == requestId);
        Refusals[at] = change(Refusals[at]);
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

    /// <summary>A window with nothing in it, its budget and its policy.</summary>
    public WindowClaim AddWindow(int number, long limit, long reserved = 0, long settled = 0)
    {
        var claim = Claim(number, limit, Enforcement.Hard);
        Budgets[claim.Window.Budget.BudgetId] = claim.Window.Budget;
        Policies[claim.PolicyId] = new(PolicyKind.HardCap, claim.Window.Budget.BudgetId);
        Windows.Add(new WindowRow
        {
            OrganizationId = Org, WindowId = claim.WindowId, BudgetId = claim.Window.Budget.BudgetId,
            Span = claim.Window.Span, Limit = Nanos(limit), Reserved = Nanos(reserved), Settled = Nanos(settled),
        });
        return claim;
    }

    public static Posting[] Booked(long amount) =>
        [new(LedgerAccount.Expense, Account, amount), new(LedgerAccount.Payable, Account, -amount)];

    public static byte[] Bytes(params Guid[] ids) => [.. ids.SelectMany(id => id.ToByteArray(bigEndian: true))];

    private static LedgerRows Of(LedgerTables store)
    {
        var rows = new LedgerRows { Organization = store.Organizations[Org] };
        foreach (var budget in new[] { Cap.Window.Budget, Watched.Window.Budget }) rows.Budgets[budget.BudgetId] = budget;
        rows.HardCapped.Add(Cap.Window.Budget.BudgetId);
        rows.Windows.AddRange(store.Windows.Values);
        rows.Excesses.AddRange(store.Excesses.Values);
        rows.Holds.AddRange(store.Open.Values.Select(r => new Held(Facts.Of(r))
        {
            TierPercent = r.TierPercent, ExpiresAt = r.ExpiresAt, Digest = r.IdempotencyDigest,
        }));
        rows.Releases.AddRange(store.Released.Values.Select(r => Facts.Of(r.Reservation) with { ReleasedAt = r.At }));
        rows.Events.AddRange(store.Events.Values.OrderBy(e => e.Reservation.ReservationId).ThenBy(e => e.EventNumber).Select(e =>
            new Spend(Facts.Of(e.Reservation), e.EventNumber, e.Kind, e.Settlement.Cost.Value)
            {
                TierPercent = e.Settlement.TierPercent, ExpiresAt = e.Reservation.ExpiresAt, OccurredAt = e.OccurredAt,
                Usage = e.Settlement.Usage, IsEstimated = e.Settlement.IsEstimated, HasReason = e.Reason is not null,
                Entry = e.EntrySequence,
            }));
        rows.Entries.AddRange(store.Entries.Values.OrderBy(e => e.Sequence).Select(e =>
            new Entry(e.Sequence, e.Kind, e.ReservationId, e.EventNumber, e.Corrects, Booked(e.Amount.Value)) { BookedAt = e.BookedAt }));
        rows.Outbox.AddRange(store.Outbox.Values.OrderBy(o => o.Sequence).Select(o =>
            new Announcement(o.Sequence, o.Topic, o.SubjectId, o.EventNumber) { CreatedAt = o.CreatedAt }));
        rows.References.AddRange(store.Idempotency.Values.Select(i => new Reference(i.ReservationId, i.KeyId, i.KeyDigest)));
        return rows;
    }

    private static Refused ForMoney(Guid id, string code, long settled, long needed) => new(id, code)
    {
        PolicyId = Cap.PolicyId, BudgetId = Cap.Window.Budget.BudgetId, Limit = 100, Settled = settled, Reserved = 5,
        Needed = needed, StartsAt = 0, EndsAt = EndOfMonth,
    };

    private static ReserveCommand Priced(ReserveCommand command, long boundInput, long boundOutput) => command with
    {
        Reservation = command.Reservation with
        {
            PriceId = Prices.Mini.PriceId, BoundInput = boundInput, BoundOutput = boundOutput,
        },
    };

    private static WindowClaim Claim(int number, long limit, Enforcement enforcement)
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
        return new WindowClaim(budget.WindowAt(0)!, Id(3_000 + number), $"policy-{number}", enforcement);
    }
}
