using System.Data.Common;
using Dapper;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Core.Reconciliation;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Reconciliation;

/// <summary>One comparison of an account's bill of a month with the ledger.</summary>
public sealed record ReconciliationRun
{
    public required Guid RunId { get; init; }

    public required Guid AccountId { get; init; }

    /// <summary>The account's slug.</summary>
    public string Account { get; init; } = "";

    public required AccountingPeriod Period { get; init; }

    public required NanoUsd Rounding { get; init; }

    public required NanoUsd Billed { get; init; }

    public required NanoUsd Booked { get; init; }

    public required int DifferenceCount { get; init; }

    public required int DaysWithoutBill { get; init; }

    /// <summary>The last journal entry that was compared.</summary>
    public required long EntrySequence { get; init; }

    public long CreatedAt { get; init; }

    public string CreatedBy { get; init; } = "";
}

/// <summary>An adjustment that stands for the differences of a kind.</summary>
/// <param name="AdjustmentId">Which.</param>
/// <param name="RunId">The run that it was proposed for, or the look-up of single requests.</param>
/// <param name="AccountId">Of which account.</param>
/// <param name="Period">Of which month.</param>
/// <param name="Kind">For which differences.</param>
public sealed record ReconciliationProposal(Guid AdjustmentId, Guid RunId, Guid AccountId, AccountingPeriod Period, DifferenceKind Kind);

/// <summary>A run with what became of its differences.</summary>
/// <param name="Run">The run.</param>
/// <param name="Standings">By kind, those without differences and bookings left out.</param>
/// <param name="IsLatest">False when the account's month was compared again since.</param>
public sealed record RunReport(ReconciliationRun Run, IReadOnlyList<KindStanding> Standings, bool IsLatest)
{
    /// <summary>In basis points; see <see cref="ExplainedShare"/>.</summary>
    public int Explained => ExplainedShare.Of(Run.Billed, Run.Booked, Standings);
}

/// <summary>Reads runs, their differences and what was proposed for them.</summary>
public static class RunReader
{
    private const string Rows = """
        SELECT r.run_id, r.account_id, p.slug AS account, r.period_starts_at, r.rounding_nanos, r.billed_nanos, r.booked_nanos,
            r.difference_count, r.days_without_bill, r.entry_sequence, r.created_at, r.created_by
        FROM reconciliation_runs r
        LEFT JOIN provider_accounts p ON p.organization_id = r.organization_id AND p.account_id = r.account_id
        WHERE r.organization_id = @organizationId
        """;

    private const string Page = Rows + "\nAND (@isFirst OR r.run_id < @before) ORDER BY r.run_id DESC LIMIT @limit";

    private const string One = Rows + "\nAND r.run_id = @runId";

    private const string Latest = Rows + "\nAND r.account_id = @accountId AND r.period_starts_at = @startsAt ORDER BY r.run_id DESC LIMIT 1";

    private const string Needed = """
        SELECT kind, count(*) AS differences, CAST(sum(amount_nanos) AS bigint) AS nanos,
            CAST(sum(abs(amount_nanos)) AS bigint) AS gross_nanos FROM reconciliation_differences
        WHERE organization_id = @organizationId AND run_id = @runId GROUP BY kind
        """;

    // Corrections of requests that the comparison saw are in what it compared.
    private const string Proposed = """
        SELECT p.kind, coalesce(a.decision, 'open') AS state, CAST(sum(a.amount_nanos) AS bigint) AS nanos FROM reconciliation_proposals p
        JOIN adjustments a ON a.organization_id = p.organization_id AND a.adjustment_id = p.adjustment_id
        WHERE p.organization_id = @organizationId AND p.account_id = @accountId AND p.period_starts_at = @startsAt
            AND (a.reservation_id IS NULL OR a.entry_sequence IS NULL OR a.entry_sequence > @entrySequence)
        GROUP BY p.kind, coalesce(a.decision, 'open')
        """;

