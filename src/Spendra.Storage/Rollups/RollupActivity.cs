using System.Collections.Immutable;
using Dapper;
using Spendra.Core.Alerts;
using Spendra.Core.Rollups;

namespace Spendra.Storage.Rollups;

/// <summary>What scopes spent, and how often they were refused, hour by hour: as alerts judge it.</summary>
public static class RollupActivity
{
    /// <summary>A week knows nights and weekends.</summary>
    public const int PastHours = 7 * 24;

    // Employees and their agents are too many, and too moody, to be watched one by one.
    private const string Watched = """
        JOIN scopes s ON s.organization_id = r.organization_id AND s.scope_id = r.subject_id
        WHERE r.organization_id = @organizationId AND r.span = 0 AND r.starts_at BETWEEN @from AND @hour AND s.archived_at IS NULL
            AND s.kind IN ('organization', 'branch', 'team', 'project')
        GROUP BY r.subject_id, s.kind, s.slug, r.starts_at
        """;

    private const string Spend = $"""
        SELECT r.subject_id, s.kind, s.slug, r.starts_at, CAST(sum(r.cost_nanos) AS bigint) AS amount FROM usage_rollups r {Watched}
        """;

    private const string Refusals = $"""
        SELECT r.subject_id, s.kind, s.slug, r.starts_at, CAST(sum(r.refusals) AS bigint) AS amount FROM refusal_rollups r {Watched}
        """;

    /// <summary>
    /// Spend in nano-USD and refused requests of the hour that is running or the one before, whichever has more, and of the week before
    /// these. The one before is judged as long as the next one lasts: what is booked in its last minute, or for it later, is not missed, and
    /// what goes on is not over because the clock has struck. Scopes without any are left out.
    /// </summary>
    public static async Task<(IReadOnlyList<HourlyActivity> Spend, IReadOnlyList<HourlyActivity> Refusals)> ReadAsync(
        Database database, Guid organizationId, long nowMicros, CancellationToken cancel)
    {
        var hour = RollupSpans.StartOf(RollupSpan.Hour, nowMicros);
        var from = hour - (PastHours + 1) * RollupSpans.LengthOf(RollupSpan.Hour);
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var (spend, refusals) = (await ListAsync(Spend), await ListAsync(Refusals));
        // Nothing is usual for whoever was not there: what is known of a scope begins with its first hour.
        var first = spend.Concat(refusals).GroupBy(r => r.SubjectId).ToDictionary(g => g.Key, g => g.Min(r => r.StartsAt));
        return (Activities(spend), Activities(refusals));

        async Task<List<Stored>> ListAsync(string sql) => [.. await connection.QueryAsync<Stored>(
            new CommandDefinition(sql, new { organizationId, from, hour }, transaction, cancellationToken: cancel))];

        IReadOnlyList<HourlyActivity> Activities(List<Stored> rows) =>
        [
            .. rows.GroupBy(r => (r.SubjectId, Subject: $"{r.Kind}/{r.Slug}"))
                .Select(g => ActivityOf(organizationId, g.Key.SubjectId, g.Key.Subject, g, hour, first[g.Key.SubjectId])),
        ];
    }

    private static HourlyActivity ActivityOf(Guid organizationId, Guid subjectId, string subject, IEnumerable<Stored> rows, long hour, long first)
    {
        var length = RollupSpans.LengthOf(RollupSpan.Hour);
        var last = hour - length;
        var past = new long[Math.Max(0, (last - first) / length)];
        var (judged, startsAt) = (0L, hour);
        foreach (var row in rows)
        {
            // A correction may have taken more out of an hour than was left in it.
            var amount = Math.Max(0, row.Amount);
            if (row.StartsAt < last) past[past.Length - (last - row.StartsAt) / length] = amount;
            else if (amount > judged) (judged, startsAt) = (amount, row.StartsAt);
        }
        return new HourlyActivity(subjectId == organizationId ? null : subjectId, subject, ImmutableArray.Create(past), judged, startsAt);
    }

    private sealed class Stored
    {
        public Guid SubjectId { get; set; }
        public string Kind { get; set; } = "";
        public string Slug { get; set; } = "";
        public long StartsAt { get; set; }
        public long Amount { get; set; }
    }
}
