using System.Diagnostics;
using System.Text.Json.Nodes;
using Spendra.Control.Shell;
using Spendra.Storage;

namespace Spendra.Control.Tests.Api;

/// <summary>The OpenAPI document of the management API: committed, complete, and without errors to a linter that others wrote.</summary>
public sealed class ControlDocumentTests
{
    private const string Committed = "docs/management-openapi.json";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_committed_document_is_what_is_served()
    {
        var served = await ServedAsync();
        var path = Path.Combine(Repository.Root, Committed);

        var isSame = File.Exists(path) && await File.ReadAllTextAsync(path, Cancel) == served;
        if (!isSame) await File.WriteAllTextAsync(Path.Combine(Repository.Artifacts, Path.GetFileName(Committed)), served, Cancel);

        isSame.Should().BeTrue($"the operations or what is said of them changed: look at the difference, then cp artifacts/{Path.GetFileName(Committed)} {Committed}");
    }

    [Fact]
    public async Task Every_operation_has_a_name_a_summary_an_example_and_its_problems()
    {
        var document = JsonNode.Parse(await ServedAsync())!;
        var operations = document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(o => (Name: $"{o.Key} {path.Key}", Node: o.Value!))).ToList();

        operations.Count.Should().BeGreaterThan(60);
        operations.Select(o => (string?)o.Node["operationId"]).Should().OnlyHaveUniqueItems().And.NotContainNulls();
        foreach (var (name, node) in operations)
        {
            ((string?)node["summary"]).Should().NotBeNullOrWhiteSpace(name);
            ((string?)node["description"]).Should().NotBeNullOrWhiteSpace(name);
            node["tags"]!.AsArray().Should().NotBeEmpty(name);
            var body = node["requestBody"]?["content"]?["application/json"];
            if (body is not null) body["example"].Should().NotBeNull($"{name} has a body, and a reader needs one to start from");
            var responses = node["responses"]!.AsObject();
            responses.Should().Contain(r => r.Key[0] == '2' || r.Key[0] == '3', name);
            responses.Where(r => r.Key[0] is '4' or '5').Should().NotBeEmpty(name)
                .And.AllSatisfy(r => r.Value!["content"]!["application/problem+json"].Should().NotBeNull($"{name} {r.Key}"));
        }
    }

    [Fact]
    public async Task A_linter_finds_no_error_in_the_document()
    {
        var clients = Path.Combine(Repository.Tests, "clients");
        var spectral = Path.Combine(clients, "node_modules", ".bin", "spectral");
        File.Exists(spectral).Should().BeTrue("the linter must be installed: run ./test.sh, or npm ci --prefix tests/clients");
        var file = Path.Combine(Path.GetTempPath(), $"management-{Guid.NewGuid():N}.json");
        await File.WriteAllTextAsync(file, await ServedAsync(), Cancel);
        try
        {
            using var process = Process.Start(new ProcessStartInfo(spectral, ["lint", file, "--ruleset", Path.Combine(clients, "spectral.yaml"), "--format", "text", "--fail-severity", "error"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = clients,
            })!;
            var output = await process.StandardOutput.ReadToEndAsync(Cancel);
            var errors = await process.StandardError.ReadToEndAsync(Cancel);
            await process.WaitForExitAsync(Cancel);
            process.ExitCode.Should().Be(0, $"{output}{errors}");
            output.Should().NotContain("unrecognized-format", "the linter must know what it reads");
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static async Task<string> ServedAsync()
    {
        await using var api = await ControlHarness.StartAsync(DatabaseEngine.Sqlite);
        using var http = new HttpClient { BaseAddress = api.Root };
        var text = await http.GetStringAsync(ControlDocument.Pattern, Cancel);
        return text.ReplaceLineEndings("\n").TrimEnd() + "\n";
    }
}
