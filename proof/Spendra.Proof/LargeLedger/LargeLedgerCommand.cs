using System.CommandLine;
using System.Diagnostics;
using Spendra.Core.Ledger.Verification;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Ledger;
using Spendra.Storage.Schema;
using Spendra.Testing;

namespace Spendra.Proof.LargeLedger;

/// <summary>
/// <c>large-ledger</c>: fills a database with a ledger that satisfies every invariant, then verifies it with the
/// production code and says how long that took.
/// </summary>
internal static class LargeLedgerCommand
{
    // The second organization: most of what is there belongs to one.
    private const int SmallShare = 100;

    private static readonly Argument<long> Entries = new("entries") { Description = "Journal entries to write." };
    private static readonly Argument<string> Engine = new("engine") { Description = "sqlite or postgres." };
    private static readonly Argument<string?> Folder = new("folder")
    {
        Description = "Where the SQLite file is made or, when it is there already, found. PostgreSQL lives in a folder of its own and is gone afterwards.",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private static readonly Option<int> Rounds = new("--rounds") { Description = "How often to verify.", DefaultValueFactory = _ => 3 };

    private static readonly Option<bool> Rollups = new("--rollups") { Description = "Rebuild the rollups as well, and compare them with the journal." };
    private static readonly Option<bool> Export = new("--export") { Description = "Export the spend events as Parquet as well." };

    public static Command Create()
    {
        Engine.AcceptOnlyFromAmong("sqlite", "postgres");
        var command = new Command("large-ledger", "Makes a large valid ledger and measures how long its verification takes.")
        {
            Entries, Engine, Folder, Rounds, Rollups, Export,
        };
        command.SetAction((arguments, cancel) => RunAsync(
            arguments.GetValue(Entries), arguments.GetValue(Engine) == "postgres", arguments.GetValue(Folder), arguments.GetValue(Rounds),
            arguments.GetValue(Rollups), arguments.GetValue(Export), cancel));
        return command;
    }

    private static async Task<int> RunAsync(long entries, bool isPostgres, string? folder, int rounds, bool rebuilds, bool exports, CancellationToken cancel)
    {
        using var temporary = new TempFolder();
        var cluster = isPostgres ? await PostgresCluster.SharedAsync() : null;
        var connectionString = cluster is null ? null : await cluster.CreateDatabaseAsync("large");
        var target = connectionString is null
            ? DatabaseTarget.Folder(folder ?? temporary.Path)
            : DatabaseTarget.Address(PostgresCluster.ToUrl(connectionString));
        var isNew = isPostgres || target.IsMissing;
        await Migrator.MigrateAsync(target, cancel);
        await using var database = Database.Open(target);
        if (isNew)
        {
            var began = Stopwatch.GetTimestamp();
            await FillAsync(database, new LargeCompany("large", 200), entries - entries / SmallShare, connectionString, folder ?? temporary.Path, cancel);
            await FillAsync(database, new LargeCompany("small", 20), entries / SmallShare, connectionString, folder ?? temporary.Path, cancel);
            Console.WriteLine($"made in {Stopwatch.GetElapsedTime(began).TotalSeconds:F0} s");
        }
        var violations = 0L;
        for (var round = 0; round < rounds; round++) violations += await VerifyAsync(database, cluster, cancel);
        if (rebuilds && !await LargeRollups.RebuildAsync(database, cancel)) violations++;
        if (exports && !await LargeExport.WriteAsync(database, cancel)) violations++;
        return violations == 0 ? 0 : 1;
    }

    /// <summary>Writes a company and its history into an empty database, by the fastest way of the engine.</summary>
    /// <param name="database">Where to.</param>
    /// <param name="company">Whose.</param>
    /// <param name="entries">How many journal entries.</param>
    /// <param name="connectionString">Of PostgreSQL; null for SQLite.</param>
    /// <param name="folder">Of SQLite.</param>
    /// <param name="cancel">Stops.</param>
    internal static async Task FillAsync(
        Database database, LargeCompany company, long entries, string? connectionString, string folder, CancellationToken cancel)
    {
        await using (var connection = await database.ConnectAsync(cancel)) await company.CreateAsync(connection);
        var history = new LedgerHistory(company, entries);
        await using var sink = connectionString is null ? await SqliteSink.OpenAsync(folder) : await PostgresSink.OpenAsync(connectionString);
        foreach (var (writes, notes) in history.Batches())
        {
            cancel.ThrowIfCancellationRequested();
            await sink.WriteAsync(writes, notes);
        }
        await sink.WriteAsync(history.State(Micros.Now(TimeProvider.System)), new LaneNotes());
    }

    private static async Task<long> VerifyAsync(Database database, PostgresCluster? cluster, CancellationToken cancel)
    {
        var organizations = await new GovernanceReader(database).ListOrganizationsAsync(cancel);
        ProcessorTime.ForgetPeak();
        var server = cluster is null ? TimeSpan.Zero : ProcessorTime.OfServer(cluster);
        var processor = ProcessorTime.OfThisProcess;
        var began = Stopwatch.GetTimestamp();
        var report = await new LedgerVerifier(database).VerifyAsync(
            [.. organizations.Select(o => o.OrganizationId)], Micros.Now(TimeProvider.System), cancel);
        var elapsed = Stopwatch.GetElapsedTime(began);
        processor = ProcessorTime.OfThisProcess - processor;
        server = cluster is null ? TimeSpan.Zero : ProcessorTime.OfServer(cluster) - server;
        Console.WriteLine(
            $"{report.Checked[Invariant.EntrySequence]:N0} entries, {report.ViolationCount} violations: {elapsed.TotalSeconds:F1} s, "
            + $"processor {processor.TotalSeconds:F1} s here and {server.TotalSeconds:F1} s in the server, peak {ProcessorTime.PeakMegabytes()} MB");
        foreach (var violation in report.Violations.Take(20)) Console.WriteLine($"  {violation}");
        return report.ViolationCount;
    }
}
