using System.Collections.Immutable;

namespace Spendra.Storage.Retention;

/// <summary>Which rows of a table are old detail.</summary>
/// <param name="Table">The table.</param>
/// <param name="Key">Its key, as columns separated by commas.</param>
/// <param name="Old">The condition on a row <c>d</c>; <c>@before</c> is the first instant that is kept, <c>@beforeId</c> the first id of it.</param>
/// <param name="KeptFrom">That instant, of the limits and the time; null when all is kept.</param>
/// <param name="IsOfOrganizations">Its rows belong to organizations: it is looked at one after the other.</param>
public sealed record DetailRule(string Table, string Key, string Old, Func<RetentionLimits, long, long?> KeptFrom, bool IsOfOrganizations = true)
{
    // Lines of an import that never came as well: whoever wrote them was stopped.
    private const string Replaced = """
        (EXISTS (SELECT 1 FROM bill_imports i
            JOIN bill_days n ON n.organization_id = i.organization_id AND n.account_id = i.account_id AND n.day = d.day AND n.import_id <> i.import_id
            JOIN bill_imports r ON r.organization_id = n.organization_id AND r.import_id = n.import_id
            WHERE i.organization_id = d.organization_id AND i.import_id = d.import_id AND r.imported_at < @before)
        OR d.import_id < @beforeId AND NOT EXISTS (SELECT 1 FROM bill_imports i WHERE i.organization_id = d.organization_id AND i.import_id = d.import_id))
        """;

    // Whether somebody hears how an alert went on is decided by who was told of it.
    private const string Told = """
        d.ended_at < @before AND EXISTS (SELECT 1 FROM alerts a
            WHERE a.organization_id = d.organization_id AND a.alert_id = d.alert_id AND a.cleared_at < @before)
        """;

    private const string PartOfEnded = """
        EXISTS (SELECT 1 FROM export_runs r WHERE r.organization_id = d.organization_id AND r.run_id = d.run_id AND r.ended_at < @before)
        """;

    // Parts go first: whoever is stopped between them leaves none without its export.
    private const string Ended = """
        d.ended_at < @before AND NOT EXISTS (SELECT 1 FROM export_parts p WHERE p.organization_id = d.organization_id AND p.run_id = d.run_id)
        """;

    private const string OldHour = "d.span = 0 AND d.starts_at < @before";

    /// <summary>The sums by the hour. What counts must have noted first that they go.</summary>
    public static readonly ImmutableArray<DetailRule> Hours =
    [
        new("usage_rollups", "organization_id, span, starts_at, subject_id, series_id", OldHour, Hourly),
        new("unit_rollups", "organization_id, span, starts_at, subject_id, series_id, unit", OldHour, Hourly),
        new("refusal_rollups", "organization_id, span, starts_at, subject_id, series_id, code", OldHour, Hourly),
        new("latency_rollups", "organization_id, span, starts_at, series_id, latency_class", OldHour, Hourly),
    ];

    /// <summary>Everything else, in the order in which it goes.</summary>
    public static readonly ImmutableArray<DetailRule> Others =
    [
        new("alert_deliveries", "organization_id, delivery_id", Told, (limits, now) => RetentionLimits.KeptFrom(limits.DeliveryMonths, now)),
        new("export_parts", "organization_id, run_id, part_number", PartOfEnded, (limits, now) => RetentionLimits.KeptFrom(limits.ExportMonths, now)),
        new("export_runs", "organization_id, run_id", Ended, (limits, now) => RetentionLimits.KeptFrom(limits.ExportMonths, now)),
        new("billed_lines", "organization_id, import_id, day, line", Replaced, (limits, now) => RetentionLimits.KeptFrom(limits.ReplacedBillMonths, now)),
        new("creation_receipts", "organization_id, member_id, key_digest", "d.created_at < @before",
            (limits, now) => RetentionLimits.KeptFromDays(limits.ReceiptDays, now)),
        // They are good for nothing from their end on.
        new("sessions", "session_id", "d.expires_at <= @before", (_, now) => now, IsOfOrganizations: false),
        new("sign_in_tickets", "ticket_digest", "d.expires_at <= @before", (_, now) => now, IsOfOrganizations: false),
    ];

    internal string Delete(string skipLocked) => $"""
        WITH old AS MATERIALIZED (
            SELECT {Key} FROM {Table} d WHERE {(IsOfOrganizations ? "d.organization_id = @organizationId AND " : "")}{Old} LIMIT @limit{skipLocked})
        DELETE FROM {Table} WHERE ({Key}) IN (SELECT {Key} FROM old)
        """;

    private static long? Hourly(RetentionLimits limits, long now) => RetentionLimits.KeptFrom(limits.HourlyRollupMonths, now);
}
