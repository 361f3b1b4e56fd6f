using System.Reflection;
using Spendra.Core.Ledger;
using Spendra.Gateway.Forwarding;
using Spendra.Proof.Kills;
using Spendra.Storage;
using Spendra.Storage.Ledger;

namespace Spendra.Proof.Tests;

/// <summary>No moment at which a process may die is forgotten.</summary>
public sealed class PointTests
{
    // However a transaction may be committed here.
    private static readonly string[] Commits = [".CommitAsync(", " CommitAsync(", ".Commit()", "\"COMMIT"];

    [Fact]
    public void Every_interface_with_input_or_output_is_a_seam()
    {
        Assembly[] assemblies = [typeof(Database).Assembly, typeof(UpstreamClient).Assembly, typeof(Control.Ledger.SweepOptions).Assembly];
        var interfaces = assemblies.SelectMany(a => a.GetTypes()).Where(t => t.IsInterface && t.GetMethods().Any(ReturnsTask));

        // Checkpoints, audit records, notices and files of exports go out after the commits that they tell of, and again when they did not arrive: no
        // promise of the ledger rests on when.
        var names = interfaces.Select(t => t.Name).Except(["ICheckpointSink", "IAuditReceiver", "INoticeSender", "IPartWriter", "IExportPlace"]);
        names.Should().BeSubsetOf(Points.Seams.Select(t => t.Name));
    }

    [Fact]
    public void Every_method_of_a_seam_has_a_point_before_and_after_it()
    {
        foreach (var name in Points.Seams.SelectMany(Points.MethodsOf).Select(Points.NameOf))
            Points.All.Should().Contain([name + Points.Before, name + Points.After]);
    }

    [Fact]
    public void Every_kind_of_command_and_note_has_points_around_its_commit()
    {
        foreach (var kind in Points.CommandKinds.Concat(Points.NoteKinds))
            Points.All.Should().Contain($"ILedgerEngine.CommitAsync({kind})/before").And.Contain($"ILedgerEngine.CommitAsync({kind})/after");
        Points.CommandKinds.Should().Contain(nameof(ReserveCommand)).And.Contain(nameof(SettleCommand)).And.Contain(nameof(ExpireCommand));
        Points.NoteKinds.Should().Contain(nameof(LaneNotes.Heartbeats));
    }

    /// <summary>A transaction that is behind no seam has no points around its commit: each is known by name, and stands in docs/crashes.md.</summary>
    [Fact]
    public void Every_commit_outside_of_the_seams_is_known()
    {
        string[] behindSeams = ["SqliteLedgerEngine.cs", "SqliteLedgerSession.cs", "PostgresLedgerEngine.cs", "SweepQueries.cs"];
        string[] abroad = ["Database.cs", "SqliteDatabase.cs", "PostgresDatabase.cs", "ILedgerEngine.cs", "LedgerLane.cs", "LedgerLane.Commit.cs"];
        string[] withoutPoints = 
        [
            "GovernanceTransaction.cs", "KeyUses.cs", "PriceProposals.cs", "DeliveryQueue.cs", "AlertBook.cs", "AccessTokenReader.cs", "SignInRecord.cs",
            "OutboxFailures.cs", "RollupIntake.cs", "RollupRebuild.cs", "ExportHold.cs", "BillScheduleHold.cs", "BilledLineWriter.cs",
            "DetailRemoval.cs", "RollupMonths.cs",
        ];

        var source = Path.Combine(RepositoryRoot(), "src");
        var commits = Directory.EnumerateFiles(source, "*.cs", SearchOption.AllDirectories)
            .Where(path => !path.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Where(path => Commits.Any(File.ReadAllText(path).Contains))
            .Select(path => Path.GetFileName(path));

        commits.Should().BeEquivalentTo([.. behindSeams, .. abroad, .. withoutPoints]);
        var page = File.ReadAllText(Path.Combine(source, "..", "docs", "crashes.md"));
        foreach (var file in withoutPoints) page.Should().Contain($"`{Path.GetFileNameWithoutExtension(file)}`");
    }

    [Fact]
    public void Points_are_named_once() => Points.All.Should().OnlyHaveUniqueItems();

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public void What_no_campaign_reaches_is_only_what_no_server_does(DatabaseEngine engine)
    {
        var unreachable = Points.All.Except(PointDeck.Reachable(engine));

        unreachable.Should().OnlyContain(p => p.Contains("(AdjustCommand)")
            || (engine == DatabaseEngine.Sqlite && (p.StartsWith("ILedgerEngine.Classify") || p.StartsWith("ILedgerEngine.Describe"))));
    }

    [Fact]
    public async Task A_wrapped_seam_passes_its_points_in_order()
    {
        var seen = new List<string>();
        var engine = PointProxy<ILedgerEngine>.Wrap(new SilentEngine(), new Trigger(null, 1, seen.Add));
        var release = new ReleaseCommand(Guid.NewGuid(), Guid.NewGuid(), [], "never sent");
        var notes = new LaneNotes();
        notes.Heartbeats.Add(new Heartbeat(Guid.NewGuid(), 1, 2));

        await engine.BeginAsync([release], isRepeated: false);
        await engine.CommitAsync(new LedgerWrites(0), notes);
        engine.Classify(new IOException());
        await engine.DisposeAsync();

        seen.Should().Equal(
            "ILedgerEngine.BeginAsync/before", "ILedgerEngine.BeginAsync(ReleaseCommand)/before",
            "ILedgerEngine.BeginAsync/after", "ILedgerEngine.BeginAsync(ReleaseCommand)/after",
            "ILedgerEngine.CommitAsync/before", "ILedgerEngine.CommitAsync(ReleaseCommand)/before", "ILedgerEngine.CommitAsync(Heartbeats)/before",
            "ILedgerEngine.CommitAsync/after", "ILedgerEngine.CommitAsync(ReleaseCommand)/after", "ILedgerEngine.CommitAsync(Heartbeats)/after",
            "ILedgerEngine.Classify/before", "ILedgerEngine.Classify/after",
            "IAsyncDisposable.DisposeAsync/before", "IAsyncDisposable.DisposeAsync/after");
        Points.All.Should().Contain(seen);
    }

    private static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Spendra.slnx"))) folder = folder.Parent!;
        return folder.FullName;
    }

    private static bool ReturnsTask(MethodInfo method) =>
        typeof(Task).IsAssignableFrom(method.ReturnType) || method.ReturnType.Name.StartsWith("ValueTask", StringComparison.Ordinal);

    private sealed class SilentEngine : ILedgerEngine
    {
        public Task<LedgerState> BeginAsync(IReadOnlyList<LedgerCommand> commands, bool isRepeated) => Task.FromResult(new LedgerState());

        public Task CommitAsync(LedgerWrites writes, LaneNotes notes) => Task.CompletedTask;

        public Task AbandonAsync(bool reconnect) => Task.CompletedTask;

        public LaneFault Classify(Exception exception) => LaneFault.Unavailable;

        public string Describe(Exception exception) => exception.Message;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
