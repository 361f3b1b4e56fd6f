using Dapper;
using Spendra.Core.Budgets;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Storage.Access;

namespace Spendra.Storage.Governance;

/// <summary>Which budgets, and from where on.</summary>
/// <param name="Sort"><c>slug</c> or <c>-slug</c>.</param>
/// <param name="After">The last slug before, or null for the first page.</param>
/// <param name="Limit">Rows at most.</param>
/// <param name="NowMicros">Whose windows come along.</param>
public sealed record BudgetListQuery(string Sort, string[]? After, int Limit, long NowMicros)
{
    public PeriodKind? Period { get; init; }

    /// <summary>Only those of this scope: <c>team/search</c>.</summary>
    public string? Scope { get; init; }

    public string? Search { get; init; }

    public bool WithArchived { get; init; }
}

/// <summary>A budget with the name of its scope and the window that it used last: the one that is running, or an earlier one.</summary>
public sealed record ListedBudget(BudgetRow Row, string Scope, WindowRow? Window);

/// <summary>Reads budgets and their windows, as far as a member sees the scopes that they are for.</summary>
public static class BudgetLists
{
    // Windows of a budget never overlap: the one that began last is the one that may still run; whether it does, its id tells.
    // Looked up by id: by its start SQLite would read the windows of all budgets for each. And behind the page: PostgreSQL would
    // read all windows to join them with a condition whose outcome it cannot guess.
    private const string Page = Coverage.Scopes + """
        , page AS MATERIALIZED (
            SELECT b.budget_id, b.slug, b.scope_id, b.amount_nanos, b.period, b.week_start, b.fiscal_start_month, b.range_start,
                b.range_end, b.time_zone, b.increases, b.archived_at, b.changed_epoch, s.kind AS scope_kind, s.slug AS scope_slug,
                (SELECT x.window_id FROM windows x
                    WHERE x.organization_id = b.organization_id AND x.budget_id = b.budget_id AND x.starts_at <= @now
                    ORDER BY x.starts_at DESC LIMIT 1) AS last_window_id
            FROM budgets b
            JOIN scopes s ON s.organization_id = b.organization_id AND s.scope_id = b.scope_id
            WHERE b.organization_id = @OrganizationId AND (@IsEverything OR b.scope_id IN (SELECT scope_id FROM covered))
        """;

    private const string Filters = """

            AND (@withArchived OR b.archived_at IS NULL)
            AND (@period = '' OR b.period = @period)
            AND (@scopeKind = '' OR (s.kind = @scopeKind AND (s.slug = @scopeSlug OR s.kind = 'organization')))
            AND (@search = '' OR lower(b.slug) LIKE @search ESCAPE '\')
        """;

    private const string Windows = """
        )
        SELECT p.*, w.window_id, w.starts_at, w.ends_at, w.limit_nanos, w.reserved_nanos, w.settled_nanos
        FROM page p LEFT JOIN windows w ON w.organization_id = @OrganizationId AND w.window_id = p.last_window_id
        ORDER BY p.slug
        """;

    private const string BySlug = Page + Filters + "\nAND (@isFirst OR b.slug > @value) ORDER BY b.slug LIMIT @limit" + Windows;
    private const string BySlugDown = Page + Filters + "\nAND (@isFirst OR b.slug < @value) ORDER BY b.slug DESC LIMIT @limit" + Windows + " DESC";
    private const string One = Page + "\nAND b.slug = @slug" + Windows;

    private const string History = """
        SELECT window_id, budget_id, starts_at, ends_at, limit_nanos, reserved_nanos, settled_nanos FROM windows
        WHERE organization_id = @OrganizationId AND budget_id = @budgetId AND starts_at < @before
        ORDER BY starts_at DESC LIMIT @limit
        """;

