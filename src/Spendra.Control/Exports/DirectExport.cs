using Spendra.Storage;
using Spendra.Storage.Exports;
using Spendra.Storage.Governance;

namespace Spendra.Control.Exports;

/// <summary>An export that the command line writes.</summary>
/// <param name="RunId">Its id.</param>
/// <param name="Rows">Rows of all parts.</param>
/// <param name="Parts">Files beside the manifest.</param>
/// <param name="IsResumed">It went on with what was begun before.</param>
public sealed record DirectExportResult(Guid RunId, long Rows, int Parts, bool IsResumed);

/// <summary>Writes an export into a folder or bucket at once, or goes on with the same one that was stopped there.</summary>
public static class DirectExport
{
    /// <param name="database">Where.</param>
    /// <param name="organization">Whose books.</param>
    /// <param name="dataset">Of what.</param>
    /// <param name="format">As what.</param>
    /// <param name="startsAt">The first instant, in microseconds since the Unix epoch.</param>
    /// <param name="endsAt">The first instant behind the span.</param>
    /// <param name="to">A folder, made when it is not there, or <c>s3://bucket/prefix</c>.</param>
    /// <param name="options">How buckets are reached.</param>
    /// <param name="author">For the audit record.</param>
    /// <param name="time">The clock.</param>
    /// <param name="rows">Told how many rows are written.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="IOException">It cannot be written or sent, or something is there already.</exception>
    /// <exception cref="InvalidOperationException">Another process writes the same export.</exception>
    public static async Task<DirectExportResult> WriteAsync(
        Database database, OrganizationName organization, ExportDataset dataset, ExportFormat format, long startsAt, long endsAt, string to,
        ExportOptions options, ChangeAuthor author, TimeProvider time, IProgress<long>? rows, CancellationToken cancel)
    {
        using var places = new ExportPlaces(options, time);
        if (places.Named(to) is not var (place, name)) throw new IOException($"{to} is no place of an export: expected a folder or s3://bucket/prefix");
        var run = new ExportRun
        {
            OrganizationId = organization.OrganizationId, RunId = Guid.CreateVersion7(), Dataset = dataset, Format = format, StartsAt = startsAt,
            EndsAt = endsAt, RowsPerPart = new ExportOptions().RowsPerPart, Folder = name,
        };
        var begun = await ExportReader.FindUnfinishedAsync(database, run, cancel);
        if (begun is null)
        {
            if (!await place.IsEmptyAsync(cancel)) throw new IOException($"{name} is not empty: an export has a place of its own");
            await using var transaction = await GovernanceTransaction.BeginAsync(database, organization.OrganizationId, time, cancel);
            await transaction.ApplyAsync(
                [new GovernanceChange(new GovernanceWrite.RequestExport(run), new ChangeNote("create", "export", run.RunId.ToString(), null, ExportView.Describe(run).ToJson()))],
                author, cancel);
        }
        var hold = new ExportHold(database, Guid.CreateVersion7(), time);
        var taken = await hold.TakeAsync(organization.OrganizationId, (begun ?? run).RunId, cancel)
            ?? throw new InvalidOperationException("another process writes this export, or did a minute ago");
        try
        {
            var ended = await new ExportRunner(database, hold, time).RunAsync(taken, place, organization.Slug, noted => rows?.Report(noted.RowCount), cancel)
                ?? throw new InvalidOperationException("another process has taken this export over");
            return new DirectExportResult(ended.RunId, ended.RowCount, ended.PartCount, begun is not null);
        }
        catch
        {
            await hold.LetGoAsync(taken, CancellationToken.None);
            throw;
        }
    }
}
