using System.Net.Http.Headers;
using System.Net.Http.Json;
using Spendra.Control.Tests.Alerts;
using Spendra.Storage;

namespace Spendra.Tests.EndToEnd;

/// <summary>From a paid request to the post that tells of it, through the program as users run it.</summary>
public sealed class AlertTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task A_request_above_a_soft_cap_is_told_to_whom_finance_has_subscribed(DatabaseEngine engine)
    {
        await using var sink = await HttpSink.StartAsync();
        await using var site = await Site.CreateAsync(engine);
        site.Variables["SPENDRA__ALERTS__LOOKSECONDS"] = "1";
        site.Variables["SPENDRA__ALERTS__ALLOWPRIVATECHANNELS"] = "true";
        await site.ApplyAsync(Acme.Declaration(adaUsd: "1"));
        (await site.RunAsync("members", "add", "ops@acme.example", "--role", "org_admin")).ShouldSucceed();
        var served = await site.ServeAsync();
        var token = (await site.JsonAsync("tokens", "create", "test", "--member", "ops@acme.example")).GetProperty("secret").GetString();
        using var admin = new HttpClient { BaseAddress = new Uri(served.Url, "/api/v1/organizations/acme/") };
        admin.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        await PostAsync(admin, "alert-channels", new { slug = "hook", webhook = new { address = sink.Address, secret = "whsec_" + Convert.ToBase64String(new byte[32]) } });
        await PostAsync(admin, "alert-rules", new { slug = "caps", kinds = new[] { "soft_cap" }, channels = new[] { "hook" } });
        await PostAsync(admin, "budgets", new { slug = "watched", scope = "employee/ada", amountUsd = "0.000000001", period = "total" });
        await PostAsync(admin, "policies", new { slug = "soft", kind = "soft_cap", scope = "employee/ada", budget = "watched" });

        (await served.ChatAsync(site.Keys["ada"])).Status.Should().Be(200);
        await sink.Arrived.WaitAsync(Cancel);

        var told = sink.Got.Single().Json["data"]!;
        ((string?)told["kind"], (string?)told["subject"], (string?)told["scope"]).Should().Be(("soft_cap", "watched", "employee/ada"));
        await site.ShouldVerifyAsync();
    }

    private static async Task PostAsync(HttpClient http, string path, object body)
    {
        using var response = await http.PostAsJsonAsync(path, body, Cancel);
        response.IsSuccessStatusCode.Should().BeTrue(await response.Content.ReadAsStringAsync(Cancel));
    }
}
