using System.Globalization;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Spendra.Control.Exports;
using Spendra.Control.Reports;
using Spendra.Control.Tests.Api;
using Spendra.Control.Tests.Reconciliation;
using Spendra.Core.Access;
using Spendra.Core.Governance;
using Spendra.Core.Metering;
using Spendra.Storage;
using Spendra.Storage.Exports;
using Spendra.Storage.Governance;
using Spendra.Testing;

namespace Spendra.Control.Tests.Exports;

/// <summary>Books with something of everything, the management API over them, and a folder for exports.</summary>
internal sealed class ExportBooks : IAsyncDisposable
{
    private static readonly Usage Thousand = new() { Input = 1_000, Output = 100, CachedInput = 7 };

    private readonly TempFolder _folder = new();
    private RollupJob? _job;

    private ExportBooks()
    {
    }

    public ControlHarness Api { get; private set; } = null!;

    public PastBooks Past { get; private set; } = null!;

    public ControlClient Finance { get; private set; } = null!;

    public ControlClient Approver { get; private set; } = null!;

    public string Folder => _folder.Path;

    public ExportOptions Options => new() { Folder = _folder.Path, RowsPerPart = 3 };

    public Database Database => Api.Store.Database;

    /// <summary>All that was ever booked.</summary>
    public static (long From, long To) Ever => (PastBooks.Month.StartsAt, Micros.Now(TimeProvider.System) + 1_000_000);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<ExportBooks> OpenAsync(DatabaseEngine engine)
    {
        var books = new ExportBooks();
        books.Api = await ControlHarness.StartAsync(engine, services => services.AddSingleton(books.Options));
        await books.Api.ApplyAsync(PastBooks.Company);
        books.Past = await PastBooks.OpenAsync(books.Api);
        books.Finance = await books.Api.ClientAsync(MemberRole.FinanceManager);
        books.Approver = await books.Api.ClientAsync(MemberRole.FinanceManager);
        return books;
    }

    /// <summary>Eight entries: five settlements, one expiry that is settled late, and two corrections of this month.</summary>
    public async Task SpendAsync()
    {
        var first = await Past.SpendAsync(PastBooks.Noon(3), Thousand, served: "=cmd|' /C calc'!A0,\"x\"\n\u00e4");
        await Past.SpendAsync(PastBooks.Noon(4), Thousand, key: "crawler-key", account: "second");
        var late = await Past.HoldAsync(PastBooks.Noon(5));
        await Past.ExpireAsync(late, PastBooks.Noon(5) + 900_000_000);
        await Past.SpendAsync(PastBooks.Noon(6), Thousand, isEstimated: true);
        await Past.SettleAsync(late, Thousand, PastBooks.Noon(7));
        await Past.SpendAsync(PastBooks.Noon(8), Thousand);
        await AdjustAsync(new { requestId = first, differenceUsd = "0.000000001", reason = "@SUM(A1:A9)" });
        await AdjustAsync(new { account = "main", differenceUsd = "-2", reason = "Credit note, \"7\"" });
    }

    /// <summary>What only sums tell: units beyond tokens, refusals and how long requests took.</summary>
    public async Task SpendMoreAsync()
    {
        for (var day = 10; day < 14; day++)
        {
            var quick = await Past.HoldAsync(PastBooks.Noon(day));
            await Past.SettleAsync(quick, Thousand, PastBooks.Noon(day) + day * 500);
            var held = await Past.HoldAsync(PastBooks.Noon(day), day % 2 == 0 ? "ada" : "crawler-key");
            await Past.SettleAsync(held, Thousand.Plus(UnitClass.Images, day).Plus(UnitClass.WebSearches, 1), PastBooks.Noon(day) + day * 100_000, isEstimated: true);
            await Past.RefuseAsync(held, RefusalCode.ModelNotAllowed, PastBooks.Noon(day));
            await Past.RefuseAsync(held, RefusalCode.ProviderUnavailable, PastBooks.Noon(day));
        }
    }

