namespace Spendra.Storage.Governance;

/// <summary>
/// What changed after an epoch, by table. Since −1 gives everything that is in force; since 0 or later also what
/// was archived: a delta needs it, to remove it, and a planner, to restore it. Epochs start at 1.
/// </summary>
internal static class GovernanceQueries
{
    public const string ChangedScopes = """
        SELECT scope_id, kind, slug, name, email, parent_id, archived_at, changed_epoch FROM scopes
        WHERE organization_id = @organizationId AND changed_epoch > @since AND (@since >= 0 OR archived_at IS NULL)
        """;

    public const string ChangedBudgets = """
        SELECT budget_id, slug, scope_id, amount_nanos, period, week_start, fiscal_start_month, range_start, range_end,
            time_zone, increases, archived_at, changed_epoch FROM budgets
        WHERE organization_id = @organizationId AND changed_epoch > @since AND (@since >= 0 OR archived_at IS NULL)
        """;

    public const string ChangedPolicies = """
        SELECT policy_id, slug, kind, scope_id, budget_id, rule, archived_at, changed_epoch FROM policies
        WHERE organization_id = @organizationId AND changed_epoch > @since AND (@since >= 0 OR archived_at IS NULL)
        """;

    public const string ChangedKeys = """
        SELECT key_id, slug, mode, actor_id, project_id, secret_hmac, permissions, environment, max_request_nanos,
            expires_at, created_at, created_by, revoked_at, rotated_at, previous_hmac, previous_until, changed_epoch FROM scoped_keys
        WHERE organization_id = @organizationId AND changed_epoch > @since
        """;

    public const string ChangedAccounts = """
        SELECT account_id, slug, provider, base_url, credential_kind, credential, settings, archived_at, changed_epoch FROM provider_accounts
        WHERE organization_id = @organizationId AND changed_epoch > @since AND (@since >= 0 OR archived_at IS NULL)
        """;

    public const string ChangedPrices = """
        SELECT price_id, provider, model, input_rate, cached_input_rate, cache_write_rate, output_rate,
            long_context_above, long_input_rate, long_cached_input_rate, long_cache_write_rate, long_output_rate,
            other_rates, long_other_rates, tier_percents, context_window, max_output, effective_from, effective_to,
            recorded_at, source FROM prices
        WHERE organization_id = @organizationId AND changed_epoch > @since
        """;
}
