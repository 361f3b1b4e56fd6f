using System.Text;
using System.Text.Json;
using Spendra.Storage;
using Spendra.Tests.EndToEnd.Secrets;
using Spendra.Tests.Telemetry;

namespace Spendra.Tests.EndToEnd;

/// <summary>What must stay between client and provider is nowhere else: in no log, trace, metric, table, file or answer of others.</summary>
[Collection(nameof(Secrets.Watch))]
public sealed class SecretsTests
{
    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task Secrets_and_contents_are_nowhere_but_between_client_and_provider(DatabaseEngine engine)
    {
        using var company = new CanaryCompany();
        await using var site = await SiteOfAsync(engine, company);
        using var watch = new Watch();
        await using var host = await HostedSite.StartAsync(site, watch.Join);

        var told = await CallInEveryWayAsync(host.Url, site);
        await NothingIsReservedAsync(host.Database);
        await host.StopAsync();

        var canaries = CanariesOf(company, site);
        canaries.Add(told.Session);
        ShouldHaveReachedTheProvider(site, company);
        watch.Log.Any(line => line.StartsWith("Spendra.Gateway Warning")).Should().BeTrue();
        watch.Log.Any(line => line.Contains("gave no token to application")).Should().BeTrue();
        watch.Activities.Any(text => text.Contains(CanaryCalls.Contents)).Should().BeTrue();
        watch.Measurements.Any(text => text.Contains("spendra.bound.tightness")).Should().BeTrue();
        Leaks(watch.All.Select(t => (t.Where, Encoding.UTF8.GetBytes(t.Text))), canaries).Should().BeEmpty();
        var rows = await KeptData.RowsAsync(host.Database);
        rows.Select(r => r.Table).Distinct().Should().Contain(["refusals", "spend_events", "released_reservations", "provider_objects", "outbox", "audit_records"]);
        Leaks(rows, canaries).Should().OnlyContain(leak => leak.StartsWith("refusals") && leak.EndsWith(Canaries.OddName), "a refusal is explained by the names in it");
        var files = (await KeptData.FilesAsync(site, host.Database)).ConvertAll(path => (Path: path, Bytes: File.ReadAllBytes(path)));
        files.Exists(f => f.Bytes.AsSpan().IndexOf("ada@acme.example"u8) >= 0).Should().BeTrue("this is where the data is");
        Leaks(files, canaries).Should().OnlyContain(leak => leak.EndsWith(Canaries.OddName), "the tables are in them");
        Leaks(told.ToOthers, canaries).Should().BeEmpty();
        Leaks(told.Errors, canaries).Should().OnlyContain(leak => Canaries.IsOdd(leak), "only who sent it reads it again");
        await ShouldShowNothingAsync(site, canaries);
    }

    [Fact]
    public async Task The_process_logs_none_of_it_whatever_its_environment_asks_for()
    {
        using var company = new CanaryCompany();
        await using var site = await SiteOfAsync(DatabaseEngine.Sqlite, company);
        foreach (var category in new[] { "Default", "Microsoft", "Microsoft.AspNetCore", "Microsoft.AspNetCore.Server.Kestrel", "System" })
            site.Variables[$"Logging__LogLevel__{category}"] = "Trace";
        site.Variables["Logging__Console__LogLevel__Default"] = "Trace";
        site.Variables["Logging__Console__LogLevel__Microsoft.AspNetCore"] = "Trace";
        var served = await site.ServeAsync();

        await CallInEveryWayAsync(served.Url, site);
        await served.ShouldStopAsync();

        served.Process.Output.Should().Contain("Spendra.Gateway[");
        Leaks(served.Process.Lines.Select(line => ("the log", Encoding.UTF8.GetBytes(line))), CanariesOf(company, site)).Should().BeEmpty();
    }

