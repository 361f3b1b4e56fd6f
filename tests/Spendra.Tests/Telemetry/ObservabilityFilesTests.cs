using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.RegularExpressions;
using Spendra.Cli;
using Spendra.Control.Tests.Alerts;
using Spendra.Hosting;
using Spendra.Storage;
using Spendra.Tests.EndToEnd;
using YamlDotNet.RepresentationModel;

namespace Spendra.Tests.Telemetry;

/// <summary>What is written of metrics, alerts and runbooks is what a real server tells when it is scraped.</summary>
public sealed partial class ObservabilityFilesTests
{
    private const string Token = "the-scrapers-own-token";

    private static readonly string Rules = Read("deploy/observability/alerts.rules.yaml");
    private static readonly string Dashboard = Read("deploy/observability/grafana-dashboard.json");
    private static readonly string Runbooks = Read("docs/runbooks.md");
    private static readonly string Documented = Read("docs/observability.md");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Metrics_of_the_documentation_the_alerts_and_the_dashboard_are_those_that_are_scraped()
    {
        using var instruments = new Instruments();
        await using var siem = await HttpSink.StartAsync();
        await using var site = await Site.CreateAsync(DatabaseEngine.Postgres);
        site.Variables["SPENDRA__METRICS__TOKEN"] = Token;
        site.Variables["SPENDRA__AUDIT__FORWARDURL"] = siem.Address;
        // The host makes the schema too: no connection that it ever had tells where the database is.
        await using var host = await HostedSite.StartAsync(site, static _ => { });
        await site.ApplyAsync(Acme.Declaration("1"));
        await CallAsync(host.Url, site);
        (await siem.Arrived.WaitAsync(TimeSpan.FromSeconds(60), Cancel)).Should().BeTrue("audit records are told");

        var scraped = await ScrapeUntilAsync(host.Url, text => text.Contains("kind=\"settle\"") && text.Contains("spendra_audit_forward_records_total"));
        var made = instruments.All;

        var told = SamplesOf(scraped);
        var known = made.SelectMany(NamesOf).ToHashSet();
        told.Where(name => name.StartsWith("spendra_", StringComparison.Ordinal)).Should().BeSubsetOf(known, "names are made so");
        told.Should().Contain(
        [
            "spendra_gateway_requests_total", "spendra_gateway_refusals_total", "spendra_upstream_duration_seconds_bucket", "spendra_upstream_errors_total",
            "spendra_ledger_reservation_duration_seconds_bucket", "spendra_ledger_settlement_duration_seconds_bucket", "spendra_ledger_queue_depth",
            "spendra_ledger_batch_size_sum", "spendra_bound_tightness_sum", "spendra_outbox_lag_seconds", "spendra_rollup_position", "spendra_audit_forward_lag_seconds",
            "spendra_gateway_streams_active", "spendra_database_durability", "spendra_build", "db_client_connection_count", "db_client_connection_max", "http_server_request_duration_seconds_count",
        ]);
        string[] used = [.. MetricsIn(string.Join('\n', ExpressionsOf(Rules))), .. MetricsIn(string.Join('\n', QueriesOf(Dashboard)))];
        used.Should().HaveCountGreaterThan(30);
        used.Except(known.Concat(told)).Should().BeEmpty("nothing else is exported");
        TableOf(Documented).Select(row => (row.Name, row.Kind, row.Unit)).Should().BeEquivalentTo(made.Select(m => (m.Name, m.Kind, m.Unit ?? "")));
        foreach (var instrument in made)
            instrument.Labels.Keys.Should().BeSubsetOf(TableOf(Documented).Single(row => row.Name == instrument.Name).Labels, instrument.Name);
        scraped.Should().NotContain("Password").And.NotContain(new Uri(site.DatabaseArguments[1]).AbsolutePath.Trim('/')).And.Contain("db_client_connection_pool_name=\"spendra\"");
    }

