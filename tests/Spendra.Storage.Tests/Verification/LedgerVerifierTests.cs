using System.Reflection;
using Dapper;
using Spendra.Core.Ledger;
using Spendra.Core.Ledger.Verification;
using Spendra.Storage.Ledger;
using Spendra.Storage.Schema;
using Spendra.Testing;

namespace Spendra.Storage.Tests.Verification;

public sealed class LedgerVerifierTests(SampleLedgerFile sample) : IClassFixture<SampleLedgerFile>
{
    public static TheoryData<string> Corruptions => [.. Corruption.All.Select(c => c.Name)];

    public static TheoryData<string> Invariants => [.. AllInvariants];

    internal static IEnumerable<string> AllInvariants => typeof(Invariant)
        .GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => (string)f.GetRawConstantValue()!)
        // Only for those who have kept what was signed; see below.
        .Where(i => i != Invariant.LedgerSigned);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_valid_ledger_has_no_violation()
    {
        using var folder = sample.Copy();
        await using var database = Database.Open(DatabaseTarget.Folder(folder.Path));
        var report = await VerifyAsync(database);
        report.Violations.Should().BeEmpty();
        report.Checked.Where(c => c.Value == 0).Should().BeEmpty("every invariant has something to check");
        report.Checked.Keys.Should().BeEquivalentTo(AllInvariants);
    }

    [Theory]
    [MemberData(nameof(Corruptions))]
    public async Task A_damaged_row_is_reported_as_what_it_breaks(string name)
    {
        var corruption = Corruption.All.Single(c => c.Name == name);
        using var folder = sample.Copy();
        await using var database = Database.Open(DatabaseTarget.Folder(folder.Path));
        await using (var connection = await database.ConnectAsync(Cancel))
        {
            await connection.ExecuteAsync("PRAGMA foreign_keys = OFF");
            (await connection.ExecuteAsync(corruption.Sql, SampleIds)).Should().BePositive();
        }
        var report = await VerifyAsync(database);
        corruption.BrokenIn(report).Should().BeEquivalentTo(corruption.Breaks);
        report.Violations.Should().OnlyContain(v => v.Subject != "" && v.Expected != v.Found);
    }

    [Theory]
    [MemberData(nameof(Invariants))]
    public void Every_invariant_is_broken_by_some_corruption(string invariant) =>
        Corruption.All.Should().Contain(c => c.Breaks.Contains(invariant));

    [Fact]
    public async Task Another_organization_is_not_looked_at()
    {
        using var folder = sample.Copy();
        await using var database = Database.Open(DatabaseTarget.Folder(folder.Path));
        await using (var connection = await database.ConnectAsync(Cancel))
            await connection.ExecuteAsync("UPDATE windows SET settled_nanos = settled_nanos + 1");
        var report = await new LedgerVerifier(database).VerifyAsync([], SampleLedger.NowMicros, Cancel);
        report.ViolationCount.Should().Be(0);
    }

    [Fact]
    public async Task Whoever_takes_every_seal_away_or_seals_anew_contradicts_what_was_signed()
    {
        using var folder = sample.Copy();
        await using var database = Database.Open(DatabaseTarget.Folder(folder.Path));
        await using var connection = await database.ConnectAsync(Cancel);
        var kept = (await connection.QueryAsync<(long Sequence, byte[] Seal)>("SELECT sequence, seal FROM outbox"))
            .ToDictionary(r => r.Sequence, r => Seal.Read(r.Seal));
        var signed = new Dictionary<Guid, IReadOnlyDictionary<long, Seal>> { [SampleLedger.OrganizationId] = kept };
        (await BrokenAsync()).Should().BeEmpty();

        await connection.ExecuteAsync("UPDATE outbox SET seal = NULL; UPDATE organizations SET ledger_seal = NULL");
        (await BrokenAsync()).Should().Equal(Invariant.OutboxSeal, Invariant.LedgerSigned);
        // As if the organization were older than seals: nothing but what was signed tells.
        await connection.ExecuteAsync("UPDATE organizations SET sealed_after = outbox_sequence");
        (await BrokenAsync()).Should().Equal(Invariant.LedgerSigned);

        async Task<IEnumerable<string>> BrokenAsync() => (await new LedgerVerifier(database).VerifyAsync(
            [SampleLedger.OrganizationId], SampleLedger.NowMicros, Cancel, signed)).Violations.Select(v => v.Invariant).Distinct();
    }

    [Fact]
    public async Task An_organization_that_is_gone_is_named_by_the_directory_and_by_what_was_signed()
    {
        using var folder = sample.Copy();
        await using var database = Database.Open(DatabaseTarget.Folder(folder.Path));
        await using var connection = await database.ConnectAsync(Cancel);
        await connection.ExecuteAsync("PRAGMA foreign_keys = OFF");
        await TakeAwayAsync(database, connection);
    }

    /// <summary>Takes the sample's organization away, with the connection that no foreign key stops, and then its directory row.</summary>
    internal static async Task TakeAwayAsync(Database database, System.Data.Common.DbConnection connection)
    {
        var signed = new Dictionary<Guid, IReadOnlyDictionary<long, Seal>> { [SampleLedger.OrganizationId] = new Dictionary<long, Seal>() };
        (await BrokenAsync(null)).Should().BeEmpty();
        (await BrokenAsync(signed)).Should().BeEmpty();

        await connection.ExecuteAsync("DELETE FROM organizations");
        (await BrokenAsync(null)).Should().Equal(Invariant.OrganizationDirectory);
        (await BrokenAsync(signed)).Should().Equal(Invariant.OrganizationDirectory, Invariant.LedgerSigned);
        await connection.ExecuteAsync("DELETE FROM organization_directory");
        (await BrokenAsync(signed)).Should().Equal(Invariant.LedgerSigned);

        async Task<IEnumerable<string>> BrokenAsync(IReadOnlyDictionary<Guid, IReadOnlyDictionary<long, Seal>>? kept) =>
            (await new LedgerVerifier(database).VerifyAllAsync(SampleLedger.NowMicros, Cancel, kept)).Violations.Select(v => v.Invariant);
    }

    internal static object SampleIds => new
    {
        SampleLedger.OrganizationId, SampleLedger.AccountId, SampleLedger.KeyId, SampleLedger.MonthBudgetId,
        SampleLedger.TotalBudgetId, SampleLedger.WatchedBudgetId, SampleLedger.Measured, SampleLedger.Overrun,
        SampleLedger.Expired, SampleLedger.LateUp, SampleLedger.Estimated, SampleLedger.Released, SampleLedger.Open,
        SampleLedger.Free, SampleLedger.Adjusted, SampleLedger.MonthWindowId, SampleLedger.NowMicros,
        UnknownIds = SampleLedger.KeyId.ToByteArray(bigEndian: true), MonthWindow = PackedIds.Pack([SampleLedger.MonthWindowId]), MonthPolicy = PackedIds.Pack([SampleLedger.MonthPolicyId]), MonthWindowTwice = PackedIds.Pack([SampleLedger.MonthWindowId, SampleLedger.MonthWindowId]), SampleLedger.RefusedExceeded, SampleLedger.RefusedHeld, SampleLedger.RefusedModel, SampleLedger.RequestAdjusted, SampleLedger.AccountAdjusted,
    };

    internal static Task<VerificationReport> VerifyAsync(Database database) =>
        new LedgerVerifier(database).VerifyAsync([SampleLedger.OrganizationId], SampleLedger.NowMicros, Cancel);
}

/// <summary>The sample ledger, built once; each test damages a copy of its file.</summary>
public sealed class SampleLedgerFile : IAsyncLifetime
{
    private readonly TempFolder _folder = new();

    public async ValueTask InitializeAsync()
    {
        var target = DatabaseTarget.Folder(_folder.Path);
        await Migrator.MigrateAsync(target, default);
        await using var database = Database.Open(target);
        await SampleLedger.BuildAsync(database);
        await using var connection = await database.ConnectAsync(default);
        await connection.ExecuteAsync("PRAGMA wal_checkpoint(TRUNCATE)");
    }

    public TempFolder Copy()
    {
        var copy = new TempFolder();
        File.Copy(_folder.File("spendra.db"), copy.File("spendra.db"));
        return copy;
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }
}