    [Fact]
    public async Task Nor_is_it_told_to_a_collector_or_a_scraper_or_in_logs_of_JSON()
    {
        const string collectorsToken = "canary-collectors-token-41d7e0";
        const string scrapersToken = "canary-scrapers-token-83bc92";
        using var company = new CanaryCompany();
        await using var collector = await OtlpSink.StartAsync(isGrpc: false);
        await using var site = await SiteOfAsync(DatabaseEngine.Sqlite, company);
        site.Variables["SPENDRA__TELEMETRY__OTLPENDPOINT"] = collector.Address;
        site.Variables["SPENDRA__TELEMETRY__OTLPHEADERS"] = $"authorization=Bearer%20{collectorsToken}";
        site.Variables["SPENDRA__TELEMETRY__TRACESAMPLERATIO"] = "1";
        site.Variables["SPENDRA__METRICS__TOKEN"] = scrapersToken;
        site.Variables["SPENDRA__LOG__JSON"] = "true";
        var served = await site.ServeAsync();

        await CallInEveryWayAsync(served.Url, site);
        var scraped = await served.GetAsync("/metrics", scrapersToken);
        await served.ShouldStopAsync();

        var canaries = CanariesOf(company, site);
        canaries.Add(collectorsToken);
        canaries.Add(scrapersToken);
        collector.Tokens.Should().OnlyContain(token => token == $"Bearer {collectorsToken}");
        collector.Spans.Select(s => s.Name).Should().Contain(["chat.completions", "responses", "upstream", "settlement"]);
        collector.Logs.Should().Contain(line => line.Text.Contains("gave no token to application"));
        scraped.Body.Should().Contain("spendra_gateway_refusals_total");
        served.Process.Output.Should().Contain("\"Category\":\"Spendra.Gateway\"");
        Leaks(collector.Bodies.Select(body => ("what a collector was told", body)), canaries).Should().BeEmpty();
        Leaks([("what a scraper was told", Encoding.UTF8.GetBytes(scraped.Body))], canaries).Should().BeEmpty();
        Leaks(served.Process.Lines.Select(line => ("the log", Encoding.UTF8.GetBytes(line))), canaries).Should().BeEmpty();
    }

    private static async Task<Site> SiteOfAsync(DatabaseEngine engine, CanaryCompany company)
    {
        var site = await Site.CreateAsync(engine, CanaryCompany.Provider);
        site.Variables["SPENDRA__LOG__LEVEL"] = "trace";
        site.Variables["SPENDRA__DEBUG"] = "true";
        site.Variables["SPENDRA__GATEWAY__BATCHPOLLSECONDS"] = "1";
        site.Variables["SPENDRA__MASTERKEY"] = Canaries.MasterKey;
        await site.ApplyAsync(company.Declaration(site));
        await site.ApplyAsync(CanaryCompany.Neighbour(site));
        return site;
    }

    /// <summary>All that is known when the calls have been made: the tokens that were bought too.</summary>
    private static Canaries CanariesOf(CanaryCompany company, Site site) => new(
    [
        .. company.Credentials, Canaries.MasterKey, .. site.Keys.Values.Select(key => key[(key.LastIndexOf('_') + 1)..]), .. TokensOf(site),
    ]);

    private static IEnumerable<string> TokensOf(Site site) =>
        from request in site.Sandbox.Journal.Requests
        where request.Headers.ContainsKey("Authorization")
        let token = request.Headers["Authorization"]["Bearer ".Length..]
        where token.StartsWith("ya29.") || token.StartsWith("eyJ0eXAi.")
        group token by token into bought
        select bought.Key;

    /// <summary>Successes and every kind of failure, here and at the provider, with the key in each place.</summary>
    private static async Task<Told> CallInEveryWayAsync(Uri url, Site site)
    {
        using var ada = new CanaryClient(url);
        var key = site.Keys["ada"];
        await ada.SendAsync(CanaryCalls.BeginSession, KeyPlace.Authorization, key);
        foreach (var place in CanaryCall.Places)
        {
            foreach (var call in CanaryCalls.Said().Concat(CanaryCalls.Sent())) await ada.SendAsync(call, place, key);
            foreach (var wrong in new[] { Canaries.ForeignKey, Altered(key), key[..^4] })
                await ada.SendAsync(CanaryCalls.Said().First(), place, wrong);
        }
        var sent = 0;
        CanaryCall[] failing = [.. CanaryCalls.Knobs.SelectMany(CanaryCalls.Said), .. new BadCalls(Canaries.OddName).All(), .. new BadCalls(Canaries.OddText).All()];
        foreach (var call in failing)
            await ada.SendAsync(call, CanaryCall.Places[sent++ % CanaryCall.Places.Length], key);
        var objects = await MakeObjectsAsync(ada, key);
        var raw = await BadCalls.SendNoHttpAsync(url, key);
        using var others = new CanaryClient(url);
        foreach (var other in new[] { site.Keys["bob"], site.Keys["carol"], "no key" }) await AskAsync(others, other, objects);
        return new Told(ada.Session,
            [.. ada.Answers.Where(a => a.Status is not 200).Select(a => (a.What, Encoding.UTF8.GetBytes(a.Text))), .. raw.Select(text => ("no HTTP", Encoding.Latin1.GetBytes(text)))],
            [.. others.Answers.Where(a => a.Status is not 200).Select(a => (a.What, Encoding.UTF8.GetBytes(a.Text)))]);
    }

