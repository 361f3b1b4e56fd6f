using System.Diagnostics;
using Spendra.Control.Exports;
using Spendra.Storage;
using Spendra.Storage.Exports;
using Spendra.Storage.Governance;
using Spendra.Testing;

namespace Spendra.Proof.LargeLedger;

/// <summary>Exports the spend events of a large ledger as Parquet, and says how long that took.</summary>
internal static class LargeExport
{
    /// <summary>False when a row is missing.</summary>
    public static async Task<bool> WriteAsync(Database database, CancellationToken cancel)
    {
        var isWhole = true;
        foreach (var organization in await new GovernanceReader(database).ListOrganizationsAsync(cancel))
        {
            using var folder = new TempFolder();
            ProcessorTime.ForgetPeak();
            var began = Stopwatch.GetTimestamp();
            var result = await DirectExport.WriteAsync(database, organization, ExportDataset.SpendEvents, ExportFormat.Parquet, 0,
                Micros.Now(TimeProvider.System), folder.File("export"), new ExportOptions(), new ChangeAuthor("proof", "proof"), TimeProvider.System, rows: null, cancel);
            var elapsed = Stopwatch.GetElapsedTime(began);
            var events = await CountAsync(database, organization, cancel);
            Console.WriteLine(
                $"export of {organization.Slug}: {result.Rows:N0} of {events:N0} events in {result.Parts} files of Parquet in {elapsed.TotalSeconds:F1} s, "
                + $"{new DirectoryInfo(folder.File("export")).EnumerateFiles().Sum(f => f.Length) / 1_000_000:N0} MB, at most {ProcessorTime.PeakMegabytes()} MB of memory");
            isWhole &= result.Rows == events;
        }
        return isWhole;
    }

    private static async Task<long> CountAsync(Database database, OrganizationName organization, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        return await Dapper.SqlMapper.ExecuteScalarAsync<long>(connection, "SELECT count(*) FROM spend_events WHERE organization_id = @OrganizationId", organization);
    }
}