    private const string Differences = """
        SELECT number, day, model, class, kind, amount_nanos, billed_nanos, booked_nanos, billed_quantity, booked_quantity, source_line
        FROM reconciliation_differences
        WHERE organization_id = @organizationId AND run_id = @runId AND number > @after AND (@kind = '' OR kind = @kind)
        ORDER BY number LIMIT @limit
        """;

    /// <summary>The latest first.</summary>
    public static async Task<IReadOnlyList<ReconciliationRun>> ListAsync(Database database, Guid organizationId, Guid? before, int limit, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var rows = await connection.QueryAsync<StoredRun>(new CommandDefinition(
            Page, new { organizationId, isFirst = before is null, before = before ?? Guid.Empty, limit }, transaction, cancellationToken: cancel));
        return [.. rows.Select(r => r.ToRun())];
    }

    /// <summary>A run with what became of its differences; null when there is none of this id.</summary>
    public static async Task<RunReport?> ReportAsync(Database database, Guid organizationId, Guid runId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        return await ReportAsync(connection, transaction, organizationId, One, new { organizationId, runId }, cancel);
    }

    /// <summary>As the other, under the lock of a change.</summary>
    public static Task<RunReport?> ReportAsync(GovernanceTransaction transaction, Guid runId, CancellationToken cancel) =>
        transaction.ReadAsync((connection, inner) =>
            ReportAsync(connection, inner, transaction.OrganizationId, One, new { organizationId = transaction.OrganizationId, runId }, cancel));

    /// <summary>The latest run of an account's month, or null.</summary>
    internal static Task<RunReport?> LatestAsync(
        DbConnection connection, DbTransaction transaction, Guid organizationId, Guid accountId, AccountingPeriod period, CancellationToken cancel) =>
        ReportAsync(connection, transaction, organizationId, Latest, new { organizationId, accountId, startsAt = period.StartsAt }, cancel);

    /// <summary>The differences of a run, with their numbers, in order of day, model and class.</summary>
    public static async Task<IReadOnlyList<(int Number, Difference Difference)>> DifferencesAsync(
        Database database, Guid organizationId, Guid runId, int after, string? kind, int limit, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var rows = await connection.QueryAsync<StoredDifference>(new CommandDefinition(
            Differences, new { organizationId, runId, after, kind = kind ?? "", limit }, transaction, cancellationToken: cancel));
        return [.. rows.Select(r => (r.Number, r.ToDifference()))];
    }

    /// <summary>What became of the differences of a run that is about to be kept, under the lock of a change.</summary>
    public static Task<IReadOnlyList<KindStanding>> StandingsAsync(
        GovernanceTransaction transaction, ReconciliationRun run, IReadOnlyList<Difference> differences, CancellationToken cancel) =>
        transaction.ReadAsync((connection, inner) => StandingsAsync(connection, inner, transaction.OrganizationId, run,
            differences.GroupBy(d => d.Kind).ToDictionary(g => DifferenceKinds.NameOf(g.Key),
                g => (g.Count(), g.Aggregate(NanoUsd.Zero, (sum, d) => sum + d.Amount), g.Aggregate(NanoUsd.Zero, (sum, d) => d.Amount.IsNegative ? sum - d.Amount : sum + d.Amount))), cancel));

    private static async Task<RunReport?> ReportAsync(
        DbConnection connection, DbTransaction transaction, Guid organizationId, string sql, object parameters, CancellationToken cancel)
    {
        if (await connection.QuerySingleOrDefaultAsync<StoredRun>(Command(sql, parameters)) is not { } stored) return null;
        var run = stored.ToRun();
        var of = new { organizationId, runId = run.RunId, accountId = run.AccountId, startsAt = run.Period.StartsAt };
        var needed = (await connection.QueryAsync<StoredSum>(Command(Needed, of))).ToDictionary(s => s.Kind, s => ((int)s.Differences, new NanoUsd(s.Nanos), new NanoUsd(s.GrossNanos)));
        var latest = await connection.QuerySingleAsync<StoredRun>(Command(Latest, of));
        return new RunReport(run, await StandingsAsync(connection, transaction, organizationId, run, needed, cancel), latest.RunId == run.RunId);

        CommandDefinition Command(string text, object with) => new(text, with, transaction, cancellationToken: cancel);
    }

