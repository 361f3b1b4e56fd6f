using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Spendra.Control.Reconciliation;
using Spendra.Control.Tests.Api;
using Spendra.Control.Tests.Catalog;
using Spendra.Core.Access;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Storage;

namespace Spendra.Control.Tests.Reconciliation;

/// <summary>Requests that were booked at their bound, asked for at a real server that answers as OpenRouter does, on either engine.</summary>
public abstract class LookupContract(DatabaseEngine engine)
{
    private static string Month => PastBooks.Month.ToString();

    [Fact]
    public async Task An_estimate_becomes_what_its_generation_cost_once_somebody_else_approves()
    {
        await using var provider = await Generations.StartAsync();
        await using var api = await StartAsync(provider);
        await using var books = await PastBooks.OpenAsync(api);
        var known = await books.EstimateAsync(PastBooks.Noon(2), "gen-known", "second");
        var exact = await books.EstimateAsync(PastBooks.Noon(2), "gen-exact", "second");
        await books.EstimateAsync(PastBooks.Noon(3), "gen-lost", "second");
        await books.EstimateAsync(PastBooks.Noon(3), "gen-absurd", "second");
        await books.EstimateAsync(PastBooks.Noon(4), null, "second");
        await books.ExpireAsync(await books.HoldAsync(PastBooks.Noon(4), account: "second"), PastBooks.Noon(5));
        // Not asked for: measured, of another account, of another month.
        await books.SpendAsync(PastBooks.Noon(5), new Usage { Output = 10 }, account: "second");
        await books.EstimateAsync(PastBooks.Noon(5), "gen-main");
        await books.EstimateAsync(PastBooks.Month.EndsAt + 1, "gen-next-month", "second");
        provider.Costs["gen-known"] = "0.0123";
        provider.Costs["gen-exact"] = exact.Booked.ToString();
        provider.Costs["gen-absurd"] = "-1";
        var (finance, approver) = (await api.ClientAsync(MemberRole.FinanceManager), await api.ClientAsync(MemberRole.FinanceManager));

        var looked = await LookUpAsync(finance);

        provider.Asked.Should().BeEquivalentTo("gen-known", "gen-exact", "gen-lost", "gen-absurd");
        var proposal = looked.GetProperty("proposals").EnumerateArray().Should().ContainSingle().Subject;
        proposal.GetProperty("requestId").GetGuid().Should().Be(known.Id);
        Usd(proposal, "differenceUsd").Should().Be(Usd("0.0123") - known.Booked);
        (Count(looked, "agreeing"), Count(looked, "unknown"), Count(looked, "unbelievable"), Count(looked, "withoutId")).Should().Be((1, 1, 1, 2));
        looked.GetProperty("next").ValueKind.Should().Be(JsonValueKind.Null);

        // What waits for a decision is not asked for again, nor what was corrected.
        (await LookUpAsync(finance)).GetProperty("proposals").GetArrayLength().Should().Be(0);
        var path = $"/ledger/adjustments/{proposal.GetProperty("adjustmentId").GetString()}/approve";
        (await finance.PostAsync(path, null, "*")).ProblemType.Should().Be("forbidden");
        var approved = await approver.PostAsync(path, null, "*");
        approved.Status.Should().Be(200, approved.Body);
        approved.Json.GetProperty("reason").GetString().Should().Contain("estimated_settlement");
        (await LookUpAsync(finance)).GetProperty("proposals").GetArrayLength().Should().Be(0);
        provider.Asked.Count(id => id == "gen-known").Should().Be(1);
        (await api.Store.ScalarAsync<long>("SELECT CAST(sum(cost_nanos) AS bigint) FROM spend_events WHERE reservation_id = @id", new { id = known.Id }))
            .Should().Be(12_300_000);
        (await books.VerifyAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task A_comparison_counts_the_correction_of_a_request_once_whether_it_was_made_before_or_after()
    {
        await using var provider = await Generations.StartAsync();
        await using var api = await StartAsync(provider);
        await using var books = await PastBooks.OpenAsync(api);
        await books.EstimateAsync(PastBooks.Noon(2), "gen-known", "second");
        provider.Costs["gen-known"] = "0.01";
        var (finance, approver) = (await api.ClientAsync(MemberRole.FinanceManager), await api.ClientAsync(MemberRole.FinanceManager));
        await ImportAsync(finance, "0.01");
        var before = await RunAsync(finance);

        var proposal = (await LookUpAsync(finance)).GetProperty("proposals")[0];

        (await ProposeAsync(finance, before)).Should().Be(0, "it waits for a decision");
        (await approver.PostAsync($"/ledger/adjustments/{proposal.GetProperty("adjustmentId").GetString()}/approve", null, "*")).Status.Should().Be(200);
        (await ExplainedAsync(finance, before)).Should().Be("100.00");
        (await ProposeAsync(finance, before)).Should().Be(0, "it was booked since");
        var after = await RunAsync(finance);
        (await ExplainedAsync(finance, after)).Should().Be("100.00");
        (await ProposeAsync(finance, after)).Should().Be(0, "it is in what was compared");
    }

    [Fact]
    public async Task Estimates_that_a_comparison_corrected_as_a_whole_are_not_corrected_one_by_one_too()
    {
        await using var provider = await Generations.StartAsync();
        await using var api = await StartAsync(provider);
        await using var books = await PastBooks.OpenAsync(api);
        await books.EstimateAsync(PastBooks.Noon(2), "gen-known", "second");
        provider.Costs["gen-known"] = "0.01";
        var finance = await api.ClientAsync(MemberRole.FinanceManager);
        await ImportAsync(finance, "0.01");
        (await ProposeAsync(finance, await RunAsync(finance))).Should().Be(1);

        (await AskAsync(finance)).ProblemType.Should().Be("wrong-state");

        provider.Asked.Should().BeEmpty();
    }

    [Fact]
    public async Task A_busy_provider_is_asked_again_and_where_it_stays_busy_what_was_learned_counts()
    {
        await using var provider = await Generations.StartAsync();
        await using var api = await StartAsync(provider);
        await using var books = await PastBooks.OpenAsync(api);
        var first = await books.EstimateAsync(PastBooks.Noon(2), "gen-1", "second");
        var second = await books.EstimateAsync(PastBooks.Noon(3), "gen-2", "second");
        provider.Costs["gen-1"] = provider.Costs["gen-2"] = "0.01";
        foreach (var status in new[] { 429, 503, 200, 500, 502, 503 }) provider.Statuses.Enqueue(status);
        var finance = await api.ClientAsync(MemberRole.FinanceManager);

        var looked = await LookUpAsync(finance);

        provider.Asked.Should().Equal(["gen-1", "gen-1", "gen-1", "gen-2", "gen-2", "gen-2"]);
        looked.GetProperty("proposals").EnumerateArray().Select(p => p.GetProperty("requestId").GetGuid()).Should().Equal(first.Id);
        looked.GetProperty("stopped").GetString().Should().Contain("HTTP 503");
        looked.GetProperty("next").GetGuid().Should().Be(first.Id);
        (await LookUpAsync(finance, first.Id)).GetProperty("proposals")[0].GetProperty("requestId").GetGuid().Should().Be(second.Id);
    }

    [Fact]
    public async Task A_provider_that_refuses_is_asked_once_and_nothing_is_proposed()
    {
        await using var provider = await Generations.StartAsync();
        await using var api = await StartAsync(provider);
        await using var books = await PastBooks.OpenAsync(api);
        await books.EstimateAsync(PastBooks.Noon(2), "gen-1", "second");
        provider.Statuses.Enqueue(403);

        var refused = await AskAsync(await api.ClientAsync(MemberRole.FinanceManager));

        refused.ProblemType.Should().Be("wrong-state");
        refused.Json.GetProperty("detail").GetString().Should().Contain("HTTP 403").And.NotContain("sk-secret");
        provider.Asked.Should().Equal(["gen-1"]);
        (await api.Store.ScalarAsync<long>("SELECT count(*) FROM adjustments")).Should().Be(0);
    }

    [Fact]
    public async Task One_look_up_asks_for_so_many_and_says_where_to_go_on()
    {
        await using var provider = await Generations.StartAsync();
        await using var api = await StartAsync(provider);
        await using var books = await PastBooks.OpenAsync(api);
        for (var i = 0; i <= GenerationLookup.MostAtOnce; i++) await books.EstimateAsync(PastBooks.Noon(2) + i * 1_000, $"gen-{i}", "second");
        var finance = await api.ClientAsync(MemberRole.FinanceManager);

        var looked = await LookUpAsync(finance);

        Count(looked, "unknown").Should().Be(GenerationLookup.MostAtOnce);
        var rest = await LookUpAsync(finance, looked.GetProperty("next").GetGuid());
        (Count(rest, "unknown"), rest.GetProperty("next").ValueKind).Should().Be((1, JsonValueKind.Null));
        provider.Asked.Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public async Task Other_providers_are_not_asked()
    {
        await using var provider = await Generations.StartAsync();
        await using var api = await StartAsync(provider);
        var finance = await api.ClientAsync(MemberRole.FinanceManager);
        (await finance.PostAsync("/reconciliation/lookups", new { account = "main", month = Month })).ProblemType.Should().Be("wrong-state");
        (await finance.PostAsync("/reconciliation/lookups", new { account = "nowhere", month = Month })).Field.Should().Be("account");
        (await (await api.ClientAsync(MemberRole.Auditor)).PostAsync("/reconciliation/lookups", new { account = "second", month = Month })).ProblemType.Should().Be("forbidden");
    }

    private static Task<ControlAnswer> AskAsync(ControlClient client, Guid? after = null) =>
        client.PostAsync("/reconciliation/lookups", new { account = "second", month = Month, after });

    private static async Task<JsonElement> LookUpAsync(ControlClient client, Guid? after = null)
    {
        var answer = await AskAsync(client, after);
        answer.Status.Should().Be(201, answer.Body);
        return answer.Json;
    }

    private static async Task ImportAsync(ControlClient client, string usd)
    {
        var content = $"day,model,usd\n{Month}-02,house-model,{usd}\n";
        var answer = await client.PostAsync("/reconciliation/imports", new { account = "second", format = "csv", content, mapping = new { day = "day", model = "model", amount = "usd" } });
        answer.Status.Should().Be(201, answer.Body);
    }

    private static async Task<string> RunAsync(ControlClient client)
    {
        var answer = await client.PostAsync("/reconciliation/runs", new { account = "second", month = Month });
        answer.Status.Should().Be(201, answer.Body);
        return $"/reconciliation/runs/{answer.Json.GetProperty("id").GetString()}";
    }

    private static async Task<int> ProposeAsync(ControlClient client, string run)
    {
        var answer = await client.PostAsync($"{run}/proposals", new { });
        answer.Status.Should().Be(201, answer.Body);
        return answer.Json.GetProperty("proposals").GetArrayLength();
    }

    private static async Task<string?> ExplainedAsync(ControlClient client, string run) => (await client.GetAsync(run)).Json.GetProperty("explainedPercent").GetString();

    private static long Count(JsonElement of, string name) => of.GetProperty(name).GetInt64();

    private static NanoUsd Usd(JsonElement of, string name) => Usd(of.GetProperty(name).GetString()!);

    private static NanoUsd Usd(string text) => NanoUsd.TryParse(text, out var amount) ? amount : throw new FormatException(text);

    private async Task<ControlHarness> StartAsync(Generations provider)
    {
        var api = await ControlHarness.StartAsync(engine, services => services.AddSingleton(s => new GenerationLookup(
            s.GetRequiredService<Storage.Keys.MasterKey>(), new BillFetchOptions(AllowInside: true), TimeProvider.System, TimeSpan.Zero)));
        await api.ApplyAsync(PastBooks.Company.Replace("provider: openai\n    baseUrl: http://127.0.0.1:8080",
            $"provider: openrouter\n    baseUrl: {provider.Url}/api/v1", StringComparison.Ordinal));
        return api;
    }

    /// <summary>A server that knows what some generations cost.</summary>
    private sealed class Generations : IAsyncDisposable
    {
        private readonly ConcurrentQueue<string> _asked = new();
        private Shelf? _shelf;

        public string Url => _shelf!.Url.GetLeftPart(UriPartial.Authority);

        public ConcurrentDictionary<string, string> Costs { get; } = new();

        /// <summary>How the next requests are answered; 200 after them.</summary>
        public ConcurrentQueue<int> Statuses { get; } = new();

        public IReadOnlyList<string> Asked => [.. _asked];

        public static async Task<Generations> StartAsync()
        {
            var generations = new Generations();
            generations._shelf = await Shelf.StartAsync(generations.AnswerAsync);
            return generations;
        }

        public ValueTask DisposeAsync() => _shelf!.DisposeAsync();

        private Task AnswerAsync(HttpContext http)
        {
            var id = http.Request.Query["id"].ToString();
            _asked.Enqueue(id);
            http.Response.StatusCode = http.Request.Path != "/api/v1/generation" || http.Request.Headers.Authorization != "Bearer sk-secret-one" ? 401
                : Statuses.TryDequeue(out var status) && status != 200 ? status : Costs.ContainsKey(id) ? 200 : 404;
            if (http.Response.StatusCode != 200) return http.Response.WriteAsync("sk-secret-one is no answer");
            return http.Response.WriteAsync(string.Create(CultureInfo.InvariantCulture, $$$"""{"data":{"id":"{{{id}}}","model":"m","total_cost":{{{Costs[id]}}},"is_byok":false}}"""));
        }
    }
}

public sealed class SqliteLookupTests() : LookupContract(DatabaseEngine.Sqlite);

public sealed class PostgresLookupTests() : LookupContract(DatabaseEngine.Postgres);