    /// <summary>A file, a response and a batch with its output, as others may hear of.</summary>
    private static async Task<string[]> MakeObjectsAsync(CanaryClient ada, string key)
    {
        var file = await MakeAsync(CanaryCalls.Upload(Canaries.Upload, "user_data"));
        var response = await MakeAsync(CanaryCalls.Said().First(c => c.Path == CanaryCalls.Responses));
        foreach (var line in new[] { Canaries.BatchLine, $$"""{"{{Canaries.BatchLine}}":""", CanaryCalls.Line(model: "unpriced"), CanaryCalls.Line("\\ud800" + Canaries.BatchLine) })
            await ada.SendAsync(CanaryCalls.Batch(await MakeAsync(CanaryCalls.Upload(line, "batch"))), KeyPlace.Authorization, key);
        var batch = await MakeAsync(CanaryCalls.Batch(await MakeAsync(CanaryCalls.Upload(CanaryCalls.Line(), "batch"))));
        var output = "";
        for (var i = 0; i < 20 && output.Length == 0; i++)
            output = Member(await ada.SendAsync(CanaryCall.Get($"/v1/batches/{batch}"), KeyPlace.Authorization, key), "output_file_id");
        output.Should().NotBeEmpty("a batch ends with its second fetch");
        foreach (var path in new[] { $"/v1/files/{file}", $"/v1/files/{file}/content", $"/v1/files/{output}/content", $"/v1/responses/{response}", $"/v1/responses/{response}/input_items", "/v1/batches" })
            await ada.SendAsync(CanaryCall.Get(path), KeyPlace.Authorization, key);
        return [$"/v1/files/{file}", $"/v1/files/{file}/content", $"/v1/files/{output}/content", $"/v1/responses/{response}", $"/v1/responses/{response}/input_items", $"/v1/batches/{batch}"];

        async Task<string> MakeAsync(CanaryCall call) => Member(await ada.SendAsync(call, KeyPlace.Authorization, key), "id");
    }

    /// <summary>What others are told who ask for the same and fail.</summary>
    private static async Task AskAsync(CanaryClient client, string key, string[] objects)
    {
        foreach (var path in objects) await client.SendAsync(CanaryCall.Get(path), KeyPlace.Authorization, key);
        foreach (var path in new[] { CanaryCalls.Chat, CanaryCalls.Responses, CanaryCalls.Messages, CanaryCalls.Contents, CanaryCalls.Tools, CanaryCalls.ToolCalls })
        {
            foreach (var body in new[] { "{", "{}", "{\"model\":\"m1\",\"messages\":[{\"role\":\"user\",\"content\":\"[[sandbox status=400]]\"}]}" })
                await client.SendAsync(CanaryCall.Json(path, body), KeyPlace.Authorization, key);
        }
    }

    /// <summary>A member of the answer's own object, or nothing.</summary>
    private static string Member(string answer, string name)
    {
        using var document = JsonDocument.Parse(answer[answer.IndexOf('{')..]);
        return document.RootElement.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";
    }

    private static string Altered(string key) => key[..^1] + (key[^1] == '0' ? '1' : '0');

    private static List<string> Leaks(IEnumerable<(string Where, byte[] Bytes)> places, Canaries canaries) =>
        [.. places.SelectMany(place => canaries.FoundIn(place.Bytes).Select(canary => $"{place.Where}: {Around(place.Bytes, canary)}: {canary}"))];

    private static string Around(byte[] bytes, string canary)
    {
        var text = Encoding.UTF8.GetString(bytes);
        var at = text.IndexOf(canary, StringComparison.Ordinal);
        return at < 0 ? "encoded" : text[Math.Max(0, at - 200)..Math.Min(text.Length, at + canary.Length + 50)];
    }

    /// <summary>Otherwise there would be nothing to find.</summary>
    private static void ShouldHaveReachedTheProvider(Site site, CanaryCompany company)
    {
        var requests = site.Sandbox.Journal.Requests;
        var bodies = requests.Select(r => Encoding.UTF8.GetString(r.Body.Span)).ToList();
        Canaries.Contents.Where(content => !bodies.Exists(body => body.Contains(content))).Should().BeEmpty();
        CanaryCompany.SentCredentials.Where(credential => !requests.Any(r => r.Headers.Values.Any(v => v.Contains(credential)))).Should().BeEmpty();
        TokensOf(site).Should().HaveCount(2);
        requests.SelectMany(r => r.Headers.Values.Append(r.PathAndQuery)).Where(text => site.Keys.Values.Any(text.Contains)).Should().BeEmpty("clients' keys end here");
    }

    private static async Task ShouldShowNothingAsync(Site site, Canaries canaries)
    {
        foreach (var command in new[] { "budgets", "verify", "reservations" })
            canaries.FoundIn((await site.RunAsync(command, "--organization", "acme")).ShouldSucceed().ToString()).Should().BeEmpty(command);
    }

    private static async Task NothingIsReservedAsync(Database database)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while ((await KeptData.RowsAsync(database)).Exists(r => r.Table == "open_reservations")) patience.Token.ThrowIfCancellationRequested();
    }

    /// <summary>What was answered that is no success.</summary>
    private sealed record Told(string Session, List<(string Where, byte[] Bytes)> Errors, List<(string Where, byte[] Bytes)> ToOthers);
}
