using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Spendra.Storage;

namespace Spendra.Tests.EndToEnd;

/// <summary>From a refusal to a grant, as the people concerned do it: the gateway, the management API and the command line together.</summary>
public sealed class BudgetRequestTests
{
    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task Who_is_refused_asks_where_the_refusal_says_and_calls_again_once_it_is_granted(DatabaseEngine engine)
    {
        await using var site = await Site.CreateAsync(engine);
        site.Variables["SPENDRA__CONTROL__PUBLICURL"] = "https://spendra.acme.example";
        await site.ApplyAsync(Acme.Declaration(adaUsd: "0.000001"));
        (await site.RunAsync("members", "add", "ada@acme.example", "--role", "employee", "--scope", "employee/ada")).ShouldSucceed();
        (await site.RunAsync("members", "add", "fin@acme.example", "--role", "finance_manager")).ShouldSucceed();
        var served = await site.ServeAsync();
        using var ada = await ClientAsync(site, served, "ada@acme.example");
        using var finance = await ClientAsync(site, served, "fin@acme.example");

        var refused = await served.ChatAsync(site.Keys["ada"]);
        refused.ShouldBeError(402, "budget_exceeded");
        var url = new Uri(JsonDocument.Parse(refused.Body).RootElement.GetProperty("error").GetProperty("spendra").GetProperty("request_url").GetString()!);
        url.GetLeftPart(UriPartial.Path).Should().Be("https://spendra.acme.example/requests/new");
        var refusal = url.Query["?refusal=".Length..];
        refusal.Should().Be(refused.RequestId);

        var asked = await SendAsync(ada, "requests", new { refusal, amountUsd = "0.5", reason = "Release week" });
        var granted = await SendAsync(finance, $"requests/{asked.GetProperty("id").GetString()}/approve", new { reason = "Agreed" });
        granted.GetProperty("state").GetString().Should().Be("approved");

        (await served.ChatAsync(site.Keys["ada"])).Status.Should().Be(200);
        (await site.StandingAsync("ada-total")).Limit.Should().Be(Usd.Read("0.500001"));
        await site.WaitUntilNothingIsReservedAsync();
        await site.ShouldVerifyAsync();
    }

    private static async Task<HttpClient> ClientAsync(Site site, ServedProcess served, string email)
    {
        var issued = await site.JsonAsync("tokens", "create", "test", "--member", email);
        var http = new HttpClient { BaseAddress = new Uri(served.Url, "/api/v1/organizations/acme/") };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", issued.GetProperty("secret").GetString());
        http.DefaultRequestHeaders.TryAddWithoutValidation("If-Match", "*");
        return http;
    }

    private static async Task<JsonElement> SendAsync(HttpClient http, string path, object body)
    {
        var cancel = TestContext.Current.CancellationToken;
        using var response = await http.PostAsJsonAsync(path, body, cancel);
        var text = await response.Content.ReadAsStringAsync(cancel);
        response.IsSuccessStatusCode.Should().BeTrue(text);
        return JsonDocument.Parse(text).RootElement;
    }
}
