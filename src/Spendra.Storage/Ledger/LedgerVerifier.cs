using System.Runtime.ExceptionServices;
using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Core.Ledger.Verification;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Ledger;

/// <summary>
/// Reads every row of the ledger, as of one moment, into the checks of Core, with two threads. Reads only; traffic
/// goes on meanwhile.
/// </summary>
public sealed class LedgerVerifier(Database database)
{
    /// <param name="organizationIds">Whose ledgers.</param>
    /// <param name="nowMicros">Decides which windows have not ended.</param>
    /// <param name="cancel">Stops reading.</param>
    /// <param name="kept">What was signed of each ledger and kept elsewhere: seals by the number of their outbox row; null to do without.</param>
    public async Task<VerificationReport> VerifyAsync(
        IReadOnlyList<Guid> organizationIds, long nowMicros, CancellationToken cancel,
        IReadOnlyDictionary<Guid, IReadOnlyDictionary<long, Seal>>? kept = null)
    {
        await using var snapshot = await database.OpenLedgerSnapshotAsync(cancel);
        return await VerifyAsync(snapshot, organizationIds, nowMicros, kept, cancel);
    }

    /// <summary>
    /// Every organization: those that are there, those that the directory lists, and those of which something was signed. Whoever
    /// takes one away as a whole leaves nothing else that tells.
    /// </summary>
    public async Task<VerificationReport> VerifyAllAsync(
        long nowMicros, CancellationToken cancel, IReadOnlyDictionary<Guid, IReadOnlyDictionary<long, Seal>>? kept = null)
    {
        await using var snapshot = await database.OpenLedgerSnapshotAsync(cancel);
        var known = await snapshot.ListAsync<Guid>(VerificationQueries.Organizations, new { }, cancel);
        return await VerifyAsync(snapshot, [.. known.Union(kept?.Keys ?? [])], nowMicros, kept, cancel);
    }

    private static async Task<VerificationReport> VerifyAsync(
        LedgerSnapshot snapshot, IReadOnlyList<Guid> organizationIds, long nowMicros, IReadOnlyDictionary<Guid, IReadOnlyDictionary<long, Seal>>? kept,
        CancellationToken cancel)
    {
        var report = new VerificationReport();
        foreach (var organizationId in organizationIds)
        {
            var read = new OrganizationRead(snapshot, organizationId, cancel);
            if ((await read.ListAsync<StoredCounters>(VerificationQueries.Organization)).Count == 0)
            {
                await ReportGoneAsync(read, kept?.ContainsKey(organizationId) == true, report);
                continue;
            }
            var budgets = await read.ListAsync<StoredBudget>(VerificationQueries.Budgets);
            var history = new GovernanceHistory(await read.ListAsync<StoredChange>(VerificationQueries.GovernanceChanges), budgets);
            var organization = await LoadAsync(read, budgets, history, nowMicros);
            await CheckDirectoriesAsync(read, organization, report);
            await CheckAuditAsync(read, report);
            await CheckAdjustmentsAsync(read, report);
            CapCutCheck.Run(organization, history.CapChanges(), report);
            await CheckLedgerAsync(read, organization, report, kept?.GetValueOrDefault(organizationId) ?? (kept is null ? null : new Dictionary<long, Seal>()));
        }
        return report;
    }

    private static async Task ReportGoneAsync(OrganizationRead read, bool isSigned, VerificationReport report)
    {
        foreach (var slug in await read.ListAsync<string>(VerificationQueries.DirectorySlugs))
            report.Add(Invariant.OrganizationDirectory, $"directory row of organization {read.OrganizationId}", $"an organization '{slug}'", "none");
        if (isSigned) report.Add(Invariant.LedgerSigned, $"organization {read.OrganizationId}", "an organization, as it was signed", "none");
    }

    private static async Task CheckLedgerAsync(
        OrganizationRead read, VerifiedOrganization organization, VerificationReport report, IReadOnlyDictionary<long, Seal>? kept)
    {
        // Nothing is shared by the two threads but the exchange, which locks.
        VerificationReport[] reports = [new(), new(), new()];
        var match = new BookingMatch(reports[2]);
        var exchange = new BookingExchange(match);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(read.Cancel);
        var spend = new SpendReading(
            read.Snapshot, read.OrganizationId, new SpendVerification(organization, reports[0]), exchange, stop.Token);
        var journal = new JournalReading(
            read.Snapshot, read.OrganizationId, new JournalVerification(organization.Row, reports[1], kept), exchange, stop.Token);
        await RunTogetherAsync(stop, spend.Run, journal.Run);
        match.Complete();
        foreach (var part in reports) report.Add(part);
    }

