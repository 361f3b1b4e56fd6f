namespace Spendra.Core.Ledger.Verification;

/// <summary>The names under which invariants are counted and violations reported. Stable.</summary>
public static class Invariant
{
    // Windows.
    public const string WindowId = "window_id_follows_from_budget_and_span";
    public const string WindowSpan = "window_span_is_a_period_of_its_budget";
    public const string WindowLimit = "window_limit_is_budget_amount";
    public const string WindowReserved = "window_reserved_is_sum_of_open_reservations";
    public const string WindowSettled = "window_settled_is_sum_of_spend_events";
    public const string HardCap = "hard_cap_passed_only_with_explanation";
    public const string ExcessExplains = "cost_above_the_hold_has_an_excess";
    public const string ExcessCaused = "excess_has_a_cause";
    public const string CapCutRecorded = "cap_cut_has_an_audit_record";

    // Reservations, whatever has become of them.
    public const string EndsOnce = "reservation_ends_once";
    public const string ReservationWindows = "reservation_names_existing_windows";
    public const string ReservationSpan = "reservation_lies_in_the_span_of_its_windows";
    public const string ReservationClaims = "reservation_holds_in_the_windows_of_its_policies";
    public const string ReservationBound = "reservation_holds_the_bound_of_its_units";
    public const string ReservationPrice = "reservation_pins_a_price_in_force";
    public const string ReservationNames = "reservation_names_existing_rules_and_scopes";
    public const string ReservationEpoch = "reservation_epoch_is_not_ahead";
    public const string Expiry = "reservation_does_not_expire_before_it_was_made";

    // Spend events.
    public const string EventNumbers = "event_numbers_have_no_gap";
    public const string EventKinds = "event_kinds_follow_the_rules";
    public const string EventTotal = "reservation_total_is_not_negative";
    public const string EventRepeats = "correction_repeats_its_reservation";
    public const string EventReason = "adjustment_has_a_reason";
    public const string ExpiredIsEstimated = "expired_event_is_estimated";
    public const string ExpiredUnits = "expired_event_books_the_bound_units";
    public const string EstimateAtBound = "estimated_event_costs_the_bound";
    public const string EventPrice = "event_cost_is_usage_times_price";
    public const string EventFree = "what_has_no_price_costs_nothing";

    public const string OpenSeal = "open_reservation_seal_holds";

    // Corrections by people.
    public const string AdjustmentAudited = "adjustment_is_as_the_audit_tells";
    public const string AdjustmentBooked = "approved_adjustment_is_booked";
    public const string AdjustmentDecided = "adjustment_is_decided_by_somebody_else";

    // The journal and the outbox.
    public const string EventEntry = "event_and_journal_entry_match";
    public const string EventOutbox = "event_and_outbox_row_match";
    public const string EventMoment = "event_entry_and_outbox_row_are_of_one_moment";
    public const string EntrySequence = "entry_sequence_has_no_gap";
    public const string OutboxSequence = "outbox_sequence_has_no_gap";
    public const string OutboxSeal = "outbox_seal_holds";
    public const string LedgerSigned = "ledger_goes_on_from_what_was_signed";
    public const string EntryBalances = "entry_balances";
    public const string EntryPostings = "postings_book_the_event";
    public const string EntryCorrects = "correction_names_the_first_entry";

    // What names reservations, and what governs them.
    public const string Idempotency = "idempotency_key_names_a_reservation";
    public const string IdempotencyHeld = "open_reservation_has_its_idempotency_key";
    public const string ObjectReservation = "provider_object_names_a_reservation";
    public const string RefusalFigures = "refusal_follows_from_its_figures";
    public const string RefusalNames = "refusal_names_existing_rules";
    public const string RefusalNotSpent = "refused_request_spends_nothing";
    public const string KeyDirectory = "key_directory_matches_keys";
    public const string OrganizationDirectory = "organization_directory_matches_organizations";
    public const string AuditChain = "audit_chain_is_intact";
}
