using System.Net.Http.Headers;
using Spendra.Control.Keys;
using Spendra.Core.Keys;
using Spendra.Sandbox;
using Spendra.Storage;
using Spendra.Storage.Governance;

namespace Spendra.Gateway.Tests;

/// <summary>An organization of a test's own, with a provider of its own, on a gateway that it may share.</summary>
internal sealed class Company : IAsyncDisposable
{
    private static int _count;

    private Company(GatewayHarness gateway, SandboxServer provider)
    {
        Gateway = gateway;
        Provider = provider;
        Slug = $"company-{Interlocked.Increment(ref _count)}";
    }

    public GatewayHarness Gateway { get; }

    public SandboxServer Provider { get; }

    public string Slug { get; }

    public SandboxJournal Journal => Provider.Journal;

    public Guid Id { get; private set; }

    private Dictionary<string, string> Secrets { get; } = [];

    public static async Task<Company> StartAsync(
        Rules? rules = null, DatabaseEngine engine = DatabaseEngine.Sqlite, SandboxOptions? provider = null, GatewayHarness? gateway = null)
    {
        gateway ??= await SharedGateways.OnAsync(engine);
        var sandbox = await SandboxServer.StartAsync(provider ?? new SandboxOptions { RecordRequests = true }, TestContext.Current.CancellationToken);
        var company = new Company(gateway, sandbox);
        await company.ApplyAsync(rules ?? new Rules());
        return company;
    }

    /// <summary>Declares rules from outside the gateway, on the same database.</summary>
    public async Task ApplyAsync(Rules rules)
    {
        var yaml = rules.ToYaml(Slug)
            .Replace("{provider}", Provider.BaseUrl.ToString(), StringComparison.Ordinal)
            .Replace("{root}", Provider.Root.ToString().TrimEnd('/'), StringComparison.Ordinal);
        var applied = await Gateway.DeclareAsync(yaml);
        Id = applied.OrganizationId;
        foreach (var key in applied.Keys) Secrets[key.Slug] = key.Secret;
    }

    public void Remember(string slug, string secret) => Secrets[slug] = secret;

    /// <summary>Issues a test key, which clients here then use under a name that may have stood for another.</summary>
    public async Task IssueTestKeyAsync(string name)
    {
        var issued = await KeyIssuer.CreateAsync(
            Gateway.Database, Gateway.MasterKey, Slug, new KeyRequest { Slug = "t1", Mode = KeyMode.Test, Actor = "employee/e1" },
            new ChangeAuthor("test", "test", null), TestContext.Current.CancellationToken);
        Remember(name, issued.Value!.Secret);
    }

    public string Secret(string slug) => Secrets[slug];

    public HttpClient Client(string slug = "k1")
    {
        var client = Anonymous();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Secrets[slug]);
        return client;
    }

    // A client that leaves really leaves: by default the rest of a response is drained first.
    public HttpClient Anonymous() => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        MaxResponseDrainSize = 0,
        ResponseDrainTimeout = TimeSpan.Zero,
    })
    {
        BaseAddress = Gateway.BaseUrl,
        Timeout = TimeSpan.FromSeconds(30),
    };

    public async Task<Answer> PostAsync(string path, string json, string key = "k1")
    {
        using var client = Client(key);
        return await Answer.OfAsync(client.PostAsync(path, GatewayHarness.Json(json)));
    }

    public async Task<Answer> ChatAsync(string knobs = "", string more = "\"max_tokens\":16", string key = "k1") =>
        await PostAsync("chat/completions", Bodies.Chat(knobs, more), key);

    public async Task<Answer> GetAsync(string path, string key = "k1")
    {
        using var client = Client(key);
        return await Answer.OfAsync(client.GetAsync(path));
    }

    public async Task<Answer> DeleteAsync(string path, string key = "k1")
    {
        using var client = Client(key);
        return await Answer.OfAsync(client.DeleteAsync(path));
    }

    /// <summary>The ledger once nothing is held any more, proven consistent.</summary>
    public Task<Books> SettledAsync() => Books.SettledAsync(Gateway.Database, Id);

    /// <summary>The ledger as it is.</summary>
    public Task<Books> BooksAsync() => Books.ReadAsync(Gateway.Database, Id);

    public ValueTask DisposeAsync() => Provider.DisposeAsync();
}
