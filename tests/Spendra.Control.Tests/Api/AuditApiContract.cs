using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Spendra.Control.Audit;
using Spendra.Control.Tests.Catalog;
using Spendra.Core.Access;
using Spendra.Core.Ledger.Verification;
using Spendra.Storage;
using Spendra.Storage.Ledger;
using Spendra.Testing;

namespace Spendra.Control.Tests.Api;

/// <summary>The audit chain through the management API, its exports and its checkpoints, on either engine.</summary>
public abstract class AuditApiContract(DatabaseEngine engine)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Records_are_listed_filtered_paged_and_read()
    {
        await using var api = await StartAsync();
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        await admin.PostAsync("/teams", new { slug = "maps" });
        var auditor = await api.ClientAsync(MemberRole.Auditor);

        var found = await auditor.GetAsync("/audit/records?subjectKind=team&subject=maps&action=create&actor=ORG_ADMIN");
        found.Json.GetProperty("items").GetArrayLength().Should().Be(1, found.Body);
        var record = found.Json.GetProperty("items")[0];
        record.GetProperty("after").GetProperty("name").GetString().Should().Be("maps");
        record.GetProperty("origin").GetString().Should().StartWith("api 127.0.0.1 request ");
        (await auditor.GetAsync($"/audit/records/{record.GetProperty("sequence").GetInt64()}")).Json.GetProperty("hash").GetString().Should().Be(record.GetProperty("hash").GetString());
        (await auditor.GetAsync("/audit/records/999999")).Status.Should().Be(404);
        (await auditor.GetAsync("/audit/records?to=2026-01-01T00:00:00Z")).Json.GetProperty("items").GetArrayLength().Should().Be(0);

        var all = await SequencesAsync(auditor, "/audit/records?sort=sequence&limit=200");
        all.Should().Equal(Enumerable.Range(1, all.Count).Select(i => (long)i));
        (await SequencesAsync(auditor, "/audit/records?limit=7")).Should().Equal(all.AsEnumerable().Reverse());
        (await auditor.GetAsync("/audit/records?cursor=WyItc2VxdWVuY2UiLCJ4Il0")).Field.Should().Be("cursor");
        (await auditor.GetAsync("/audit/records?from=x")).Field.Should().Be("from");
        foreach (var role in new[] { MemberRole.Manager, MemberRole.Employee })
        {
            var client = await api.ClientAsync(role, "team/search");
            foreach (var path in new[] { "/audit/records", "/audit/records/1", "/audit/export", "/audit/key" })
                (await client.GetAsync(path)).ProblemType.Should().Be("forbidden");
            (await client.PostAsync("/audit/verify")).ProblemType.Should().Be("forbidden");
        }
    }

    [Fact]
    public async Task The_chain_is_verified_online_and_an_export_of_it_offline()
    {
        await using var api = await StartAsync();
        var auditor = await api.ClientAsync(MemberRole.Auditor);

        (await auditor.PostAsync("/audit/verify")).Json.GetProperty("isWhole").GetBoolean().Should().BeTrue();
        var lines = await ExportAsync(auditor);
        var verdict = AuditFile.Verify(lines);
        verdict.Contradiction.Should().BeNull();
        verdict.Records.Should().Be(lines.Length - 1).And.BeGreaterThan(20);
        verdict.Organization.Should().Be("acme");

        var part = await ExportAsync(auditor, "?from=3&to=7");
        part.Should().HaveCount(6);
        AuditFile.Verify(part, isPartial: true).Should().Match<AuditFileVerdict>(v => v.IsWhole && v.FirstSequence == 3 && v.LastSequence == 7);
        AuditFile.Verify(part).Contradiction.Should().Contain("only a part");
        (await auditor.GetAsync("/audit/export?from=0")).Field.Should().Be("from");
        (await auditor.GetAsync("/audit/export?from=9&to=3")).Field.Should().Be("to");
        AuditFile.Verify(await ExportAsync(auditor, "?from=5000"), isPartial: true).Should().Match<AuditFileVerdict>(v => v.IsWhole && v.Records == 0);

        await api.Store.ExecuteAsync("UPDATE audit_records SET reason = 'never mind' WHERE sequence = 5");
        (await auditor.PostAsync("/audit/verify")).Json.GetProperty("contradiction").GetString().Should().Be("record 5 was changed after it was written");
    }

    [Theory]
    [InlineData("UPDATE audit_records SET actor = 'nobody' WHERE sequence = 4", 5L, "record 4 was changed after it was written")]
    [InlineData("UPDATE audit_records SET recorded_at = -5 WHERE sequence = 4", 5L, "record 4 was changed after it was written")]
    [InlineData("DELETE FROM audit_records WHERE sequence = 4", 5L, "record 4 is missing: record 5 follows record 3")]
    [InlineData("UPDATE audit_records SET sequence = 9999 WHERE sequence = 4; UPDATE audit_records SET sequence = 4 WHERE sequence = 5; UPDATE audit_records SET sequence = 5 WHERE sequence = 9999", 5L, "record 4 does not continue record 3: one of them was replaced or moved")]
    [InlineData("DELETE FROM audit_records WHERE sequence > 6", null, "the last one found is 6")]
    [InlineData("INSERT INTO audit_records SELECT organization_id, sequence + 9000, recorded_at, actor, action, subject_kind, subject, before_state, after_state, reason, origin, previous_hash, hash FROM audit_records WHERE sequence = 4", null, "record")]
    public async Task Whatever_is_done_to_a_record_in_the_database_is_named_by_an_export(string sql, long? line, string contradiction)
    {
        await using var api = await StartAsync();
        var auditor = await api.ClientAsync(MemberRole.Auditor);
        await api.Store.ExecuteAsync(sql);

        var verdict = AuditFile.Verify(await ExportAsync(auditor));
        var online = await auditor.PostAsync("/audit/verify");

        if (line is not null) verdict.Line.Should().Be(line);
        // An export ends where the organization says: what was put behind it is seen by the verification of the database.
        if (!sql.StartsWith("INSERT", StringComparison.Ordinal)) verdict.Contradiction.Should().Contain(contradiction);
        online.Json.GetProperty("contradiction").GetString().Should().Contain(contradiction);
    }

    [Fact]
    public async Task Cutting_off_the_newest_records_with_the_organizations_counter_is_caught_by_the_checkpoints()
    {
        using var folder = new TempFolder();
        await using var api = await StartAsync();
        var auditor = await api.ClientAsync(MemberRole.Auditor);
        var key = new CheckpointKey(api.Store.MasterKey);
        var file = folder.File("checkpoints.jsonl");
        using var job = Job(api, TimeProvider.System, new AuditOptions { CheckpointFile = file });
        await job.LookAsync(Cancel);
        var publicKey = CheckpointKey.ReadPublicKey(key.PublicKey)!;
        (await auditor.GetAsync("/audit/key")).Json.GetProperty("publicKey").GetString().Should().Be(key.PublicKey);
        var whole = AuditFile.Verify(await ExportAsync(auditor), await File.ReadAllLinesAsync(file, Cancel), publicKey);
        whole.Should().Match<AuditFileVerdict>(v => v.IsWhole && v.Checkpoints == 1 && v.CheckpointsBeside == 0);

        await api.Store.ExecuteAsync("DELETE FROM audit_records WHERE sequence > 6");
        await api.Store.ExecuteAsync("UPDATE organizations SET audit_sequence = 6, audit_hash = (SELECT hash FROM audit_records WHERE sequence = 6)");

        AuditFile.Verify(await ExportAsync(auditor)).Contradiction.Should().BeNull("the chain agrees with itself");
        var caught = AuditFile.Verify(await ExportAsync(auditor), await File.ReadAllLinesAsync(file, Cancel), publicKey);
        caught.Contradiction.Should().StartWith("records were cut off").And.Contain("the export ends with record 6");
        (await auditor.PostAsync("/audit/verify")).Json.GetProperty("contradiction").GetString().Should().StartWith("records were cut off");
        await job.LookAsync(Cancel);
        (await File.ReadAllLinesAsync(file, Cancel)).Should().HaveCount(1, "what contradicts a checkpoint is never signed");

        // And when the chain grows past it again.
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        for (var i = 0; i < whole.Records; i++) await admin.PostAsync("/teams", new { slug = $"t{i}" });
        var regrown = AuditFile.Verify(await ExportAsync(auditor), await File.ReadAllLinesAsync(file, Cancel), publicKey);
        regrown.Contradiction.Should().Contain($"record {whole.LastSequence} is not the one that was signed");
        regrown.Line.Should().Be(whole.LastSequence + 1);
    }

    [Fact]
    public async Task The_end_of_the_ledger_is_signed_with_the_chain_and_who_rewrites_it_is_caught()
    {
        using var folder = new TempFolder();
        await using var api = await StartAsync();
        await using var books = await Books.OpenAsync(api);
        for (var i = 0; i < 3; i++) await books.SpendAsync("ada");
        var key = new CheckpointKey(api.Store.MasterKey);
        var file = folder.File("checkpoints.jsonl");
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        using var job = Job(api, time, new AuditOptions { CheckpointFile = file });
        await job.LookAsync(Cancel);
        await books.SpendAsync("ada");
        await job.LookAsync(Cancel);
        (await File.ReadAllLinesAsync(file, Cancel)).Should().HaveCount(1, "a ledger that grew is signed when it is time");
        time.Advance(TimeSpan.FromMinutes(2));
        await job.LookAsync(Cancel);

        var kept = CheckpointFile.Read(await File.ReadAllLinesAsync(file, Cancel), CheckpointKey.ReadPublicKey(key.PublicKey)!);
        kept.All.Select(c => c.LedgerSequence).Should().Equal(3, 4);
        (await BrokenAsync(api, books, kept)).Should().BeEmpty();

        // All as if it had never been: the announcement, what counts it and the last seal.
        await api.Store.ExecuteAsync("DELETE FROM outbox WHERE sequence = 4");
        await api.Store.ExecuteAsync("UPDATE organizations SET outbox_sequence = 3, ledger_seal = (SELECT seal FROM outbox WHERE sequence = 3)");
        (await BrokenAsync(api, books, kept)).Should().Contain(Invariant.LedgerSigned);
        await (await api.ClientAsync(MemberRole.OrgAdmin)).PostAsync("/teams", new { slug = "later" });
        time.Advance(TimeSpan.FromMinutes(2));
        await job.LookAsync(Cancel);
        (await File.ReadAllLinesAsync(file, Cancel)).Should().HaveCount(2, "what contradicts a checkpoint is never signed");
    }

    private static async Task<IEnumerable<string>> BrokenAsync(ControlHarness api, Books books, CheckpointFile kept) =>
        (await new LedgerVerifier(api.Store.Database).VerifyAsync([books.OrganizationId], Micros.Now(TimeProvider.System), Cancel, kept.Ledgers()))
            .Violations.Select(v => v.Invariant).Distinct();

    [Fact]
    public async Task A_backdated_export_that_was_cut_off_is_caught_by_the_checkpoints()
    {
        using var folder = new TempFolder();
        await using var api = await StartAsync();
        var auditor = await api.ClientAsync(MemberRole.Auditor);
        var file = folder.File("checkpoints.jsonl");
        using var job = Job(api, TimeProvider.System, new AuditOptions { CheckpointFile = file });
        await job.LookAsync(Cancel);
        var publicKey = CheckpointKey.ReadPublicKey(new CheckpointKey(api.Store.MasterKey).PublicKey)!;
        var part = await ExportAsync(auditor, "?to=4");
        part[0] = Regex.Replace(part[0], "\"exportedAt\":\"[^\"]*\"", "\"exportedAt\":\"2020-01-01T00:00:00Z\"");

        CheckpointFile.Read(await File.ReadAllLinesAsync(file, Cancel), publicKey).Ledgers()
            .Should().ContainSingle("of an organization that spent nothing it is known that there is one").Which.Value.Should().BeEmpty();
        AuditFile.Verify(part).IsWhole.Should().BeTrue("the part agrees with itself");
        AuditFile.Verify(part, await File.ReadAllLinesAsync(file, Cancel), publicKey).Contradiction.Should().StartWith("records were cut off");
        AuditFile.Verify(part, await File.ReadAllLinesAsync(file, Cancel), publicKey, isPartial: true).IsWhole.Should().BeTrue();
    }

    [Fact]
    public async Task A_checkpoint_of_another_key_or_another_chain_proves_nothing()
    {
        using var folder = new TempFolder();
        await using var api = await StartAsync();
        var auditor = await api.ClientAsync(MemberRole.Auditor);
        var file = folder.File("checkpoints.jsonl");
        await File.WriteAllTextAsync(file, """{"type":"spendra.audit.che""", Cancel);
        using var job = Job(api, TimeProvider.System, new AuditOptions { CheckpointFile = file });
        await job.LookAsync(Cancel);
        var publicKey = CheckpointKey.ReadPublicKey(new CheckpointKey(api.Store.MasterKey).PublicKey)!;
        var export = await ExportAsync(auditor);
        var lines = await File.ReadAllLinesAsync(file, Cancel);

        AuditFile.Verify(export, lines, publicKey).Should().Match<AuditFileVerdict>(v => v.IsWhole && v.Checkpoints == 1 && v.UnreadableCheckpoints == 1);
        AuditFile.Verify(export, lines).Contradiction.Should().Contain("line 2 of the checkpoint file is not signed");
        foreach (var (from, to) in new[] { ("\"sequence\":", "\"sequence\":1"), ("\"signedAt\":\"2", "\"signedAt\":\"1"), ("\"hash\":\"", "\"hash\":\"0"), ("\"signature\":\"", "\"signature\":\"A") })
        {
            var forged = lines.Select(l => l.Replace(from, to)).ToArray();
            AuditFile.Verify(export, forged, publicKey).Contradiction.Should().NotBeNull(to);
        }
        AuditFile.Verify(export, [], publicKey).Contradiction.Should().Contain("no checkpoint of this organization");
        CheckpointKey.ReadPublicKey("short").Should().BeNull();
    }

    [Fact]
    public async Task Checkpoints_follow_a_chain_that_grows_by_time_and_by_records_and_reach_each_sink_for_itself()
    {
        using var folder = new TempFolder();
        var isUp = false;
        List<string> posted = [];
        await using var shelf = await Shelf.StartAsync(async context =>
        {
            context.Response.StatusCode = isUp ? 204 : 503;
            using var reader = new StreamReader(context.Request.Body);
            if (isUp) posted.Add(await reader.ReadToEndAsync());
        });
        await using var api = await StartAsync();
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var file = folder.File("checkpoints.jsonl");
        using var job = Job(api, time, new AuditOptions { CheckpointFile = file, CheckpointWebhook = shelf.Url.ToString(), CheckpointSeconds = 60, CheckpointRecords = 5 });

        await job.LookAsync(Cancel);
        await job.LookAsync(Cancel);
        (await File.ReadAllLinesAsync(file, Cancel)).Should().HaveCount(1, "one that failed elsewhere is not repeated here");
        isUp = true;
        await job.LookAsync(Cancel);
        posted.Should().ContainSingle().Which.Should().Contain("spendra.audit.checkpoint");

        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        await job.LookAsync(Cancel);
        (await File.ReadAllLinesAsync(file, Cancel)).Should().HaveCount(1, "it grew by two records, a moment ago");
        time.Advance(TimeSpan.FromSeconds(60));
        await job.LookAsync(Cancel);
        (await File.ReadAllLinesAsync(file, Cancel)).Should().HaveCount(2);
        for (var i = 0; i < 5; i++) await admin.PostAsync("/teams", new { slug = $"t{i}" });
        await job.LookAsync(Cancel);
        (await File.ReadAllLinesAsync(file, Cancel)).Should().HaveCount(3);
        posted.Should().HaveCount(3);
        AuditFile.Verify(await ExportAsync(admin), await File.ReadAllLinesAsync(file, Cancel), CheckpointKey.ReadPublicKey(new CheckpointKey(api.Store.MasterKey).PublicKey))
            .Should().Match<AuditFileVerdict>(v => v.Checkpoints + v.CheckpointsBeside == 3);
    }

    private static CheckpointJob Job(ControlHarness api, TimeProvider time, AuditOptions options) =>
        new(api.Store.Database, new CheckpointKey(api.Store.MasterKey), options, time, NullLogger<CheckpointJob>.Instance);

    private static async Task<string[]> ExportAsync(ControlClient client, string query = "") =>
        (await client.GetAsync($"/audit/export{query}")).Body.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static async Task<List<long>> SequencesAsync(ControlClient client, string path)
    {
        var found = new List<long>();
        for (var next = path; next is not null;)
        {
            var page = await client.GetAsync(next);
            page.Status.Should().Be(200, page.Body);
            found.AddRange(page.Json.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("sequence").GetInt64()));
            next = page.Json.GetProperty("next").GetString() is { } cursor ? $"{path}&cursor={cursor}" : null;
        }
        return found;
    }

    private async Task<ControlHarness> StartAsync()
    {
        var api = await ControlHarness.StartAsync(engine);
        await api.ApplyAsync(Files.Acme);
        return api;
    }
}

public sealed class SqliteAuditApiTests() : AuditApiContract(DatabaseEngine.Sqlite);

public sealed class PostgresAuditApiTests() : AuditApiContract(DatabaseEngine.Postgres);
