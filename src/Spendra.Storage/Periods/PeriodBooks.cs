using System.Data.Common;
using Dapper;
using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Core.Reconciliation;
using Spendra.Storage.Governance;
using Spendra.Storage.Ledger.Lists;
using Spendra.Storage.Reconciliation;

namespace Spendra.Storage.Periods;

/// <summary>What the entries of a period add up to.</summary>
/// <param name="EntryCount">How many there are.</param>
/// <param name="Expense">What they debit to expenses.</param>
/// <param name="Balance">Debits minus credits: zero.</param>
/// <param name="UnbalancedCount">Entries whose own lines do not sum to zero: none.</param>
public sealed record PeriodTotals(long EntryCount, NanoUsd Expense, NanoUsd Balance, long UnbalancedCount)
{
    public bool IsBalanced => Balance == NanoUsd.Zero && UnbalancedCount == 0;

    public static PeriodTotals operator +(PeriodTotals a, PeriodTotals b) =>
        new(a.EntryCount + b.EntryCount, a.Expense + b.Expense, a.Balance + b.Balance, a.UnbalancedCount + b.UnbalancedCount);
}

/// <summary>An account that spent in a period, and how far its bill is explained.</summary>
/// <param name="AccountId">Which.</param>
/// <param name="Account">Its slug.</param>
/// <param name="Report">The latest comparison of its month; null when there is none.</param>
/// <param name="IsCurrent">It was made after the month's end, and no bill of the month was imported since: only then does it tell of the whole month.</param>
public sealed record PeriodAccount(Guid AccountId, string Account, RunReport? Report, bool IsCurrent);

/// <summary>What is looked at before a period is locked.</summary>
/// <param name="Totals">Of its entries.</param>
/// <param name="OpenReservations">Reservations of the period, or earlier ones, that have not ended.</param>
/// <param name="InDoubt">Requests of the period that were booked at their bound and never told what they cost.</param>
/// <param name="Accounts">Accounts with a provider's bill to expect.</param>
/// <param name="LastSequence">The last entry that was looked at.</param>
/// <param name="Span">Which entries the period had by the locks of that moment.</param>
public sealed record PeriodChecks(
    PeriodTotals Totals, long OpenReservations, long InDoubt, IReadOnlyList<PeriodAccount> Accounts, long LastSequence, PeriodSpan Span);

/// <summary>Adds up the entries of a period, which <see cref="PeriodCalendar"/> says.</summary>
public static class PeriodBooks
{
    /// <summary>The correction that an entry books, for <see cref="IsIn"/>.</summary>
    internal const string Named = """
        LEFT JOIN adjustments n ON e.kind = 3 AND n.organization_id = e.organization_id AND n.entry_sequence = e.entry_sequence
        """;

    internal const string IsIn = """
        (n.booked_month = @Month OR (n.booked_month IS NULL AND e.entry_sequence <= @LastSequence
            AND ((e.booked_at >= @StartsAt AND e.booked_at < @EndsAt) OR (e.booked_at < @StartsAt AND e.entry_sequence > @EarlierAfter))))
        """;

    private const string Sums = $"""
        SELECT count(*) AS entries, CAST(coalesce(sum(expense), 0) AS bigint) AS expense, CAST(coalesce(sum(balance), 0) AS bigint) AS balance,
            coalesce(sum(CASE WHEN balance <> 0 THEN 1 ELSE 0 END), 0) AS unbalanced
        FROM (SELECT e.entry_sequence, sum(CASE WHEN p.ledger_account = 1 THEN p.amount_nanos ELSE 0 END) AS expense,
                sum(p.amount_nanos) AS balance
            FROM journal_entries e
            JOIN postings p ON p.organization_id = e.organization_id AND p.entry_sequence = e.entry_sequence
            {Named}
            WHERE e.organization_id = @organizationId AND e.entry_sequence > @after AND {IsIn}
            GROUP BY e.entry_sequence) totals
        """;

    private const string AccountsOf = $"""
        SELECT DISTINCT p.account_id, a.slug, a.provider FROM journal_entries e
        JOIN postings p ON p.organization_id = e.organization_id AND p.entry_sequence = e.entry_sequence
        LEFT JOIN provider_accounts a ON a.organization_id = p.organization_id AND a.account_id = p.account_id
        {Named}
        WHERE e.organization_id = @organizationId AND e.entry_sequence > @after AND {IsIn}
        """;

    private const string Open = "SELECT count(*) FROM open_reservations WHERE organization_id = @organizationId AND reserved_at < @EndsAt";

