namespace Spendra.Storage.Ledger;

/// <summary>
/// What verification reads. The large tables are read in pages along their primary keys: one connection serves
/// several of them in turn, within one snapshot and with little memory.
/// </summary>
internal static class VerificationQueries
{
    public const string Organization = """
        SELECT organization_id, governance_epoch AS epoch, entry_sequence, outbox_sequence FROM organizations
        WHERE organization_id = @organizationId
        """;

    public const string Budgets =
        "SELECT budget_id, amount_nanos FROM budgets WHERE organization_id = @organizationId";

    public const string HardCapped = """
        SELECT DISTINCT budget_id FROM policies
        WHERE organization_id = @organizationId AND kind = 'hard_cap' AND archived_at IS NULL AND budget_id IS NOT NULL
        """;

    public const string Windows = """
        SELECT window_id, budget_id, starts_at, ends_at, limit_nanos, reserved_nanos, settled_nanos FROM windows
        WHERE organization_id = @organizationId
        """;

    public const string Excesses = """
        SELECT window_id, cause_id, event_number, kind, amount_nanos, recorded_at FROM window_excesses
        WHERE organization_id = @organizationId
        """;

    public const string Open =
        "SELECT reservation_id, window_ids, amount_nanos FROM open_reservations WHERE organization_id = @organizationId";

    public const string SpendEvents = """
        SELECT reservation_id, event_number, kind, window_ids, account_id, price_id, tier_percent, reserved_nanos,
            cost_nanos, input_units, cached_input_units, cache_write_units, output_units, reasoning_units, is_estimated,
            entry_sequence
        FROM spend_events
        WHERE organization_id = @organizationId AND (reservation_id, event_number) > (@afterId, @afterNumber)
        ORDER BY reservation_id, event_number LIMIT @limit
        """;

    public const string Released = """
        SELECT reservation_id FROM released_reservations
        WHERE organization_id = @organizationId AND reservation_id > @afterId AND reservation_id <= @upToId
        ORDER BY reservation_id
        """;

    public const string Entries = """
        SELECT entry_sequence, kind, reservation_id, event_number, corrects_sequence FROM journal_entries
        WHERE organization_id = @organizationId AND entry_sequence > @after
        ORDER BY entry_sequence LIMIT @limit
        """;

    public const string Postings = """
        SELECT entry_sequence, ledger_account, account_id, amount_nanos FROM postings
        WHERE organization_id = @organizationId AND entry_sequence > @after AND entry_sequence <= @upTo
        ORDER BY entry_sequence, line
        """;

    public const string Outbox = """
        SELECT sequence, topic, subject_id, event_number FROM outbox
        WHERE organization_id = @organizationId AND sequence > @after
        ORDER BY sequence LIMIT @limit
        """;

    public const string IdempotencyKeys =
        "SELECT count(*) FROM idempotency_keys WHERE organization_id = @organizationId";

    public const string DanglingIdempotencyKeys = """
        SELECT i.reservation_id FROM idempotency_keys i
        WHERE i.organization_id = @organizationId
          AND NOT EXISTS (SELECT 1 FROM open_reservations o
            WHERE o.organization_id = i.organization_id AND o.reservation_id = i.reservation_id)
          AND NOT EXISTS (SELECT 1 FROM spend_events e
            WHERE e.organization_id = i.organization_id AND e.reservation_id = i.reservation_id AND e.event_number = 0)
        LIMIT 1000
        """;

    public const string Keys = "SELECT count(*) FROM scoped_keys WHERE organization_id = @organizationId";

    public const string KeysWithoutDirectory = """
        SELECT k.key_id FROM scoped_keys k
        WHERE k.organization_id = @organizationId AND NOT EXISTS (SELECT 1 FROM key_directory d
            WHERE d.key_id = k.key_id AND d.organization_id = k.organization_id)
        LIMIT 1000
        """;

    public const string DirectoryWithoutKeys = """
        SELECT d.key_id FROM key_directory d
        WHERE d.organization_id = @organizationId AND NOT EXISTS (SELECT 1 FROM scoped_keys k
            WHERE k.organization_id = d.organization_id AND k.key_id = d.key_id)
        LIMIT 1000
        """;
}
