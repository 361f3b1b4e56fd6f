using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Spendra.Control.Reconciliation;
using Spendra.Control.Tests.Api;
using Spendra.Control.Tests.Catalog;
using Spendra.Core.Access;
using Spendra.Storage;

namespace Spendra.Control.Tests.Reconciliation;

/// <summary>Bills that are fetched from real servers that answer as the providers do, and from some that do not.</summary>
public sealed class BillFetchTests
{
    private const string OpenAiCosts = """
        {"object":"page","data":[{"object":"bucket","start_time":%TIME%,"end_time":0,"results":[
          {"object":"organization.costs.result","amount":{"value":%USD%,"currency":"usd"},"line_item":"gpt-5.4, output","project_id":null}]}],"has_more":%MORE%,"next_page":%NEXT%}
        """;

    [Fact]
    public async Task Pages_are_followed_with_the_accounts_credential_and_the_bill_is_imported_once()
    {
        var asked = new List<string>();
        await using var provider = await Shelf.StartAsync(http =>
        {
            lock (asked) asked.Add($"{http.Request.Path}{Uri.UnescapeDataString(http.Request.QueryString.Value!)} {http.Request.Headers.Authorization}");
            if (http.Request.Path.Value!.Contains("/usage/", StringComparison.Ordinal))
                return http.Response.WriteAsync(Usage(1_790_812_800));
            var isSecond = http.Request.Query["page"] == "p2";
            return http.Response.WriteAsync(Costs(isSecond ? 1_790_899_200 : 1_790_812_800, isSecond ? "2" : "1.25", isSecond ? null : "p2"));
        });
        await using var api = await StartAsync(provider, allowInside: true);
        var finance = await api.ClientAsync(MemberRole.FinanceManager);
        var body = new { account = "second", from = "2026-10-01", to = "2026-10-31" };

        var fetched = await finance.PostAsync("/reconciliation/fetches", body);

        fetched.Status.Should().Be(201, fetched.Body);
        fetched.Json.GetProperty("amountUsd").GetString().Should().Be("3.25");
        fetched.Json.GetProperty("currentDays").GetInt64().Should().Be(31);
        asked.Should().Equal(
            "/v1/organization/costs?start_time=1790812800&end_time=1793491200&bucket_width=1d&limit=31&group_by[]=line_item Bearer sk-secret-one",
            "/v1/organization/costs?start_time=1790812800&end_time=1793491200&bucket_width=1d&limit=31&group_by[]=line_item&page=p2 Bearer sk-secret-one",
            "/v1/organization/usage/completions?start_time=1790812800&end_time=1793491200&bucket_width=1d&limit=31&group_by[]=model Bearer sk-secret-one");
        (await api.Store.ScalarAsync<long>("SELECT sum(quantity) FROM billed_lines")).Should().Be(125);
        (await finance.PostAsync("/reconciliation/fetches", body)).Json.GetProperty("id").GetString().Should().Be(fetched.Json.GetProperty("id").GetString());
        (await api.Store.ScalarAsync<long>("SELECT count(*) FROM bill_imports")).Should().Be(1);
    }

    [Theory]
    [InlineData("anthropic", "cost_report", "claude-sonnet-5")]
    [InlineData("openrouter", "activity", "qwen/qwen4")]
    public async Task Other_providers_are_asked_in_their_own_way(string name, string path, string model)
    {
        var keys = new HashSet<string>();
        await using var provider = await Shelf.StartAsync(http =>
        {
            lock (keys) keys.Add(name == "anthropic" ? $"{http.Request.Headers["x-api-key"]} {http.Request.Headers["anthropic-version"]}" : http.Request.Headers.Authorization.ToString());
            var text = http.Request.Path.Value!.EndsWith("/messages", StringComparison.Ordinal) ? """{"data":[],"has_more":false}"""
                : name == "anthropic"
                    ? """{"data":[{"starting_at":"2026-10-01T00:00:00Z","results":[{"currency":"USD","amount":"50","model":"claude-sonnet-5","token_type":"output_tokens"}]}],"has_more":false}"""
                    : $$"""{"data":[{"date":"{{http.Request.Query["date"]}}","model":"qwen/qwen4","usage":0.25}]}""";
            return http.Response.WriteAsync(text);
        });
        await using var api = await StartAsync(provider, allowInside: true, name);
        var finance = await api.ClientAsync(MemberRole.FinanceManager);

        var fetched = await finance.PostAsync("/reconciliation/fetches", new { account = "second", from = "2026-10-01", to = "2026-10-02" });

        fetched.Status.Should().Be(201, fetched.Body);
        fetched.Json.GetProperty("amountUsd").GetString().Should().Be("0.5", path);
        (await api.Store.ScalarAsync<string>("SELECT DISTINCT model FROM billed_lines")).Should().Be(model);
        keys.Should().Equal(name == "anthropic" ? "sk-secret-one 2023-06-01" : "Bearer sk-secret-one");
    }

