using System.Text;
using Microsoft.AspNetCore.Http.Metadata;
using Spendra.Control.Shell;
using Spendra.Storage;
using Spendra.Storage.Keys;
using Spendra.Tests.EndToEnd.Secrets;

namespace Spendra.Tests.EndToEnd;

/// <summary>What proves who somebody is, or opens something, is nowhere but with whom it belongs to: in no log, trace, metric, table, file, export or answer of others.</summary>
[Collection(nameof(Secrets.Watch))]
public sealed class ManagementSecretsTests
{
    private const string Company = """
        organization: {slug: acme, name: Acme Corp, currency: USD, timeZone: UTC}
        branches: [{slug: emea}]
        teams: [{slug: search, branch: emea}]
        projects: [{slug: ranking}]
        employees: [{slug: ada}, {slug: e1001, team: search}]
        agents: [{slug: crawler, owner: team/search}]
        subagents: [{slug: fetcher, agent: crawler}]
        budgets: [{slug: search-month, scope: team/search, amountUsd: 10, period: month}]
        policies: [{slug: search-models, kind: allowlist, scope: team/search, models: [m1]}]
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task Secrets_of_people_are_nowhere_but_with_them(DatabaseEngine engine)
    {
        await using var issuer = await ForgetfulIssuer.StartAsync();
        await using var site = await SiteAsync(engine, issuer);
        using var watch = new Watch();
        await using var host = await HostedSite.StartAsync(site, watch.Join);
        using var people = new ManagementPeople(host.Url, host.Database, new MasterKey(Convert.FromBase64String(Canaries.MasterKey)));

        await people.LiveAsync(site, issuer);
        var everywhere = await ReadAllAsync(host, people.Ada);
        var unkept = await MisplaceAsync(host, people.Ada);
        await host.StopAsync();

        var (secrets, misplaced) = (new Canaries(people.Secrets), new Canaries(MisplacedSecrets.Prefix));
        ShouldHaveShownEverySecret(host, people);
        watch.Log.Any(line => line.StartsWith("Spendra.Control", StringComparison.Ordinal)).Should().BeTrue("this is where a secret would be told");
        watch.Activities.Should().NotBeEmpty();
        var told = watch.All.Select(t => (t.Where, Encoding.UTF8.GetBytes(t.Text))).ToList();
        Leaks(told, secrets).Should().BeEmpty();
        Leaks(told, misplaced).Should().BeEmpty();
        var errors = people.Ada.Answers.Concat(people.Grace.Answers).Where(a => a.IsError).Select(a => (a.What, Encoding.UTF8.GetBytes(a.Body))).ToList();
        Leaks(errors, secrets).Should().BeEmpty();
        Leaks(errors, misplaced).Should().BeEmpty();
        Leaks(everywhere, secrets).Should().BeEmpty();
        var rows = await KeptData.RowsAsync(host.Database);
        rows.Select(r => r.Table).Distinct().Should().Contain(["users", "sessions", "passkeys", "invitations", "access_tokens", "provider_accounts", "scoped_keys", "audit_records"]);
        Leaks(rows, secrets).Should().BeEmpty();
        // The files are those of the rows: what was a name of something stands in both.
        Leaks(rows.Where(r => misplaced.FoundIn(r.Row).Count > 0), unkept).Should().BeEmpty();
        var files = (await KeptData.FilesAsync(site, host.Database)).ConvertAll(path => (Path: path, Bytes: File.ReadAllBytes(path)));
        files.Exists(f => f.Bytes.AsSpan().IndexOf("ada@acme.example"u8) >= 0).Should().BeTrue("this is where the data is");
        Leaks(files, secrets).Should().BeEmpty();
    }

    private static async Task<Site> SiteAsync(DatabaseEngine engine, ForgetfulIssuer issuer)
    {
        var site = await Site.CreateAsync(engine, CanaryCompany.Provider);
        site.Variables["SPENDRA__LOG__LEVEL"] = "trace";
        site.Variables["SPENDRA__MASTERKEY"] = Canaries.MasterKey;
        site.Variables["SPENDRA__CONTROL__SIGNINSPERMINUTE"] = "10000";
        site.Variables["SPENDRA__CONTROL__SIGNINSPERMINUTEOFADDRESS"] = "1000000";
        site.Variables["SPENDRA__OIDC__AUTHORITY"] = issuer.Url;
        site.Variables["SPENDRA__OIDC__CLIENTID"] = "spendra";
        site.Variables["SPENDRA__OIDC__CLIENTSECRET"] = ManagementPeople.ClientSecret;
        site.Variables["SPENDRA__JWT__ISSUER"] = "https://issuer.example";
        site.Variables["SPENDRA__JWT__AUDIENCE"] = "authenticated";
        site.Variables["SPENDRA__JWT__SECRET"] = ManagementPeople.JwtSecret;
        site.Variables["SPENDRA__AUDIT__CHECKPOINTWEBHOOK"] = $"{site.Sandbox.Root}{ManagementPeople.Hook}";
        site.Variables["SPENDRA__AUDIT__CHECKPOINTSECONDS"] = "1";
        await site.ApplyAsync(Company);
        return site;
    }

    /// <summary>What an admin reads: every list and object that needs no more than a name, and the exports.</summary>
    private static async Task<List<(string Where, byte[] Bytes)>> ReadAllAsync(HostedSite host, ManagementClient admin)
    {
        var read = new List<(string, byte[])>();
        foreach (var endpoint in host.Endpoints.OfType<Microsoft.AspNetCore.Routing.RouteEndpoint>())
        {
            var path = endpoint.RoutePattern.RawText!.Replace("{organization}", "acme", StringComparison.Ordinal).Replace("{slug}", "kept", StringComparison.Ordinal);
            if (endpoint.Metadata.GetMetadata<Operation>() is not { Audience: not Audience.Anybody } || path.Contains('{', StringComparison.Ordinal)
                || endpoint.Metadata.GetMetadata<Microsoft.AspNetCore.Routing.HttpMethodMetadata>()!.HttpMethods[0] != "GET") continue;
            var answer = await admin.SendAsync("GET", path, null);
            // The session itself says what its page is to send along.
            if (path != "/api/v1/session") read.Add((answer.What, Encoding.UTF8.GetBytes(answer.Body)));
        }
        read.Count.Should().BeGreaterThan(40);
        return read;
    }

    /// <summary>The texts that became nobody's name: what was refused, and what stood where a secret does.</summary>
    private static async Task<Canaries> MisplaceAsync(HostedSite host, ManagementClient admin)
    {
        var unkept = new Canaries();
        foreach (var call in new MisplacedSecrets().Of(host.Endpoints))
        {
            var answer = await admin.SendAsync(call.Method, call.Path, call.Method == "GET" ? null : call.Body ?? "{}", request =>
            {
                if (!call.Operation.EndsWith("If-Match", StringComparison.Ordinal)) request.Headers.TryAddWithoutValidation("If-Match", "*");
                call.Shape?.Invoke(request);
            });
            answer.Status.Should().BeLessThan(500, $"{call.Operation}: {answer.Body}");
            if (answer.IsError || MisplacedSecrets.IsSecret(call.Operation[(call.Operation.LastIndexOf('.') + 1)..])) unkept.Add(call.Text);
        }
        return unkept;
    }

    /// <summary>Who adds an operation that shows a secret adds how people come by it.</summary>
    private static void ShouldHaveShownEverySecret(HostedSite host, ManagementPeople people)
    {
        var answers = people.Ada.Answers.Concat(people.Grace.Answers).Where(a => !a.IsError).ToList();
        var showing = from endpoint in host.Endpoints.OfType<Microsoft.AspNetCore.Routing.RouteEndpoint>()
                      where endpoint.Metadata.GetOrderedMetadata<IProducesResponseTypeMetadata>().Any(p => p.Type?.IsAssignableTo(typeof(IShownOnce)) == true)
                      select (Method: endpoint.Metadata.GetMetadata<Microsoft.AspNetCore.Routing.HttpMethodMetadata>()!.HttpMethods[0], Template: endpoint.RoutePattern.RawText!);
        var shown = showing.ToList();
        shown.Should().HaveCountGreaterThan(8);
        shown.Where(s => !answers.Exists(a => a.Method == s.Method && Fits(s.Template, a.Path))).Should().BeEmpty("nobody came by what these show");
    }

    private static bool Fits(string template, string path)
    {
        var (wanted, had) = (template.TrimEnd('/').Split('/'), path.Split('?')[0].Split('/'));
        return wanted.Length == had.Length && wanted.Zip(had).All(p => p.First.StartsWith('{') || p.First == p.Second);
    }

    private static List<string> Leaks(IEnumerable<(string Where, byte[] Bytes)> places, Canaries canaries) =>
        [.. places.SelectMany(place => canaries.FoundIn(place.Bytes).Select(canary => $"{place.Where}: {Around(place.Bytes, canary)}: {canary}"))];

    private static string Around(byte[] bytes, string canary)
    {
        var text = Encoding.UTF8.GetString(bytes);
        var at = text.IndexOf(canary, StringComparison.Ordinal);
        return at < 0 ? "encoded" : text[Math.Max(0, at - 300)..at];
    }
}
