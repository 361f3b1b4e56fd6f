using Spendra.Core.Ledger;
using Spendra.Core.Money;

namespace Spendra.Storage.Exports;

/// <summary>The statements of <see cref="ExportSource"/>, and the rows that they read.</summary>
internal static class ExportRows
{
    private const string EventColumns = """
        s.reservation_id, s.event_number, s.kind AS event_kind, s.reserved_at, s.occurred_at, s.key_id, s.scope_ids, s.provider, s.account_id,
            s.model, s.served_model, s.route, s.environment, coalesce(s.served_price_id, s.price_id) AS price_id, s.cost_nanos,
            s.reserved_nanos AS held_nanos, s.input_units, s.cached_input_units, s.cache_write_units, s.output_units, s.reasoning_units,
            s.other_units, s.is_estimated, s.is_billed, s.upstream_request_id, s.upstream_status, s.reason
        """;

    private const string InSpan = """
        e.organization_id = @organizationId AND e.entry_sequence > @after AND e.entry_sequence <= @to
            AND e.booked_at >= @from AND e.booked_at < @until
        """;

    private const string EventOf = "s.organization_id = e.organization_id AND s.reservation_id = e.reservation_id AND s.event_number = e.event_number";

    public const string Events = $"""
        SELECT e.entry_sequence, e.booked_at, {EventColumns}, a.slug AS account
        FROM journal_entries e
        JOIN spend_events s ON {EventOf}
        LEFT JOIN provider_accounts a ON a.organization_id = s.organization_id AND a.account_id = s.account_id
        WHERE {InSpan}
        ORDER BY e.entry_sequence
        """;

    public const string Postings = $"""
        SELECT e.entry_sequence, p.line, e.kind, e.booked_at, n.booked_month, e.reservation_id AS subject_id, e.event_number,
            e.corrects_sequence, p.ledger_account, p.account_id, a.slug AS account, p.amount_nanos
        FROM journal_entries e
        JOIN postings p ON p.organization_id = e.organization_id AND p.entry_sequence = e.entry_sequence
        LEFT JOIN provider_accounts a ON a.organization_id = p.organization_id AND a.account_id = p.account_id
        LEFT JOIN adjustments n ON e.kind = 3 AND n.organization_id = e.organization_id AND n.entry_sequence = e.entry_sequence
        WHERE {InSpan}
        ORDER BY e.entry_sequence, p.line
        """;

    // What an entry debits to expenses is one line of it.
    public const string Charges = $"""
        SELECT e.entry_sequence, e.booked_at, {EventColumns}, a.slug AS account, a.provider AS account_provider, p.account_id AS posted_account_id,
            p.amount_nanos, n.booked_month, n.month, n.reason AS adjustment_reason, c.entry_sequence AS corrects, c.booked_at AS corrects_at,
            m.booked_month AS corrects_month
        FROM journal_entries e
        JOIN postings p ON p.organization_id = e.organization_id AND p.entry_sequence = e.entry_sequence AND p.ledger_account = 1
        LEFT JOIN spend_events s ON {EventOf}
        LEFT JOIN provider_accounts a ON a.organization_id = p.organization_id AND a.account_id = p.account_id
        LEFT JOIN adjustments n ON e.kind = 3 AND n.organization_id = e.organization_id AND n.entry_sequence = e.entry_sequence
        LEFT JOIN journal_entries c ON c.organization_id = e.organization_id AND c.entry_sequence = e.corrects_sequence
        LEFT JOIN adjustments m ON c.kind = 3 AND m.organization_id = c.organization_id AND m.entry_sequence = c.entry_sequence
        WHERE {InSpan}
        ORDER BY e.entry_sequence, p.line
        """;

    public const string AuditRecords = """
        SELECT organization_id, sequence, recorded_at, actor, action, subject_kind, subject, before_state, after_state, reason, origin,
            previous_hash, hash
        FROM audit_records
        WHERE organization_id = @organizationId AND sequence > @after AND sequence <= @to AND recorded_at >= @from AND recorded_at < @until
        ORDER BY sequence
        """;

    private const string NoAccount = "sandbox";

