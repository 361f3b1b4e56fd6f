using System.Data.Common;
using Dapper;
using Spendra.Core.Rollups;
using Spendra.Storage.Access;
using Spendra.Storage.Ledger.Lists;

namespace Spendra.Storage.Rollups.Reports;

/// <summary>How long requests of one group took.</summary>
/// <param name="Group">What they have in common.</param>
/// <param name="Classes">Requests by latency class, from the shortest on.</param>
/// <param name="TotalMicros">All their times together.</param>
public sealed record LatencyRow(string Group, IReadOnlyList<long> Classes, long TotalMicros)
{
    public long Requests => Classes.Sum();
}

/// <summary>Reads what the worker has added up.</summary>
public static class RollupReports
{
    // Of the statement of a page: the sums come behind it.
    private const int SubjectColumn = 3;

    private const string Held = "SELECT scope_id FROM member_scopes WHERE organization_id = @OrganizationId AND member_id = @MemberId ORDER BY scope_id LIMIT 2";

    private const string OneKey = "SELECT key_id, actor_id FROM scoped_keys WHERE organization_id = @OrganizationId AND slug = @key";

    private const string Position = """
        SELECT coalesce(p.is_rebuilding, (1 = 0)) AS is_rebuilding, coalesce(p.hours_from, 0) AS hours_from, coalesce(p.sequence, 0) AS sequence
        FROM organizations o LEFT JOIN outbox_positions p ON p.organization_id = o.organization_id AND p.consumer = @consumer
        WHERE o.organization_id = @OrganizationId
        """;

    // A statement of its own: under row-level security PostgreSQL finds no row by the result of an addition, and reads them all.
    private const string WrittenAt = "SELECT created_at FROM outbox WHERE organization_id = @OrganizationId AND sequence = @sequence";