    /// <summary>When one fails the other stops as well, and what is thrown is why, not that it was stopped.</summary>
    internal static async Task RunTogetherAsync(CancellationTokenSource stop, params Action[] runs)
    {
        Exception? first = null;
        // Reading blocks for as long as the tables are large; the pool's threads belong to others.
        await Task.WhenAll(runs.Select(run => Task.Factory.StartNew(
            () =>
            {
                try
                {
                    run();
                }
                catch (Exception e)
                {
                    Interlocked.CompareExchange(ref first, e, null);
                    stop.Cancel();
                }
            }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        if (first is not null) ExceptionDispatchInfo.Throw(first);
    }

    private static async Task<VerifiedOrganization> LoadAsync(
        OrganizationRead read, List<StoredBudget> budgets, GovernanceHistory history, long nowMicros) => new()
    {
        Row = (await read.ListAsync<StoredCounters>(VerificationQueries.Organization)).Single().ToRow(),
        Budgets = budgets.ToDictionary(b => b.BudgetId, b => b.ToBudget()),
        HardCapped = (await read.ListAsync<Guid>(VerificationQueries.HardCapped)).ToHashSet(),
        Prices = (await read.ListAsync<StoredPrice>(GovernanceQueries.ChangedPrices)).ToDictionary(p => p.PriceId, p => p.ToPrice()),
        Windows = [.. (await read.ListAsync<StoredWindowRow>(VerificationQueries.Windows)).Select(w => w.ToRow(read.OrganizationId))],
        Excesses = [.. (await read.ListAsync<StoredExcess>(VerificationQueries.Excesses)).Select(e => e.ToExcess(read.OrganizationId))],
        Keys = (await read.ListAsync<Guid>(VerificationQueries.KeyIds)).ToHashSet(),
        Accounts = (await read.ListAsync<Guid>(VerificationQueries.AccountIds)).Append(ProviderAccount.SandboxId).ToHashSet(),
        Scopes = (await read.ListAsync<Guid>(VerificationQueries.ScopeIds)).ToHashSet(),
        Policies = history.Policies(await read.ListAsync<StoredVerifiedPolicy>(VerificationQueries.Policies)),
        NowMicros = nowMicros,
    };

    private static async Task CheckDirectoriesAsync(OrganizationRead read, VerifiedOrganization organization, VerificationReport report)
    {
        report.Count(Invariant.KeyDirectory, organization.Keys.Count);
        foreach (var id in await read.ListAsync<Guid>(VerificationQueries.KeysWithoutDirectory))
            report.Add(Invariant.KeyDirectory, $"key {id}", "a directory row of its organization", "none");
        foreach (var id in await read.ListAsync<Guid>(VerificationQueries.DirectoryWithoutKeys))
            report.Add(Invariant.KeyDirectory, $"directory row of key {id}", "a key", "none");

        report.Count(Invariant.OrganizationDirectory, 1);
        var slug = (await read.ListAsync<string>(VerificationQueries.OrganizationSlug)).Single();
        var listed = await read.ListAsync<string>(VerificationQueries.DirectorySlugs);
        if (listed is not [var only] || only != slug)
        {
            report.Add(Invariant.OrganizationDirectory, $"organization {read.OrganizationId}", $"listed as '{slug}'",
                listed.Count == 0 ? "not listed" : $"listed as {string.Join(", ", listed.Select(s => $"'{s}'"))}");
        }
    }

    /// <summary>Corrections are rows that a decision changes: each is what the last record of it says, and none is without the other.</summary>
    private static async Task CheckAdjustmentsAsync(OrganizationRead read, VerificationReport report)
    {
        var told = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var record in await read.ListAsync<StoredChange>(VerificationQueries.AdjustmentChanges)) told[record.Subject] = record.AfterState;
        var rows = await AdjustmentReader.ListAllAsync(read.Snapshot, read.OrganizationId, read.Cancel);
        report.Count(Invariant.AdjustmentAudited, rows.Count);
        foreach (var row in rows)
        {
            var found = Description.Of(row).ToJson();
            told.Remove(row.AdjustmentId.ToString(), out var expected);
            if (found != expected) report.Add(Invariant.AdjustmentAudited, $"adjustment {row.AdjustmentId}", expected ?? "a record of the audit log", found);
        }
        foreach (var id in told.Keys) report.Add(Invariant.AdjustmentAudited, $"adjustment {id}", "a row, as the audit log tells", "none");
    }

    private static async Task CheckAuditAsync(OrganizationRead read, VerificationReport report)
    {
        var verdict = await read.Snapshot.VerifyAuditAsync(read.OrganizationId, read.Cancel);
        report.Count(Invariant.AuditChain, verdict.Records);
        if (verdict.Contradiction is { } contradiction)
            report.Add(Invariant.AuditChain, $"audit records of organization {read.OrganizationId}", "a whole chain", contradiction);
    }
}

/// <summary>Reads of one organization within one moment.</summary>
internal sealed record OrganizationRead(LedgerSnapshot Snapshot, Guid OrganizationId, CancellationToken Cancel)
{
    /// <summary>For statements whose only parameters are the organization and, for deltas, the epoch before all others.</summary>
    public Task<List<T>> ListAsync<T>(string sql) =>
        Snapshot.ListAsync<T>(sql, new { organizationId = OrganizationId, since = -1L }, Cancel);
}