    internal class StoredEvent
    {
        public long EntrySequence { get; set; }
        public long BookedAt { get; set; }
        public Guid? ReservationId { get; set; }
        public int EventNumber { get; set; }
        public int EventKind { get; set; }
        public long ReservedAt { get; set; }
        public long OccurredAt { get; set; }
        public Guid KeyId { get; set; }
        public byte[] ScopeIds { get; set; } = [];
        public string Provider { get; set; } = "";
        public Guid AccountId { get; set; }
        public string? Account { get; set; }
        public string Model { get; set; } = "";
        public string? ServedModel { get; set; }
        public string Route { get; set; } = "";
        public string? Environment { get; set; }
        public Guid? PriceId { get; set; }
        public long CostNanos { get; set; }
        public long HeldNanos { get; set; }
        public long InputUnits { get; set; }
        public long CachedInputUnits { get; set; }
        public long CacheWriteUnits { get; set; }
        public long OutputUnits { get; set; }
        public long ReasoningUnits { get; set; }
        public string? OtherUnits { get; set; }
        public bool IsEstimated { get; set; }
        public bool IsBilled { get; set; }
        public string? UpstreamRequestId { get; set; }
        public int UpstreamStatus { get; set; }
        public string? Reason { get; set; }

        public ExportedEvent ToEvent(ExportNameBook names) => new()
        {
            EntrySequence = EntrySequence, BookedAt = BookedAt, ReservationId = ReservationId!.Value, EventNumber = EventNumber, Kind = (SpendKind)EventKind,
            ReservedAt = ReservedAt, OccurredAt = OccurredAt, KeyId = KeyId, Key = names.KeyOf(KeyId), Scopes = names.ScopesOf(ScopeIds),
            Provider = Provider, AccountId = AccountId, Account = Account ?? NoAccount, Model = Model, ServedModel = ServedModel, Route = Route,
            Environment = Environment, PriceId = PriceId, Cost = new NanoUsd(CostNanos), Held = new NanoUsd(HeldNanos), InputUnits = InputUnits,
            CachedInputUnits = CachedInputUnits, CacheWriteUnits = CacheWriteUnits, OutputUnits = OutputUnits, ReasoningUnits = ReasoningUnits,
            OtherUnits = OtherUnits, IsEstimated = IsEstimated, IsBilled = IsBilled, UpstreamRequestId = UpstreamRequestId,
            UpstreamStatus = UpstreamStatus, Reason = Reason,
        };
    }

    internal sealed class StoredCharge : StoredEvent
    {
        public string? AccountProvider { get; set; }
        public Guid PostedAccountId { get; set; }
        public long AmountNanos { get; set; }
        public string? BookedMonth { get; set; }
        public string? Month { get; set; }
        public string? AdjustmentReason { get; set; }
        public long? Corrects { get; set; }
        public long? CorrectsAt { get; set; }
        public string? CorrectsMonth { get; set; }

        public ExportedCharge ToCharge(ExportNameBook names, PeriodCalendar calendar)
        {
            var period = calendar.PeriodOf(EntrySequence, BookedAt, Named(BookedMonth));
            AccountingPeriod? meant = Corrects is { } sequence && CorrectsAt is { } at ? calendar.PeriodOf(sequence, at, Named(CorrectsMonth)) : Named(Month);
            return new ExportedCharge
            {
                EntrySequence = EntrySequence, BookedAt = BookedAt, Period = period, CorrectsPeriod = meant < period ? meant : null,
                Event = ReservationId is null ? null : ToEvent(names), AccountId = PostedAccountId, Account = Account ?? NoAccount,
                Provider = ReservationId is null ? AccountProvider ?? "" : Provider, Amount = new NanoUsd(AmountNanos), Reason = AdjustmentReason ?? Reason,
            };
        }

        private static AccountingPeriod? Named(string? month) => AccountingPeriod.TryParse(month, out var period) ? period : null;
    }

    internal sealed class StoredPosting
    {
        public long EntrySequence { get; set; }
        public int Line { get; set; }
        public int Kind { get; set; }
        public long BookedAt { get; set; }
        public string? BookedMonth { get; set; }
        public Guid SubjectId { get; set; }
        public int EventNumber { get; set; }
        public long? CorrectsSequence { get; set; }
        public int LedgerAccount { get; set; }
        public Guid AccountId { get; set; }
        public string? Account { get; set; }
        public long AmountNanos { get; set; }

        public ExportedPosting ToPosting() => new()
        {
            EntrySequence = EntrySequence, Line = Line, Kind = (EntryKind)Kind, BookedAt = BookedAt, BookedMonth = BookedMonth, SubjectId = SubjectId,
            EventNumber = EventNumber, CorrectsSequence = CorrectsSequence, LedgerAccount = (LedgerAccount)LedgerAccount, AccountId = AccountId,
            Account = Account ?? NoAccount, Amount = new NanoUsd(AmountNanos),
        };
    }
}