    private const string InDoubt = """
        SELECT count(*) FROM spend_events e
        WHERE e.organization_id = @organizationId AND e.reservation_id >= @first AND e.reservation_id < @last AND e.kind = 1
            AND e.reserved_at >= @StartsAt AND e.reserved_at < @EndsAt AND NOT EXISTS (SELECT 1 FROM spend_events l
                WHERE l.organization_id = e.organization_id AND l.reservation_id = e.reservation_id AND l.kind = 2)
        """;

    private const string ImportedAt = """
        SELECT max(i.imported_at) FROM bill_days d
        JOIN bill_imports i ON i.organization_id = d.organization_id AND i.import_id = d.import_id
        WHERE d.organization_id = @organizationId AND d.account_id = @accountId AND d.day >= @firstDay AND d.day < @endDay
        """;

    private const string Head = "SELECT entry_sequence FROM organizations WHERE organization_id = @organizationId";

    /// <summary>Everything that a period is checked by, at one moment.</summary>
    public static async Task<PeriodChecks> CheckAsync(Database database, Guid organizationId, AccountingPeriod period, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var calendar = PeriodReader.ToCalendar(await PeriodReader.InForceAsync(connection, transaction, organizationId, cancel));
        return await CheckAsync(connection, transaction, organizationId, period, calendar.SpanOf(period), null, cancel);
    }

    /// <summary>
    /// The same under the lock of a change, going on from what was looked at before: the lane waits meanwhile, so only what was
    /// booked since is read. All of it again when another month was locked or opened since, which moves entries between months.
    /// </summary>
    public static Task<PeriodChecks> GoOnAsync(
        GovernanceTransaction transaction, AccountingPeriod period, PeriodCalendar calendar, PeriodChecks before, CancellationToken cancel) =>
        transaction.ReadAsync((connection, inner) =>
        {
            var span = calendar.SpanOf(period);
            return CheckAsync(connection, inner, transaction.OrganizationId, period, span, before.Span == span ? before : null, cancel);
        });

    private static async Task<PeriodChecks> CheckAsync(
        DbConnection connection, DbTransaction transaction, Guid organizationId, AccountingPeriod period, PeriodSpan span, PeriodChecks? before,
        CancellationToken cancel)
    {
        var parameters = new
        {
            organizationId, Month = period.ToString(), span.StartsAt, span.EndsAt, span.EarlierAfter, span.LastSequence, after = before?.LastSequence ?? 0,
            first = LedgerWalk.LowerBound(span.StartsAt), last = LedgerWalk.UpperBound(span.EndsAt),
        };
        var sums = await connection.QuerySingleAsync<StoredSums>(Command(Sums));
        var totals = new PeriodTotals(sums.Entries, new NanoUsd(sums.Expense), new NanoUsd(sums.Balance), sums.Unbalanced);
        var open = await connection.ExecuteScalarAsync<long>(Command(Open));
        // What is in doubt stops nothing, and is not counted again while the lane waits.
        var inDoubt = before?.InDoubt ?? await connection.ExecuteScalarAsync<long>(Command(InDoubt));
        var spending = (await connection.QueryAsync<StoredAccount>(Command(AccountsOf)))
            .Where(a => a.AccountId != ProviderAccount.SandboxId && a.Provider != KnownProvider.Mcp)
            .Select(a => (a.AccountId, Slug: a.Slug ?? "unknown"))
            .Union(before?.Accounts.Select(a => (a.AccountId, Slug: a.Account)) ?? []).OrderBy(a => a.Slug, StringComparer.Ordinal).ToList();
        var accounts = new List<PeriodAccount>();
        foreach (var (id, slug) in spending)
        {
            var report = await RunReader.LatestAsync(connection, transaction, organizationId, id, period, cancel);
            var importedAt = await connection.ExecuteScalarAsync<long?>(new CommandDefinition(ImportedAt, new
            {
                organizationId, accountId = id, firstDay = BilledDay.Of(period.StartsAt), endDay = BilledDay.Of(period.EndsAt),
            }, transaction, cancellationToken: cancel));
            accounts.Add(new PeriodAccount(id, slug, report, report is not null && report.Run.CreatedAt >= period.EndsAt && !(importedAt > report.Run.CreatedAt)));
        }
        return new PeriodChecks(before is null ? totals : before.Totals + totals, open, inDoubt, accounts,
            await connection.ExecuteScalarAsync<long>(Command(Head)), span);

        CommandDefinition Command(string sql) => new(sql, parameters, transaction, commandTimeout: 0, cancellationToken: cancel);
    }

    private sealed class StoredSums
    {
        public long Entries { get; set; }
        public long Expense { get; set; }
        public long Balance { get; set; }
        public long Unbalanced { get; set; }
    }

    private sealed class StoredAccount
    {
        public Guid AccountId { get; set; }
        public string? Slug { get; set; }
        public string? Provider { get; set; }
    }
}
