namespace Spendra.Core.Ledger.Verification;

/// <summary>The names under which invariants are counted and violations reported. Stable.</summary>
public static class Invariant
{
    public const string WindowId = "window_id_follows_from_budget_and_span";
    public const string WindowLimit = "window_limit_is_budget_amount";
    public const string WindowReserved = "window_reserved_is_sum_of_open_reservations";
    public const string WindowSettled = "window_settled_is_sum_of_spend_events";
    public const string HardCap = "hard_cap_passed_only_with_explanation";
    public const string EndsOnce = "reservation_ends_once";
    public const string EventNumbers = "event_numbers_have_no_gap";
    public const string EventKinds = "event_kinds_follow_the_rules";
    public const string EventTotal = "reservation_total_is_not_negative";
    public const string ExpiredIsEstimated = "expired_event_is_estimated";
    public const string EstimateAtBound = "estimated_event_costs_the_bound";
    public const string EventPrice = "event_cost_is_usage_times_price";
    public const string EventEntry = "event_and_journal_entry_match";
    public const string EventOutbox = "event_and_outbox_row_match";
    public const string EntrySequence = "entry_sequence_has_no_gap";
    public const string OutboxSequence = "outbox_sequence_has_no_gap";
    public const string EntryBalances = "entry_balances";
    public const string EntryPostings = "postings_book_the_event";
    public const string EntryCorrects = "correction_names_the_first_entry";
    public const string ExcessExplains = "cost_above_the_hold_has_an_excess";
    public const string ExcessCaused = "excess_has_a_cause";
    public const string Idempotency = "idempotency_key_names_a_reservation";
    public const string KeyDirectory = "key_directory_matches_keys";
    public const string AuditChain = "audit_chain_is_intact";
}