    private static async Task<IReadOnlyList<KindStanding>> StandingsAsync(
        DbConnection connection, DbTransaction transaction, Guid organizationId, ReconciliationRun run,
        Dictionary<string, (int Count, NanoUsd Needed, NanoUsd Gross)> needed, CancellationToken cancel)
    {
        var of = new { organizationId, accountId = run.AccountId, startsAt = run.Period.StartsAt, entrySequence = run.EntrySequence };
        var proposed = (await connection.QueryAsync<StoredSum>(new CommandDefinition(Proposed, of, transaction, cancellationToken: cancel)))
            .ToLookup(s => (s.Kind, s.State), s => new NanoUsd(s.Nanos));
        var standings = from kind in DifferenceKinds.All
                        let name = DifferenceKinds.NameOf(kind)
                        let sum = needed.GetValueOrDefault(name)
                        let standing = new KindStanding(kind, sum.Count, sum.Needed,
                            proposed[(name, "approved")].FirstOrDefault(), proposed[(name, "open")].FirstOrDefault()) { Gross = sum.Gross }
                        where standing.Count > 0 || standing.Booked != NanoUsd.Zero || standing.Proposed != NanoUsd.Zero
                        select standing;
        return [.. standings];
    }

    private sealed class StoredRun
    {
        public Guid RunId { get; set; }
        public Guid AccountId { get; set; }
        public string? Account { get; set; }
        public long PeriodStartsAt { get; set; }
        public long RoundingNanos { get; set; }
        public long BilledNanos { get; set; }
        public long BookedNanos { get; set; }
        public int DifferenceCount { get; set; }
        public int DaysWithoutBill { get; set; }
        public long EntrySequence { get; set; }
        public long CreatedAt { get; set; }
        public string CreatedBy { get; set; } = "";

        public ReconciliationRun ToRun() => new()
        {
            RunId = RunId, AccountId = AccountId, Account = Account ?? "unknown", Period = AccountingPeriod.Of(PeriodStartsAt),
            Rounding = new NanoUsd(RoundingNanos), Billed = new NanoUsd(BilledNanos), Booked = new NanoUsd(BookedNanos),
            DifferenceCount = DifferenceCount, DaysWithoutBill = DaysWithoutBill, EntrySequence = EntrySequence, CreatedAt = CreatedAt, CreatedBy = CreatedBy,
        };
    }

    private sealed class StoredSum
    {
        public string Kind { get; set; } = "";
        public string State { get; set; } = "";
        public long Differences { get; set; }
        public long Nanos { get; set; }
        public long GrossNanos { get; set; }
    }

    private sealed class StoredDifference
    {
        public int Number { get; set; }
        public long Day { get; set; }
        public string Model { get; set; } = "";
        public string? Class { get; set; }
        public string Kind { get; set; } = "";
        public long AmountNanos { get; set; }
        public long BilledNanos { get; set; }
        public long BookedNanos { get; set; }
        public long? BilledQuantity { get; set; }
        public long? BookedQuantity { get; set; }
        public int? SourceLine { get; set; }

        public Difference ToDifference() => new(Day, Model, StoredClass.Read(Class),
            DifferenceKinds.Find(Kind) ?? throw new InvalidDataException($"'{Kind}' is no kind of difference"), new NanoUsd(AmountNanos))
        {
            Billed = new NanoUsd(BilledNanos), Booked = new NanoUsd(BookedNanos), BilledQuantity = BilledQuantity, BookedQuantity = BookedQuantity,
            SourceLine = SourceLine,
        };
    }
}
