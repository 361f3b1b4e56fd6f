using Dapper;
using Spendra.Core.Audit;
using Spendra.Storage.Ledger.Lists;

namespace Spendra.Storage.Audit;

/// <summary>Which audit records. Times are microseconds since the Unix epoch.</summary>
public sealed record AuditQuery(int Limit, bool IsAscending)
{
    /// <summary>Only what follows this record in the order of the list.</summary>
    public long? After { get; init; }

    /// <summary>Only of actors whose name contains this text, in any case.</summary>
    public string? Actor { get; init; }

    public string? Action { get; init; }

    public string? SubjectKind { get; init; }

    public string? Subject { get; init; }

    public long? From { get; init; }

    public long? To { get; init; }
}

/// <summary>Walks through audit records by their numbers.</summary>
public static class AuditLists
{
    private const string Columns = """
        organization_id, sequence, recorded_at, actor, action, subject_kind, subject, before_state, after_state, reason, origin,
            previous_hash, hash
        """;

    private const string Down = "FROM audit_records WHERE organization_id = @organizationId AND sequence < @after ORDER BY sequence DESC";
    private const string Up = "FROM audit_records WHERE organization_id = @organizationId AND sequence > @after ORDER BY sequence";

    private const string Filters = """
        WHERE (@actor = '' OR lower(actor) LIKE @actor ESCAPE '\') AND (@action = '' OR action = @action)
            AND (@subjectKind = '' OR subject_kind = @subjectKind) AND (@subject = '' OR subject = @subject)
            AND recorded_at >= @from AND recorded_at < @to
        """;

    private const string FoundDown = $"SELECT {Columns} FROM (SELECT {Columns} {Down} LIMIT @examined) x {Filters} ORDER BY sequence DESC LIMIT @most";
    private const string FoundUp = $"SELECT {Columns} FROM (SELECT {Columns} {Up} LIMIT @examined) x {Filters} ORDER BY sequence LIMIT @most";
    private const string LastDown = $"SELECT sequence {Down} LIMIT 1 OFFSET @skipped";
    private const string LastUp = $"SELECT sequence {Up} LIMIT 1 OFFSET @skipped";
    private const string One = $"SELECT {Columns} FROM audit_records WHERE organization_id = @organizationId AND sequence = @sequence";

    public static async Task<WalkStep<AuditRecord, long>> ReadAsync(Database database, Guid organizationId, AuditQuery query, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var isFiltered = (query.Actor ?? query.Action ?? query.SubjectKind ?? query.Subject) is not null || query.From is not null || query.To is not null;
        var examined = isFiltered ? LedgerWalk.MostExamined : query.Limit + 1;
        var parameters = new
        {
            organizationId, after = query.After ?? (query.IsAscending ? 0 : long.MaxValue), examined, skipped = examined - 1,
            actor = SearchText.Like(query.Actor), action = query.Action ?? "", subjectKind = query.SubjectKind ?? "", subject = query.Subject ?? "",
            from = query.From ?? 0, to = query.To ?? long.MaxValue, most = query.Limit + 1,
        };
        var found = (await connection.QueryAsync<AuditLog.StoredAuditRecord>(Command(query.IsAscending ? FoundUp : FoundDown))).AsList();
        var next = found.Count > query.Limit ? found[query.Limit - 1].Sequence
            : await connection.QuerySingleOrDefaultAsync<long?>(Command(query.IsAscending ? LastUp : LastDown));
        return new WalkStep<AuditRecord, long>([.. found.Take(query.Limit).Select(r => r.ToRecord())], next);

        CommandDefinition Command(string sql) => new(sql, parameters, transaction, cancellationToken: cancel);
    }

    public static async Task<AuditRecord?> FindAsync(Database database, Guid organizationId, long sequence, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        return (await connection.QuerySingleOrDefaultAsync<AuditLog.StoredAuditRecord>(new CommandDefinition(
            One, new { organizationId, sequence }, transaction, cancellationToken: cancel)))?.ToRecord();
    }
}
