namespace Spendra.Storage.Tests.Verification;

/// <summary>The rules under which <see cref="SampleLedger"/> spends: two hard caps and one budget that is watched.</summary>
internal static class SampleGovernance
{
    /// <summary>Of the same change as the audit records.</summary>
    public const string CapCut = """
        INSERT INTO window_excesses (organization_id, window_id, cause_id, event_number, kind, amount_nanos, recorded_at)
        VALUES (@organization, @month, @cause, 0, 2, 1, 1)
        """;

    public static readonly string[] Statements =
    [
        """
        INSERT INTO organizations (organization_id, slug, name, currency, time_zone, governance_epoch, entry_sequence,
            outbox_sequence, audit_sequence, audit_hash, created_at)
        VALUES (@organization, 'acme', 'Acme', 'USD', 'UTC', 1, 0, 0, 2, @auditHash, 1)
        """,
        "INSERT INTO organization_directory (slug, organization_id) VALUES ('acme', @organization)",
        """
        INSERT INTO scopes (organization_id, scope_id, kind, slug, name, changed_epoch) VALUES
            (@organization, @organization, 'organization', 'acme', 'Acme', 1),
            (@organization, @employee, 'employee', 'ada', 'Ada', 1)
        """,
        """
        INSERT INTO budgets (organization_id, budget_id, slug, scope_id, amount_nanos, period, week_start,
            fiscal_start_month, time_zone, changed_epoch) VALUES
            (@organization, @month, 'month', @organization, 100000000000, 'month', 1, 1, 'UTC', 1),
            (@organization, @total, 'total', @organization, 100000000000, 'total', 1, 1, 'UTC', 1),
            (@organization, @watched, 'watched', @organization, 100000000000, 'week', 1, 1, 'UTC', 1)
        """,
        """
        INSERT INTO policies (organization_id, policy_id, slug, kind, scope_id, budget_id, rule, set_by, set_at,
            changed_epoch) VALUES
            (@organization, @policy1, 'cap', 'hard_cap', @organization, @month, '{}', 'test', 1, 1),
            (@organization, @policy2, 'cap-total', 'hard_cap', @organization, @total, '{}', 'test', 1, 1),
            (@organization, @policy3, 'soft', 'soft_cap', @organization, @watched, '{}', 'test', 1, 1)
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
        VALUES (@organization, @account, 'openai', 'openai', 'http://127.0.0.1:1/v1', 'environment', @zeros, 1)
        """,
        """
        INSERT INTO prices (organization_id, price_id, provider, model, input_rate, cached_input_rate,
            cache_write_rate, output_rate, tier_percents, effective_from, recorded_at, source, changed_epoch)
        VALUES (@organization, @price, 'openai', 'gpt-6.2-sol', 2000000000, 100000000, 2500000000, 10000000000,
            '{"flex":50}', 0, 0, 'test', 1)
        """,
    ];
}
