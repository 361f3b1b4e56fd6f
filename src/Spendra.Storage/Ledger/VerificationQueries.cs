namespace Spendra.Storage.Ledger;

/// <summary>
/// What verification reads. Large tables are read whole, along their primary keys, several at once; see
/// <see cref="LedgerSnapshot.Open"/>. Columns are named by their order in <see cref="VerificationRows"/>.
/// </summary>
internal static class VerificationQueries
{
    public const string Organizations = "SELECT organization_id FROM organizations UNION SELECT organization_id FROM organization_directory";

    public const string Organization = """
        SELECT organization_id, governance_epoch AS epoch, entry_sequence, outbox_sequence, ledger_seal, sealed_after FROM organizations
        WHERE organization_id = @organizationId
        """;

    public const string Budgets = """
        SELECT budget_id, slug, scope_id, amount_nanos, period, week_start, fiscal_start_month, range_start, range_end,
            time_zone, archived_at FROM budgets
        WHERE organization_id = @organizationId
        """;

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

    public const string KeyIds = "SELECT key_id FROM scoped_keys WHERE organization_id = @organizationId";

    public const string AccountIds = "SELECT account_id FROM provider_accounts WHERE organization_id = @organizationId";

    public const string ScopeIds = "SELECT scope_id FROM scopes WHERE organization_id = @organizationId";

    public const string Policies = """
        SELECT policy_id, slug, kind, budget_id, changed_epoch, archived_at FROM policies WHERE organization_id = @organizationId
        """;

    public const string GovernanceChanges = """
        SELECT recorded_at, action, subject_kind, subject, before_state, after_state FROM audit_records
        WHERE organization_id = @organizationId AND subject_kind IN ('budget', 'policy') ORDER BY sequence
        """;

    public const string AdjustmentChanges = """
        SELECT subject, after_state FROM audit_records
        WHERE organization_id = @organizationId AND subject_kind = 'adjustment' ORDER BY sequence
        """;

    private const string ReservationColumns = """
        reservation_id, key_id, scope_ids, policy_ids, window_ids, provider, account_id, model, price_id, bound_input,
            bound_output, epoch, reserved_at, bound_others
        """;

    public const string Open = $"""
        SELECT {ReservationColumns}, amount_nanos, tier_percent, expires_at, idempotency_digest, route, environment, gateway_id, seal
        FROM open_reservations WHERE organization_id = @organizationId
        """;

    public const string Adjustments = """
        SELECT adjustment_id, reservation_id, account_id, amount_nanos, reason <> '' AS has_reason, proposer_id, decider_id, decided_at,
            entry_sequence, event_number, reason
        FROM adjustments WHERE organization_id = @organizationId
        """;

    public const string SpendEvents = $"""
        SELECT {ReservationColumns}, reserved_nanos, tier_percent, expires_at, event_number, kind, occurred_at, cost_nanos,
            input_units, cached_input_units, cache_write_units, output_units, reasoning_units, other_units, is_estimated, is_billed,
            entry_sequence, coalesce(reason, '') <> '' AS has_reason, served_price_id, route, environment, served_model, served_tier,
            upstream_request_id, upstream_status, reason
        FROM spend_events WHERE organization_id = @organizationId ORDER BY reservation_id, event_number
        """;

    public const string Released = $"""
        SELECT {ReservationColumns}, amount_nanos, route, environment, released_at, reason
        FROM released_reservations WHERE organization_id = @organizationId ORDER BY reservation_id
        """;

    public const string Refusals = """
        SELECT request_id, key_id, code, policy_id, budget_id, limit_nanos, settled_nanos, reserved_nanos,
            needed_nanos, window_starts_at, window_ends_at, refused_at, route, provider, model, message, scope_ids, environment
        FROM refusals WHERE organization_id = @organizationId ORDER BY request_id
        """;

    /// <summary>Whatever names a reservation: idempotency keys have a digest, objects at the provider have none.</summary>
    public const string References = """
        SELECT reservation_id, key_id, key_digest FROM idempotency_keys WHERE organization_id = @organizationId
        UNION ALL
        SELECT reservation_id, key_id, NULL FROM provider_objects WHERE organization_id = @organizationId
        ORDER BY reservation_id
        """;

    public const string Entries = """
        SELECT entry_sequence, kind, reservation_id, event_number, corrects_sequence, booked_at
        FROM journal_entries WHERE organization_id = @organizationId ORDER BY entry_sequence
        """;

    public const string Postings = """
        SELECT entry_sequence, ledger_account, account_id, amount_nanos, line
        FROM postings WHERE organization_id = @organizationId ORDER BY entry_sequence
        """;

    public const string Outbox = """
        SELECT sequence, topic, subject_id, event_number, created_at, seal
        FROM outbox WHERE organization_id = @organizationId ORDER BY sequence
        """;

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

    public const string OrganizationSlug = "SELECT slug FROM organizations WHERE organization_id = @organizationId";

    public const string DirectorySlugs =
        "SELECT slug FROM organization_directory WHERE organization_id = @organizationId ORDER BY slug";
}
