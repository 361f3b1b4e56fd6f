using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Spendra.Control.Providers;
using Spendra.Control.Tests.Catalog;
using Spendra.Core.Access;
using Spendra.Storage;

namespace Spendra.Control.Tests.Api;

/// <summary>Provider accounts and servers of tools through the management API, on either engine.</summary>
public abstract class AccountContract(DatabaseEngine engine)
{
    private const string Secret = "sk-canary-4711";

    [Fact]
    public async Task An_account_is_created_read_changed_rotated_archived_and_restored_without_its_secret_showing()
    {
        await using var api = await StartAsync();
        var platform = await api.ClientAsync(MemberRole.PlatformAdmin);
        List<string> seen = [];
        var created = await platform.PostAsync("/provider-accounts", new { slug = "fresh", provider = "openai", credential = new { value = Secret }, ratePercent = 110, vectorStores = new[] { "vs_1" } });
        seen.Add(created.Body);
        created.Status.Should().Be(201, created.Body);
        created.Location.Should().Be("/api/v1/organizations/acme/provider-accounts/fresh");
        created.Json.GetProperty("credential").GetProperty("kind").GetString().Should().Be("sealed");
        created.Json.GetProperty("baseUrl").GetString().Should().Be("https://api.openai.com/v1");
        (await platform.GetAsync("/provider-accounts/fresh")).Body.Should().Be(created.Body);

        var changed = await platform.PutAsync("/provider-accounts/fresh", new { countsTokens = false }, created.ETag);
        changed.Status.Should().Be(200, changed.Body);
        changed.Json.GetProperty("ratePercent").GetInt32().Should().Be(100, "what is absent is as for a new one");
        changed.Json.GetProperty("credential").GetProperty("kind").GetString().Should().Be("sealed", "the credential stays");
        (await platform.PutAsync("/provider-accounts/fresh", new { ratePercent = 1 }, created.ETag)).ProblemType.Should().Be("stale-version");

        var rotated = await platform.PostAsync("/provider-accounts/fresh/credential", new { env = "OPENAI_API_KEY_2" }, changed.ETag);
        rotated.Json.GetProperty("credential").GetProperty("variable").GetString().Should().Be("OPENAI_API_KEY_2", rotated.Body);
        rotated = await platform.PostAsync("/provider-accounts/fresh/credential", new { value = Secret + "2" }, rotated.ETag);
        var archived = await platform.PostAsync("/provider-accounts/fresh/archive", null, rotated.ETag);
        archived.Json.GetProperty("isArchived").GetBoolean().Should().BeTrue(archived.Body);
        (await platform.GetAsync("/provider-accounts")).Items("slug").Should().Equal("main", "second");
        (await platform.GetAsync("/provider-accounts?archived=true&search=FRE&sort=-slug&provider=openai")).Items("slug").Should().Equal("fresh");
        (await platform.PutAsync("/provider-accounts/fresh", new { }, "*")).ProblemType.Should().Be("wrong-state");
        (await platform.PostAsync("/provider-accounts/fresh/restore", null, archived.ETag)).Status.Should().Be(200);

        var audit = await platform.GetAsync("/audit/records?subject=fresh&sort=sequence");
        audit.Items("action").Should().Equal("create", "update", "rotate", "rotate", "archive", "restore");
        seen.AddRange([changed.Body, rotated.Body, archived.Body, audit.Body]);
        seen.Should().OnlyContain(text => !text.Contains("canary"));
        audit.Body.Should().Contain("sealed, replaced");
    }

    [Fact]
    public async Task A_stored_secret_goes_to_no_other_address()
    {
        await using var api = await StartAsync();
        var platform = await api.ClientAsync(MemberRole.PlatformAdmin);

        var refused = await platform.PutAsync("/provider-accounts/second", new { baseUrl = "https://evil.example/v1" });
        refused.Status.Should().Be(400, refused.Body);
        refused.Field.Should().Be("credential");
        (await platform.PutAsync("/provider-accounts/second", new { baseUrl = "https://good.example/v1", credential = new { value = Secret } })).Status.Should().Be(200);
    }