    public static TheoryData<string, int, string> Troubles => new()
    {
        { "not json", 200, "answered something else than JSON" },
        { "[]", 200, "answered something else than a page" },
        { """{"data":[],"has_more":true}""", 200, "says that there is more, and not where" },
        { """{"data":[],"has_more":true,"next_page":"again"}""", 200, "names page after page and comes to no end" },
        { "sk-secret-one is not allowed", 403, "answered HTTP 403: expected 200; bills want the key of an administrator" },
        { "", 302, "answered HTTP 302: expected 200" },
        { "", 500, "answered HTTP 500: expected 200" },
    };

    [Theory]
    [MemberData(nameof(Troubles))]
    public async Task What_a_provider_answers_wrong_is_told_without_its_words_and_nothing_is_imported(string text, int status, string what)
    {
        await using var provider = await Shelf.StartAsync(http =>
        {
            http.Response.StatusCode = status;
            http.Response.Headers.Location = "/elsewhere";
            return http.Response.WriteAsync(text);
        });
        await using var api = await StartAsync(provider, allowInside: true);
        var failed = await FetchAsync(api);
        failed.ProblemType.Should().Be("wrong-state", failed.Body);
        failed.Json.GetProperty("detail").GetString().Should().Contain(what).And.NotContain("sk-secret");
        (await api.Store.ScalarAsync<long>("SELECT count(*) FROM bill_imports")).Should().Be(0);
    }

    [Fact]
    public async Task A_provider_that_never_answers_is_given_up()
    {
        var release = new TaskCompletionSource();
        await using var provider = await Shelf.StartAsync(_ => release.Task);
        await using var api = await StartAsync(provider, allowInside: true);
        (await FetchAsync(api)).Json.GetProperty("detail").GetString().Should().Contain("no whole answer within 0.5 seconds");
        release.SetResult();
    }

    [Fact]
    public async Task Pages_that_are_too_much_together_are_given_up_though_each_is_small_enough()
    {
        var page = 0;
        var padding = new string(' ', 15 << 20);
        await using var provider = await Shelf.StartAsync(http =>
            http.Response.WriteAsync($$"""{"data":[],"has_more":true,"next_page":"p{{Interlocked.Increment(ref page)}}"{{padding}}}"""));
        await using var api = await StartAsync(provider, allowInside: true, timeout: TimeSpan.FromSeconds(30));
        (await FetchAsync(api)).Json.GetProperty("detail").GetString().Should().Contain("the bill has more than 64 MiB: fetch fewer days at once");
        provider.Asked.Should().Be(5);
    }

    [Fact]
    public async Task A_private_address_is_not_called()
    {
        await using var provider = await Shelf.StartAsync(http => http.Response.WriteAsync("{}"));
        await using var api = await StartAsync(provider, allowInside: false);
        (await FetchAsync(api)).Json.GetProperty("detail").GetString().Should().Contain("the address is private");
        provider.Asked.Should().Be(0);
    }

    [Fact]
    public async Task A_page_that_is_no_bill_is_refused_with_its_line()
    {
        await using var provider = await Shelf.StartAsync(http => http.Response.WriteAsync(Costs(1_790_812_800, "-5", null)));
        await using var api = await StartAsync(provider, allowInside: true);
        var refused = await FetchAsync(api);
        refused.Status.Should().Be(400);
        refused.Json.GetProperty("detail").GetString().Should().Contain("line 1: its amount is negative");
    }

    private static async Task<ControlAnswer> FetchAsync(ControlHarness api) =>
        await (await api.ClientAsync(MemberRole.FinanceManager)).PostAsync("/reconciliation/fetches", new { account = "second", from = "2026-10-01", to = "2026-10-31" });

    private static string Costs(long time, string usd, string? next) => new StringBuilder(OpenAiCosts).Replace("%TIME%", $"{time}").Replace("%USD%", usd)
        .Replace("%MORE%", next is null ? "false" : "true").Replace("%NEXT%", next is null ? "null" : $"\"{next}\"").ToString();

    private static string Usage(long time) =>
        $$"""{"data":[{"start_time":{{time}},"results":[{"object":"organization.usage.completions.result","model":"gpt-5.4","input_tokens":0,"output_tokens":125}]}],"has_more":false}""";

    private static async Task<ControlHarness> StartAsync(Shelf provider, bool allowInside, string name = "openai", TimeSpan? timeout = null)
    {
        var api = await ControlHarness.StartAsync(DatabaseEngine.Sqlite, services => services.AddSingleton(s =>
            new BillFetcher(s.GetRequiredService<Storage.Keys.MasterKey>(), new BillFetchOptions(allowInside), timeout ?? TimeSpan.FromMilliseconds(500))));
        await api.ApplyAsync(Files.Acme.Replace("provider: openai\n    baseUrl: http://127.0.0.1:8080", $"provider: {name}\n    baseUrl: {provider.Url.GetLeftPart(UriPartial.Authority)}/v1", StringComparison.Ordinal));
        return api;
    }
}
