using System.Data.Common;
using System.Runtime.CompilerServices;
using Dapper;
using Spendra.Core.Ledger;
using Spendra.Storage.Ledger;
using Spendra.Storage.Rollups;

namespace Spendra.Storage.Retention;

/// <summary>Rows that were removed.</summary>
/// <param name="Table">Of which table.</param>
/// <param name="Rows">How many.</param>
/// <param name="Month">The month that was dropped as a whole; null where rows were.</param>
public readonly record struct RemovedDetail(string Table, long Rows, AccountingPeriod? Month = null);

/// <summary>
/// Removes old detail: a few rows in a transaction, and a pause before the next, so that whoever writes the ledger waits for one of
/// them at most. Whoever is stopped has removed what was committed; several at once remove different rows.
/// </summary>
/// <param name="database">A migrated database.</param>
/// <param name="limits">How long what is kept.</param>
/// <param name="time">Tells what is old.</param>
public sealed class DetailRemoval(Database database, RetentionLimits limits, TimeProvider time)
{
    /// <summary>Rows of one transaction, at most.</summary>
    public const int BatchRows = 500;

    // A ledger that is busy has the database for itself most of the time.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private const string Organizations = "SELECT organization_id FROM organizations ORDER BY organization_id";

    private const string NoteHours = """
        UPDATE outbox_positions SET hours_from = @from WHERE organization_id = @organizationId AND consumer = @consumer AND hours_from < @from
        """;

    /// <summary>Makes the months of rollups that are missing: this one, as many after it, and those of hours that came without one.</summary>
    /// <returns>Tables that were made; 0 where all months are one table.</returns>
    public async Task<int> MakeMonthsAsync(int ahead, CancellationToken cancel)
    {
        if (database.Months is not { } months) return 0;
        var period = AccountingPeriod.Of(Micros.Now(time));
        var coming = new List<AccountingPeriod> { period };
        while (coming.Count <= ahead) coming.Add(period = period.Next);
        return await months.MakeAsync(coming, cancel) + await months.MakeUnmadeAsync(cancel);
    }

    /// <summary>
    /// Removes the sums of old hours: says so where they are counted first, from when on nobody counts into them, then drops whole months
    /// where the engine has such, then removes rows. A month that is in use stays until the next time.
    /// </summary>
    public async IAsyncEnumerable<RemovedDetail> RemoveHoursAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        if (DetailRule.Hours[0].KeptFrom(limits, Micros.Now(time)) is not { } from) yield break;
        foreach (var organizationId in await ListOrganizationsAsync(cancel)) await NoteHoursAsync(organizationId, from, cancel);
        if (database.Months is { } months)
        {
            var (removed, isComplete) = await months.DropAsync(from, cancel);
            foreach (var month in removed) yield return month;
            if (!isComplete) yield break;
        }
        foreach (var rule in DetailRule.Hours)
        {
            await foreach (var removed in RemoveAsync(rule, cancel)) yield return removed;
        }
    }

    /// <summary>Removes what a rule names, and tells after each transaction.</summary>
    public async IAsyncEnumerable<RemovedDetail> RemoveAsync(DetailRule rule, [EnumeratorCancellation] CancellationToken cancel)
    {
        if (rule.KeptFrom(limits, Micros.Now(time)) is not { } before) yield break;
        foreach (var organizationId in rule.IsOfOrganizations ? await ListOrganizationsAsync(cancel) : [Guid.Empty])
        {
            for (var removed = BatchRows; removed == BatchRows;)
            {
                removed = await RemoveSomeAsync(rule, organizationId, before, cancel);
                if (removed > 0) yield return new RemovedDetail(rule.Table, removed);
                if (removed == BatchRows) await Task.Delay(Pause, time, cancel);
            }
        }
    }

    private async Task<int> RemoveSomeAsync(DetailRule rule, Guid organizationId, long before, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginWriteAsync(connection, cancel);
        var removed = await connection.ExecuteAsync(new CommandDefinition(rule.Delete(database.SkipLocked),
            new { organizationId, before, beforeId = PastRequests.FirstIdAt(before), limit = BatchRows }, transaction, commandTimeout: 0, cancellationToken: cancel));
        await database.CommitAsync(connection, transaction);
        return removed;
    }

    // Waits for whoever counts at the moment; whoever counts later reads it.
    private async Task NoteHoursAsync(Guid organizationId, long from, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginWriteAsync(connection, cancel);
        await connection.ExecuteAsync(new CommandDefinition(
            NoteHours, new { organizationId, consumer = RollupIntake.Consumer, from }, transaction, cancellationToken: cancel));
        await database.CommitAsync(connection, transaction);
    }

    private async Task<IReadOnlyList<Guid>> ListOrganizationsAsync(CancellationToken cancel)
    {
        await using DbConnection connection = await database.ConnectAsync(cancel);
        return [.. await connection.QueryAsync<Guid>(new CommandDefinition(Organizations, cancellationToken: cancel))];
    }
}