    public static async Task<IReadOnlyList<ListedBudget>> ReadAsync(
        Database database, Coverage coverage, BudgetListQuery query, CancellationToken cancel)
    {
        var (scopeKind, scopeSlug) = ScopeLists.Split(query.Scope);
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, coverage.OrganizationId, cancel);
        var rows = await connection.QueryAsync<StoredListedBudget>(new CommandDefinition(query.Sort == "slug" ? BySlug : BySlugDown, new
        {
            coverage.OrganizationId, coverage.MemberId, coverage.IsEverything, scopeKind, scopeSlug, withArchived = query.WithArchived,
            period = query.Period is { } period ? GovernanceNames.Of(period) : "", search = SearchText.Like(query.Search),
            now = query.NowMicros, isFirst = query.After is null, value = query.After?[0] ?? "", limit = query.Limit,
        }, transaction, cancellationToken: cancel));
        return [.. rows.Select(r => r.ToListed(coverage.OrganizationId))];
    }

    /// <summary>One budget; null when it does not exist or the member does not see it.</summary>
    public static async Task<ListedBudget?> FindAsync(
        Database database, Coverage coverage, string slug, long nowMicros, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, coverage.OrganizationId, cancel);
        var row = await connection.QuerySingleOrDefaultAsync<StoredListedBudget>(new CommandDefinition(One,
            new { coverage.OrganizationId, coverage.MemberId, coverage.IsEverything, slug, now = nowMicros }, transaction, cancellationToken: cancel));
        return row?.ToListed(coverage.OrganizationId);
    }

    /// <summary>The windows of a budget that were used, newest first.</summary>
    /// <param name="database">A migrated database.</param>
    /// <param name="organizationId">The organization.</param>
    /// <param name="budgetId">The budget, which the caller may see.</param>
    /// <param name="beforeMicros">Only those that began before.</param>
    /// <param name="limit">Rows at most.</param>
    /// <param name="cancel">Stops waiting.</param>
    public static async Task<IReadOnlyList<WindowRow>> ReadWindowsAsync(
        Database database, Guid organizationId, Guid budgetId, long beforeMicros, int limit, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var rows = await connection.QueryAsync<Ledger.StoredWindowRow>(new CommandDefinition(History,
            new { OrganizationId = organizationId, budgetId, before = beforeMicros, limit }, transaction, cancellationToken: cancel));
        return [.. rows.Select(r => r.ToRow(organizationId))];
    }

    private sealed class StoredListedBudget
    {
        public Guid BudgetId { get; set; }
        public string Slug { get; set; } = "";
        public Guid ScopeId { get; set; }
        public long AmountNanos { get; set; }
        public string Period { get; set; } = "";
        public int WeekStart { get; set; }
        public int FiscalStartMonth { get; set; }
        public string? RangeStart { get; set; }
        public string? RangeEnd { get; set; }
        public string TimeZone { get; set; } = "";
        public string Increases { get; set; } = "[]";
        public long? ArchivedAt { get; set; }
        public long ChangedEpoch { get; set; }
        public string ScopeKind { get; set; } = "";
        public string ScopeSlug { get; set; } = "";
        public Guid? WindowId { get; set; }
        public long StartsAt { get; set; }
        public long EndsAt { get; set; }
        public long LimitNanos { get; set; }
        public long ReservedNanos { get; set; }
        public long SettledNanos { get; set; }

        public ListedBudget ToListed(Guid organizationId)
        {
            var budget = new StoredBudget
            {
                BudgetId = BudgetId, Slug = Slug, ScopeId = ScopeId, AmountNanos = AmountNanos, Period = Period, WeekStart = WeekStart,
                FiscalStartMonth = FiscalStartMonth, RangeStart = RangeStart, RangeEnd = RangeEnd, TimeZone = TimeZone, Increases = Increases,
            };
            var window = WindowId is not { } id ? null : new WindowRow
            {
                OrganizationId = organizationId, WindowId = id, BudgetId = BudgetId, Span = new WindowSpan(StartsAt, EndsAt),
                Limit = new NanoUsd(LimitNanos), Reserved = new NanoUsd(ReservedNanos), Settled = new NanoUsd(SettledNanos),
            };
            return new ListedBudget(new BudgetRow(budget.ToBudget(), ArchivedAt is not null) { ChangedEpoch = ChangedEpoch },
                ScopeKind == "organization" ? ScopeKind : $"{ScopeKind}/{ScopeSlug}", window);
        }
    }
}