    [Fact]
    public async Task A_variable_of_the_environment_is_nobodys_but_whom_the_operator_lists_it_for()
    {
        await using var api = await StartAsync();
        await api.ApplyAsync(Governed.Other);
        var here = await api.ClientAsync(MemberRole.PlatformAdmin);
        var there = api.Client(await api.AddTokenAsync(await api.AddMemberAsync("p@other.example", MemberRole.PlatformAdmin, organization: "other"), organization: "other"));
        const string Other = "/api/v1/organizations/other";

        var refused = await there.PostAsync($"{Other}/provider-accounts", new { slug = "x", provider = "openai", baseUrl = "https://evil.example/v1", credential = new { env = "OPENAI_API_KEY" } });
        refused.Status.Should().Be(400, refused.Body);
        refused.Field.Should().Be("credential.env");
        refused.Body.Should().Contain("Credentials:Variables:other");
        (await there.PostAsync($"{Other}/mcp-servers", new { slug = "y", baseUrl = "https://evil.example/mcp", credential = new { env = "OPENAI_API_KEY" } })).Field.Should().Be("credential.env");
        (await there.PostAsync($"{Other}/provider-accounts", new { slug = "own", provider = "openai", credential = new { env = "NO_SUCH_KEY" } })).Status.Should().Be(201);
        (await there.PutAsync($"{Other}/provider-accounts/own", new { baseUrl = "https://evil.example/v1", credential = new { env = "OPENAI_API_KEY" } })).Field.Should().Be("credential.env");
        (await there.PostAsync($"{Other}/provider-accounts/own/credential", new { env = "no_such_key" }, "*")).Field.Should().Be("env", "names of variables are told apart by case");
        (await here.PostAsync("/provider-accounts/main/credential", new { env = "OPENAI_API_KEY" }, "*")).Status.Should().Be(200, "it is listed for this one");
    }

    [Fact]
    public async Task Without_a_list_no_variable_is_anybodys_and_the_operator_declares_them_nevertheless()
    {
        await using var api = await ControlHarness.StartAsync(engine, options: new ControlOptions());
        await api.ApplyAsync(Files.Acme);
        var platform = await api.ClientAsync(MemberRole.PlatformAdmin);

        (await platform.GetAsync("/provider-accounts/main")).Json.GetProperty("credential").GetProperty("variable").GetString().Should().Be("OPENAI_API_KEY");
        (await platform.PostAsync("/provider-accounts/main/credential", new { env = "OPENAI_API_KEY" }, "*")).Field.Should().Be("env");
    }

    [Fact]
    public async Task An_account_that_is_wrong_is_refused_with_its_field_and_without_its_secret()
    {
        await using var api = await StartAsync();
        var client = await api.ClientAsync(MemberRole.PlatformAdmin);
        foreach (var (body, field) in new[]
        {
            ("""{"slug":"x","provider":"nobody","credential":{"env":"A"}}""", "provider"),
            ("""{"slug":"x","provider":"mcp","credential":{"env":"A"}}""", "provider"),
            ("""{"slug":"x","provider":"azure","credential":{"env":"A"}}""", "baseUrl"),
            ("""{"slug":"x","provider":"openai","baseUrl":"ftp://x","credential":{"env":"A"}}""", "baseUrl"),
            ("""{"slug":"x","provider":"openai","baseUrl":"https://user:pw@x/v1","credential":{"env":"A"}}""", "baseUrl"),
            ("""{"slug":"x","provider":"openai"}""", "credential"),
            ("""{"slug":"x","provider":"openai","credential":{}}""", "credential.env"),
            ("""{"slug":"x","provider":"openai","credential":{"env":"A","value":"b"}}""", "credential.value"),
            ("""{"slug":"x","provider":"openai","credential":{"env":"SPENDRA__MASTERKEY"}}""", "credential.env"),
            ("""{"slug":"x","provider":"openai","credential":{"value":"sk canary"}}""", "credential.value"),
            ("""{"slug":"x","provider":"openai","credential":{"env":"A"},"ratePercent":0}""", "ratePercent"),
            ("""{"slug":"x","provider":"openai","credential":{"env":"A"},"deployments":{"a":"b"}}""", "deployments"),
            ("""{"slug":"x","provider":"google","credential":{"env":"A"},"vectorStores":["vs"]}""", "vectorStores"),
        })
        {
            var refused = await client.PostAsync("/provider-accounts", body);
            refused.Status.Should().Be(400, refused.Body);
            refused.Field.Should().Be(field, refused.Body);
            refused.Body.Should().NotContain("canary");
            (await api.Store.ScalarAsync<long>("SELECT count(*) FROM provider_accounts WHERE slug = 'x'")).Should().Be(0);
        }
    }

