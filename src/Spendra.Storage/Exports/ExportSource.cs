using System.Data.Common;
using System.Globalization;
using System.Runtime.CompilerServices;
using Dapper;
using Spendra.Core.Audit;
using Spendra.Core.Governance;
using Spendra.Storage.Audit;
using Spendra.Storage.Periods;
using Spendra.Storage.Rollups;

namespace Spendra.Storage.Exports;

/// <summary>
/// Reads what an export is of, a few thousand rows at a time, in the order of their keys and from behind any of them. What is booked
/// and audited is only ever added to and numbered without gaps: up to the numbers of the snapshot it is the same whenever it is read,
/// and no transaction stays open meanwhile. Only sums change; they are read within one transaction.
/// </summary>
/// <param name="database">A migrated database.</param>
/// <param name="run">With its snapshot.</param>
public sealed class ExportSource(Database database, ExportRun run)
{
    private const int Page = 2_500;
    private const int PagesAhead = 2;

    // Clocks of processes differ: numbers are nearly in the order of times, and each row is asked for its own.
    private const string EntrySpan = """
        SELECT coalesce(min(entry_sequence), 0) AS first, coalesce(max(entry_sequence), 0) AS last FROM journal_entries
        WHERE organization_id = @organizationId AND entry_sequence > @after AND entry_sequence <= @to AND booked_at >= @from AND booked_at < @until
        """;

    private const string AuditSpan = """
        SELECT coalesce(min(sequence), 0) AS first, coalesce(max(sequence), 0) AS last FROM audit_records
        WHERE organization_id = @organizationId AND sequence > @after AND sequence <= @to AND recorded_at >= @from AND recorded_at < @until
        """;

    private const string Scopes = "SELECT scope_id, kind, slug FROM scopes WHERE organization_id = @organizationId";
    private const string Keys = "SELECT key_id, slug FROM scoped_keys WHERE organization_id = @organizationId";

    private readonly ExportSnapshot _snapshot = run.Snapshot ?? throw new ArgumentException("an export that has not begun is of nothing yet", nameof(run));

