using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Spendra.Testing;
using Spendra.Tests.EndToEnd;

namespace Spendra.Tests.Deploy;

/// <summary>The commands of <c>docs/deployment.md</c>: those on systemd are carried out, the others are held against what they name.</summary>
public sealed partial class DocumentedWaysTests
{
    private static readonly string Docs = Path.Combine(SpendraProcess.Root, "docs", "deployment.md");
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>
    /// On a copy of this machine that is thrown away. What is unpacked there is the program of these tests, which is not in one file; a
    /// release is tried by the same script.
    /// </summary>
    [Fact]
    public async Task Every_command_on_systemd_works_as_it_stands_there()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "a copy of the machine takes root");
        Assert.SkipUnless(Manifests.IsInstalled("pg_createcluster") && Manifests.IsInstalled("systemd-analyze"), "this is no Debian with systemd and PostgreSQL");
        Assert.SkipUnless(RuntimeInformation.OSArchitecture == Architecture.X64, "the docs name the archive for x64");
        using var folder = new TempFolder();
        var spaces = await SpendraProcess.RunAsync("unshare", ["--mount", "--net", "--pid", "--ipc", "--uts", "--fork", "true"], Manifests.NoVariables, folder.Path);
        Assert.SkipUnless(spaces.ExitCode == 0, "a copy of the machine takes file systems, processes and a network of its own");
        await PackAsync(folder);

        await using var trying = TestProcess.Start(Path.Combine(SpendraProcess.Root, "deploy", "try-on-debian.sh"), [folder.File("release")]);

        (await trying.WaitForExitAsync(Patience)).Should().Be(0, trying.Output);
        trying.Lines.Should().Contain("every command of docs/deployment.md on systemd works as it stands there");
        trying.Lines.Count(l => l.StartsWith("200 text/css", StringComparison.Ordinal)).Should().Be(2, trying.Output);
        trying.Lines.Should().Contain(l => l.Contains("/setup#"));
    }

    [Fact]
    public async Task What_the_other_commands_name_is_there()
    {
        var text = await File.ReadAllTextAsync(Docs, TestContext.Current.CancellationToken);

        foreach (Match path in RepositoryPaths().Matches(text)) Path.Exists(Path.Combine(SpendraProcess.Root, path.Value)).Should().BeTrue(path.Value);
        var version = VersionOfProps().Match(await File.ReadAllTextAsync(Path.Combine(SpendraProcess.Root, "Directory.Build.props"), TestContext.Current.CancellationToken)).Groups[1].Value;
        VersionsOfArchives().Matches(text).Select(m => m.Groups[1].Value).Should().NotBeEmpty().And.OnlyContain(v => v == version);
        var set = HelmValues().Matches(text).Select(m => m.Groups[1].Value).ToList();
        set.Should().NotBeEmpty();
        var values = await File.ReadAllTextAsync(Path.Combine(SpendraProcess.Root, "deploy", "helm", "spendra", "values.yaml"), TestContext.Current.CancellationToken);
        foreach (var name in set) values.Should().Contain($"  {name.Split('.')[1]}: ", name);
    }

    private static async Task PackAsync(TempFolder folder)
    {
        const string Name = "spendra-0.1.0-linux-x64";
        var program = Directory.CreateDirectory(folder.File(Name)).FullName;
        var release = Directory.CreateDirectory(folder.File("release")).FullName;
        var root = SpendraProcess.Root;
        string[][] commands =
        [
            ["cp", "--recursive", $"{Path.GetDirectoryName(SpendraProcess.AssemblyPath)}/.", Path.Combine(root, "deploy", "systemd"), Path.Combine(root, "deploy", "postgres"), program],
            // A built program finds the dashboard's files where they were built; a published one has them beside it.
            ["rm", Path.Combine(program, "spendra.staticwebassets.runtime.json")],
            ["mkdir", "--parents", Path.Combine(program, "wwwroot", "_content")],
            ["cp", "--recursive", Path.Combine(root, "src", "Spendra.Control", "wwwroot"), Path.Combine(program, "wwwroot", "_content", "Spendra.Control")],
            ["chmod", "--recursive", "a+rX", program],
            ["tar", "--create", "--owner=0", "--group=0", "--file", Path.Combine(release, $"{Name}.tar.gz"), "--directory", folder.Path, Name],
        ];
        foreach (var command in commands) (await SpendraProcess.RunAsync(command[0], command[1..], Manifests.NoVariables, folder.Path)).ShouldSucceed();
        var sums = (await SpendraProcess.RunAsync("sha256sum", [$"{Name}.tar.gz"], Manifests.NoVariables, release)).ShouldSucceed().Output;
        await File.WriteAllTextAsync(Path.Combine(release, "SHA256SUMS"), sums, TestContext.Current.CancellationToken);
    }

    [GeneratedRegex(@"\b(?:deploy|eng)/[a-z][A-Za-z0-9/.-]*[A-Za-z0-9]")]
    private static partial Regex RepositoryPaths();

    [GeneratedRegex("<Version>(.+)</Version>")]
    private static partial Regex VersionOfProps();

    [GeneratedRegex(@"spendra-(?:chart-)?([0-9]+\.[0-9]+\.[0-9]+)[-.]")]
    private static partial Regex VersionsOfArchives();

    [GeneratedRegex(@"--set ([a-z.A-Z_]+)=")]
    private static partial Regex HelmValues();
}
