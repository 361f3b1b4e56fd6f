using System.Text.RegularExpressions;
using Spendra.Storage;

namespace Spendra.Gateway.Tests;

/// <summary>Files and responses at a shared provider belong to the organization that made them; nobody else can tell that they exist.</summary>
public sealed partial class OwnershipTests
{
    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task What_belongs_to_another_organization_does_not_exist(DatabaseEngine engine)
    {
        await using var owner = await Company.StartAsync(engine: engine);
        await using var other = await Company.StartAsync(new Rules { BaseUrl = owner.Provider.BaseUrl.ToString() }, engine);
        var file = (string)(await Uploads.SendAsync(owner, "a.txt", "secret")).ShouldBe(200).Json["id"]!;
        var response = (string)(await owner.PostAsync("responses", Bodies.Response())).ShouldBe(200).Json["id"]!;
        await owner.SettledAsync();
        var before = owner.Journal.Count;

        foreach (var (method, path, _) in RouteCensusTests.Governed.Where(r => r.NamesObject))
        {
            var (mine, none) = path.Contains(RouteCensusTests.File) ? (file, Unknown(file)) : (response, Unknown(response));
            using var client = other.Client();
            using var foreign = new HttpRequestMessage(new HttpMethod(method), Named(path, mine));
            using var unknown = new HttpRequestMessage(new HttpMethod(method), Named(path, none));
            ShouldBeAlike(await Answer.SendAsync(client, foreign), await Answer.SendAsync(client, unknown), mine, none);
        }
        foreach (var (path, body, mine) in Naming(file, response))
        {
            ShouldBeAlike(await other.PostAsync(path, body), await other.PostAsync(path, body.Replace(mine, Unknown(mine))), mine, Unknown(mine));
        }
        owner.Journal.Count.Should().Be(before);
        (await other.GetAsync("files")).ShouldBe(200).Json["data"]!.AsArray().Should().BeEmpty();
        (await owner.GetAsync("files")).ShouldBe(200).Json["data"]!.AsArray().Select(f => (string)f!["id"]!).Should().Equal(file);
        (await other.SettledAsync()).Events.Should().BeEmpty();
    }

    private static string Named(string path, string id) => path.Replace(RouteCensusTests.File, id).Replace(RouteCensusTests.Response, id);

    private static (string Path, string Body, string Id)[] Naming(string file, string response) =>
    [
        ("responses", Bodies.Response(more: $"\"previous_response_id\":\"{response}\"", model: "m-window"), response),
        ("responses", Bodies.Response(more: $"\"prompt_cache_options\":{{\"comparison_response_id\":\"{response}\"}}", model: "m-window"), response),
        ("responses/input_tokens", Bodies.Response(more: $"\"previous_response_id\":\"{response}\"", model: "m-window"), response),
        ("responses", $$"""{"model":"m-window","input":[{"role":"user","content":[{"type":"input_file","file_id":"{{file}}"}]}]}""", file),
        ("responses", $$"""{"model":"m-window","input":[{"role":"user","content":[{"type":"input_image","file\u005fid":"{{file}}"}]}]}""", file),
        ("responses", $$"""{"model":"m-window","input":[{"type":"computer_call_output","output":{"type":"x","deep":[[{"file_id":"{{file}}"} ]] } }]}""", file),
        ("chat/completions", $$"""{"model":"m-window","messages":[{"role":"user","content":[{"type":"file","file":{"file_id":"{{file}}"} }]}]}""", file),
    ];

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task Test_keys_and_others_list_each_their_own_files(DatabaseEngine engine)
    {
        await using var company = await Company.StartAsync(engine: engine);
        await company.IssueTestKeyAsync("t1");
        var real = (string)(await Uploads.SendAsync(company, "a.txt", "a")).ShouldBe(200).Json["id"]!;
        var tried = (string)(await Uploads.SendAsync(company, "b.txt", "b", "t1")).ShouldBe(200).Json["id"]!;

        ListedFiles(await company.GetAsync("files")).Should().Equal(real);
        ListedFiles(await company.GetAsync("files", "t1")).Should().Equal(tried);
        (await company.SettledAsync()).Settled.Should().Be(0);
    }

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task A_file_whose_time_is_over_is_not_listed(DatabaseEngine engine)
    {
        await using var company = await Company.StartAsync(engine: engine);
        var kept = (string)(await Uploads.SendAsync(company, "a.txt", "a")).ShouldBe(200).Json["id"]!;
        var made = await company.Gateway.FindFileAsync(company.Id, kept);
        var now = Micros.Now(TimeProvider.System);
        await company.Gateway.Lane.RecordAsync(made with { ObjectId = "file-over", ExpiresAt = now - 1 });
        await company.Gateway.Lane.RecordAsync(made with { ObjectId = "file-not-over", ExpiresAt = now + 3_600_000_000 });

        ListedFiles(await company.GetAsync("files")).Should().BeEquivalentTo(kept, "file-not-over");
    }

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task A_cursor_that_can_be_no_id_is_refused(DatabaseEngine engine)
    {
        await using var company = await Company.StartAsync(engine: engine);

        foreach (var (path, field) in new[] { ("files?after=%00", "after"), ("files?purpose=%00", "purpose"), ("files?after=a%20b", "after"), ("batches?after=%00", "after"), ("batches?after=%ed%a0%80", "after") })
            ((string)(await company.GetAsync(path)).ShouldBe(400, "invalid_request").Json["error"]!["param"]!).Should().Be(field);

        (await company.GetAsync("files?after=file-of-nobody&purpose=user_data")).ShouldBe(200);
    }

