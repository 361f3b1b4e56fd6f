using Spendra.Core.Ledger.Verification;

namespace Spendra.Storage.Tests.Verification;

/// <summary>One damage, done by SQL of both engines to a valid ledger, and the invariants that it breaks: those and no others.</summary>
internal sealed record Corruption(string Name, string Sql, params string[] Breaks)
{
    public override string ToString() => Name;

    /// <summary>Whoever changes a row that was announced breaks its seal or its record as well, whatever else the row contradicts.</summary>
    public IEnumerable<string> BrokenIn(VerificationReport report) => report.Violations.Select(v => v.Invariant).Distinct()
        .Where(i => i is not (Invariant.OutboxSeal or Invariant.OpenSeal or Invariant.AdjustmentAudited) || Breaks.Contains(i));

    public static readonly Corruption[] All =
    [
        new("a text that only informs", "UPDATE released_reservations SET route = 'embeddings'", Invariant.OutboxSeal),
        new("an open reservation on another route", "UPDATE open_reservations SET route = 'embeddings'", Invariant.OpenSeal),
        new("a correction that somebody else proposed", "UPDATE adjustments SET proposed_by = 'eve' WHERE adjustment_id = @RequestAdjusted", Invariant.AdjustmentAudited),
        new("window starts earlier", "UPDATE windows SET starts_at = starts_at - 1 WHERE budget_id = @MonthBudgetId", Invariant.WindowId, Invariant.WindowSpan),
        new("window belongs to another budget of the same amount",
            "UPDATE windows SET budget_id = @TotalBudgetId WHERE budget_id = @MonthBudgetId", Invariant.WindowId, Invariant.WindowSpan, Invariant.ReservationClaims, Invariant.CapCutRecorded),
        new("window of no budget", "DELETE FROM budgets WHERE budget_id = @WatchedBudgetId", Invariant.WindowSpan),
        new("window that is half a period", "UPDATE budgets SET period = 'day' WHERE budget_id = @WatchedBudgetId", Invariant.WindowSpan),
        new("limit of a window is raised", "UPDATE windows SET limit_nanos = limit_nanos + 1 WHERE budget_id = @MonthBudgetId", Invariant.WindowLimit),
        new("amount of a budget is lowered", "UPDATE budgets SET amount_nanos = amount_nanos - 1 WHERE budget_id = @MonthBudgetId", Invariant.WindowLimit),
        new("phantom hold", "UPDATE windows SET reserved_nanos = reserved_nanos + 1 WHERE budget_id = @MonthBudgetId", Invariant.WindowReserved),
        new("lost hold", "UPDATE open_reservations SET amount_nanos = amount_nanos + 1", Invariant.WindowReserved, Invariant.ReservationBound),
        new("settled too high", "UPDATE windows SET settled_nanos = settled_nanos + 1 WHERE budget_id = @WatchedBudgetId", Invariant.WindowSettled),
        new("a window is gone", "DELETE FROM windows WHERE budget_id = @WatchedBudgetId", Invariant.WindowReserved, Invariant.WindowSettled, Invariant.ReservationWindows),
        new("a hard cap is passed", """
            UPDATE budgets SET amount_nanos = 1000000 WHERE budget_id = @MonthBudgetId;
            UPDATE windows SET limit_nanos = 1000000 WHERE budget_id = @MonthBudgetId
            """, Invariant.HardCap),
        new("released again after it was spent", """
            UPDATE released_reservations SET reservation_id = @Measured
            """, Invariant.EndsOnce, Invariant.EventOutbox),
        new("released and still open", "UPDATE released_reservations SET reservation_id = @Open", Invariant.EndsOnce, Invariant.EventOutbox),
        new("spent and still open", """
            UPDATE open_reservations SET reservation_id = @Measured, idempotency_digest = NULL;
            DELETE FROM idempotency_keys WHERE reservation_id = @Open
            """, Invariant.EndsOnce),
        new("a gap in the events", """
            UPDATE spend_events SET event_number = 3 WHERE event_number = 2;
            UPDATE journal_entries SET event_number = 3 WHERE event_number = 2;
            UPDATE outbox SET event_number = 3 WHERE event_number = 2
            """, Invariant.EventNumbers),
        new("a first event that is an adjustment", """
            UPDATE spend_events SET kind = 3, reason = 'why not' WHERE reservation_id = @Measured;
            UPDATE journal_entries SET kind = 3 WHERE reservation_id = @Measured
            """, Invariant.EventKinds),
        new("late without expiry", """
            UPDATE spend_events SET kind = 2, is_estimated = (1 = 1) WHERE event_number = 2;
            UPDATE journal_entries SET kind = 2 WHERE event_number = 2
            """, Invariant.EventKinds),
        new("a settlement after the first event", """
            UPDATE spend_events SET kind = 0 WHERE event_number = 2;
            UPDATE journal_entries SET kind = 0 WHERE event_number = 2
            """, Invariant.EventKinds),
        new("more is taken back than was spent", """
            UPDATE spend_events SET cost_nanos = cost_nanos - 40000000 WHERE event_number = 2;
            UPDATE windows SET settled_nanos = settled_nanos - 40000000;
            UPDATE postings SET amount_nanos = amount_nanos - 40000000 WHERE ledger_account = 1
                AND entry_sequence = (SELECT entry_sequence FROM spend_events WHERE event_number = 2);
            UPDATE postings SET amount_nanos = amount_nanos + 40000000 WHERE ledger_account = 2
                AND entry_sequence = (SELECT entry_sequence FROM spend_events WHERE event_number = 2)
            """, Invariant.EventTotal),
        new("an expiry that claims to be measured", """
            UPDATE spend_events SET is_estimated = (1 = 0) WHERE kind = 1 AND reservation_id = @Expired
            """, Invariant.ExpiredIsEstimated, Invariant.EventPrice),
        new("an estimate below the bound", "UPDATE spend_events SET reserved_nanos = reserved_nanos + 1 WHERE reservation_id = @Estimated", Invariant.EstimateAtBound, Invariant.ReservationBound),
        new("usage that does not give the cost", "UPDATE spend_events SET input_units = input_units + 1 WHERE reservation_id = @Measured", Invariant.EventPrice),
        new("late usage that does not give the total", "UPDATE spend_events SET output_units = output_units - 1 WHERE kind = 2 AND reservation_id = @LateUp", Invariant.EventPrice),
        new("another tier than was charged", "UPDATE spend_events SET tier_percent = 100 WHERE reservation_id = @Measured", Invariant.EventPrice),
        new("a rate that was changed afterwards", "UPDATE prices SET output_rate = output_rate + 1000000", Invariant.EventPrice, Invariant.ReservationBound),
        new("usage below zero", "UPDATE spend_events SET input_units = -1 WHERE reservation_id = @Measured", Invariant.EventPrice),
        new("a price version that is gone", "DELETE FROM prices", Invariant.ReservationPrice),
        new("an expiry that books other units", "UPDATE spend_events SET output_units = 0 WHERE kind = 1 AND reservation_id = @Expired", Invariant.ExpiredUnits),
        new("a cost without a price", """
            UPDATE spend_events SET cost_nanos = 1 WHERE reservation_id = @Free;
            UPDATE postings SET amount_nanos = CASE ledger_account WHEN 1 THEN 1 ELSE -1 END
                WHERE entry_sequence = (SELECT entry_sequence FROM spend_events WHERE reservation_id = @Free)
            """, Invariant.EventFree),
        new("a hold without a price", "UPDATE open_reservations SET price_id = NULL", Invariant.ReservationBound),
        new("a hold that nobody holds", """
            UPDATE windows SET reserved_nanos = 0;
            UPDATE open_reservations SET window_ids = substr(window_ids, 1, 0)
            """, Invariant.ReservationWindows, Invariant.ReservationClaims),
        new("a hold under one of three caps", """
            UPDATE windows SET reserved_nanos = 0 WHERE window_id <> @MonthWindowId;
            UPDATE open_reservations SET window_ids = @MonthWindow
            """, Invariant.ReservationClaims),
        new("a hold in a window that no policy asks for", "UPDATE released_reservations SET policy_ids = @MonthPolicy", Invariant.ReservationClaims),
        new("a policy that points to another budget than was held", """
            UPDATE policies SET budget_id = @MonthBudgetId WHERE budget_id = @WatchedBudgetId
            """, Invariant.ReservationClaims),
        new("a window named twice", """
            UPDATE windows SET reserved_nanos = 2 * reserved_nanos WHERE window_id = @MonthWindowId;
            UPDATE windows SET reserved_nanos = 0 WHERE window_id <> @MonthWindowId;
            UPDATE open_reservations SET window_ids = @MonthWindowTwice
            """, Invariant.ReservationWindows, Invariant.ReservationClaims),
        new("a window list that is cut off", "UPDATE released_reservations SET window_ids = substr(window_ids, 1, 40)", Invariant.ReservationWindows, Invariant.ReservationClaims),
        new("a window of another month", "UPDATE released_reservations SET reserved_at = reserved_at - 3000000000000", Invariant.ReservationSpan),
        new("a bound of other units", "UPDATE released_reservations SET bound_output = bound_output + 1", Invariant.ReservationBound),
        new("a bound of a tier that was not asked for", "UPDATE open_reservations SET tier_percent = 200", Invariant.ReservationBound),
        new("a bound of fewer units than none", "UPDATE released_reservations SET bound_input = -1", Invariant.ReservationBound),
        new("a price that came later", "UPDATE prices SET effective_from = @NowMicros", Invariant.ReservationPrice),
        new("a price of another model", "UPDATE open_reservations SET model = 'gpt-6.2'", Invariant.ReservationPrice),
        new("a price of another provider", "UPDATE released_reservations SET provider = 'other'", Invariant.ReservationPrice),
        new("a key that never was", "UPDATE released_reservations SET key_id = @AccountId", Invariant.ReservationNames),
        new("an account that never was", "UPDATE released_reservations SET account_id = @KeyId", Invariant.ReservationNames),
        new("a scope that never was", "UPDATE released_reservations SET scope_ids = @UnknownIds", Invariant.ReservationNames),
        new("a policy that never was", "UPDATE released_reservations SET policy_ids = @UnknownIds", Invariant.ReservationNames),
        new("half a scope", "UPDATE released_reservations SET scope_ids = substr(scope_ids, 1, 20)", Invariant.ReservationNames),
        new("rules of tomorrow", "UPDATE organizations SET governance_epoch = 0", Invariant.ReservationEpoch),
        new("expires before it was reserved", "UPDATE open_reservations SET expires_at = reserved_at - 1", Invariant.Expiry),
        new("a settlement that expires before it was reserved", "UPDATE spend_events SET expires_at = reserved_at - 1 WHERE reservation_id = @Measured", Invariant.Expiry),
        new("an adjustment of other windows", """
            UPDATE spend_events SET window_ids = substr(window_ids, 1, 0) WHERE event_number = 2;
            UPDATE windows SET settled_nanos = settled_nanos + 7000
            """, Invariant.EventRepeats),
        new("an adjustment of another key", "UPDATE spend_events SET key_id = @AccountId WHERE event_number = 2", Invariant.EventRepeats),
        new("an adjustment without a reason", "UPDATE spend_events SET reason = '' WHERE event_number = 2", Invariant.EventReason),
        new("an entry of another moment", "UPDATE journal_entries SET booked_at = booked_at + 1 WHERE entry_sequence = 1", Invariant.EventMoment),
        new("an announcement of another moment", "UPDATE outbox SET created_at = created_at + 1 WHERE sequence = 1", Invariant.EventMoment),
        new("an entry of another reservation", "UPDATE journal_entries SET reservation_id = @Open WHERE entry_sequence = 1", Invariant.EventEntry),
        new("an entry of another event", "UPDATE journal_entries SET event_number = 7 WHERE entry_sequence = 1", Invariant.EventEntry),
        new("an entry of another kind", "UPDATE journal_entries SET kind = 1 WHERE entry_sequence = 1", Invariant.EventEntry),
        new("an event that names no entry", "UPDATE spend_events SET entry_sequence = 9999 WHERE reservation_id = @Measured", Invariant.EventEntry),
        new("two events that name one entry", "UPDATE spend_events SET entry_sequence = 2 WHERE reservation_id = @Measured", Invariant.EventEntry),
        new("a counter of entries ahead", "UPDATE organizations SET entry_sequence = entry_sequence + 1", Invariant.EntrySequence),
        new("a gap in the entries", """
            UPDATE organizations SET entry_sequence = entry_sequence + 1;
            UPDATE postings SET entry_sequence = entry_sequence + 1 WHERE entry_sequence = (SELECT max(entry_sequence) FROM journal_entries);
            UPDATE spend_events SET entry_sequence = entry_sequence + 1 WHERE entry_sequence = (SELECT max(entry_sequence) FROM journal_entries);
            UPDATE adjustments SET entry_sequence = entry_sequence + 1 WHERE entry_sequence = (SELECT max(entry_sequence) FROM journal_entries);
            UPDATE journal_entries SET entry_sequence = entry_sequence + 1 WHERE entry_sequence = (SELECT max(entry_sequence) FROM journal_entries)
            """, Invariant.EntrySequence),
        new("a counter of the outbox ahead", "UPDATE organizations SET outbox_sequence = outbox_sequence + 1", Invariant.OutboxSequence),
        new("a gap in the outbox", """
            UPDATE organizations SET outbox_sequence = outbox_sequence + 1;
            UPDATE outbox SET sequence = sequence + 1 WHERE sequence = (SELECT max(sequence) FROM outbox)
            """, Invariant.OutboxSequence),
        new("an entry that does not balance", "UPDATE postings SET amount_nanos = amount_nanos + 1 WHERE entry_sequence = 1 AND ledger_account = 2", Invariant.EntryBalances),
        new("an entry with one line", "DELETE FROM postings WHERE entry_sequence = 1 AND ledger_account = 2", Invariant.EntryBalances),
        new("an entry with three lines", """
            INSERT INTO postings (organization_id, entry_sequence, line, ledger_account, account_id, amount_nanos)
            VALUES (@OrganizationId, 1, 3, 1, @AccountId, 0)
            """, Invariant.EntryBalances),
        new("postings without an entry", """
            INSERT INTO postings (organization_id, entry_sequence, line, ledger_account, account_id, amount_nanos)
            VALUES (@OrganizationId, 9999, 1, 1, @AccountId, 0)
            """, Invariant.EntryBalances),
        new("a payable of another account", "UPDATE postings SET account_id = @KeyId WHERE entry_sequence = 1 AND ledger_account = 2", Invariant.EntryBalances),
        new("postings of another account", "UPDATE postings SET account_id = @KeyId WHERE entry_sequence = 1", Invariant.EntryPostings),
        new("postings of another amount", """
            UPDATE postings SET amount_nanos = amount_nanos + 1 WHERE entry_sequence = 1 AND ledger_account = 1;
            UPDATE postings SET amount_nanos = amount_nanos - 1 WHERE entry_sequence = 1 AND ledger_account = 2
            """, Invariant.EntryPostings),
        new("a correction that names nothing", "UPDATE journal_entries SET corrects_sequence = NULL WHERE event_number = 2", Invariant.EntryCorrects),
        new("a correction that names another entry", "UPDATE journal_entries SET corrects_sequence = 1 WHERE event_number = 2", Invariant.EntryCorrects),
        new("a settlement that corrects", "UPDATE journal_entries SET corrects_sequence = 1 WHERE entry_sequence = 2", Invariant.EntryCorrects),
        new("an announcement of something else", "UPDATE outbox SET subject_id = @Open WHERE sequence = 1", Invariant.EventOutbox),
        new("an event that is not announced", "UPDATE outbox SET topic = 'other' WHERE sequence = 1", Invariant.EventOutbox),
        new("an event that is announced twice", """
            UPDATE organizations SET outbox_sequence = outbox_sequence + 1;
            INSERT INTO outbox (organization_id, sequence, topic, subject_id, event_number, created_at)
            SELECT organization_id, outbox_sequence, 'spend', @Measured, 0, 1 FROM organizations
            """, Invariant.EventOutbox),
        new("an approved correction of an event that is not there", "UPDATE adjustments SET event_number = 7 WHERE adjustment_id = @RequestAdjusted", Invariant.AdjustmentBooked),
        new("an approved correction of another amount", "UPDATE adjustments SET amount_nanos = 1 WHERE adjustment_id = @RequestAdjusted", Invariant.AdjustmentBooked),
        new("an approved correction in another entry", "UPDATE adjustments SET entry_sequence = 1 WHERE adjustment_id = @RequestAdjusted", Invariant.AdjustmentBooked),
        new("an approved correction of another moment", "UPDATE adjustments SET decided_at = 1 WHERE adjustment_id = @RequestAdjusted", Invariant.AdjustmentBooked),
        new("a correction without a reason", "UPDATE adjustments SET reason = '' WHERE adjustment_id = @RequestAdjusted", Invariant.AdjustmentDecided),
        new("a correction of an account that is gone", "DELETE FROM adjustments WHERE adjustment_id = @AccountAdjusted", Invariant.EventEntry, Invariant.EventOutbox),
        new("a correction of an account of another amount", "UPDATE adjustments SET amount_nanos = 1 WHERE adjustment_id = @AccountAdjusted", Invariant.EntryPostings),
        new("a correction of another account", "UPDATE adjustments SET account_id = @KeyId WHERE adjustment_id = @AccountAdjusted", Invariant.EntryPostings),
        new("a correction of an account of another moment", "UPDATE adjustments SET decided_at = 1 WHERE adjustment_id = @AccountAdjusted", Invariant.EventMoment),
        new("an overrun that nothing explains", "DELETE FROM window_excesses WHERE cause_id = @Overrun AND window_id = (SELECT window_id FROM windows WHERE budget_id = @MonthBudgetId)", Invariant.ExcessExplains),
        new("an excess of another amount", "UPDATE window_excesses SET amount_nanos = amount_nanos + 1 WHERE cause_id = @LateUp", Invariant.ExcessExplains),
        new("an excess of another kind", "UPDATE window_excesses SET kind = 0 WHERE cause_id = @LateUp", Invariant.ExcessExplains),
        new("an excess without a cause", """
            INSERT INTO window_excesses (organization_id, window_id, cause_id, event_number, kind, amount_nanos, recorded_at)
            SELECT organization_id, window_id, @Measured, 0, 0, 1, 1 FROM windows WHERE budget_id = @MonthBudgetId
            """, Invariant.ExcessCaused),
        new("an idempotency key of nothing", "UPDATE idempotency_keys SET reservation_id = @Released WHERE reservation_id = @Open", Invariant.Idempotency, Invariant.IdempotencyHeld),
        new("an idempotency key of another key", "UPDATE idempotency_keys SET key_id = @AccountId WHERE reservation_id = @Adjusted", Invariant.Idempotency),
        new("an open reservation whose idempotency key is gone", "DELETE FROM idempotency_keys WHERE reservation_id = @Open", Invariant.IdempotencyHeld),
        new("an idempotency key of another text", "UPDATE idempotency_keys SET key_digest = @UnknownIds WHERE reservation_id = @Open", Invariant.IdempotencyHeld),
        new("an object of nothing", "UPDATE provider_objects SET reservation_id = @RefusedModel", Invariant.ObjectReservation),
        new("an object of another key", "UPDATE provider_objects SET key_id = @AccountId", Invariant.ObjectReservation),
        new("a cap cut that nobody made", "UPDATE window_excesses SET recorded_at = 2 WHERE kind = 2", Invariant.CapCutRecorded),
        new("a cap cut of more than the cap was cut by", "UPDATE window_excesses SET amount_nanos = 2 WHERE kind = 2", Invariant.CapCutRecorded),
        new("a cap cut of another budget than was cut", """
            UPDATE window_excesses SET window_id = (SELECT window_id FROM windows WHERE budget_id = @TotalBudgetId) WHERE kind = 2
            """, Invariant.CapCutRecorded),
        new("a refusal of a code that is none", "UPDATE refusals SET code = 'no' WHERE request_id = @RefusedModel", Invariant.RefusalNames),
        new("a refusal by no policy", "UPDATE refusals SET policy_id = @KeyId WHERE request_id = @RefusedModel", Invariant.RefusalNames),
        new("a refusal by no budget", "UPDATE refusals SET budget_id = @KeyId WHERE request_id = @RefusedHeld", Invariant.RefusalNames),
        new("a refusal to no key", "UPDATE refusals SET key_id = @AccountId WHERE request_id = @RefusedModel", Invariant.RefusalNames),
        new("a refusal of what fits", "UPDATE refusals SET needed_nanos = 10 WHERE request_id = @RefusedExceeded", Invariant.RefusalFigures),
        new("a refusal for holds of what would never fit", "UPDATE refusals SET settled_nanos = 95 WHERE request_id = @RefusedHeld", Invariant.RefusalFigures),
        new("a refusal for holds of what fits", "UPDATE refusals SET reserved_nanos = 4 WHERE request_id = @RefusedHeld", Invariant.RefusalFigures),
        new("a refusal without its figures", "UPDATE refusals SET limit_nanos = NULL WHERE request_id = @RefusedHeld", Invariant.RefusalFigures),
        new("a refusal by half a window", "UPDATE refusals SET budget_id = @MonthBudgetId WHERE request_id = @RefusedModel", Invariant.RefusalFigures),
        new("a refusal by a window of no time", "UPDATE refusals SET window_starts_at = window_ends_at WHERE request_id = @RefusedHeld", Invariant.RefusalFigures),
        new("a refusal of what was spent", "UPDATE refusals SET request_id = @Measured WHERE request_id = @RefusedModel", Invariant.RefusalNotSpent, Invariant.EventOutbox),
        new("a refusal of what is held", "UPDATE refusals SET request_id = @Open WHERE request_id = @RefusedModel", Invariant.RefusalNotSpent, Invariant.EventOutbox),
        new("an organization that nobody can find", "DELETE FROM organization_directory", Invariant.OrganizationDirectory),
        new("an organization under another name", "UPDATE organization_directory SET slug = 'other'", Invariant.OrganizationDirectory),
        new("an organization under two names", "INSERT INTO organization_directory (slug, organization_id) VALUES ('other', @OrganizationId)", Invariant.OrganizationDirectory),
        new("a key that nobody can find", "DELETE FROM key_directory", Invariant.KeyDirectory),
        new("a directory row without a key", "INSERT INTO key_directory (key_id, organization_id) VALUES (@Open, @OrganizationId)", Invariant.KeyDirectory),
        new("an audit record that was changed", "UPDATE audit_records SET actor = 'nobody' WHERE sequence = 1", Invariant.AuditChain),
        new("an audit record that was removed", "DELETE FROM audit_records WHERE sequence = 2", Invariant.AuditChain, Invariant.CapCutRecorded),
    ];
}
