using Spendra.Testing;

namespace Spendra.Tests.Cli;

/// <summary>Exports at the command line.</summary>
public sealed class ExportCommandTests : IDisposable
{
    private readonly CommandRunner _runner = new();
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _runner.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("audit")]
    [InlineData("unit-rollups")]
    [InlineData("refusal-rollups")]
    [InlineData("latency-rollups")]
    public async Task A_dataset_is_written_into_a_folder(string dataset)
    {
        await StartAsync();
        var to = _folder.File("out");
        (await ExportAsync(dataset, to)).Should().Match<Ran>(r => r.Code == 0 && r.Output.Contains("1 files and manifest.json in"));
        Directory.EnumerateFiles(to).Select(Path.GetFileName).Should().BeEquivalentTo($"{dataset}-00001.csv", "manifest.json");
    }

    [Fact]
    public async Task A_bucket_is_reached_as_the_settings_say_and_the_secret_is_told_to_nobody()
    {
        await StartAsync();
        _runner.Variables["SPENDRA__EXPORTS__BUCKETENDPOINT"] = $"http://127.0.0.1:{FreePort.Next()}";
        _runner.Variables["SPENDRA__EXPORTS__BUCKETKEYID"] = "AKIA1";
        _runner.Variables["SPENDRA__EXPORTS__BUCKETSECRET"] = "the-secret-of-it";
        var ran = await ExportAsync("audit", "s3://books/october");
        ran.Should().Match<Ran>(r => r.Code == 1 && r.Error.Contains("could not be reached: the operator checks Exports:BucketEndpoint"));
        (ran.Output + ran.Error).Should().NotContain("the-secret-of-it");
        (await ExportAsync("audit", "s3://books")).Should().Match<Ran>(r => r.Code == 1 && r.Error.Contains("expected a folder or s3://bucket/prefix"));
    }

    private Task<Ran> ExportAsync(string dataset, string to) =>
        _runner.RunOnDataAsync("export", dataset, "--format", "csv", "--from", "2026-01-01T00:00:00Z", "--to", "2026-02-01T00:00:00Z", "--out", to);

    private async Task StartAsync()
    {
        var path = _folder.File("acme.yaml");
        await File.WriteAllTextAsync(path, "organization: {slug: acme, name: Acme, timeZone: Etc/UTC}\n", Cancel);
        var ran = await _runner.RunOnDataAsync("apply", "-f", path);
        ran.Code.Should().Be(0, ran.Error);
    }
}
