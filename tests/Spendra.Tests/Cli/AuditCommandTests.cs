using System.Text.Json;
using Dapper;
using Spendra.Storage;
using Spendra.Testing;

namespace Spendra.Tests.Cli;

/// <summary>The audit chain at the command line.</summary>
public sealed class AuditCommandTests : IDisposable
{
    private readonly CommandRunner _runner = new();
    private readonly TempFolder _folder = new();

    private string Export => _folder.File("audit.jsonl");

    public void Dispose()
    {
        _runner.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task An_export_is_verified_without_a_database_and_the_first_bad_record_is_pinned()
    {
        await StartAsync();
        (await _runner.RunOnDataAsync("audit", "export", "--out", Export)).Output.Should().Contain("records are in");
        Directory.Delete(_runner.Data, recursive: true);

        (await _runner.RunAsync("audit", "verify", Export)).Should().Match<Ran>(r => r.Code == 0 && r.Output.Contains("records of acme agree with each other"));

        var lines = await File.ReadAllLinesAsync(Export, TestContext.Current.CancellationToken);
        lines[2] = lines[2].Replace("\"action\":\"create\"", "\"action\":\"archive\"", StringComparison.Ordinal);
        await File.WriteAllLinesAsync(Export, lines, TestContext.Current.CancellationToken);
        var refuted = await _runner.RunAsync("audit", "verify", Export, "--json");
        refuted.Code.Should().Be(1);
        var verdict = JsonDocument.Parse(refuted.Output).RootElement;
        verdict.GetProperty("line").GetInt64().Should().Be(3);
        verdict.GetProperty("contradiction").GetString().Should().Be("record 2 was changed after it was written");
        (await _runner.RunAsync("audit", "verify", Export)).Output.Should().StartWith("line 3: record 2 was changed");
    }

    [Fact]
    public async Task An_export_goes_to_standard_output_in_part_and_in_whole()
    {
        await StartAsync();
        var whole = (await _runner.RunOnDataAsync("audit", "export")).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var part = (await _runner.RunOnDataAsync("audit", "export", "--from", "2", "--to", "3")).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

        whole[0].Should().Contain("spendra.audit.manifest").And.Contain($"\"records\":{whole.Length - 1}");
        part[1..].Should().Equal(whole[2..4]);
        await File.WriteAllLinesAsync(Export, part, TestContext.Current.CancellationToken);
        (await _runner.RunAsync("audit", "verify", Export)).Code.Should().Be(1);
        (await _runner.RunAsync("audit", "verify", Export, "--partial")).Code.Should().Be(0);
    }

    [Fact]
    public async Task What_cannot_be_used_is_told_in_one_line()
    {
        await StartAsync();
        await _runner.RunOnDataAsync("audit", "export", "--out", Export);
        var key = (await _runner.RunOnDataAsync("audit", "key")).Output.Trim();

        (await _runner.RunAsync("audit", "verify", _folder.File("nowhere"))).Error.Should().Contain("does not exist");
        (await _runner.RunAsync("audit", "verify", Export, "--checkpoints", Export)).Error.Should().Contain("belong together");
        (await _runner.RunAsync("audit", "verify", Export, "--checkpoints", Export, "--public-key", "abc")).Error.Should().Contain("no Ed25519 key");
        (await _runner.RunAsync("audit", "verify", Export, "--checkpoints", Export, "--public-key", key)).Output.Should().Contain("has no checkpoint of this organization");
        (await _runner.RunOnDataAsync("audit", "export", "--from", "3", "--to", "2")).Error.Should().Contain("--from and --to");
    }

    [Fact]
    public async Task A_verification_of_all_misses_an_organization_that_is_gone()
    {
        await StartAsync();
        (await _runner.RunOnDataAsync("verify")).Should().Match<Ran>(r => r.Code == 0 && r.Output.Contains("agrees with itself (acme)"));
        await using (var database = Database.Open(DatabaseTarget.Folder(_runner.Data)))
        await using (var connection = await database.ConnectAsync(TestContext.Current.CancellationToken))
            await connection.ExecuteAsync("PRAGMA foreign_keys = OFF; DELETE FROM organizations");

        (await _runner.RunOnDataAsync("verify")).Should().Match<Ran>(r => r.Code == 1 && r.Output.Contains("an organization 'acme'"));
    }

    private async Task StartAsync()
    {
        var file = _folder.File("acme.yaml");
        await File.WriteAllTextAsync(file, "organization:\n  slug: acme\n  name: Acme\nteams:\n  - slug: a\n  - slug: b\n", TestContext.Current.CancellationToken);
        (await _runner.RunOnDataAsync("apply", "-f", file)).Code.Should().Be(0);
    }
}
