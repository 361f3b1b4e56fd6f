using Spendra.Storage;
using Spendra.Storage.Exports;

namespace Spendra.Control.Exports;

/// <summary>
/// Writes an export that is held: parts one after the other, each noted when its place has it, and the manifest at the end. What was
/// stopped goes on behind its last noted part; a part whose file is not what was noted is written again, with all behind it.
/// </summary>
internal sealed class ExportRunner(Database database, ExportHold hold, TimeProvider time)
{
    private const int RowsBetweenLooks = 1_000;

    // Sums are counted on all the time; between noting how far and reading them is a moment.
    private const int MostBeginnings = 50;

    private static readonly TimeSpan RenewAfter = TimeSpan.FromSeconds(15);

    /// <summary>Runs to the end. Null when the hold was lost: then somebody else goes on.</summary>
    /// <param name="run">As it was taken.</param>
    /// <param name="place">The export's own.</param>
    /// <param name="organization">The organization's slug, for the manifest.</param>
    /// <param name="noted">Called after each part.</param>
    /// <param name="cancel">Stops it; what was noted stays.</param>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="ExportPlaceException">It cannot be sent.</exception>
    public async Task<ExportRun?> RunAsync(ExportRun run, IExportPlace place, string organization, Action<ExportRun>? noted, CancellationToken cancel)
    {
        place.Prepare();
        for (var beginnings = 1; ; beginnings++)
        {
            // 1. Of what, and how far.
            if (run.Snapshot is null)
            {
                if (await hold.BeginAsync(run, cancel) is not { } begun) return null;
                run = begun;
            }
            if (await GoBehindWholePartsAsync(run, place, cancel) is not { } placed) return null;

            try
            {
                // 2. Parts.
                if (await WritePartsAsync(placed, place, noted, cancel) is not { } written) return null;

                // 3. The manifest, and the end.
                var parts = await ExportReader.PartsAsync(database, run.OrganizationId, run.RunId, cancel);
                await using (var file = place.Create(ExportManifest.FileName))
                {
                    await file.Stream.WriteAsync(ExportManifest.Of(written, organization, parts).ToJson(), cancel);
                    if (await KeepAsync(written, place, file, ExportManifest.FileName, cancel) is null) return null;
                }
                return await hold.EndAsync(written, cancel) ? written with { State = ExportRun.Complete } : null;
            }
            catch (ExportOutdatedException) when (beginnings < MostBeginnings)
            {
                if (await hold.GoBackAsync(placed, [], cancel) is not { } emptied) return null;
                run = emptied with { Snapshot = null };
            }
        }
    }

    private async Task<ExportRun?> GoBehindWholePartsAsync(ExportRun run, IExportPlace place, CancellationToken cancel)
    {
        var whole = new List<ExportPart>();
        foreach (var part in await ExportReader.PartsAsync(database, run.OrganizationId, run.RunId, cancel))
        {
            if (!await place.IsWholeAsync(PartFile.NameOf(run.Dataset, run.Format, part.Number), part, cancel)) break;
            whole.Add(part);
            if (!await hold.RenewAsync(run, cancel)) return null;
        }
        return whole.Count == run.PartCount ? run : await hold.GoBackAsync(run, whole, cancel);
    }

    private async Task<ExportRun?> WritePartsAsync(ExportRun run, IExportPlace place, Action<ExportRun>? noted, CancellationToken cancel)
    {
        var source = new ExportSource(database, run);
        var renewed = time.GetTimestamp();
        await using var part = new OpenPart(run, place);
        await foreach (var row in ExportTables.ReadAsync(source, run.Dataset, cancel))
        {
            await part.AddAsync(row, run.PartCount + 1, cancel);
            if (row.Position is not null && part.RowCount >= run.RowsPerPart)
            {
                if (await NoteAsync(run, place, part, cancel) is not { } next) return null;
                run = next;
                noted?.Invoke(run);
                renewed = time.GetTimestamp();
            }
            else if (part.RowCount % RowsBetweenLooks == 0 && time.GetElapsedTime(renewed) > RenewAfter)
            {
                if (!await hold.RenewAsync(run, cancel)) return null;
                renewed = time.GetTimestamp();
            }
        }
        if (part.RowCount == 0 && run.PartCount > 0) return run;

        // An export of nothing has one part that says so.
        await part.OpenAsync(run.PartCount + 1);
        var last = await NoteAsync(run, place, part, cancel);
        if (last is not null) noted?.Invoke(last);
        return last;
    }

    /// <summary>Ends a part, keeps it and notes it. Null when the hold is lost.</summary>
    private async Task<ExportRun?> NoteAsync(ExportRun run, IExportPlace place, OpenPart open, CancellationToken cancel)
    {
        var file = await open.EndAsync(cancel);
        if (await KeepAsync(run, place, file, PartFile.NameOf(run.Dataset, run.Format, open.Number), cancel) is not { } kept) return null;
        var part = new ExportPart(open.Number, open.RowCount, kept.Bytes, kept.Sha256, open.Position);
        await open.DisposeAsync();
        return await hold.NoteAsync(run, part, cancel);
    }

    /// <summary>Keeps a file, and meanwhile the hold: a bucket may take its time. Null when the hold is lost.</summary>
    private async Task<(long Bytes, byte[] Sha256)?> KeepAsync(ExportRun run, IExportPlace place, PartFile file, string name, CancellationToken cancel)
    {
        var (bytes, hash) = await file.MeasureAsync(cancel);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var keeping = place.KeepAsync(file, name, bytes, hash, stop.Token);
        try
        {
            while (await Task.WhenAny(keeping, Task.Delay(RenewAfter, time, stop.Token)) != keeping)
            {
                if (!await hold.RenewAsync(run, cancel)) return null;
            }
            await keeping;
            return (bytes, hash);
        }
        finally
        {
            // Nobody writes under a name any more when this returns.
            await stop.CancelAsync();
            await keeping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The part that is being written; there is none between two.</summary>
    private sealed class OpenPart(ExportRun run, IExportPlace place) : IAsyncDisposable
    {
        private PartFile? _file;
        private IPartWriter? _writer;

        public int Number { get; private set; }

        public long RowCount { get; private set; }

        /// <summary>The key of the last row.</summary>
        public string? Position { get; private set; }

        public ValueTask OpenAsync(int number)
        {
            if (_file is not null) return ValueTask.CompletedTask;
            Number = number;
            _file = place.Create(PartFile.NameOf(run.Dataset, run.Format, number));
            var columns = ExportTables.ColumnsOf(run.Dataset);
            _writer = run.Format switch
            {
                ExportFormat.Csv => new CsvPart(columns, _file.Stream),
                ExportFormat.JsonLines => new JsonLinesPart(columns, _file.Stream),
                ExportFormat.Parquet => new ParquetPart(columns, _file.Stream),
            };
            return ValueTask.CompletedTask;
        }

        public async ValueTask AddAsync(ExportRow row, int number, CancellationToken cancel)
        {
            await OpenAsync(number);
            await _writer!.AddAsync(row.Cells, cancel);
            Position = row.Position;
            RowCount++;
        }

        /// <summary>The file with all of it, as long as this is not disposed of.</summary>
        public async Task<PartFile> EndAsync(CancellationToken cancel)
        {
            await _writer!.EndAsync(cancel);
            return _file!;
        }

        /// <summary>Back to before the first row.</summary>
        public async ValueTask DisposeAsync()
        {
            if (_writer is not null) await _writer.DisposeAsync();
            if (_file is not null) await _file.DisposeAsync();
            (_writer, _file) = (null, null);
            (RowCount, Position) = (0, null);
        }
    }
}