    [Fact]
    public async Task Metrics_are_told_to_whoever_brings_the_token_and_to_nobody_else()
    {
        await using var site = await Site.CreateAsync();
        var file = Path.Combine(site.Folder, "token");
        await File.WriteAllTextAsync(file, Token + "\n", Cancel);
        site.Variables["SPENDRA__METRICS__TOKENFILE"] = file;
        site.Variables["SPENDRA__ROLE"] = "all";
        await using var host = await HostedSite.StartAsync(site, static _ => { });
        using var http = new HttpClient { BaseAddress = host.Url };

        foreach (var wrong in new[] { null, "Bearer", "Bearer the-scrapers-own-toke", "Bearer the-scrapers-own-token2", $"Basic {Token}", Token, "Bearer " })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
            if (wrong is not null) request.Headers.TryAddWithoutValidation("Authorization", wrong);
            using var refused = await http.SendAsync(request, Cancel);
            refused.StatusCode.Should().Be(HttpStatusCode.Unauthorized, wrong ?? "nothing");
            refused.Headers.WwwAuthenticate.ToString().Should().Be("Bearer");
            (await refused.Content.ReadAsStringAsync(Cancel)).Should().Contain("Metrics:Token").And.Contain("request ").And.NotContain("spendra_");
        }
        (await ScrapeAsync(host.Url)).Should().Contain("spendra_build{");
        using var post = new HttpRequestMessage(HttpMethod.Post, "/metrics") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", Token) } };
        (await http.SendAsync(post, Cancel)).StatusCode.Should().Be(HttpStatusCode.MethodNotAllowed);
        host.Endpoints.Should().ContainSingle(e => e.Metadata.GetMetadata<TokenMark>() != null);
    }

    [Fact]
    public void Every_alert_leads_to_its_place_in_the_runbooks()
    {
        var places = Runbooks.Split('\n').Where(l => l.StartsWith('#')).Select(l => $"docs/runbooks.md#{AnchorOf(l.TrimStart('#', ' '))}").ToList();
        var alerts = AlertsOf(Rules);
        alerts.Should().HaveCountGreaterThan(15);
        foreach (var alert in alerts)
        {
            var name = ((YamlScalarNode)alert["alert"]).Value!;
            ((YamlScalarNode)alert["annotations"]["runbook_url"]).Value.Should().Be($"docs/runbooks.md#{name.ToLowerInvariant()}").And.BeOneOf(places);
            ((YamlScalarNode)alert["labels"]["severity"]).Value.Should().BeOneOf("warning", "critical");
        }
    }

    [Fact]
    public void Links_within_the_runbooks_lead_somewhere()
    {
        var anchors = Runbooks.Split('\n').Where(l => l.StartsWith('#')).Select(l => AnchorOf(l.TrimStart('#', ' '))).ToHashSet();
        foreach (Match link in InnerLink().Matches(Runbooks)) anchors.Should().Contain(link.Groups[1].Value);
        foreach (Match link in FileLink().Matches(Runbooks + Documented)) File.Exists(Path.Combine(SpendraProcess.Root, "docs", link.Groups[1].Value)).Should().BeTrue(link.Value);
    }

    [Fact]
    public void Commands_of_the_runbooks_are_commands()
    {
        var root = CommandTable.CreateRoot(CommandEnvironment.OfProcess(Cancel));
        var commands = CommandLine().Matches(Runbooks).Select(m => m.Groups[1].Value).ToList();
        commands.Should().HaveCountGreaterThan(20);
        foreach (var command in commands.Select(c => c.Replace("PROPOSAL", $"{Guid.Empty}").Replace("REQUEST_ID", $"{Guid.Empty}").Replace("ROW", "1")))
            root.Parse(command.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Errors.Select(e => e.Message).Should().BeEmpty(command);
    }

    /// <summary>A call that is answered, one that is refused and one that the provider fails.</summary>
    private static async Task CallAsync(Uri url, Site site)
    {
        using var http = new HttpClient { BaseAddress = url };
        foreach (var (key, body, status) in new[] { (site.Keys["ada"], Acme.Chat(), 200), ("spk_live_none", Acme.Chat(), 401), (site.Keys["ada"], Acme.Chat(knobs: "status=500"), 500), (site.Keys["bob"], Acme.Chat(isStreamed: true), 200) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json") };
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
            using var response = await http.SendAsync(request, Cancel);
            ((int)response.StatusCode).Should().Be(status);
        }
    }

    private static async Task<string> ScrapeUntilAsync(Uri url, Func<string, bool> isEnough)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            var text = await ScrapeAsync(url);
            if (isEnough(text)) return text;
            // What was scraped is told again for a moment.
            await Task.Delay(TimeSpan.FromMilliseconds(300), patience.Token);
        }
    }

    private static async Task<string> ScrapeAsync(Uri url)
    {
        using var http = new HttpClient { BaseAddress = url };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        return await http.GetStringAsync("/metrics", Cancel);
    }

    private static HashSet<string> SamplesOf(string scraped) =>
        [.. scraped.Split('\n').Where(l => l.Length > 0 && l[0] != '#').Select(l => l.Split('{', ' ')[0]).Where(n => n != "target_info" && n != "otel_scope_info")];

    private static IEnumerable<string> NamesOf(Published instrument) => instrument.Kind == "histogram"
        ? [$"{instrument.PrometheusName}_bucket", $"{instrument.PrometheusName}_sum", $"{instrument.PrometheusName}_count"] : [instrument.PrometheusName];

    private static List<YamlMappingNode> AlertsOf(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return [.. ((YamlSequenceNode)stream.Documents[0].RootNode["groups"]).SelectMany(g => (YamlSequenceNode)g["rules"]).Cast<YamlMappingNode>()];
    }

    private static IEnumerable<string> ExpressionsOf(string yaml) => AlertsOf(yaml).Select(a => ((YamlScalarNode)a["expr"]).Value!);

    private static List<string> QueriesOf(string json)
    {
        using var document = JsonDocument.Parse(json);
        var panels = document.RootElement.GetProperty("panels").EnumerateArray().SelectMany(p => p.GetProperty("targets").EnumerateArray()).Select(t => t.GetProperty("expr").GetString()!);
        var variables = document.RootElement.GetProperty("templating").GetProperty("list").EnumerateArray().Select(v => v.GetProperty("query").GetString()!);
        return [.. panels, .. variables];
    }

    // What is Prometheus' own is not ours to export.
    private static IEnumerable<string> MetricsIn(string expressions) =>
        Metric().Matches(Quoted().Replace(expressions, "")).Select(m => m.Value).Where(name => !name.StartsWith("db_client_connection_pool", StringComparison.Ordinal) && name != "db_client_connection_state").Distinct();

    private static IEnumerable<(string Name, string Kind, string Unit, string[] Labels)> TableOf(string markdown) =>
        from line in markdown.Split('\n')
        where line.StartsWith("| `spendra.", StringComparison.Ordinal) && line.Count(c => c == '|') >= 6
        let cells = line.Split('|', StringSplitOptions.TrimEntries)
        select (cells[1].Trim('`'), cells[2], cells[3].Trim('`'), cells[4].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(l => l.Trim('`')).ToArray());

    private static string AnchorOf(string heading) =>
        string.Concat(heading.ToLower(CultureInfo.InvariantCulture).Where(c => char.IsAsciiLetterOrDigit(c) || c is ' ' or '-' or '_')).Replace(' ', '-');

    private static string Read(string path) => File.ReadAllText(Path.Combine(SpendraProcess.Root, path));

    [GeneratedRegex(@"\b(?:spendra|db_client|http_server|dotnet)_[a-z0-9_]+")]
    private static partial Regex Metric();

    [GeneratedRegex("\"[^\"]*\"")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\]\(#([^)]+)\)")]
    private static partial Regex InnerLink();

    [GeneratedRegex(@"\]\(([a-z/-]+\.md)")]
    private static partial Regex FileLink();

    [GeneratedRegex(@"^\s*spendra ((?!serve).+?)\s*$", RegexOptions.Multiline)]
    private static partial Regex CommandLine();
}
