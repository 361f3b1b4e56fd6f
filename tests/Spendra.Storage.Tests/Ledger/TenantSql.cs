namespace Spendra.Storage.Tests.Ledger;

/// <summary>The rows that make an organization able to spend.</summary>
internal static class TenantSql
{
    public const string Budget =
        """
        INSERT INTO budgets (organization_id, budget_id, slug, scope_id, amount_nanos, period, week_start,
            fiscal_start_month, time_zone, changed_epoch)
        VALUES (@organization, @budget, @slug, @organization, @limit, @period, 1, 1, 'UTC', 1);
        INSERT INTO policies (organization_id, policy_id, slug, kind, scope_id, budget_id, rule, set_by, set_at, changed_epoch)
        VALUES (@organization, @policy, @policySlug, @kind, @organization, @budget, '{}', 'test', 1, 1);
        """;

    public static readonly string[] Statements =
    [
        """
        INSERT INTO organizations (organization_id, slug, name, currency, time_zone, governance_epoch, entry_sequence,
            outbox_sequence, audit_sequence, audit_hash, created_at)
        VALUES (@organization, @slug, 'Acme', 'USD', 'UTC', 1, 0, 0, 0, @zeros, 1700000000123456)
        """,
        "INSERT INTO organization_directory (slug, organization_id) VALUES (@slug, @organization)",
        """
        INSERT INTO scopes (organization_id, scope_id, kind, slug, name, changed_epoch) VALUES
            (@organization, @organization, 'organization', @slug, 'Acme', 1),
            (@organization, @employee, 'employee', 'ada', 'Ada', 1)
        """,
        """
        INSERT INTO scoped_keys (organization_id, key_id, slug, mode, actor_id, secret_hmac, permissions, created_at,
            created_by, changed_epoch)
        VALUES (@organization, @key, 'ada-key', 'live', @employee, @zeros, '{}', 1, 'test', 1)
        """,
        "INSERT INTO key_directory (key_id, organization_id) VALUES (@key, @organization)",
        """
        INSERT INTO provider_accounts (organization_id, account_id, slug, provider, base_url, credential_kind,
            credential, changed_epoch)
        VALUES (@organization, @account, 'openai-main', 'openai', 'http://127.0.0.1:1/v1', 'environment', @zeros, 1)
        """,
    ];
}
