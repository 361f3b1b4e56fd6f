using System.Text;
using System.Text.Json;
using Spendra.Storage;

namespace Spendra.Tests.EndToEnd;

/// <summary>How the first people come to govern, as operators do it.</summary>
public sealed class FirstStartTests
{
    private const string LinkBegins = "nobody governs here yet: ";

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task The_link_of_the_first_start_makes_the_first_member_who_then_governs(DatabaseEngine engine)
    {
        await using var site = await Site.CreateAsync(engine);
        var served = await site.ServeAsync();
        var line = await served.Process.WaitForLineAsync(l => l.StartsWith(LinkBegins, StringComparison.Ordinal));
        var link = new Uri(line[LinkBegins.Length..].Split(' ')[0]);
        link.AbsolutePath.Should().Be("/setup");
        using var http = new HttpClient { BaseAddress = served.Url };

        var made = await SendAsync(http, HttpMethod.Post, "/api/v1/setup", null,
            new { secret = link.Fragment[1..], organization = "acme", email = "ada@acme.example", name = "Ada" });
        var token = made.GetProperty("token").GetString()!;
        var me = await SendAsync(http, HttpMethod.Get, "/api/v1/me", token);

        me.GetProperty("memberships")[0].GetProperty("role").GetString().Should().Be("org_admin");
        (await SendAsync(http, HttpMethod.Post, "/api/v1/organizations/acme/invitations", token, new { email = "grace@acme.example", role = "auditor" }))
            .GetProperty("secret").GetString().Should().StartWith("spi_");
        served.Process.Output.Should().NotContain(token, "logs hold no secrets");
        await served.ShouldStopAsync();

        var again = await site.ServeAsync();
        await again.ShouldStopAsync();
        again.Process.Output.Should().NotContain(LinkBegins.Trim(), "there is a member");
    }

    [Fact]
    public async Task A_process_without_the_management_api_offers_no_link()
    {
        await using var site = await Site.CreateAsync(DatabaseEngine.Postgres);
        var gateway = await site.ServeAsync("--role", "gateway");
        await gateway.ShouldStopAsync();

        gateway.Process.Output.Should().NotContain("/setup#");
    }

    [Fact]
    public async Task The_operator_makes_members_and_tokens_beside_a_server_that_runs()
    {
        await using var site = await Site.CreateAsync();
        await site.ApplyAsync(Acme.Declaration("1"));
        var served = await site.ServeAsync();
        using var http = new HttpClient { BaseAddress = served.Url };

        var added = await SpendraProcess.RunAsync(["members", "add", "ada@acme.example", "--role", "org_admin", "--password-stdin", .. site.DatabaseArguments],
            site.Variables, site.Folder, "correct horse battery\n");
        added.ShouldSucceed().Output.Should().Contain("ada@acme.example is org_admin of ").And.NotContain("horse");
        (await site.RunAsync("members", "list")).ShouldSucceed().Output.Should().Contain("ada@acme.example").And.Contain("org_admin");
        var issued = await site.JsonAsync("tokens", "create", "nightly", "--member", "ada@acme.example", "--capability", "members.read", "--days", "1");
        var token = issued.GetProperty("secret").GetString()!;
        var organization = (await SendAsync(http, HttpMethod.Get, "/api/v1/me", token)).GetProperty("memberships")[0].GetProperty("organization").GetString();
        (await SendAsync(http, HttpMethod.Get, $"/api/v1/organizations/{organization}/members", token)).GetProperty("items").GetArrayLength().Should().Be(1);
        var listed = (await site.RunAsync("tokens", "list")).ShouldSucceed().Output;
        listed.Should().Contain(issued.GetProperty("id").GetString()).And.Contain("live until").And.NotContain(token);
        (await site.RunAsync("tokens", "revoke", issued.GetProperty("id").GetString()!)).ShouldSucceed();
        using var refused = await http.SendAsync(Request(HttpMethod.Get, "/api/v1/me", token, null), TestContext.Current.CancellationToken);
        ((int)refused.StatusCode).Should().Be(401);
        (await site.RunAsync("members", "remove", "ada@acme.example")).ShouldSucceed();
        (await site.RunAsync("members", "list")).ShouldSucceed().Output.Should().Contain("there are no members yet");
        (await SpendraProcess.RunAsync(["members", "add", "b@acme.example", "--role", "auditor", "--password-stdin", .. site.DatabaseArguments],
            site.Variables, site.Folder, "")).ShouldFailInOneLine().Should().Contain("12 to 256");
    }

    private static async Task<JsonElement> SendAsync(HttpClient http, HttpMethod method, string path, string? token, object? body = null)
    {
        using var response = await http.SendAsync(Request(method, path, token, body), TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        response.IsSuccessStatusCode.Should().BeTrue(text);
        return JsonDocument.Parse(text).RootElement;
    }

    private static HttpRequestMessage Request(HttpMethod method, string path, string? token, object? body)
    {
        var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (token is not null) request.Headers.Add("Authorization", $"Bearer {token}");
        if (body is not null) request.Content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        return request;
    }
}