    private static IEnumerable<string> ListedFiles(Answer list) => list.ShouldBe(200).Json["data"]!.AsArray().Select(f => (string)f!["id"]!);

    [Fact]
    public async Task The_owner_uses_what_is_its_own()
    {
        await using var company = await Company.StartAsync();
        var file = (string)(await Uploads.SendAsync(company, "a.txt", "content of a")).ShouldBe(200).Json["id"]!;
        var response = (string)(await company.PostAsync("responses", Bodies.Response())).ShouldBe(200).Json["id"]!;

        foreach (var (path, body, _) in Naming(file, response)) (await company.PostAsync(path, body)).ShouldBe(200);
        (await company.GetAsync($"files/{file}/content")).ShouldBe(200).Text.Should().Be("content of a");
        (await company.GetAsync($"responses/{response}/input_items?limit=5&api_key=canary")).ShouldBe(200);

        company.Journal.Requests[^1].PathAndQuery.Should().EndWith("/input_items?limit=5");
        (await company.SettledAsync()).Paid.Should().HaveCount(7);
    }

    [Fact]
    public async Task What_was_made_at_an_account_is_asked_for_at_that_account()
    {
        await using var first = await Sandbox.SandboxServer.StartAsync(new Sandbox.SandboxOptions { RecordRequests = true }, TestContext.Current.CancellationToken);
        await using var company = await Company.StartAsync();
        var (file, response) = await MakeAsync();
        // An account that is older than the one of the objects: from now on it serves every new call.
        await using (var connection = await company.Gateway.Database.ConnectAsync(TestContext.Current.CancellationToken))
        {
            await Dapper.SqlMapper.ExecuteAsync(connection, """
                INSERT INTO provider_accounts (organization_id, account_id, slug, provider, base_url, credential_kind, credential, changed_epoch)
                VALUES (@organization, @account, 'first', 'openai', @baseUrl, 'environment', @credential, 2);
                UPDATE organizations SET governance_epoch = 2 WHERE organization_id = @organization
                """, new
            {
                organization = company.Id, account = new Guid(1, 0, 0, new byte[8]), baseUrl = first.BaseUrl.ToString(),
                credential = System.Text.Encoding.UTF8.GetBytes("PATH"),
            });
        }
        var (elsewhere, _) = await MakeAsync();
        var (before, beforeFirst) = (company.Journal.Count, first.Journal.Count);
        beforeFirst.Should().Be(2, "what is new goes to the oldest account");

        (await company.GetAsync($"files/{file}/content")).ShouldBe(200).Text.Should().Be("content");
        (await company.GetAsync($"responses/{response}")).ShouldBe(200);
        (await company.PostAsync("responses", Bodies.Response(more: $"\"previous_response_id\":\"{response}\"", model: "m-window"))).ShouldBe(200);
        (await company.DeleteAsync($"files/{file}")).ShouldBe(200);

        company.Journal.Count.Should().Be(before + 4);
        first.Journal.Count.Should().Be(beforeFirst);
        (await company.GetAsync($"files/{elsewhere}")).ShouldBe(200);
        first.Journal.Count.Should().Be(beforeFirst + 1);
        await company.SettledAsync();

        async Task<(string File, string Response)> MakeAsync() => (
            (string)(await Uploads.SendAsync(company, "a.txt", "content")).ShouldBe(200).Json["id"]!,
            (string)(await company.PostAsync("responses", Bodies.Response())).ShouldBe(200).Json["id"]!);
    }