    /// <summary>
    /// Null when the scope or key that is asked for is not there, or not seen, or when it was left out by a member who does not hold
    /// exactly one.
    /// </summary>
    public static async Task<ReportPage?> ReadAsync(Database database, Coverage coverage, ReportQuery query, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, coverage.OrganizationId, cancel);
        if (await SubjectAsync(connection, transaction, coverage, query, cancel) is not { } subject) return null;
        var rows = await RowsAsync(database, connection, transaction, coverage, query, subject, cancel);
        return new ReportPage(rows, await StateAsync(connection, transaction, coverage, cancel));
    }

    /// <summary>
    /// By time, a page is full after some spans: these are read, four times as many each time, and not all there are. Of the whole time the
    /// largest may come from any of them: all subjects are added up by the first sum alone, and the others of those on the page.
    /// </summary>
    private static async Task<List<ReportRow>> RowsAsync(
        Database database, DbConnection connection, DbTransaction transaction, Coverage coverage, ReportQuery query, Guid subject, CancellationToken cancel)
    {
        var (rows, sums) = (new List<ReportRow>(), ReportSql.SumsOf(query.Table));
        var (reach, ids) = await ReachAsync(connection, transaction, coverage, query, subject, cancel);
        if (reach == ReportSql.Reach.Few && ids.Length == 0) return rows;
        if (query.Span == ReportSpan.Whole)
        {
            if (reach is ReportSql.Reach.Many or ReportSql.Reach.All && sums.Count > 1)
            {
                ids = [.. (await connection.QueryAsync<StoredSubject>(Page(query, [sums[0]]))).Select(s => s.SubjectId)];
                if (ids.Length == 0) return rows;
                reach = ReportSql.Reach.Few;
                query = query with { After = null, Limit = ids.Length };
            }
            await TakeAsync(query);
            return rows;
        }
        var length = RollupSpans.LengthOf(query.Read);
        var begin = Math.Max(query.From, query.After?.Order ?? query.From);
        for (var spans = 1L; begin < query.To && rows.Count <= query.Limit; spans *= 4)
        {
            var end = Math.Min(query.To, begin + spans * length);
            await TakeAsync(query with { From = begin, To = end, Limit = query.Limit - rows.Count });
            begin = end;
        }
        return rows;

        async Task TakeAsync(ReportQuery part)
        {
            await using var reader = await connection.ExecuteReaderAsync(Page(part, sums));
            while (await reader.ReadAsync(cancel))
                rows.Add(new ReportRow(reader.GetInt64(0), reader.GetString(1), reader.GetString(2), [.. Enumerable.Range(SubjectColumn + 1, sums.Count).Select(reader.GetInt64)]));
        }

        CommandDefinition Page(ReportQuery part, IReadOnlyList<string> wanted)
        {
            var parameters = database.Listing(coverage.OrganizationId, ids);
            parameters.AddDynamicParams(ParametersOf(coverage, part, subject));
            return new CommandDefinition(ReportSql.Of(part, reach, database.AmongIds, wanted), parameters, transaction, cancellationToken: cancel);
        }
    }

    private static async Task<(ReportSql.Reach Reach, Guid[] Ids)> ReachAsync(
        DbConnection connection, DbTransaction transaction, Coverage coverage, ReportQuery query, Guid subject, CancellationToken cancel)
    {
        if (ReportSql.IsOfOne(query.Group)) return (ReportSql.Reach.One, []);
        var ids = (await connection.QueryAsync<Guid>(new CommandDefinition(
            ReportSql.SubjectIdsOf(query.Group), ParametersOf(coverage, query, subject), transaction, cancellationToken: cancel))).ToArray();
        if (ids.Length <= ReportSql.MostSought) return (ReportSql.Reach.Few, ids);
        return (subject == coverage.OrganizationId ? ReportSql.Reach.All : ReportSql.Reach.Many, []);
    }

    /// <summary>How long measured requests of the organization took, group by group.</summary>
    public static async Task<(IReadOnlyList<LatencyRow> Rows, ReportState State)> ReadLatencyAsync(
        Database database, Coverage coverage, ReportQuery query, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, coverage.OrganizationId, cancel);
        var stored = await connection.QueryAsync<StoredLatency>(new CommandDefinition(
            ReportSql.LatencyOf(query.Group), ParametersOf(coverage, query, coverage.OrganizationId), transaction, cancellationToken: cancel));
        var rows = new List<LatencyRow>();
        foreach (var group in stored.GroupBy(r => r.GroupName, StringComparer.Ordinal))
        {
            var classes = new long[LatencyClasses.Count];
            foreach (var row in group) classes[row.LatencyClass] = row.Requests;
            rows.Add(new LatencyRow(group.Key, classes, group.Sum(r => r.TotalMicros)));
        }
        return (rows, await StateAsync(connection, transaction, coverage, cancel));
    }

    private static async Task<Guid?> SubjectAsync(
        DbConnection connection, DbTransaction transaction, Coverage coverage, ReportQuery query, CancellationToken cancel)
    {
        var covered = await LedgerWalk.CoveredAsync(connection, transaction, coverage, cancel);
        if (query.Key is { } key)
        {
            var found = await connection.QuerySingleOrDefaultAsync<StoredKey>(
                new CommandDefinition(OneKey, new { coverage.OrganizationId, key }, transaction, cancellationToken: cancel));
            return found is not null && (covered is null || covered.Contains(found.ActorId)) ? found.KeyId : null;
        }
        if (query.Scope is not null)
        {
            var scope = await LedgerWalk.ScopeAsync(connection, transaction, coverage.OrganizationId, query.Scope, cancel);
            return scope != Guid.Empty && (covered is null || covered.Contains(scope!.Value)) ? scope : null;
        }
        if (covered is null) return coverage.OrganizationId;
        var held = (await connection.QueryAsync<Guid>(new CommandDefinition(
            Held, new { coverage.OrganizationId, coverage.MemberId }, transaction, cancellationToken: cancel))).ToList();
        return held.Count == 1 ? held[0] : null;
    }

    private static async Task<ReportState> StateAsync(DbConnection connection, DbTransaction transaction, Coverage coverage, CancellationToken cancel)
    {
        var position = await connection.QuerySingleAsync<StoredPosition>(new CommandDefinition(
            Position, new { coverage.OrganizationId, consumer = RollupIntake.Consumer }, transaction, cancellationToken: cancel));
        var waitingSince = await connection.QuerySingleOrDefaultAsync<long?>(new CommandDefinition(
            WrittenAt, new { coverage.OrganizationId, sequence = position.Sequence + 1 }, transaction, cancellationToken: cancel));
        return new ReportState(waitingSince, position.IsRebuilding, position.HoursFrom);
    }

    private static object ParametersOf(Coverage coverage, ReportQuery query, Guid subject) => new
    {
        coverage.OrganizationId, subject, query.From, query.To, span = (int)query.Read, length = RollupSpans.LengthOf(query.Read),
        firstDay = RollupSpans.StartOf(RollupSpan.Day, query.From), day = RollupSpans.LengthOf(RollupSpan.Day),
        kind = query.Group.ToString().ToLowerInvariant(), provider = query.Provider ?? "", model = query.Model ?? "",
        environment = query.Environment ?? "", account = query.Account ?? "", isFirst = query.After is null ? 1 : 0,
        order = query.After?.Order ?? 0, group = query.After?.Group ?? "", detail = query.After?.Detail ?? "", most = query.Limit + 1,
    };

    private sealed class StoredSubject
    {
        public Guid SubjectId { get; set; }
    }

    private sealed class StoredKey
    {
        public Guid KeyId { get; set; }
        public Guid ActorId { get; set; }
    }

    private sealed class StoredPosition
    {
        public bool IsRebuilding { get; set; }
        public long HoursFrom { get; set; }
        public long Sequence { get; set; }
    }

    private sealed class StoredLatency
    {
        public string GroupName { get; set; } = "";
        public int LatencyClass { get; set; }
        public long Requests { get; set; }
        public long TotalMicros { get; set; }
    }
}
