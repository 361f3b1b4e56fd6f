using System.Text.Json;
using Dapper;
using Spendra.Storage;
using Spendra.Testing;

namespace Spendra.Tests.Cli;

/// <summary>The ledger's sums at the command line.</summary>
public sealed class RollupsCommandTests : IDisposable
{
    private readonly CommandRunner _runner = new();

    private readonly TempFolder _folder = new();

    public void Dispose()
    {
        _runner.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Sums_are_rebuilt_and_what_could_not_be_counted_is_shown_and_tried_again()
    {
        var file = _folder.File("acme.yaml");
        await File.WriteAllTextAsync(file, "organization:\n  slug: acme\n  name: Acme\n", TestContext.Current.CancellationToken);
        (await _runner.RunOnDataAsync("apply", "-f", file)).Code.Should().Be(0);
        (await _runner.RunOnDataAsync("rollups", "rebuild")).Should().Match<Ran>(r => r.Code == 0 && r.Output.Contains("Rebuilt: acme."));
        var json = await _runner.RunOnDataAsync("rollups", "rebuild", "--json");
        JsonDocument.Parse(json.Output).RootElement.GetProperty("rebuilt")[0].GetString().Should().Be("acme");
        (await _runner.RunOnDataAsync("rollups", "failures")).Should().Match<Ran>(r => r.Code == 0 && r.Output.Contains("Everything was counted."));

        await using (var database = Database.Open(DatabaseTarget.Folder(_runner.Data)))
        {
            await using var connection = await database.ConnectAsync(TestContext.Current.CancellationToken);
            await connection.ExecuteAsync("""
                INSERT INTO outbox_failures (organization_id, consumer, sequence, attempts, reason, failed_at, retry_at, is_dead)
                SELECT organization_id, 'rollups', 7, 8, 'it announces nothing that is there', 1, 1, 1 FROM organizations
                """);
        }
        (await _runner.RunOnDataAsync("rollups", "failures")).Should().Match<Ran>(r => r.Code == 1 && r.Output.Contains("it announces nothing") && r.Output.Contains("dead"));
        (await _runner.RunOnDataAsync("rollups", "retry", "7")).Code.Should().Be(0);
        (await _runner.RunOnDataAsync("rollups", "failures")).Code.Should().Be(0);
        (await _runner.RunOnDataAsync("rollups", "retry", "8")).Should().Match<Ran>(r => r.Code == 1 && r.Error.Contains("row 8 has not failed"));
    }
}