    /// <summary>Spend events whose entries were booked in the span, by the number of the entry.</summary>
    public async IAsyncEnumerable<Exported<ExportedEvent>> ReadEventsAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        var names = await ReadNamesAsync(cancel);
        await foreach (var row in WalkAsync<ExportRows.StoredEvent>(ExportRows.Events, EntrySpan, _snapshot.EntrySequence, cancel))
            yield return new Exported<ExportedEvent>(row.ToEvent(names), Text(row.EntrySequence));
    }

    /// <summary>Postings of the entries that were booked in the span. An entry is not torn apart.</summary>
    public async IAsyncEnumerable<Exported<ExportedPosting>> ReadPostingsAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        ExportedPosting? held = null;
        await foreach (var row in WalkAsync<ExportRows.StoredPosting>(ExportRows.Postings, EntrySpan, _snapshot.EntrySequence, cancel))
        {
            if (held is not null)
                yield return new Exported<ExportedPosting>(held, held.EntrySequence == row.EntrySequence ? null : Text(held.EntrySequence));
            held = row.ToPosting();
        }
        if (held is not null) yield return new Exported<ExportedPosting>(held, Text(held.EntrySequence));
    }

    /// <summary>Charges that were booked in the span, by the number of their entry. Months are locked as they were when it began.</summary>
    public async IAsyncEnumerable<Exported<ExportedCharge>> ReadChargesAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        var names = await ReadNamesAsync(cancel);
        var calendar = PeriodReader.ToCalendar(await ReadAsync((connection, transaction) =>
            PeriodReader.InForceAtAsync(connection, transaction, run.OrganizationId, _snapshot.TakenAt, cancel), cancel));
        await foreach (var row in WalkAsync<ExportRows.StoredCharge>(ExportRows.Charges, EntrySpan, _snapshot.EntrySequence, cancel))
            yield return new Exported<ExportedCharge>(row.ToCharge(names, calendar), Text(row.EntrySequence));
    }

    /// <summary>Audit records of the span, by their numbers.</summary>
    public async IAsyncEnumerable<Exported<AuditRecord>> ReadAuditAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var row in WalkAsync<AuditLog.StoredAuditRecord>(ExportRows.AuditRecords, AuditSpan, _snapshot.AuditSequence, cancel))
            yield return new Exported<AuditRecord>(row.ToRecord(), Text(row.Sequence));
    }

    /// <summary>Sums of usage and cost of the hours and days that begin in the span.</summary>
    public IAsyncEnumerable<Exported<ExportedRollup>> ReadRollupsAsync(CancellationToken cancel) =>
        SumsAsync<RollupRows.StoredUsage, ExportedRollup>(RollupRows.Usage, r => r.ToRollup(), cancel);

    /// <summary>Sums of units beyond text tokens.</summary>
    public IAsyncEnumerable<Exported<ExportedCount>> ReadUnitsAsync(CancellationToken cancel) =>
        SumsAsync<RollupRows.StoredSum, ExportedCount>(RollupRows.Units, r => r.ToCount(), cancel);

    /// <summary>Refusals by their code.</summary>
    public IAsyncEnumerable<Exported<ExportedCount>> ReadRefusalsAsync(CancellationToken cancel) =>
        SumsAsync<RollupRows.StoredSum, ExportedCount>(RollupRows.Refusals, r => r.ToCount(), cancel);

    /// <summary>How long requests took.</summary>
    public IAsyncEnumerable<Exported<ExportedLatency>> ReadLatencyAsync(CancellationToken cancel) =>
        SumsAsync<RollupRows.StoredSum, ExportedLatency>(RollupRows.Latency, r => r.ToLatency(), cancel);

    /// <summary>
    /// Sums in the order of their key, within one transaction. Sums change: from behind a key they are what they were before only as
    /// long as nothing was counted since.
    /// </summary>
    private async IAsyncEnumerable<Exported<TRow>> SumsAsync<TStored, TRow>(string rows, Func<TStored, TRow> of, [EnumeratorCancellation] CancellationToken cancel)
        where TStored : RollupRows.StoredSum
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, run.OrganizationId, cancel);
        if (await CountedAsync(connection, transaction, cancel) != _snapshot.RollupSequence || await HoursFromAsync(connection, transaction, cancel) != _snapshot.HoursFrom)
            throw new ExportOutdatedException();
        for (var after = RollupRows.Key.Parse(run.Position); ;)
        {
            var page = (await connection.QueryAsync<TStored>(new CommandDefinition(rows, new
            {
                organizationId = run.OrganizationId, from = run.StartsAt, until = run.EndsAt, span = after.Span, startsAt = after.StartsAt,
                subjectId = after.SubjectId, seriesId = after.SeriesId, what = after.What, latencyClass = after.LatencyClass, limit = Page,
            }, transaction, cancellationToken: cancel))).AsList();
            if (page.Count == 0) break;
            foreach (var row in page) yield return new Exported<TRow>(of(row), row.ToKey().ToString());
            after = page[^1].ToKey();
        }
        // A month is dropped for all transactions at once, this one as well; that it will be is noted before.
        if (await ReadAsync((c, t) => HoursFromAsync(c, t, cancel), cancel) != _snapshot.HoursFrom) throw new ExportOutdatedException();
    }

    private Task<long> HoursFromAsync(DbConnection connection, DbTransaction transaction, CancellationToken cancel) =>
        RollupWriter.ReadHoursFromAsync(connection, transaction, run.OrganizationId, forUpdate: "", cancel);

    private async Task<long> CountedAsync(DbConnection connection, DbTransaction transaction, CancellationToken cancel) =>
        await connection.ExecuteScalarAsync<long?>(new CommandDefinition(
            "SELECT sequence FROM outbox_positions WHERE organization_id = @organizationId AND consumer = 'rollups' AND NOT is_rebuilding",
            new { organizationId = run.OrganizationId }, transaction, cancellationToken: cancel)) ?? 0;

    private async IAsyncEnumerable<TRow> WalkAsync<TRow>(string rows, string span, long end, [EnumeratorCancellation] CancellationToken cancel)
    {
        var begin = run.Position is { } position ? long.Parse(position, NumberStyles.None, CultureInfo.InvariantCulture) : 0;
        var (first, last) = await ReadAsync(async (connection, transaction) =>
        {
            var found = await connection.QuerySingleAsync<StoredSpan>(new CommandDefinition(span, Values(begin, end), transaction, commandTimeout: 0, cancellationToken: cancel));
            return (found.First, found.Last);
        }, cancel);
        if (first == 0) yield break;
        // Pages are read while rows of those before are written: reading is more than half of the work.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var reading = new Queue<Task<List<TRow>>>();
        var after = first - 1;
        try
        {
            while (true)
            {
                for (; reading.Count < PagesAhead && after < last; after += Page) reading.Enqueue(ReadAheadAsync(after));
                if (!reading.TryDequeue(out var page)) yield break;
                foreach (var row in await page) yield return row;
            }
        }
        finally
        {
            await stop.CancelAsync();
            foreach (var page in reading) await ((Task)page).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        // SQLite reads on the thread that asks.
        Task<List<TRow>> ReadAheadAsync(long behind) => Task.Run(() => ReadAsync(async (connection, transaction) =>
            (await connection.QueryAsync<TRow>(new CommandDefinition(
                rows, Values(behind, Math.Min(behind + Page, last)), transaction, commandTimeout: 0, cancellationToken: stop.Token))).AsList(), stop.Token), stop.Token);
    }

    private object Values(long after, long to) => new { organizationId = run.OrganizationId, after, to, from = run.StartsAt, until = run.EndsAt };

    private async Task<ExportNameBook> ReadNamesAsync(CancellationToken cancel) => await ReadAsync(async (connection, transaction) =>
    {
        var scopes = await connection.QueryAsync<ExportNameBook.StoredScope>(new CommandDefinition(Scopes, new { organizationId = run.OrganizationId }, transaction, cancellationToken: cancel));
        var keys = await connection.QueryAsync<ExportNameBook.StoredKey>(new CommandDefinition(Keys, new { organizationId = run.OrganizationId }, transaction, cancellationToken: cancel));
        return new ExportNameBook(scopes, keys);
    }, cancel);

    private async Task<T> ReadAsync<T>(Func<DbConnection, DbTransaction, Task<T>> read, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, run.OrganizationId, cancel);
        return await read(connection, transaction);
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private sealed class StoredSpan
    {
        public long First { get; set; }
        public long Last { get; set; }
    }
}