    [Fact]
    public async Task What_was_deleted_does_not_exist()
    {
        await using var company = await Company.StartAsync();
        var file = (string)(await Uploads.SendAsync(company, "a.txt", "x")).Json["id"]!;
        var response = (string)(await company.PostAsync("responses", Bodies.Response())).Json["id"]!;
        foreach (var path in new[] { $"files/{file}", $"responses/{response}" })
        {
            (await company.DeleteAsync(path)).ShouldBe(200);
            var before = company.Journal.Count;
            (await company.GetAsync(path)).ShouldBe(404, "not_found");
            (await company.DeleteAsync(path)).ShouldBe(404, "not_found");
            company.Journal.Count.Should().Be(before);
        }
        (await company.GetAsync("files")).Json["data"]!.AsArray().Should().BeEmpty();
        await company.SettledAsync();
    }

    [Theory]
    [InlineData("files/..%2fresponses%2fx")]
    [InlineData("files/%2e%2e")]
    [InlineData("files/%252e%252e")]
    [InlineData("files/a%3fkey=1")]
    [InlineData("files/a%23b")]
    [InlineData("files/a%0d%0ax-evil:%201")]
    [InlineData("files/a%00")]
    [InlineData("files/a;b")]
    [InlineData("files/a%5cb/content")]
    [InlineData("responses/..%2f..%2forganization")]
    [InlineData("responses/é")]
    public async Task An_id_that_is_more_than_an_id_goes_nowhere(string path)
    {
        await using var company = await Company.StartAsync();

        var answer = await company.GetAsync(path);

        answer.Status.Should().BeOneOf(400, 404);
        company.Journal.Count.Should().Be(0);
        (await company.SettledAsync()).Events.Should().BeEmpty();
    }

    [Fact]
    public async Task A_response_that_is_too_large_to_be_held_belongs_to_its_maker_all_the_same()
    {
        await using var company = await Company.StartAsync();

        var made = (await company.PostAsync("responses", Bodies.Response("tokens=20000", "\"max_output_tokens\":20000"))).ShouldBe(200);

        made.Bytes.Length.Should().BeGreaterThan(64 * 1024);
        (await company.GetAsync($"responses/{(string)made.Json["id"]!}")).ShouldBe(200);
        (await company.SettledAsync()).Paid.Single().OutputUnits.Should().Be(20_000);
    }

    [Theory]
    [InlineData("responses", "m1")]
    [InlineData("/openai/v1/responses", Formats.Deployment)]
    [InlineData("/openai/responses?api-version=2025-04-01-preview", Formats.Deployment)]
    public async Task A_response_that_the_provider_does_not_keep_is_no_file(string path, string model)
    {
        await using var company = await Formats.StartAsync();

        var made = (await company.PostAsync(path, Bodies.Response(more: "\"store\":false,\"max_output_tokens\":16", model: model))).ShouldBe(200);

        (await company.GetAsync("files")).ShouldBe(200).Json["data"]!.AsArray().Should().BeEmpty();
        (await company.GetAsync($"files/{(string)made.Json["id"]!}")).ShouldBe(404, "not_found");
        await company.SettledAsync();
    }

    [Fact]
    public async Task Fetching_a_response_again_counts_its_tokens_no_second_time()
    {
        await using var company = await Company.StartAsync();
        var id = (string)(await company.PostAsync("responses", Bodies.Response())).Json["id"]!;

        (await company.GetAsync($"responses/{id}")).ShouldBe(200);
        (await company.GetAsync($"responses/{id}?stream=true")).ShouldBe(200);

        var books = await company.SettledAsync();
        books.Events.Sum(e => e.OutputUnits).Should().Be(16);
        books.Settled.Should().Be(42_000);
    }

    private static string Unknown(string id) => id[..^4] + "zzzz";

    private static void ShouldBeAlike(Answer foreign, Answer unknown, string id, string none)
    {
        foreign.ShouldBe(404, "not_found");
        Masked(foreign.Text.Replace(id, none)).Should().Be(Masked(unknown.Text));
        foreign.Headers.Select(h => h.Key).Should().Equal(unknown.Headers.Select(h => h.Key));
    }

    private static string Masked(string text) => AnyGuid().Replace(text, "_");

    [GeneratedRegex("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")]
    private static partial Regex AnyGuid();
}
