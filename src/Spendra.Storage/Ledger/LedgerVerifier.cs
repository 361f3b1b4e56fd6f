using System.Data.Common;
using Dapper;
using Spendra.Core.Budgets;
using Spendra.Core.Ledger;
using Spendra.Core.Ledger.Verification;
using Spendra.Core.Money;
using Spendra.Storage.Audit;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Ledger;

/// <summary>
/// Reads every row of the ledger, as of one moment, into <see cref="LedgerVerification"/>. Reads only; traffic goes
/// on meanwhile.
/// </summary>
public sealed class LedgerVerifier(Database database)
{
    /// <param name="organizationIds">Whose ledgers.</param>
    /// <param name="nowMicros">Decides which windows have not ended.</param>
    /// <param name="cancel">Stops reading.</param>
    public async Task<VerificationReport> VerifyAsync(
        IReadOnlyList<Guid> organizationIds, long nowMicros, CancellationToken cancel)
    {
        var report = new VerificationReport();
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, cancel);
        foreach (var organizationId in organizationIds)
        {
            var read = new OrganizationRead(connection, transaction, organizationId, cancel);
            var organization = await LoadAsync(read, nowMicros);
            var verification = new LedgerVerification(organization, report);
            await FeedOpenAsync(read, verification);
            await new VerificationStream(read, verification).RunAsync();
            verification.Complete();
            await CheckIdempotencyAsync(read, report);
            await CheckKeyDirectoryAsync(read, report);
            await CheckAuditAsync(read, report);
        }
        return report;
    }

    private static async Task<VerifiedOrganization> LoadAsync(OrganizationRead read, long nowMicros) => new()
    {
        Row = (await read.ListAsync<StoredCounters>(VerificationQueries.Organization)).Single().ToRow(),
        BudgetAmounts = (await read.ListAsync<StoredAmount>(VerificationQueries.Budgets))
            .ToDictionary(b => b.BudgetId, b => new NanoUsd(b.AmountNanos)),
        HardCapped = (await read.ListAsync<Guid>(VerificationQueries.HardCapped)).ToHashSet(),
        Prices = (await read.ListAsync<StoredPrice>(GovernanceQueries.ChangedPrices))
            .ToDictionary(p => p.PriceId, p => p.ToPrice()),
        Windows = [.. (await read.ListAsync<StoredWindowRow>(VerificationQueries.Windows)).Select(w => w.ToRow(read.OrganizationId))],
        Excesses = [.. (await read.ListAsync<StoredExcess>(VerificationQueries.Excesses)).Select(e => e.ToExcess(read.OrganizationId))],
        NowMicros = nowMicros,
    };

    private static async Task FeedOpenAsync(OrganizationRead read, LedgerVerification verification)
    {
        await using var reader = await read.OpenAsync(VerificationQueries.Open, new { organizationId = read.OrganizationId });
        while (await reader.ReadAsync(read.Cancel))
            verification.AddOpen(reader.ReadId(0), reader.GetFieldValue<byte[]>(1), new NanoUsd(reader.GetInt64(2)));
    }

    private static async Task CheckIdempotencyAsync(OrganizationRead read, VerificationReport report)
    {
        report.Count(Invariant.Idempotency, await read.CountAsync(VerificationQueries.IdempotencyKeys));
        foreach (var id in await read.ListAsync<Guid>(VerificationQueries.DanglingIdempotencyKeys))
            report.Add(Invariant.Idempotency, $"idempotency key of reservation {id}", "an open or spent reservation", "none");
    }

    private static async Task CheckKeyDirectoryAsync(OrganizationRead read, VerificationReport report)
    {
        report.Count(Invariant.KeyDirectory, await read.CountAsync(VerificationQueries.Keys));
        foreach (var id in await read.ListAsync<Guid>(VerificationQueries.KeysWithoutDirectory))
            report.Add(Invariant.KeyDirectory, $"key {id}", "a directory row of its organization", "none");
        foreach (var id in await read.ListAsync<Guid>(VerificationQueries.DirectoryWithoutKeys))
            report.Add(Invariant.KeyDirectory, $"directory row of key {id}", "a key", "none");
    }

    private static async Task CheckAuditAsync(OrganizationRead read, VerificationReport report)
    {
        var verdict = await AuditLog.VerifyAsync(read.Connection, read.Transaction, read.OrganizationId, read.Cancel);
        report.Count(Invariant.AuditChain, verdict.Records);
        if (verdict.Contradiction is { } contradiction)
            report.Add(Invariant.AuditChain, $"audit records of organization {read.OrganizationId}", "a whole chain", contradiction);
    }

    private sealed class StoredCounters
    {
        public Guid OrganizationId { get; set; }
        public long Epoch { get; set; }
        public long EntrySequence { get; set; }
        public long OutboxSequence { get; set; }

        public Core.Ledger.OrganizationRow ToRow() => new(OrganizationId, Epoch, EntrySequence, OutboxSequence);
    }

    private sealed class StoredAmount
    {
        public Guid BudgetId { get; set; }
        public long AmountNanos { get; set; }
    }

    private sealed class StoredExcess
    {
        public Guid WindowId { get; set; }
        public Guid CauseId { get; set; }
        public int EventNumber { get; set; }
        public int Kind { get; set; }
        public long AmountNanos { get; set; }
        public long RecordedAt { get; set; }

        public WindowExcess ToExcess(Guid organizationId) => new(
            organizationId, WindowId, (ExcessKind)Kind, CauseId, EventNumber, new NanoUsd(AmountNanos), RecordedAt);
    }
}

/// <summary>A row of <c>windows</c>.</summary>
internal sealed class StoredWindowRow
{
    public Guid WindowId { get; set; }
    public Guid BudgetId { get; set; }
    public long StartsAt { get; set; }
    public long EndsAt { get; set; }
    public long LimitNanos { get; set; }
    public long ReservedNanos { get; set; }
    public long SettledNanos { get; set; }

    public WindowRow ToRow(Guid organizationId) => new()
    {
        OrganizationId = organizationId,
        WindowId = WindowId,
        BudgetId = BudgetId,
        Span = new WindowSpan(StartsAt, EndsAt),
        Limit = new NanoUsd(LimitNanos),
        Reserved = new NanoUsd(ReservedNanos),
        Settled = new NanoUsd(SettledNanos),
    };
}

/// <summary>Reads of one organization within one transaction.</summary>
internal sealed record OrganizationRead(
    DbConnection Connection, DbTransaction Transaction, Guid OrganizationId, CancellationToken Cancel)
{
    /// <summary>For statements whose only parameters are the organization and, for deltas, the epoch before all others.</summary>
    public async Task<List<T>> ListAsync<T>(string sql) => (await Connection.QueryAsync<T>(Command(sql, new
    {
        organizationId = OrganizationId,
        since = -1L,
    }))).AsList();

    public Task<long> CountAsync(string sql) =>
        Connection.ExecuteScalarAsync<long>(Command(sql, new { organizationId = OrganizationId }));

    public Task<DbDataReader> OpenAsync(string sql, object parameters) => Connection.ExecuteReaderAsync(Command(sql, parameters));

    private CommandDefinition Command(string sql, object parameters) =>
        new(sql, parameters, Transaction, commandTimeout: 0, cancellationToken: Cancel);
}