/// <summary>Sums were counted on, or old hours removed, since an export of them began: it begins anew.</summary>
public sealed class ExportOutdatedException() : Exception("sums were counted on since the export began");

/// <summary>Slugs of scopes and keys, which never change.</summary>
internal sealed class ExportNameBook(IEnumerable<ExportNameBook.StoredScope> scopes, IEnumerable<ExportNameBook.StoredKey> keys)
{
    private readonly Dictionary<Guid, string> _scopes = scopes.ToDictionary(
        s => s.ScopeId, s => s.Kind == Scope.KindName(ScopeKind.Organization) ? s.Kind : $"{s.Kind}/{s.Slug}");

    private readonly Dictionary<Guid, string> _keys = keys.ToDictionary(k => k.KeyId, k => k.Slug);

    // A few sets of scopes stand in very many rows.
    private readonly Dictionary<UInt128, IReadOnlyList<string>> _sets = [];

    public string? KeyOf(Guid keyId) => _keys.GetValueOrDefault(keyId);

    public IReadOnlyList<string> ScopesOf(byte[] packed)
    {
        var hash = Core.Ledger.Seal.Of(packed).High;
        if (_sets.TryGetValue(hash, out var found)) return found;
        return _sets[hash] = [.. PackedIds.Unpack(packed).Select(id => _scopes.GetValueOrDefault(id) ?? id.ToString())];
    }

    internal sealed class StoredScope
    {
        public Guid ScopeId { get; set; }
        public string Kind { get; set; } = "";
        public string Slug { get; set; } = "";
    }

    internal sealed class StoredKey
    {
        public Guid KeyId { get; set; }
        public string Slug { get; set; } = "";
    }
}
