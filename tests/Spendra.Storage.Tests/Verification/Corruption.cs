using Spendra.Core.Ledger.Verification;

namespace Spendra.Storage.Tests.Verification;

/// <summary>One damage, done by SQL to a valid ledger, and the invariants that it breaks: those and no others.</summary>
internal sealed record Corruption(string Name, string Sql, params string[] Breaks)
{
    public override string ToString() => Name;

    public static readonly Corruption[] All =
    [
        new("window starts earlier", "UPDATE windows SET starts_at = starts_at - 1 WHERE budget_id = @MonthBudgetId", Invariant.WindowId),
        new("window belongs to another budget of the same amount",
            "UPDATE windows SET budget_id = @TotalBudgetId WHERE budget_id = @MonthBudgetId", Invariant.WindowId),
        new("limit of a window is raised", "UPDATE windows SET limit_nanos = limit_nanos + 1 WHERE budget_id = @MonthBudgetId", Invariant.WindowLimit),
        new("amount of a budget is lowered", "UPDATE budgets SET amount_nanos = amount_nanos - 1 WHERE budget_id = @MonthBudgetId", Invariant.WindowLimit),
        new("phantom hold", "UPDATE windows SET reserved_nanos = reserved_nanos + 1 WHERE budget_id = @MonthBudgetId", Invariant.WindowReserved),
        new("lost hold", "UPDATE open_reservations SET amount_nanos = amount_nanos + 1", Invariant.WindowReserved),
        new("settled too high", "UPDATE windows SET settled_nanos = settled_nanos + 1 WHERE budget_id = @WatchedBudgetId", Invariant.WindowSettled),
        new("a window is gone", "DELETE FROM windows WHERE budget_id = @WatchedBudgetId", Invariant.WindowReserved, Invariant.WindowSettled),
        new("a hard cap is passed", """
            UPDATE budgets SET amount_nanos = 1000000 WHERE budget_id = @MonthBudgetId;
            UPDATE windows SET limit_nanos = 1000000 WHERE budget_id = @MonthBudgetId
            """, Invariant.HardCap),
        new("released again after it was spent", """
            UPDATE released_reservations SET reservation_id = @Measured
            """, Invariant.EndsOnce),
        new("released and still open", "UPDATE released_reservations SET reservation_id = @Open", Invariant.EndsOnce),
        new("spent and still open", """
            UPDATE open_reservations SET reservation_id = @Measured;
            DELETE FROM idempotency_keys WHERE reservation_id = @Open
            """, Invariant.EndsOnce),
        new("a gap in the events", """
            UPDATE spend_events SET event_number = 3 WHERE event_number = 2;
            UPDATE journal_entries SET event_number = 3 WHERE event_number = 2;
            UPDATE outbox SET event_number = 3 WHERE event_number = 2
            """, Invariant.EventNumbers),
        new("a first event that is an adjustment", """
            UPDATE spend_events SET kind = 3 WHERE reservation_id = @Measured;
            UPDATE journal_entries SET kind = 3 WHERE reservation_id = @Measured
            """, Invariant.EventKinds),
        new("late without expiry", """
            UPDATE spend_events SET kind = 2, is_estimated = 1 WHERE event_number = 2;
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
            UPDATE spend_events SET is_estimated = 0, price_id = NULL WHERE kind = 1 AND reservation_id = @Expired
            """, Invariant.ExpiredIsEstimated),
        new("an estimate below the bound", "UPDATE spend_events SET reserved_nanos = reserved_nanos + 1 WHERE reservation_id = @Estimated", Invariant.EstimateAtBound),
        new("usage that does not give the cost", "UPDATE spend_events SET input_units = input_units + 1 WHERE reservation_id = @Measured", Invariant.EventPrice),
        new("late usage that does not give the total", "UPDATE spend_events SET output_units = output_units - 1 WHERE kind = 2 AND reservation_id = @LateUp", Invariant.EventPrice),
        new("another tier than was charged", "UPDATE spend_events SET tier_percent = 100 WHERE reservation_id = @Measured", Invariant.EventPrice),
        new("a rate that was changed afterwards", "UPDATE prices SET output_rate = output_rate + 1000000", Invariant.EventPrice),
        new("usage below zero", "UPDATE spend_events SET input_units = -1 WHERE reservation_id = @Measured", Invariant.EventPrice),
        new("a price version that is gone", "DELETE FROM prices", Invariant.EventPrice),
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
        new("an overrun that nothing explains", "DELETE FROM window_excesses WHERE cause_id = @Overrun AND window_id = (SELECT window_id FROM windows WHERE budget_id = @MonthBudgetId)", Invariant.ExcessExplains),
        new("an excess of another amount", "UPDATE window_excesses SET amount_nanos = amount_nanos + 1 WHERE cause_id = @LateUp", Invariant.ExcessExplains),
        new("an excess of another kind", "UPDATE window_excesses SET kind = 0 WHERE cause_id = @LateUp", Invariant.ExcessExplains),
        new("an excess without a cause", """
            INSERT INTO window_excesses (organization_id, window_id, cause_id, event_number, kind, amount_nanos, recorded_at)
            SELECT organization_id, window_id, @Measured, 0, 0, 1, 1 FROM windows WHERE budget_id = @MonthBudgetId
            """, Invariant.ExcessCaused),
        new("an idempotency key of nothing", "UPDATE idempotency_keys SET reservation_id = @Released WHERE reservation_id = @Open", Invariant.Idempotency),
        new("a key that nobody can find", "DELETE FROM key_directory", Invariant.KeyDirectory),
        new("a directory row without a key", "INSERT INTO key_directory (key_id, organization_id) VALUES (@Open, @OrganizationId)", Invariant.KeyDirectory),
        new("an audit record that was changed", "UPDATE audit_records SET actor = 'nobody' WHERE sequence = 1", Invariant.AuditChain),
        new("an audit record that was removed", "DELETE FROM audit_records WHERE sequence = 2", Invariant.AuditChain),
    ];
}
