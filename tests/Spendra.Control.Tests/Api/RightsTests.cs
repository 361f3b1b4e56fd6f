using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Storage;

namespace Spendra.Control.Tests.Api;

/// <summary>
/// Every operation × every role × the caller's own scopes, other scopes of the organization, another organization. What must
/// come of each stands in <c>rights.txt</c>: <c>+</c> let in (done, or refused for what it says), <c>?</c> 400, <c>-</c> 403,
/// <c>.</c> 404. A new operation has no line there, and fails.
/// </summary>
public sealed partial class RightsTests
{
    private static readonly MemberRole?[] Roles = [.. MemberRoles.All.Select(r => (MemberRole?)r), null];

    // What a caller with scopes holds, and its like elsewhere in the organization.
    private static readonly (string Template, string Own, string Other)[] Places =
    [
        ("/branches/{slug}", "emea", "apac"), ("/teams/{slug}", "search", "ads"), ("/projects/{slug}", "ranking", "billing"),
        ("/employees/{slug}", "e1001", "e1002"), ("/agents/{slug}", "writer", "loner"), ("/subagents/{slug}", "scribe", "fetcher"),
        ("/budgets/{slug}", "ada-week", "grace-week"), ("/policies/{slug}", "ada-soft", "grace-soft"), ("/keys/{slug}", "ada", "grace"),
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_operation_lets_in_exactly_whom_the_table_says()
    {
        await using var api = await ControlHarness.StartAsync(DatabaseEngine.Sqlite);
        await api.ApplyAsync(Company);
        await api.ApplyAsync("organization: {slug: other, name: Other}\nteams: [{slug: search}, {slug: ads}]\nemployees: [{slug: e1001}, {slug: e1002}]\n");
        var callers = new List<ControlClient>();
        foreach (var role in Roles)
        {
            string[] scopes = role switch { MemberRole.Manager => ["team/search"], MemberRole.Employee => ["employee/e1001"], _ => [] };
            callers.Add(await api.ClientAsync(role, scopes));
        }

        var table = new StringBuilder("# own | other scope | other organization, each: org_admin iam_admin platform_admin finance_manager manager employee auditor (no role)\n");
        foreach (var (name, method, template, operation) in Operations(api))
        {
            var body = operation.Example is { } example ? JsonSerializer.Serialize(example, ControlJson.Options) : null;
            table.Append(name).Append(' ', Math.Max(1, 30 - name.Length));
            table.Append(await RowAsync(callers, method, Path(template, other: false), body)).Append(" | ");
            table.Append(await RowAsync(callers, method, Path(template, other: true), Elsewhere(body))).Append(" | ");
            table.Append(await RowAsync(callers, method, Path(template, other: false).Replace("/acme", "/other", StringComparison.Ordinal), body)).Append('\n');
        }

        var written = System.IO.Path.Combine(Repository.Artifacts, "rights.txt");
        await File.WriteAllTextAsync(written, table.ToString(), Cancel);
        var expected = await File.ReadAllTextAsync(System.IO.Path.Combine(Repository.Tests, "Spendra.Control.Tests", "Api", "rights.txt"), Cancel);
        table.ToString().Split('\n').Should().Equal(expected.Split('\n'), "rights changed: look at every line that differs, then cp artifacts/rights.txt over the table");
    }

    [Fact]
    public async Task Nobody_gets_in_without_proof_and_nothing_is_mapped_without_a_mark()
    {
        await using var api = await ControlHarness.StartAsync(DatabaseEngine.Sqlite);
        await api.ApplyAsync(Company);
        var nobody = api.Client(null);
        foreach (var (name, method, template, operation) in Operations(api))
        {
            var answer = await nobody.SendAsync(new HttpMethod(method), Path(template, other: false), operation.Example);
            if (operation.Audience == Audience.Anybody) answer.ProblemType.Should().NotBe("unauthenticated", name);
            else answer.Status.Should().Be(401, name);
        }

        api.Mapped.Where(e => e.Metadata.GetMetadata<Operation>() is null).Select(e => e.RoutePattern.RawText)
            .Should().Equal("/api/{**rest}");
    }

    private static IEnumerable<(string Name, string Method, string Template, Operation Operation)> Operations(ControlHarness api) =>
        from endpoint in api.Mapped
        let operation = endpoint.Metadata.GetMetadata<Operation>()
        where operation is not null && endpoint.RoutePattern.RawText!.StartsWith("/api/v1", StringComparison.Ordinal)
        orderby IsLast(operation.Name), operation.Name
        select (operation.Name, endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods[0], endpoint.RoutePattern.RawText!, operation);

    // What is put away by one caller is not there for the next operation.
    private static bool IsLast(string name) =>
        name.StartsWith("archive", StringComparison.Ordinal) || name.StartsWith("remove", StringComparison.Ordinal)
        || name.StartsWith("revoke", StringComparison.Ordinal) || name.StartsWith("leave", StringComparison.Ordinal);

    private static async Task<string> RowAsync(List<ControlClient> callers, string method, string path, string? body)
    {
        var row = new StringBuilder();
        foreach (var caller in callers)
        {
            // A slug is used once: what the caller before has made would answer for this one.
            var own = body is null ? null : AnySlug().Replace(body, $"\"slug\":\"x{Guid.NewGuid():n}\"");
            var answer = await caller.SendAsync(new HttpMethod(method), path, own ?? (method is "GET" or "DELETE" ? null : "{}"), ifMatch: "*");
            answer.Status.Should().BeLessThan(500, $"{method} {path}: {answer.Body}");
            row.Append(answer.Status switch { 400 => '?', 403 => '-', 404 => '.', 401 => '!', _ => '+' });
        }
        return row.ToString();
    }

    private static string Path(string template, bool other)
    {
        foreach (var (place, own, elsewhere) in Places)
            template = template.Replace(place, place[..(place.LastIndexOf('/') + 1)] + (other ? elsewhere : own), StringComparison.Ordinal);
        return AnyParameter().Replace(template.Replace("{organization}", "acme", StringComparison.Ordinal),
            parameter => parameter.Value.StartsWith("{sequence", StringComparison.Ordinal) ? "1" : Guid.Empty.ToString());
    }

    /// <summary>A body that speaks of other scopes than the caller's.</summary>
    private static string? Elsewhere(string? body) => body?
        .Replace("team/search", "team/ads", StringComparison.Ordinal).Replace("employee/e1001", "employee/e1002", StringComparison.Ordinal)
        .Replace("agent/crawler", "agent/loner", StringComparison.Ordinal).Replace("branch/emea", "branch/apac", StringComparison.Ordinal);

    [GeneratedRegex("\\{[^}]+\\}")]
    private static partial Regex AnyParameter();

    [GeneratedRegex("\"slug\":\"[^\"]*\"")]
    private static partial Regex AnySlug();

    private static string Company => Files.Acme
        .Replace("\nteams:\n", "\n  - slug: apac\nteams:\n", StringComparison.Ordinal)
        .Replace("  - slug: e1002\n", "  - slug: e1002\n    team: ads\n", StringComparison.Ordinal)
        .Replace("\nsubagents:\n", "\n  - slug: loner\n    owner: employee/e1002\nsubagents:\n  - slug: scribe\n    agent: writer\n", StringComparison.Ordinal)
        .Replace("\npolicies:\n", "\n  - {slug: grace-week, scope: employee/e1002, amountUsd: 1, period: week}\npolicies:\n  - {slug: grace-soft, kind: soft_cap, scope: employee/e1002, budget: grace-week}\n", StringComparison.Ordinal)
        .Replace("\nkeys:\n", "\nkeys:\n  - {slug: grace, actor: employee/e1002}\n", StringComparison.Ordinal);
}
