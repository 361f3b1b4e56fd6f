namespace Spendra.Storage.Ledger;

/// <summary>The statements behind <see cref="RequestQueries"/>: one organization, one id.</summary>
internal static class RequestSql
{
    public const string Open = """
        SELECT reservation_id, key_id, scope_ids, policy_ids, window_ids, provider, account_id, model, route, environment,
            price_id, tier_percent, amount_nanos, bound_input, bound_output, bound_others, epoch, reserved_at, expires_at
        FROM open_reservations WHERE organization_id = @organizationId AND reservation_id = @id
        """;

    public const string Events = """
        SELECT reservation_id, key_id, scope_ids, policy_ids, window_ids, provider, account_id, model, route, environment,
            price_id, tier_percent, reserved_nanos AS amount_nanos, bound_input, bound_output, bound_others, epoch, reserved_at,
            expires_at, occurred_at AS ended_at, reason, event_number, kind, cost_nanos, input_units, cached_input_units,
            cache_write_units, output_units, reasoning_units, other_units, is_estimated, is_billed, served_model, served_tier, served_price_id,
            upstream_request_id, upstream_status, entry_sequence
        FROM spend_events WHERE organization_id = @organizationId AND reservation_id = @id ORDER BY event_number
        """;

    public const string Released = """
        SELECT reservation_id, key_id, scope_ids, policy_ids, window_ids, provider, account_id, model, route, environment,
            price_id, 100 AS tier_percent, amount_nanos, bound_input, bound_output, bound_others, epoch, reserved_at,
            released_at AS ended_at, reason
        FROM released_reservations WHERE organization_id = @organizationId AND reservation_id = @id
        """;

    public const string Refused = """
        SELECT request_id, key_id, refused_at, route, provider, model, code, message, policy_id, budget_id, limit_nanos,
            settled_nanos, reserved_nanos, needed_nanos, window_starts_at, window_ends_at
        FROM refusals WHERE organization_id = @organizationId AND request_id = @id
        """;

    public const string Stripped = """
        SELECT tool, policy_id FROM stripped_tools WHERE organization_id = @organizationId AND request_id = @id ORDER BY tool
        """;

    public const string Price = """
        SELECT price_id, provider, model, input_rate, cached_input_rate, cache_write_rate, output_rate,
            long_context_above, long_input_rate, long_cached_input_rate, long_cache_write_rate, long_output_rate,
            other_rates, long_other_rates, tier_percents, context_window, max_output, effective_from, effective_to,
            recorded_at, source
        FROM prices WHERE organization_id = @organizationId AND price_id = @id
        """;

    public const string Policy = """
        SELECT slug, kind, scope_id, set_by, set_at, archived_at FROM policies
        WHERE organization_id = @organizationId AND policy_id = @id
        """;

    public const string Window = """
        SELECT b.slug, b.scope_id, w.starts_at, w.ends_at, w.limit_nanos, w.settled_nanos, w.reserved_nanos FROM windows w
        JOIN budgets b ON b.organization_id = w.organization_id AND b.budget_id = w.budget_id
        WHERE w.organization_id = @organizationId AND w.window_id = @id
        """;

    public const string Entry = """
        SELECT corrects_sequence, booked_at FROM journal_entries
        WHERE organization_id = @organizationId AND entry_sequence = @id
        """;

    public const string Postings = """
        SELECT ledger_account, account_id, amount_nanos FROM postings
        WHERE organization_id = @organizationId AND entry_sequence = @id ORDER BY line
        """;

    public const string Excesses = """
        SELECT b.slug AS budget, x.kind, x.event_number, x.amount_nanos FROM window_excesses x
        JOIN windows w ON w.organization_id = x.organization_id AND w.window_id = x.window_id
        JOIN budgets b ON b.organization_id = w.organization_id AND b.budget_id = w.budget_id
        WHERE x.organization_id = @organizationId AND x.window_id = @id AND x.cause_id = @second ORDER BY x.event_number
        """;

    public const string Scope = """
        SELECT scope_id, kind, slug, name, parent_id FROM scopes
        WHERE organization_id = @organizationId AND scope_id = @id
        """;

    public const string KeyName =
        "SELECT slug, actor_id FROM scoped_keys WHERE organization_id = @organizationId AND key_id = @id";

    public const string AccountSlug =
        "SELECT slug FROM provider_accounts WHERE organization_id = @organizationId AND account_id = @id";

    public const string BudgetSlug =
        "SELECT slug FROM budgets WHERE organization_id = @organizationId AND budget_id = @id";
}
