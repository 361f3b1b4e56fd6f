using System.Net.Http.Headers;
using System.Net.Http.Json;
using Dapper;
using Spendra.Control.Tests.Alerts;
using Spendra.Storage;
using Spendra.Storage.Outbox;
using Spendra.Storage.Rollups;

namespace Spendra.Tests.EndToEnd;

/// <summary>Workers that are killed at moments that nobody chose, beside others that carry on.</summary>
public sealed class WorkerTests
{
    private const int Workers = 4;
    private const int Kills = 8;
    private const int AnswersBetweenKills = 120;
    private const int Watches = 15;

    private static readonly string[] Companies = ["acme", "initech", "umbrella"];
    private static readonly string[] Rollups = ["rollup_series", "usage_rollups", "unit_rollups", "refusal_rollups", "latency_rollups"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Four_that_are_killed_again_and_again_count_everything_once_and_tell_of_everything_once()
    {
        await using var sink = await HttpSink.StartAsync();
        await using var site = await Site.CreateAsync(DatabaseEngine.Postgres);
        site.Variables["SPENDRA__ALERTS__LOOKSECONDS"] = "1";
        site.Variables["SPENDRA__ALERTS__ATTEMPTSECONDS"] = "1";
        site.Variables["SPENDRA__ALERTS__ALLOWPRIVATECHANNELS"] = "true";
        var keys = new List<string>();
        foreach (var company in Companies) keys.Add(await FoundAsync(site, company));
        var control = await site.ServeAsync("--role", "control");
        foreach (var company in Companies) await WatchAsync(site, control, company, sink);
        var gateway = await site.ServeAsync("--role", "gateway");

        await KillWorkersUnderLoadAsync(site, gateway, keys);

        await using var database = Database.Open(site.Target);
        await UntilAsync(async () =>
            await OutboxPositions.ReadLagAsync(database, RollupIntake.Consumer, Cancel) is { Waiting: 0, Dead: 0 }
            && await ScalarAsync(database, "SELECT count(*) FROM alerts WHERE kind = 'soft_cap'") == Companies.Length * Watches
            && await ScalarAsync(database, "SELECT count(*) FROM alert_deliveries WHERE state <> 'delivered'") == 0);
        await ShouldAddUpAsync(site, database);
        await ShouldHaveBeenToldOnceAsync(database, sink);
        await site.ShouldVerifyAsync();
    }

    private static async Task KillWorkersUnderLoadAsync(Site site, ServedProcess gateway, List<string> keys)
    {
        var workers = await Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => site.ServeAsync("--role", "worker")));
        var loads = keys.Select(key => Load.Start(gateway, key, callers: 3)).ToList();
        for (var kill = 1; kill <= Kills; kill++)
        {
            await loads[kill % loads.Count].WaitForAsync(kill * AnswersBetweenKills / Companies.Length);
            var victim = Random.Shared.Next(Workers);
            workers[victim].Process.Kill();
            workers[victim] = await site.ServeAsync("--role", "worker");
        }
        foreach (var load in loads)
        {
            await load.WaitForAsync(Watches * 20);
            await load.DisposeAsync();
            load.Answers.Should().OnlyContain(a => a.Status == 200);
        }
    }

    /// <summary>The sums are those of the ledger, and the same to the last row when they are made anew from it.</summary>
    private static async Task ShouldAddUpAsync(Site site, Database database)
    {
        const string Counted = """
            SELECT count(*) FROM (
                SELECT e.organization_id, count(*) AS requests, sum(e.cost_nanos) AS cost FROM spend_events e GROUP BY e.organization_id) booked
            JOIN (
                SELECT u.organization_id, sum(u.requests) AS requests, sum(u.cost_nanos) AS cost FROM usage_rollups u
                WHERE u.span = 1 AND u.subject_id = u.organization_id GROUP BY u.organization_id) counted
            ON counted.organization_id = booked.organization_id AND counted.requests = booked.requests AND counted.cost = booked.cost
            """;
        (await ScalarAsync(database, Counted)).Should().Be(Companies.Length);
        var taken = await DumpAsync(database);
        (await site.RunAsync("rollups", "rebuild")).ShouldSucceed();
        (await DumpAsync(database)).Should().Equal(taken);
    }

    /// <summary>One alert for each watch, one notice for each alert; what was posted twice came under the same id.</summary>
    private static async Task ShouldHaveBeenToldOnceAsync(Database database, HttpSink sink)
    {
        var raised = sink.Got.Where(g => (string?)g.Json["type"] == "alert.raised").ToList();
        var alerts = raised.GroupBy(g => (string?)g.Json["data"]!["alertId"]).ToList();
        alerts.Should().HaveCount(Companies.Length * Watches);
        alerts.Should().OnlyContain(a => a.Select(g => g.Headers["webhook-id"]).Distinct().Count() == 1);
        (raised.Count - alerts.Count).Should().BeLessThanOrEqualTo(Kills, "only whom a kill met between sending and noting sends again");
        (await ScalarAsync(database, "SELECT count(*) FROM alert_deliveries")).Should().Be(sink.Got.Select(g => g.Headers["webhook-id"]).Distinct().Count());
    }

    /// <summary>A company with a key and an administrator. Returns the key.</summary>
    private static async Task<string> FoundAsync(Site site, string company)
    {
        await site.ApplyAsync(Acme.Declaration("1").Replace("slug: acme", $"slug: {company}", StringComparison.Ordinal));
        (await site.RunAsync("members", "add", $"ops@{company}.example", "--role", "org_admin", "--organization", company)).ShouldSucceed();
        return site.Keys["ada"];
    }

    /// <summary>Budgets that are reached one after the other while requests are paid, and somebody who wants to know.</summary>
    private static async Task WatchAsync(Site site, ServedProcess control, string company, HttpSink sink)
    {
        var token = await site.JsonAsync("tokens", "create", "test", "--member", $"ops@{company}.example", "--organization", company);
        using var admin = new HttpClient { BaseAddress = new Uri(control.Url, $"/api/v1/organizations/{company}/") };
        admin.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token.GetProperty("secret").GetString());
        await PostAsync(admin, "alert-channels", new { slug = "hook", webhook = new { address = sink.Address, secret = "whsec_" + Convert.ToBase64String(new byte[32]) } });
        await PostAsync(admin, "alert-rules", new { slug = "caps", kinds = new[] { "soft_cap" }, channels = new[] { "hook" } });
        for (var watch = 0; watch < Watches; watch++)
        {
            var amountUsd = Acme.ChatCost().Times(1 + watch * 18).ToString();
            await PostAsync(admin, "budgets", new { slug = $"watch-{watch}", scope = "employee/ada", amountUsd, period = "total" });
            await PostAsync(admin, "policies", new { slug = $"soft-{watch}", kind = "soft_cap", scope = "employee/ada", budget = $"watch-{watch}" });
        }
    }

    private static async Task PostAsync(HttpClient http, string path, object body)
    {
        using var response = await http.PostAsJsonAsync(path, body, Cancel);
        response.IsSuccessStatusCode.Should().BeTrue(await response.Content.ReadAsStringAsync(Cancel));
    }

    private static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(TimeSpan.FromMinutes(2));
        while (!await isSo()) await Task.Delay(TimeSpan.FromMilliseconds(200), patience.Token);
    }

    private static async Task<long> ScalarAsync(Database database, string sql)
    {
        await using var connection = await database.ConnectAsync(Cancel);
        return await connection.ExecuteScalarAsync<long>(sql);
    }

    private static async Task<List<string>> DumpAsync(Database database)
    {
        await using var connection = await database.ConnectAsync(Cancel);
        var lines = new List<string>();
        foreach (var table in Rollups)
            lines.AddRange(await connection.QueryAsync<string>($"SELECT '{table} ' || CAST(t AS text) FROM {table} t"));
        lines.Sort(StringComparer.Ordinal);
        return lines;
    }
}
