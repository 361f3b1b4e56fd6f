using System.Collections.Frozen;

namespace Spendra.Storage.Retention;

/// <summary>What becomes of the rows of a table.</summary>
public enum TableFate
{
    /// <summary>Nothing is ever removed from it by its age.</summary>
    Kept,

    /// <summary>Has detail that goes when it is old, by a <see cref="DetailRule"/>.</summary>
    Detail,

    /// <summary>Holds what is going on: a row goes when that has ended, by whoever ends it.</summary>
    Passing,
}

/// <summary>
/// What becomes of each table of the schema. A table that is not named is one that nobody has thought about: a test fails. The ledger
/// and the audit record are kept, whatever the settings say, and so is all that explains them.
/// </summary>
public static class TableFates
{
    // What was spent, and what explains it. Seals cover most of it: a row that were missing would be found by verification.
    private static readonly string[] Ledger =
    [
        "windows", "spend_events", "released_reservations", "journal_entries", "postings", "window_excesses", "outbox", "refusals", "stripped_tools",
        "adjustments", "provider_objects",
    ];

    private static readonly string[] Audit = ["audit_records", "audit_deliveries"];

    // What holds and what held: entries and records name it. It is archived, revoked or ended, not removed.
    private static readonly string[] Rules =
    [
        "organizations", "organization_directory", "scopes", "employee_projects", "budgets", "policies", "scoped_keys", "key_directory", "key_rules",
        "provider_accounts", "prices", "price_proposals", "price_sync_runs", "budget_requests", "alert_channels", "alert_rules", "export_schedules", "bill_schedules",
    ];

    private static readonly string[] People =
    [
        "users", "members", "member_scopes", "access_tokens", "token_directory", "domains", "domain_directory", "invitations", "invitation_directory",
        "invitation_scopes", "passkeys", "user_identities", "sign_in_rules", "mapped_members", "protection_keys",
    ];

    // What months were closed on. Of bills that were replaced the lines go, not that they were.
    private static readonly string[] Books =
    [
        "bill_imports", "bill_days", "reconciliation_runs", "reconciliation_differences", "reconciliation_proposals", "period_locks", "closing_rules",
    ];

    // One row for each thing that there is, or few.
    private static readonly string[] Small =
    [
        "alerts", "alert_looks", "outbox_positions", "outbox_failures", "audit_forwards", "rollup_series", "key_uses", "key_use_marks", "installation", "schema_versions",
    ];

    // Ended by the ledger lane; forgotten by the sweep, a day after their use and when they are silent and hold nothing.
    private static readonly string[] Passing = ["open_reservations", "idempotency_keys", "gateways"];

    /// <summary>By the table's name.</summary>
    public static FrozenDictionary<string, TableFate> All { get; } = Ledger.Concat(Audit).Concat(Rules).Concat(People).Concat(Books).Concat(Small)
        .Select(table => (table, TableFate.Kept))
        .Concat(Passing.Select(table => (table, TableFate.Passing)))
        .Concat(DetailRule.Hours.Concat(DetailRule.Others).Select(rule => (rule.Table, TableFate.Detail)))
        .ToFrozenDictionary(f => f.Item1, f => f.Item2, StringComparer.Ordinal);
}