    /// <summary>Counts what waits into the sums.</summary>
    public async Task CountAsync()
    {
        // One worker: another would wait until the first has let go.
        _job ??= new RollupJob(Database, TimeProvider.System, NullLogger<RollupJob>.Instance);
        await _job.TakeAllAsync(Cancel);
    }

    public async Task<Guid> AskAsync(ExportDataset dataset, ExportFormat format, (long From, long To)? span = null)
    {
        var (from, to) = span ?? Ever;
        var run = new ExportRun
        {
            OrganizationId = Past.OrganizationId, RunId = Guid.CreateVersion7(), Dataset = dataset, Format = format, StartsAt = from, EndsAt = to,
            RowsPerPart = Options.RowsPerPart,
        };
        await using var transaction = await GovernanceTransaction.BeginAsync(Database, Past.OrganizationId, TimeProvider.System, Cancel);
        await transaction.ApplyAsync([new GovernanceChange(new GovernanceWrite.RequestExport(run), new ChangeNote("create", "export", run.RunId.ToString(), null, "{}"))],
            new ChangeAuthor("operator", "test"), Cancel);
        return run.RunId;
    }

    /// <summary>Writes an export as a worker does, until so many parts are noted.</summary>
    public async Task<ExportRun?> WriteAsync(Guid runId, int stopAfterParts = int.MaxValue)
    {
        var hold = new ExportHold(Database, Guid.CreateVersion7(), TimeProvider.System);
        var run = await hold.TakeAsync(Past.OrganizationId, runId, Cancel);
        run.Should().NotBeNull();
        try
        {
            return await new ExportRunner(Database, hold, TimeProvider.System).RunAsync(run!, new FolderPlace(FolderOf(runId)), "acme", noted =>
            {
                if (noted.PartCount == stopAfterParts) throw new StoppedException();
            }, Cancel);
        }
        catch (StoppedException)
        {
            await hold.LetGoAsync(run!, Cancel);
            return null;
        }
    }

    public string FolderOf(Guid runId) => Path.Combine(_folder.Path, "acme", runId.ToString());

    public Dictionary<string, byte[]> PartsOf(Guid runId) => Directory.EnumerateFiles(FolderOf(runId))
        .Where(f => Path.GetFileName(f) != "manifest.json").ToDictionary(f => Path.GetFileName(f)!, File.ReadAllBytes);

    /// <summary>Rows of a statement, each value as a text: ids by their digits, flags as words.</summary>
    public async Task<List<Dictionary<string, string?>>> QueryAsync(string sql)
    {
        await using var connection = await Database.ConnectAsync(Cancel);
        await using var reader = await connection.ExecuteReaderAsync(sql);
        var rows = new List<Dictionary<string, string?>>();
        while (await reader.ReadAsync(Cancel))
            rows.Add(Enumerable.Range(0, reader.FieldCount).ToDictionary(reader.GetName, i => Text(reader.GetName(i), reader.GetValue(i))));
        return rows;
    }

    public async ValueTask DisposeAsync()
    {
        _job?.Dispose();
        await Past.DisposeAsync();
        await Api.DisposeAsync();
        _folder.Dispose();
    }

    private async Task AdjustAsync(object body)
    {
        var proposed = await Finance.PostAsync("/ledger/adjustments", body);
        proposed.Status.Should().Be(201, proposed.Body);
        var decided = await Approver.PostAsync($"/ledger/adjustments/{proposed.Json.GetProperty("id").GetString()}/approve", null, proposed.ETag);
        decided.Status.Should().Be(200, decided.Body);
    }

    private static string? Text(string name, object value) => value switch
    {
        DBNull => null,
        byte[] { Length: 16 } id => new Guid(id, bigEndian: true).ToString(),
        byte[] bytes => Convert.ToHexStringLower(bytes),
        bool flag => flag ? "true" : "false",
        long number when name.StartsWith("is_", StringComparison.Ordinal) => number == 0 ? "false" : "true",
        IFormattable other => other.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString(),
    };

    private sealed class StoppedException : Exception;
}
