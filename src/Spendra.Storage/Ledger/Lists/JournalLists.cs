using System.Data.Common;
using Dapper;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Storage.Access;

namespace Spendra.Storage.Ledger.Lists;

/// <summary>Which journal entries. Times are microseconds since the Unix epoch.</summary>
public sealed record JournalQuery(int Limit, bool IsAscending)
{
    /// <summary>Only what follows this entry in the order of the list.</summary>
    public long? After { get; init; }

    public long? From { get; init; }

    public long? To { get; init; }

    public EntryKind? Kind { get; init; }

    /// <summary>The provider account's slug.</summary>
    public string? Account { get; init; }
}

/// <summary>One line of an entry: debits are positive.</summary>
public sealed record ListedPosting(LedgerAccount LedgerAccount, string Account, NanoUsd Amount);

/// <summary>An entry with its lines.</summary>
/// <param name="Sequence">Its number.</param>
/// <param name="Kind">What it books.</param>
/// <param name="CauseId">The request, or of a correction of an account the adjustment.</param>
/// <param name="EventNumber">Which event of the request.</param>
/// <param name="Corrects">The entry that it corrects, or null.</param>
/// <param name="BookedAt">Microseconds since the Unix epoch.</param>
/// <param name="Postings">Its lines.</param>
public sealed record ListedEntry(
    long Sequence, EntryKind Kind, Guid CauseId, int EventNumber, long? Corrects, long BookedAt, IReadOnlyList<ListedPosting> Postings);

/// <summary>Walks through journal entries by their numbers, as far as a member sees what they book.</summary>
public static class JournalLists
{
    private const string Columns = "organization_id, entry_sequence, kind, reservation_id, event_number, corrects_sequence, booked_at";

    private const string Down = """
        FROM journal_entries WHERE organization_id = @OrganizationId AND entry_sequence < @after ORDER BY entry_sequence DESC
        """;

    private const string Up = """
        FROM journal_entries WHERE organization_id = @OrganizationId AND entry_sequence > @after ORDER BY entry_sequence
        """;

    private const string Filters = """
        SELECT x.entry_sequence, x.kind, x.reservation_id, x.event_number, x.corrects_sequence, x.booked_at, e.scope_ids
        FROM examined x
        LEFT JOIN spend_events e ON e.organization_id = x.organization_id AND e.reservation_id = x.reservation_id
            AND e.event_number = x.event_number
        WHERE (@kind < 0 OR x.kind = @kind) AND x.booked_at >= @from AND x.booked_at < @to
            AND (@account = '' OR EXISTS (SELECT 1 FROM postings p
                JOIN provider_accounts a ON a.organization_id = p.organization_id AND a.account_id = p.account_id
                WHERE p.organization_id = x.organization_id AND p.entry_sequence = x.entry_sequence AND a.slug = @account))
        """;

    private const string FoundDown = $"""
        WITH examined AS (SELECT {Columns} {Down} LIMIT @examined)
        {Filters} ORDER BY x.entry_sequence DESC
        """;

    private const string FoundUp = $"""
        WITH examined AS (SELECT {Columns} {Up} LIMIT @examined)
        {Filters} ORDER BY x.entry_sequence
        """;

    private const string LastDown = $"SELECT entry_sequence {Down} LIMIT 1 OFFSET @skipped";
    private const string LastUp = $"SELECT entry_sequence {Up} LIMIT 1 OFFSET @skipped";

    private const string Lines = """
        SELECT p.entry_sequence, p.ledger_account, a.slug AS account, p.amount_nanos FROM postings p
        LEFT JOIN provider_accounts a ON a.organization_id = p.organization_id AND a.account_id = p.account_id
        WHERE p.organization_id = @OrganizationId AND p.entry_sequence
        """;

    private const string InOrder = " ORDER BY p.entry_sequence, p.line";

    public static async Task<WalkStep<ListedEntry, long>> ReadAsync(
        Database database, Coverage coverage, JournalQuery query, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, coverage.OrganizationId, cancel);
        var covered = await LedgerWalk.CoveredAsync(connection, transaction, coverage, cancel);
        var isFiltered = covered is not null || query.Kind is not null || query.Account is not null || query.From is not null || query.To is not null;
        var examined = isFiltered ? LedgerWalk.MostExamined : query.Limit + 1;
        var parameters = new
        {
            coverage.OrganizationId, after = query.After ?? (query.IsAscending ? 0 : long.MaxValue), examined, skipped = examined - 1,
            kind = (int?)query.Kind ?? -1, account = query.Account ?? "", from = query.From ?? 0, to = query.To ?? long.MaxValue,
        };
        var found = (await connection.QueryAsync<Stored>(Command(query.IsAscending ? FoundUp : FoundDown)))
            // What belongs to no request belongs to no scope: whoever sees everything sees it.
            .Where(r => LedgerWalk.IsSeen(r.ScopeIds, covered, null)).Take(query.Limit + 1).ToList();
        long? next = null;
        if (found.Count > query.Limit)
        {
            found.RemoveAt(query.Limit);
            next = found[^1].EntrySequence;
        }
        else
        {
            next = await connection.QuerySingleOrDefaultAsync<long?>(Command(query.IsAscending ? LastUp : LastDown));
        }
        return new WalkStep<ListedEntry, long>(await WithLinesAsync(database, connection, transaction, coverage.OrganizationId, found, cancel), next);

        CommandDefinition Command(string sql) => new(sql, parameters, transaction, cancellationToken: cancel);
    }

    private static async Task<IReadOnlyList<ListedEntry>> WithLinesAsync(
        Database database, DbConnection connection, DbTransaction transaction, Guid organizationId, List<Stored> entries, CancellationToken cancel)
    {
        if (entries.Count == 0) return [];
        var lines = (await connection.QueryAsync<StoredLine>(new CommandDefinition(Lines + database.AmongIds + InOrder,
                database.Listing(organizationId, entries.Select(e => e.EntrySequence)), transaction, cancellationToken: cancel)))
            .ToLookup(l => l.EntrySequence, l => new ListedPosting((LedgerAccount)l.LedgerAccount, l.Account ?? "sandbox", new NanoUsd(l.AmountNanos)));
        return [.. entries.Select(e => new ListedEntry(e.EntrySequence, (EntryKind)e.Kind, e.ReservationId, e.EventNumber,
            e.CorrectsSequence, e.BookedAt, [.. lines[e.EntrySequence]]))];
    }

    private sealed class Stored
    {
        public long EntrySequence { get; set; }
        public int Kind { get; set; }
        public Guid ReservationId { get; set; }
        public int EventNumber { get; set; }
        public long? CorrectsSequence { get; set; }
        public long BookedAt { get; set; }
        public byte[]? ScopeIds { get; set; }
    }

    private sealed class StoredLine
    {
        public long EntrySequence { get; set; }
        public int LedgerAccount { get; set; }
        public string? Account { get; set; }
        public long AmountNanos { get; set; }
    }
}
