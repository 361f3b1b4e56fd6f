using System.Data.Common;
using Dapper;
using Spendra.Core.Metering;
using Spendra.Core.Rollups;

namespace Spendra.Storage.Rollups;

/// <summary>Writes books: adds to rows that are there, or puts rows where none are.</summary>
internal sealed class RollupWriter(Database database, DbConnection connection, DbTransaction transaction, Guid organizationId, CancellationToken cancel)
{
    private static readonly string[] Sums =
    [
        "requests", "releases", "cost_nanos", "corrected_nanos", "estimated_requests", "estimated_nanos", "measured_held_nanos", "measured_nanos",
        "input_units", "cached_input_units", "cache_write_units", "output_units", "reasoning_units",
    ];

    /// <summary>What sums are in, by span and time.</summary>
    public static readonly string[] Tables = ["usage_rollups", "unit_rollups", "refusal_rollups", "latency_rollups"];

    private const string HoursFrom = "SELECT hours_from FROM outbox_positions WHERE organization_id = @organizationId AND consumer = @consumer";

    private static readonly string AddUsage = Adding("usage_rollups", "organization_id, span, starts_at, subject_id, series_id", Sums);
    private static readonly string AddUnits = Adding("unit_rollups", "organization_id, span, starts_at, subject_id, series_id, unit", ["units"]);
    private static readonly string AddRefusals = Adding("refusal_rollups", "organization_id, span, starts_at, subject_id, series_id, code", ["refusals"]);
    private static readonly string AddLatency = Adding(
        "latency_rollups", "organization_id, span, starts_at, series_id, latency_class", ["requests", "total_micros"]);

    /// <summary>Adds a book to what is there.</summary>
    public Task AddAsync(RollupBook book) => WriteAsync(book, AddUsage, AddUnits, AddRefusals, AddLatency);

    /// <summary>Puts a book where no row is of its spans.</summary>
    public Task PutAsync(RollupBook book) => WriteAsync(book, "", "", "", "");

    /// <summary>Takes away all hours, or all days, that begin in some time.</summary>
    public async Task ClearAsync(RollupSpan span, long from, long to)
    {
        foreach (var table in Tables)
        {
            await connection.ExecuteAsync(new CommandDefinition(
                $"DELETE FROM {table} WHERE organization_id = @organizationId AND span = @span AND starts_at >= @from AND starts_at < @to",
                new { organizationId, span = (short)span, from, to }, transaction, commandTimeout: 0, cancellationToken: cancel));
        }
    }

    /// <summary>The first instant whose hours are kept.</summary>
    public static async Task<long> ReadHoursFromAsync(
        DbConnection connection, DbTransaction transaction, Guid organizationId, string forUpdate, CancellationToken cancel) =>
        await connection.ExecuteScalarAsync<long?>(new CommandDefinition(
            HoursFrom + forUpdate, new { organizationId, consumer = RollupIntake.Consumer }, transaction, cancellationToken: cancel)) ?? 0;

    private async Task WriteAsync(RollupBook book, string usage, string units, string refusals, string latency)
    {
        // Locked: hours that go are noted before or behind this transaction, and are not counted into while they do.
        var hoursFrom = await ReadHoursFromAsync(connection, transaction, organizationId, database.ForUpdate, cancel);
        await InsertAsync(SeriesInsert(), [.. book.Series.OrderBy(s => s.Value)]);
        await InsertAsync(UsageInsert(usage), [.. book.Usage.Where(r => IsKept(r.Key.Span, r.Key.StartsAt)).OrderBy(r => r.Key, UsageOrder.Instance)]);
        await InsertAsync(UnitInsert(units), [.. book.Units.Where(r => IsKept(r.Key.Usage.Span, r.Key.Usage.StartsAt)).OrderBy(r => r.Key.Usage, UsageOrder.Instance).ThenBy(r => r.Key.Unit)]);
        await InsertAsync(RefusalInsert(refusals),
            [.. book.Refusals.Where(r => IsKept(r.Key.Usage.Span, r.Key.Usage.StartsAt)).OrderBy(r => r.Key.Usage, UsageOrder.Instance).ThenBy(r => r.Key.Code, StringComparer.Ordinal)]);
        await InsertAsync(LatencyInsert(latency),
            [.. book.Latency.Where(r => IsKept(r.Key.Span, r.Key.StartsAt)).OrderBy(r => (r.Key.Span, r.Key.StartsAt, r.Key.SeriesId, r.Key.LatencyClass))]);

        bool IsKept(RollupSpan span, long startsAt) => span != RollupSpan.Hour || startsAt >= hoursFrom;
    }