    [Fact]
    public async Task Slugs_are_used_once_creations_once_and_others_see_nothing()
    {
        await using var api = await StartAsync();
        var platform = await api.ClientAsync(MemberRole.PlatformAdmin);
        var body = new { slug = "once", provider = "openai", credential = new { value = Secret } };
        var first = await platform.PostAsync("/provider-accounts", body, idempotencyKey: "k");
        (await platform.PostAsync("/provider-accounts", body, idempotencyKey: "k")).Body.Should().Be(first.Body);
        (await platform.PostAsync("/provider-accounts", body)).ProblemType.Should().Be("duplicate");
        (await platform.PostAsync("/mcp-servers", new { slug = "once", baseUrl = "https://x.example" })).ProblemType.Should().Be("duplicate");
        (await platform.GetAsync("/mcp-servers/once")).Status.Should().Be(404);
        (await api.Store.ScalarAsync<long>("SELECT count(*) FROM creation_receipts WHERE response LIKE '%canary%'")).Should().Be(0);

        (await (await api.ClientAsync(MemberRole.Manager, "team/search")).GetAsync("/provider-accounts")).ProblemType.Should().Be("forbidden");
        (await (await api.ClientAsync(MemberRole.Auditor)).PostAsync("/provider-accounts/once/archive", null, "*")).ProblemType.Should().Be("forbidden");
    }

