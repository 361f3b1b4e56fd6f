using System.Text;

namespace Spendra.Testing.Tests;

/// <summary>The test process ends in ways that run no code of ours: the cluster must go all the same.</summary>
public sealed class OrphanTests
{
    private const string HolderVariable = "SPENDRA_TEST_HOLDER";
    private const string Marker = "cluster in ";

    [Fact]
    public async Task A_killed_test_process_leaves_neither_server_nor_folder()
    {
        await using var holder = StartHolder("wait");
        var (server, folder) = await HeldAsync(holder);

        holder.Kill();

        await Proc.GoneAsync(server);
        await Proc.UntilAsync(() => !Directory.Exists(folder), $"{folder} is gone");
    }

    [Fact]
    public async Task A_test_process_that_ends_has_cleaned_up_before()
    {
        await using var holder = StartHolder("end");
        var (server, folder) = await HeldAsync(holder);

        await holder.WaitForExitAsync();

        Proc.IsAlive(server).Should().BeFalse();
        Directory.Exists(folder).Should().BeFalse();
    }

    /// <summary>Also what the two tests above run in a process of its own, told by an environment variable.</summary>
    [Fact]
    public async Task The_shared_server_runs_while_its_tests_do()
    {
        var cluster = await PostgresCluster.SharedAsync();
        var server = PostgresClusterTests.ServerIn(cluster.Folder);

        Proc.IsAlive(server).Should().BeTrue();

        if (Environment.GetEnvironmentVariable(HolderVariable) is { } how)
            await HoldAsync($"{Marker}{server} {cluster.Folder}", how);
    }

    private static async Task HoldAsync(string line, string how)
    {
        // Past the runner, which may keep what a test writes to the console to itself.
        await using (var stdout = Console.OpenStandardOutput())
            await stdout.WriteAsync(Encoding.UTF8.GetBytes($"\n{line}\n"), TestContext.Current.CancellationToken);
        if (how == "wait")
            await Task.Delay(Timeout.Infinite, TestContext.Current.CancellationToken);
    }

    private static TestProcess StartHolder(string how) => TestProcess.StartDotnet(
        typeof(OrphanTests).Assembly.Location,
        ["--filter-method", $"{typeof(OrphanTests).FullName}.{nameof(The_shared_server_runs_while_its_tests_do)}"],
        new Dictionary<string, string?> { [HolderVariable] = how });

    private static async Task<(int Server, string Folder)> HeldAsync(TestProcess holder)
    {
        var line = await holder.WaitForLineAsync(line => line.StartsWith(Marker, StringComparison.Ordinal), TimeSpan.FromSeconds(60));
        var parts = line[Marker.Length..].Split(' ');
        return (int.Parse(parts[0]), parts[1]);
    }
}
