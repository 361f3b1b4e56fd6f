using Spendra.Core.Rollups;

namespace Spendra.Storage.Rollups.Reports;

/// <summary>
/// The statements of reports. Of one subject, rollups are found by the beginning of each span and the subject, one after the other, as
/// their key begins with these: what others have used meanwhile is not looked at. Of many, all that begins in the time is.
/// </summary>
internal static class ReportSql
{
    /// <summary>How a report's subjects are found.</summary>
    public enum Reach
    {
        /// <summary>There is one, and rows are parts of what it used.</summary>
        One,

        /// <summary>They are known, and each span is looked into for each of them.</summary>
        Few,

        /// <summary>The whole time is read, and theirs picked out of it.</summary>
        Many,

        /// <summary>Likewise, and those of the whole organization: whose a row is tells its id.</summary>
        All,
    }

    /// <summary>Up to so many subjects are looked for one by one.</summary>
    public const int MostSought = 50;

    private const string InTime = "u.starts_at >= @From AND u.starts_at < @To";

    private const string Series = """
        JOIN rollup_series r ON r.organization_id = u.organization_id AND r.series_id = u.series_id
        LEFT JOIN provider_accounts a ON a.organization_id = u.organization_id AND a.account_id = r.account_id
        """;

    private const string Chosen = """
        AND (@provider = '' OR r.provider = @provider) AND (@model = '' OR r.model = @model)
        AND (@environment = '' OR r.environment = @environment) AND (@account = '' OR a.slug = @account)
        """;

    // Materialized, here and below: SQLite would find all of them again for every row of the table before.
    private const string Spans =
        "spans (at) AS MATERIALIZED (SELECT CAST(@From AS bigint) UNION ALL SELECT at + @length FROM spans WHERE at + @length < @To)";

    private const string WholeTime = "CAST(@From AS bigint)";

    private const string None = "''";

    /// <summary>The sums of usage, in order; the first decides who comes first.</summary>
    public static readonly string[] UsageSums =
    [
        "cost_nanos", "requests", "releases", "corrected_nanos", "estimated_requests", "estimated_nanos", "measured_held_nanos", "measured_nanos",
        "input_units", "cached_input_units", "cache_write_units", "output_units", "reasoning_units",
    ];

    public static IReadOnlyList<string> SumsOf(ReportTable table) => table switch
    {
        ReportTable.Usage => UsageSums,
        ReportTable.Units => ["units"],
        ReportTable.Refusals => ["refusals"],
    };

    /// <summary>The subjects that a report has rows of, unless they are many: one more than <see cref="MostSought"/> then.</summary>
    public static string SubjectIdsOf(ReportGroup group) =>
        $"WITH RECURSIVE {SubjectsOf(group)} SELECT subject_id FROM subjects LIMIT {MostSought + 1}";

    /// <summary>A page: the beginning of each row's span, its group, its detail, the subject, and the sums.</summary>
    /// <param name="query">Which report.</param>
    /// <param name="reach">How its subjects are found.</param>
    /// <param name="amongIds">The condition of being among <c>@ids</c>: of <see cref="Reach.Few"/>.</param>
    /// <param name="sums">Which sums, the first of them that of the order.</param>
    public static string Of(ReportQuery query, Reach reach, string amongIds, IReadOnlyList<string> sums)
    {
        var first = SumsOf(query.Table)[0];
        var (startsAt, order, next) = query.Span == ReportSpan.Whole
            ? (WholeTime, $"{first} DESC, group_name, detail", $"{first} < @order OR ({first} = @order AND (group_name, detail) > (@group, @detail))")
            : ("u.starts_at", "starts_at, group_name, detail", "(starts_at, group_name, detail) > (@order, @group, @detail)");
        var (added, columns) = (string.Join(", ", sums.Select(s => $"CAST(sum(u.{s}) AS bigint) AS {s}")), string.Join(", ", sums));
        var (rollups, seen) = (TableOf(query.Table), reach == Reach.One ? "= @subject" : amongIds);
        var spans = query.Read == RollupSpan.Hour ? HoursOf(rollups, seen) : Spans;
        // CROSS JOIN: SQLite takes the left side first, and would otherwise read the whole time once for each subject.
        var (tables, source, found) = reach switch
        {
            // By their ids: PostgreSQL does not know how few come out of a table of its own making, and would read the whole time. And
            // with the time beside its spans, or it would look at the partitions of all months.
            Reach.One or Reach.Few => (spans, $"spans CROSS JOIN {rollups} u", $"u.starts_at = spans.at AND {InTime} AND u.subject_id {seen}"),
            Reach.Many => (SubjectsOf(query.Group), $"{rollups} u", $"{InTime} AND u.subject_id IN (SELECT subject_id FROM subjects)"),
            // Of the whole time one sum is added up, of which too much costs less than looking first whose each row is.
            Reach.All => (Spans, $"{rollups} u", query.Span == ReportSpan.Whole ? InTime : $"{InTime} AND EXISTS (SELECT 1 FROM {SubjectOf(query.Group)} = u.subject_id)"),
        };
        // What a row is a series of is looked up only where somebody asks: of a month there are many rows.
        var (series, chosen) = IsOfOne(query.Group) || query.ChoosesSeries ? (Series, Chosen) : ("", "");
        // Names come after the addition: they are looked up once for each sum, and not for each row that is added.
        var (group, named) = reach switch
        {
            Reach.One => ("a.group_name", "added a"),
            Reach.Many => ("n.name", "added a CROSS JOIN subjects n WHERE n.subject_id = a.subject_id"),
            _ => (NameOf(query.Group), $"added a CROSS JOIN {SubjectOf(query.Group)} = a.subject_id"),
        };
        var (part, detail) = (PartOf(query.Group), DetailOf(query.Table));
        // Without what is the same in all rows: SQLite sorts by it all the same, for twice the time.
        var distinct = new[] { startsAt, part, detail, "u.subject_id" }.Where(c => c is not (None or WholeTime));
        return $"""
            WITH RECURSIVE {tables},
            added AS MATERIALIZED (
                SELECT {startsAt} AS starts_at, {part} AS group_name, {detail} AS detail, u.subject_id, {added}
                FROM {source} {series}
                WHERE u.organization_id = @OrganizationId AND u.span = @span AND {found} {chosen}
                GROUP BY {string.Join(", ", distinct)})
            SELECT * FROM (SELECT a.starts_at, {group} AS group_name, a.detail, a.subject_id, {columns} FROM {named}) named
            WHERE @isFirst = 1 OR {next}
            ORDER BY {order} LIMIT @most
            """;
    }