    private Task InsertAsync<TRow>(BulkInsert<TRow> insert, IReadOnlyList<TRow> rows) =>
        rows.Count == 0 ? Task.CompletedTask : database.InsertAsync(connection, transaction, insert, rows, cancel);

    private BulkInsert<KeyValuePair<RollupSeries, Guid>> SeriesInsert() =>
        new BulkInsert<KeyValuePair<RollupSeries, Guid>>("rollup_series", "ON CONFLICT (organization_id, series_id) DO NOTHING")
            .Column("organization_id", _ => organizationId).Column("series_id", r => r.Value).Column("account_id", r => r.Key.AccountId)
            .Column("provider", r => r.Key.Provider).Column("model", r => r.Key.Model).Column("environment", r => r.Key.Environment);

    private BulkInsert<KeyValuePair<UsageKey, UsageSums>> UsageInsert(string ending) =>
        Keyed(new BulkInsert<KeyValuePair<UsageKey, UsageSums>>("usage_rollups", ending), r => r.Key)
            .Column("requests", r => r.Value.Requests).Column("releases", r => r.Value.Releases).Column("cost_nanos", r => r.Value.CostNanos)
            .Column("corrected_nanos", r => r.Value.CorrectedNanos).Column("estimated_requests", r => r.Value.EstimatedRequests)
            .Column("estimated_nanos", r => r.Value.EstimatedNanos).Column("measured_held_nanos", r => r.Value.MeasuredHeldNanos)
            .Column("measured_nanos", r => r.Value.MeasuredNanos).Column("input_units", r => r.Value.InputUnits)
            .Column("cached_input_units", r => r.Value.CachedInputUnits).Column("cache_write_units", r => r.Value.CacheWriteUnits)
            .Column("output_units", r => r.Value.OutputUnits).Column("reasoning_units", r => r.Value.ReasoningUnits);

    private BulkInsert<KeyValuePair<UnitKey, long>> UnitInsert(string ending) =>
        Keyed(new BulkInsert<KeyValuePair<UnitKey, long>>("unit_rollups", ending), r => r.Key.Usage)
            .Column("unit", r => UnitClasses.NameOf(r.Key.Unit)).Column("units", r => r.Value);

    private BulkInsert<KeyValuePair<RefusalKey, long>> RefusalInsert(string ending) =>
        Keyed(new BulkInsert<KeyValuePair<RefusalKey, long>>("refusal_rollups", ending), r => r.Key.Usage)
            .Column("code", r => r.Key.Code).Column("refusals", r => r.Value);

    private BulkInsert<KeyValuePair<LatencyKey, LatencySums>> LatencyInsert(string ending) =>
        new BulkInsert<KeyValuePair<LatencyKey, LatencySums>>("latency_rollups", ending)
            .Column("organization_id", _ => organizationId).Column("span", r => (short)r.Key.Span).Column("starts_at", r => r.Key.StartsAt)
            .Column("series_id", r => r.Key.SeriesId).Column("latency_class", r => (short)r.Key.LatencyClass)
            .Column("requests", r => r.Value.Requests).Column("total_micros", r => r.Value.TotalMicros);

    private BulkInsert<TRow> Keyed<TRow>(BulkInsert<TRow> insert, Func<TRow, UsageKey> key) => insert
        .Column("organization_id", _ => organizationId).Column("span", r => (short)key(r).Span).Column("starts_at", r => key(r).StartsAt)
        .Column("subject_id", r => key(r).SubjectId).Column("series_id", r => key(r).SeriesId);

    private static string Adding(string table, string key, string[] sums) =>
        $"ON CONFLICT ({key}) DO UPDATE SET {string.Join(", ", sums.Select(s => $"{s} = {table}.{s} + excluded.{s}"))}";

    /// <summary>Along the primary key: workers that write the same rows lock them in one order.</summary>
    private sealed class UsageOrder : IComparer<UsageKey>
    {
        public static readonly UsageOrder Instance = new();

        public int Compare(UsageKey x, UsageKey y) =>
            (x.Span, x.StartsAt, x.SubjectId, x.SeriesId).CompareTo((y.Span, y.StartsAt, y.SubjectId, y.SeriesId));
    }
}