    [Fact]
    public async Task A_test_call_sends_the_credential_and_tells_status_and_latency_only()
    {
        string? authorization = null;
        await using var shelf = await Shelf.StartAsync(context =>
        {
            authorization = context.Request.Headers.Authorization;
            context.Response.StatusCode = context.Request.Path == "/v1/models" ? 401 : 404;
            return context.Response.WriteAsync("canary of the upstream");
        });
        await using var api = await StartAsync(allowInside: true);
        var platform = await api.ClientAsync(MemberRole.PlatformAdmin);
        (await platform.PostAsync("/provider-accounts", new { slug = "near", provider = "openai", baseUrl = shelf.Url.GetLeftPart(UriPartial.Authority), credential = new { value = Secret } })).Status.Should().Be(201);

        var tested = await platform.PostAsync("/provider-accounts/near/test");

        tested.Status.Should().Be(200, tested.Body);
        tested.Json.GetProperty("isReached").GetBoolean().Should().BeTrue(tested.Body);
        tested.Json.GetProperty("status").GetInt32().Should().Be(401);
        tested.Body.Should().NotContain("canary");
        authorization.Should().Be($"Bearer {Secret}");
        (await platform.PostAsync("/provider-accounts", new { slug = "vertex", provider = "vertexai", baseUrl = "https://x.example/v1", credential = new { value = "{\"a\":1}" } })).Status.Should().Be(201);
        (await platform.PostAsync("/provider-accounts/vertex/test")).ProblemType.Should().Be("wrong-state");
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    [InlineData("[::ffff:127.0.0.1]")]
    public async Task A_test_call_reaches_no_private_address_unless_it_is_allowed(string host)
    {
        await using var shelf = await Shelf.StartAsync(context => context.Response.WriteAsync("inside"));
        await using var api = await StartAsync();
        var platform = await api.ClientAsync(MemberRole.PlatformAdmin);
        await platform.PostAsync("/provider-accounts", new { slug = "near", provider = "openai", baseUrl = $"http://{host}:{shelf.Url.Port}", credential = new { value = Secret } });

        var tested = await platform.PostAsync("/provider-accounts/near/test");

        tested.Json.GetProperty("failure").GetString().Should().Be("the address is private, which is not permitted here", tested.Body);
        shelf.Asked.Should().Be(0);
    }

    [Fact]
    public async Task A_server_of_tools_is_made_by_one_and_priced_by_another()
    {
        await using var api = await StartAsync();
        var platform = await api.ClientAsync(MemberRole.PlatformAdmin);
        var finance = await api.ClientAsync(MemberRole.FinanceManager);
        var created = await platform.PostAsync("/mcp-servers", new { slug = "tools", baseUrl = "https://tools.example/mcp", trustsCost = true });
        created.Status.Should().Be(201, created.Body);
        created.Json.GetProperty("credential").GetProperty("kind").GetString().Should().Be("none");
        (await platform.GetAsync("/provider-accounts")).Items("slug").Should().NotContain("tools");
        (await platform.GetAsync("/mcp-servers")).Items("slug").Should().Equal("tools");

        var body = new { tools = new Dictionary<string, string> { ["search"] = "0.01", ["fetch"] = "0" }, defaultToolUsd = "0.5" };
        (await platform.PutAsync("/mcp-servers/tools/tools", body)).ProblemType.Should().Be("forbidden");
        var none = await finance.GetAsync("/mcp-servers/tools/tools");
        var set = await finance.PutAsync("/mcp-servers/tools/tools", body, none.ETag);
        set.Status.Should().Be(200, set.Body);
        var read = await finance.GetAsync("/mcp-servers/tools/tools");
        read.Body.Should().Be(set.Body).And.Be("""{"tools":{"fetch":"0","search":"0.01"},"defaultToolUsd":"0.5"}""");
        read.ETag.Should().Be(set.ETag);
        (await finance.PutAsync("/mcp-servers/tools/tools", body, none.ETag)).ProblemType.Should().Be("stale-version");

        var less = await finance.PutAsync("/mcp-servers/tools/tools", new { tools = new Dictionary<string, string> { ["search"] = "0.02" } }, read.ETag);
        less.Body.Should().Be("""{"tools":{"search":"0.02"},"defaultToolUsd":null}""");
        (await finance.GetAsync("/mcp-servers/tools/tools")).Body.Should().Be(less.Body);
        (await finance.PutAsync("/mcp-servers/tools/tools", new { tools = new Dictionary<string, string> { ["*"] = "1" } })).Field.Should().Be("tools");
        (await finance.PutAsync("/mcp-servers/tools/tools", new { tools = new Dictionary<string, string> { ["a"] = "1001" } })).Field.Should().Be("tools");
        (await finance.PutAsync("/mcp-servers/nowhere/tools", body)).Status.Should().Be(404);
        (await platform.PutAsync("/mcp-servers/tools", new { baseUrl = "https://tools.example/mcp" })).Json.GetProperty("trustsCost").GetBoolean().Should().BeFalse();
    }

    private async Task<ControlHarness> StartAsync(bool allowInside = false)
    {
        var api = await ControlHarness.StartAsync(engine, services => services.AddSingleton(new ProbeOptions(allowInside)));
        await api.ApplyAsync(Files.Acme);
        return api;
    }
}

public sealed class SqliteAccountTests() : AccountContract(DatabaseEngine.Sqlite);

public sealed class PostgresAccountTests() : AccountContract(DatabaseEngine.Postgres);
