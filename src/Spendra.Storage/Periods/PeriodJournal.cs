using Dapper;
using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Core.Money;

namespace Spendra.Storage.Periods;

/// <summary>One line of the journal of a period as other systems book it: all entries alike, added up.</summary>
public sealed record JournalLine
{
    public required LedgerAccount LedgerAccount { get; init; }

    /// <summary>The provider account's slug.</summary>
    public required string Account { get; init; }

    /// <summary>The team that spent; empty where none did.</summary>
    public required string Team { get; init; }

    /// <summary>The project that was spent on; empty where there is none.</summary>
    public required string Project { get; init; }

    public required EntryKind Kind { get; init; }

    /// <summary>The earlier period whose entry is corrected, or that a correction is meant for; null for what corrects none.</summary>
    public AccountingPeriod? CorrectsPeriod { get; init; }

    /// <summary>The entry of that period that is corrected; null where none is named.</summary>
    public long? CorrectsEntry { get; init; }

    public long Entries { get; init; }

    /// <summary>Debits are positive.</summary>
    public NanoUsd Amount { get; init; }
}

/// <summary>
/// The journal of a period by account and cost centre. The database adds up by set of scopes, which are folded into teams and
/// projects here; corrections of earlier periods keep a line each, with the entry that they correct.
/// </summary>
public static class PeriodJournal
{
    private const string Lines = $"""
        SELECT p.ledger_account, p.account_id, a.slug AS account, e.kind, s.scope_ids, c.entry_sequence AS corrects,
            c.booked_at AS corrects_at, CASE WHEN n.month < @Month THEN n.month END AS corrects_month, count(*) AS entries,
            CAST(sum(p.amount_nanos) AS bigint) AS nanos
        FROM journal_entries e
        JOIN postings p ON p.organization_id = e.organization_id AND p.entry_sequence = e.entry_sequence
        LEFT JOIN provider_accounts a ON a.organization_id = p.organization_id AND a.account_id = p.account_id
        LEFT JOIN spend_events s ON s.organization_id = e.organization_id AND s.reservation_id = e.reservation_id AND s.event_number = e.event_number
        LEFT JOIN journal_entries c ON c.organization_id = e.organization_id AND c.entry_sequence = e.corrects_sequence
            AND c.booked_at < @StartsAt
        {PeriodBooks.Named}
        WHERE e.organization_id = @organizationId AND {PeriodBooks.IsIn}
        GROUP BY p.ledger_account, p.account_id, a.slug, e.kind, s.scope_ids, c.entry_sequence,
            c.booked_at, CASE WHEN n.month < @Month THEN n.month END
        """;

    private const string Centres = "SELECT scope_id, kind, slug FROM scopes WHERE organization_id = @organizationId AND kind IN ('team', 'project')";

    /// <summary>In order of ledger account, provider account, team, project, kind and what is corrected.</summary>
    public static async Task<IReadOnlyList<JournalLine>> ReadAsync(Database database, Guid organizationId, AccountingPeriod period, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var calendar = PeriodReader.ToCalendar(await PeriodReader.InForceAsync(connection, transaction, organizationId, cancel));
        var span = calendar.SpanOf(period);
        var centres = (await connection.QueryAsync<StoredCentre>(new CommandDefinition(Centres, new { organizationId }, transaction, cancellationToken: cancel)))
            .ToDictionary(c => c.ScopeId);
        var folded = new Dictionary<JournalLine, (long Entries, NanoUsd Amount)>();
        var parameters = new { organizationId, Month = period.ToString(), span.StartsAt, span.EndsAt, span.EarlierAfter, span.LastSequence };
        await foreach (var row in connection.QueryUnbufferedAsync<StoredLine>(Lines, parameters, transaction, commandTimeout: 0).WithCancellation(cancel))
        {
            var line = row.ToLine(centres, calendar);
            var sum = folded.GetValueOrDefault(line);
            folded[line] = (sum.Entries + row.Entries, sum.Amount + new NanoUsd(row.Nanos));
        }
        return [.. folded.Select(f => f.Key with { Entries = f.Value.Entries, Amount = f.Value.Amount })
            .OrderBy(l => l.LedgerAccount).ThenBy(l => l.Account, StringComparer.Ordinal).ThenBy(l => l.Team, StringComparer.Ordinal)
            .ThenBy(l => l.Project, StringComparer.Ordinal).ThenBy(l => l.Kind).ThenBy(l => l.CorrectsEntry)];
    }

    private sealed class StoredCentre
    {
        public Guid ScopeId { get; set; }
        public string Kind { get; set; } = "";
        public string Slug { get; set; } = "";
    }

    private sealed class StoredLine
    {
        public int LedgerAccount { get; set; }
        public Guid AccountId { get; set; }
        public string? Account { get; set; }
        public int Kind { get; set; }
        public byte[]? ScopeIds { get; set; }
        public long? Corrects { get; set; }
        public long? CorrectsAt { get; set; }
        public string? CorrectsMonth { get; set; }
        public long Entries { get; set; }
        public long Nanos { get; set; }

        public JournalLine ToLine(Dictionary<Guid, StoredCentre> centres, PeriodCalendar calendar)
        {
            var scopes = ScopeIds is null ? [] : PackedIds.Unpack(ScopeIds).Select(id => centres.GetValueOrDefault(id)).OfType<StoredCentre>().ToList();
            return new JournalLine
            {
                LedgerAccount = (LedgerAccount)LedgerAccount,
                Account = Account ?? "sandbox",
                Team = scopes.LastOrDefault(s => s.Kind == Scope.KindName(ScopeKind.Team))?.Slug ?? "",
                Project = scopes.LastOrDefault(s => s.Kind == Scope.KindName(ScopeKind.Project))?.Slug ?? "",
                Kind = (EntryKind)Kind,
                CorrectsEntry = Corrects,
                CorrectsPeriod = Corrects is { } sequence && CorrectsAt is { } at ? calendar.PeriodOf(sequence, at, null)
                    : AccountingPeriod.TryParse(CorrectsMonth, out var meant) ? meant : null,
            };
        }
    }
}
