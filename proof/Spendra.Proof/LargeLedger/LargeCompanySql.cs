namespace Spendra.Proof.LargeLedger;

/// <summary>The rows that let <see cref="LargeCompany"/> spend.</summary>
internal static class LargeCompanySql
{
    public const string Organization = """
        INSERT INTO organizations (organization_id, slug, name, currency, time_zone, governance_epoch, entry_sequence,
            outbox_sequence, audit_sequence, audit_hash, created_at)
        VALUES (@OrganizationId, @slug, @slug, 'USD', 'UTC', 1, 0, 0, 0, @Hash, 1);
        INSERT INTO organization_directory (slug, organization_id) VALUES (@slug, @OrganizationId);
        INSERT INTO provider_accounts (organization_id, account_id, slug, provider, base_url, credential_kind, credential, changed_epoch)
        VALUES (@OrganizationId, @account, 'openai', 'openai', 'http://127.0.0.1:1/v1', 'environment', @Hash, 1)
        """;

    public const string Price = """
        INSERT INTO prices (organization_id, price_id, provider, model, input_rate, cached_input_rate, cache_write_rate,
            output_rate, tier_percents, effective_from, recorded_at, source, changed_epoch)
        VALUES (@OrganizationId, @PriceId, @Provider, @Model, @input, @input / 10, @input, @output, '{}', 0, 0, 'large-ledger', 1)
        """;

    public const string Member = """
        INSERT INTO scopes (organization_id, scope_id, kind, slug, name, changed_epoch)
        VALUES (@OrganizationId, @ScopeId, @kind, @Slug, @Slug, 1);
        INSERT INTO budgets (organization_id, budget_id, slug, scope_id, amount_nanos, period, week_start, fiscal_start_month,
            time_zone, changed_epoch)
        VALUES (@OrganizationId, @BudgetId, @budget, @ScopeId, @amount, @period, 1, 1, 'UTC', 1);
        INSERT INTO policies (organization_id, policy_id, slug, kind, scope_id, budget_id, rule, set_by, set_at, changed_epoch)
        VALUES (@OrganizationId, @PolicyId, @cap, @policy, @ScopeId, @BudgetId, '{}', 'large-ledger', 1, 1)
        """;

    public const string Key = """
        INSERT INTO scoped_keys (organization_id, key_id, slug, mode, actor_id, secret_hmac, permissions, created_at, created_by, changed_epoch)
        VALUES (@OrganizationId, @KeyId, @slug, 'live', @ScopeId, @zeros, '{}', 1, 'large-ledger', 1);
        INSERT INTO key_directory (key_id, organization_id) VALUES (@KeyId, @OrganizationId)
        """;
}
