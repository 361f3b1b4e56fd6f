using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Spendra.Control.Dashboard;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Storage;

namespace Spendra.Control.Tests.Api;

/// <summary>
/// Every operation × every role × what lies in the caller's own scopes, elsewhere in the organization, in another organization.
/// What must come of each stands in <c>rights.txt</c>: <c>+</c> done, <c>=</c> let in and told a conflict, <c>?</c> 400,
/// <c>-</c> 403, <c>.</c> 404, <c>!</c> 401. A new operation has no line there, and fails.
/// </summary>
public sealed partial class RightsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_operation_lets_in_exactly_whom_the_table_says()
    {
        await using var objects = await RightsObjects.StartAsync();
        var table = new StringBuilder("# own | elsewhere | another organization's, each: org_admin iam_admin platform_admin finance_manager manager employee auditor (no role)\n");
        foreach (var asked in Operations(objects.Api))
        {
            table.Append(asked.Operation.Name).Append(' ', Math.Max(1, 32 - asked.Operation.Name.Length));
            table.Append(await RowAsync(objects, asked, Place.Own)).Append(" | ");
            table.Append(await RowAsync(objects, asked, Place.Elsewhere)).Append(" | ");
            table.Append(await RowAsync(objects, asked, Place.Foreign)).Append('\n');
        }

        var written = System.IO.Path.Combine(Repository.Artifacts, "rights.txt");
        await File.WriteAllTextAsync(written, table.ToString(), Cancel);
        var expected = await File.ReadAllTextAsync(System.IO.Path.Combine(Repository.Tests, "Spendra.Control.Tests", "Api", "rights.txt"), Cancel);
        table.ToString().Split('\n').Should().Equal(expected.Split('\n'), "rights changed: look at every line that differs, then cp artifacts/rights.txt over the table");
    }

    [Fact]
    public async Task What_another_organization_has_is_answered_in_the_bytes_of_what_nobody_has()
    {
        await using var objects = await RightsObjects.StartAsync();
        foreach (var asked in Operations(objects.Api).Where(o => o.Template.Contains("{organization}", StringComparison.Ordinal)))
        {
            // Somebody who may everything, somebody who may some of it over some scopes, and a member without a role.
            foreach (var caller in objects.Callers.Where(c => c.Role is MemberRole.OrgAdmin or MemberRole.Manager or null))
            {
                var path = await objects.PathAsync(asked.Operation.Name, asked.Method, asked.Template, Place.Foreign, caller);
                var client = asked.ClientOf(caller);
                var elsewhere = await SendAsync(client, asked, path.Replace("/acme", "/other", StringComparison.Ordinal), "{}");
                var nowhere = await SendAsync(client, asked, path.Replace("/acme", "/nowhere", StringComparison.Ordinal), "{}");
                // Of a token, what needs a person is refused before anybody looks where it goes.
                elsewhere.Status.Should().Be(asked.Operation.NeedsSession ? 403 : 404, asked.Operation.Name);
                elsewhere.Anonymous().Should().Be(nowhere.Anonymous(), asked.Operation.Name);
                if (!asked.NamesOne) continue;

                var body = asked.Body(Place.Foreign, objects);
                var foreign = await SendAsync(client, asked, path, body);
                var unknown = await SendAsync(client, asked, RightsObjects.Unknown(asked.Template), body);
                foreign.Status.Should().BeOneOf([403, 404], asked.Operation.Name);
                foreign.Anonymous().Should().Be(unknown.Anonymous(), asked.Operation.Name);
            }
        }
    }

    /// <summary>
    /// As somebody who owns no table and may by themselves touch only what belongs to no organization: whatever an operation reads or
    /// writes of one, it does as the role behind the wall, or it fails here.
    /// </summary>
    [Fact]
    public async Task Every_operation_stays_behind_the_wall_of_the_database()
    {
        await using var objects = await RightsObjects.StartAsync(DatabaseEngine.Postgres);
        await using var landless = await LandlessLogin.CreateAsync(objects.Api.Store);
        var api = await objects.Api.StartBesideAsync(null, services =>
        {
            PersonScheme.Add(services);
            services.AddSingleton(landless.Database);
        });
        var admin = objects.Callers.Single(c => c.Role == MemberRole.OrgAdmin);
        var outside = admin with { Token = api.Client(await objects.Api.AddTokenAsync(admin.Member)), Person = PersonScheme.Client(api, admin.Member) };
        var faults = new List<string>();
        foreach (var asked in Operations(api))
        {
            if (asked.Operation.Name == "leaveOrganization") continue;
            var path = await objects.PathAsync(asked.Operation.Name, asked.Method, asked.Template, Place.Own, admin);
            var body = asked.Body(Place.Own, objects);
            if (asked.Operation.Name == "createRequest") body = AnyId().Replace(body!, (await objects.RefusalAsync(Place.Own)).ToString());
            var answer = await SendAsync(asked.ClientOf(outside), asked, path, body);
            if (answer.Status >= 500) faults.Add($"{asked.Operation.Name}: {asked.Method} {path}: {answer.Status}");
            if (answer.Status < 400 && asked.Method != "GET") objects.Used(asked.Template, Place.Own);
        }
        await api.StopAsync();
        faults.Should().BeEmpty();
    }

    [Fact]
    public async Task Nobody_gets_in_without_proof_and_nothing_is_mapped_without_a_mark()
    {
        await using var api = await ControlHarness.StartAsync(DatabaseEngine.Sqlite);
        await api.ApplyAsync(Files.Acme);
        var nobody = api.Client(null);
        foreach (var asked in Operations(api))
        {
            var answer = await nobody.SendAsync(new HttpMethod(asked.Method), RightsObjects.Unknown(asked.Template), asked.Operation.Example);
            if (asked.Operation.Audience == Audience.Anybody) answer.ProblemType.Should().NotBe("unauthenticated", asked.Operation.Name);
            else answer.Status.Should().Be(401, asked.Operation.Name);
        }

        api.Mapped.Where(e => e.Metadata.GetMetadata<Operation>() is null && e.Metadata.GetMetadata<PageMark>() is null).Select(e => e.RoutePattern.RawText)
            .Should().Equal("/api/{**rest}");
    }

    private static IEnumerable<AskedOperation> Operations(ControlHarness api) =>
        from endpoint in api.Mapped
        let operation = endpoint.Metadata.GetMetadata<Operation>()
        where operation is not null && endpoint.RoutePattern.RawText!.StartsWith("/api/v1", StringComparison.Ordinal)
        orderby operation.Name
        select new AskedOperation(operation, endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods[0], endpoint.RoutePattern.RawText!,
            endpoint.Metadata.GetMetadata<InPerson>() is not null);

    private static async Task<string> RowAsync(RightsObjects objects, AskedOperation asked, Place place)
    {
        var row = new StringBuilder();
        string? taken = null;
        foreach (var role in objects.Callers)
        {
            // Whoever leaves is gone: each time it is somebody else.
            var caller = asked.Operation.Name == "leaveOrganization" ? await objects.CallerAsync(role.Role) : role;
            var path = await objects.PathAsync(asked.Operation.Name, asked.Method, asked.Template, place, caller);
            if (place == Place.Foreign && !asked.NamesOne) path = path.Replace("/acme", "/other", StringComparison.Ordinal);
            var body = asked.Body(place, objects);
            if (asked.Operation.Name == "createRequest") body = AnyId().Replace(body!, (await objects.RefusalAsync(place)).ToString());
            var answer = await SendAsync(asked.ClientOf(caller), asked, path, body);
            answer.Status.Should().BeLessThan(500, $"{asked.Method} {path}: {answer.Body}");
            if (answer.Status is 400 or 403 or 404 && asked.Method != "GET") await NothingIsToldAsync(asked, caller, path, body, taken, answer.Status);
            if (answer.Status < 400 && asked.Method != "GET")
            {
                objects.Used(asked.Template, place);
                taken = body;
            }
            row.Append(answer.Status switch { < 400 => '+', 400 => '?', 401 => '!', 403 => '-', 404 => '.', _ => '=' });
        }
        return row.ToString();
    }

    /// <summary>To somebody who may not, a version that is stale or missing and a name that is taken are no answer.</summary>
    private static async Task NothingIsToldAsync(AskedOperation asked, RightsCaller caller, string path, string? body, string? taken, int status)
    {
        var client = asked.ClientOf(caller);
        (string? Body, string? Match)[] others = [(body, "\"987654321\""), (body, null), (taken ?? body, "*")];
        foreach (var (sent, match) in others)
        {
            var answer = await SendAsync(client, asked, path, sent, match);
            answer.Status.Should().Be(status, $"{asked.Operation.Name} with {match ?? "no version"}: {answer.Body}");
        }
    }

    private static Task<ControlAnswer> SendAsync(ControlClient client, AskedOperation asked, string path, string? body, string? match = "*") =>
        client.SendAsync(new HttpMethod(asked.Method), path, asked.Method is "GET" or "DELETE" ? null : body ?? "{}", match);

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f-]{27}")]
    private static partial Regex AnyId();

    [GeneratedRegex("\"slug\":\"[^\"]*\"")]
    private static partial Regex AnySlug();

    [GeneratedRegex("\"(until|expiresAt)\":\"[^\"]*\"")]
    private static partial Regex AnyEnd();

    /// <summary>An operation as it is asked for.</summary>
    private sealed record AskedOperation(Operation Operation, string Method, string Template, bool IsInPerson)
    {
        /// <summary>Whether its address names one of many.</summary>
        // A month is a name that all organizations have.
        public bool NamesOne => Template.Replace("{organization}", "", StringComparison.Ordinal).Replace("{month}", "", StringComparison.Ordinal).Contains('{', StringComparison.Ordinal)
            && !Template.Contains("{sequence", StringComparison.Ordinal);

        public ControlClient ClientOf(RightsCaller caller) => IsInPerson ? caller.Person : caller.Token;

        /// <summary>The body that the document shows, where it fits what is there, of names that are new and of scopes in the place.</summary>
        public string? Body(Place place, RightsObjects objects)
        {
            var budget = place == Place.Elsewhere ? "grace-week" : "ada-week";
            var body = Operation.Name switch
            {
                // What is set on a team is not its manager's to set: below it, it is.
                "createBudget" or "createPolicy" => Example().Replace("team/search", "employee/e1001", StringComparison.Ordinal),
                "updatePolicy" => $$"""{"budget":"{{budget}}"}""",
                "createKey" => Example().Replace("\"project\":\"ranking\",", "", StringComparison.Ordinal),
                "createKeyRule" => """{"slug":"","scope":"team/search"}""",
                "updateKeyRule" => "{}",
                "updateMember" => """{"role":"manager","scopes":["team/search"]}""",
                "createInvitation" => Example().Replace("grace@", $"{objects.NewName()}@", StringComparison.Ordinal),
                "addDomain" => Example().Replace("acme", objects.NewName(), StringComparison.Ordinal),
                _ => Operation.Example is null ? null : Example(),
            };
            if (body is null) return null;
            body = AnySlug().Replace(body, _ => $"\"slug\":\"{objects.NewName()}\"");
            body = AnyEnd().Replace(body, m => $"\"{m.Groups[1].Value}\":\"{DateTime.UtcNow.AddDays(1):O}\"");
            return place != Place.Elsewhere ? body : body
                .Replace("team/search", "team/ads", StringComparison.Ordinal).Replace("employee/e1001", "employee/e1002", StringComparison.Ordinal)
                .Replace("agent/crawler", "agent/loner", StringComparison.Ordinal).Replace("branch/emea", "branch/apac", StringComparison.Ordinal);
        }

        private string Example() => JsonSerializer.Serialize(Operation.Example, ControlJson.Options);
    }
}