    /// <summary>How long measured requests took, by class; of the organization.</summary>
    public static string LatencyOf(ReportGroup group) => $"""
        SELECT {PartOf(group)} AS group_name, u.latency_class, CAST(sum(u.requests) AS bigint) AS requests, CAST(sum(u.total_micros) AS bigint) AS total_micros
        FROM latency_rollups u {Series}
        WHERE u.organization_id = @OrganizationId AND u.span = @span AND u.starts_at >= @From AND u.starts_at < @To {Chosen}
        GROUP BY 1, 2 ORDER BY 1, 2
        """;

    /// <summary>Rows are parts of what one subject used; otherwise each is another subject's.</summary>
    public static bool IsOfOne(ReportGroup group) => group < ReportGroup.Key;

    private static string TableOf(ReportTable table) => table switch
    {
        ReportTable.Usage => "usage_rollups",
        ReportTable.Units => "unit_rollups",
        ReportTable.Refusals => "refusal_rollups",
    };

    private static string DetailOf(ReportTable table) => table switch
    {
        ReportTable.Usage => None,
        ReportTable.Units => "u.unit",
        ReportTable.Refusals => "u.code",
    };

    private static string PartOf(ReportGroup group) => group switch
    {
        ReportGroup.Provider => "r.provider",
        ReportGroup.Account => "coalesce(a.slug, '')",
        ReportGroup.Model => "r.model",
        ReportGroup.Environment => "r.environment",
        _ => None,
    };

    private static string NameOf(ReportGroup group) => group == ReportGroup.Key ? "n.slug" : "n.kind || '/' || n.slug";

    // Ends in the subject's id.
    private static string SubjectOf(ReportGroup group) => group == ReportGroup.Key
        ? "scoped_keys n WHERE n.organization_id = @OrganizationId AND n.key_id"
        : "scopes n WHERE n.organization_id = @OrganizationId AND n.kind = @kind AND n.scope_id";

    /// <summary>The hours of those days of which there is something: most keys are used on few of them.</summary>
    private static string HoursOf(string rollups, string seen) => $"""
        days (at) AS MATERIALIZED (
            SELECT CAST(@firstDay AS bigint) UNION ALL SELECT at + @day FROM days WHERE at + @day < @To),
        used (at) AS MATERIALIZED (
            SELECT d.at FROM days d WHERE EXISTS (SELECT 1 FROM {rollups} x
                WHERE x.organization_id = @OrganizationId AND x.span = 1 AND x.starts_at = d.at AND x.subject_id {seen})),
        hours (after) AS MATERIALIZED (SELECT CAST(0 AS bigint) UNION ALL SELECT after + @length FROM hours WHERE after + @length < @day),
        spans (at) AS MATERIALIZED (SELECT d.at + h.after FROM used d CROSS JOIN hours h WHERE d.at + h.after >= @From AND d.at + h.after < @To)
        """;

    private static string SubjectsOf(ReportGroup group)
    {
        const string Below = """
            below (scope_id) AS (
                SELECT @subject
                UNION SELECT s.scope_id FROM scopes s WHERE s.organization_id = @OrganizationId AND s.parent_id IS NULL AND @subject = @OrganizationId
                UNION SELECT s.scope_id FROM below b CROSS JOIN scopes s WHERE s.organization_id = @OrganizationId AND s.parent_id = b.scope_id),
            """;
        return group == ReportGroup.Key
            ? $"""
                {Below}
                subjects (subject_id, name) AS MATERIALIZED (
                    SELECT k.key_id, k.slug FROM scoped_keys k JOIN below b ON b.scope_id = k.actor_id WHERE k.organization_id = @OrganizationId)
                """
            : $"""
                {Below}
                subjects (subject_id, name) AS MATERIALIZED (
                    SELECT s.scope_id, s.kind || '/' || s.slug FROM scopes s JOIN below b ON b.scope_id = s.scope_id
                    WHERE s.organization_id = @OrganizationId AND s.kind = @kind)
                """;
    }
}
