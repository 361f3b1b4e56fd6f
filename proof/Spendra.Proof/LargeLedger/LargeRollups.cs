using System.Diagnostics;
using Dapper;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Outbox;
using Spendra.Storage.Rollups;

namespace Spendra.Proof.LargeLedger;

/// <summary>Rebuilds the rollups of a large ledger, says how long that took, and compares them with the journal.</summary>
internal static class LargeRollups
{
    private const string Journal = "SELECT coalesce(sum(amount_nanos), 0) FROM postings WHERE organization_id = @OrganizationId AND ledger_account = 1";

    private const string Days = """
        SELECT coalesce(sum(cost_nanos), 0) FROM usage_rollups
        WHERE organization_id = @OrganizationId AND span = 1 AND subject_id = @OrganizationId
        """;

    /// <summary>False when the sums are not those of the journal.</summary>
    public static async Task<bool> RebuildAsync(Database database, CancellationToken cancel)
    {
        var positions = new OutboxPositions(database, RollupIntake.Consumer, Guid.CreateVersion7(), TimeProvider.System);
        var isRight = true;
        foreach (var organization in await new GovernanceReader(database).ListOrganizationsAsync(cancel))
        {
            ProcessorTime.ForgetPeak();
            var processor = ProcessorTime.OfThisProcess;
            var began = Stopwatch.GetTimestamp();
            isRight &= await new RollupRebuild(database, positions).RunAsync(organization.OrganizationId, progress: null, cancel);
            var elapsed = Stopwatch.GetElapsedTime(began);
            await using var connection = await database.ConnectAsync(cancel);
            var rows = await connection.ExecuteScalarAsync<long>("SELECT count(*) FROM usage_rollups WHERE organization_id = @OrganizationId", organization);
            var (journal, days) = (await connection.ExecuteScalarAsync<long>(Journal, organization), await connection.ExecuteScalarAsync<long>(Days, organization));
            Console.WriteLine(
                $"rollups of {organization.Slug}: {rows:N0} rows of usage in {elapsed.TotalSeconds:F1} s, {(ProcessorTime.OfThisProcess - processor).TotalSeconds:F1} s "
                + $"of processor in this process, at most {ProcessorTime.PeakMegabytes()} MB; {(journal == days ? "the same sum as the journal" : $"{days} and not {journal} nano-USD")}");
            isRight &= journal == days;
        }
        return isRight;
    }
}
