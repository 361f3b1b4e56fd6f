using System.Text.RegularExpressions;
using Spendra.Tests.EndToEnd;

namespace Spendra.Tests.Deploy;

/// <summary>What can be said of the image without an engine that builds it.</summary>
public sealed partial class DockerfileTests : IDisposable
{
    private static readonly string Dockerfile = Path.Combine(SpendraProcess.Root, "deploy", "Dockerfile");

    private readonly Spendra.Testing.TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Docker_would_read_every_line()
    {
        (await ComplaintsAsync(Dockerfile)).Should().BeEmpty();
    }

    [Theory]
    [InlineData("ENTRYPOINT [", "ENTRYPOIN [")]
    [InlineData("COPY --from=build /app /app", "COPY --form=build /app /app")]
    [InlineData("EXPOSE 8080", "EXPOSE http")]
    public async Task A_line_that_Docker_would_not_read_is_noticed(string right, string wrong)
    {
        var text = await File.ReadAllTextAsync(Dockerfile, TestContext.Current.CancellationToken);
        text.Should().Contain(right);
        await File.WriteAllTextAsync(_folder.File("Dockerfile"), text.Replace(right, wrong), TestContext.Current.CancellationToken);

        (await ComplaintsAsync(_folder.File("Dockerfile"))).Should().NotBeEmpty();
    }

    /// <summary>A project that is added to the sources must be added here too: packages are restored before the sources are there.</summary>
    [Fact]
    public void What_it_copies_is_there_and_every_project_is_restored()
    {
        var copied = Copies().Matches(File.ReadAllText(Dockerfile)).SelectMany(m => m.Groups[1].Value.Split(' ')[..^1]).ToList();

        copied.Should().NotBeEmpty();
        foreach (var path in copied) Path.Exists(Path.Combine(SpendraProcess.Root, path)).Should().BeTrue(path);
        var projects = Directory.GetFiles(Path.Combine(SpendraProcess.Root, "src"), "*.csproj", SearchOption.AllDirectories);
        foreach (var project in projects)
        {
            copied.Should().Contain(Path.GetRelativePath(SpendraProcess.Root, project));
            copied.Should().Contain(Path.GetRelativePath(SpendraProcess.Root, Path.Combine(Path.GetDirectoryName(project)!, "packages.lock.json")));
        }
        var ignored = File.ReadAllLines($"{Dockerfile}.dockerignore");
        ignored.Should().Contain("*");
        foreach (var top in copied.Select(p => p.TrimEnd('/').Split('/')[0]).Distinct()) ignored.Should().Contain($"!{top}");
    }

    [Fact]
    public void The_image_has_no_shell_and_its_account_is_a_number_that_is_not_root()
    {
        var last = File.ReadAllText(Dockerfile).Split("\nFROM ")[^1];

        last.Should().StartWith("${IMAGES}/runtime-deps:10.0-noble-chiseled-extra\n");
        // A line of RUN, and an entry point that is no list, need a shell.
        last.Should().NotContain("\nRUN ").And.Contain("\nENTRYPOINT [\"/app/spendra\"]\n").And.Contain("\nCMD [\"serve\"]");
        User().Match(last).Groups[1].Value.Should().MatchRegex("^[1-9][0-9]*:[1-9][0-9]*$");
    }

    private static async Task<IReadOnlyList<string>> ComplaintsAsync(string path) =>
        [.. (await Manifests.NodeAsync("dockerfile.mjs", [path])).EnumerateArray().Select(c => c.GetString()!)];

    [GeneratedRegex(@"^COPY (?!--from)(.+)$", RegexOptions.Multiline)]
    private static partial Regex Copies();

    [GeneratedRegex(@"^USER (.+)$", RegexOptions.Multiline)]
    private static partial Regex User();
}
