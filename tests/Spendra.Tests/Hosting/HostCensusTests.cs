using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.StaticAssets;
using Spendra.Control.Dashboard;
using Spendra.Control.Shell;
using Spendra.Gateway.OpenApi;
using Spendra.Hosting;
using Spendra.Sandbox;
using Spendra.Storage;
using Spendra.Tests.EndToEnd;

namespace Spendra.Tests.Hosting;

/// <summary>
/// The census of the whole executable. What <c>serve</c> maps is governed by the gateway, gated by the control plane or public by name, and with every
/// cap at zero none of it makes an upstream call.
/// </summary>
public sealed class HostCensusTests
{
    /// <summary>What anybody may call, by the role that has it. Whatever is added here tells everybody what it tells.</summary>
    private static readonly string[] OfEvery = ["GET /healthz", "GET /readyz"];

    private static readonly string[] OfGateway = ["HEAD /", "HEAD /v1/providers/anthropic", "GET /openapi.json"];

    /// <summary>The document of the management API and the page that shows it, with what the page loads.</summary>
    private static readonly string[] OfControl =
    [
        "GET /api/openapi.json", "GET /api/reference/{documentName?}",
        "GET /api/reference/scalar.js", "GET /api/reference/scalar.aspnetcore.js", "GET /api/reference/favicon.svg",
        // Good for whoever has the secret of the setup link, while there is no member.
        "POST /api/v1/setup",
        // How one signs in: what they tell is how one may.
        "GET /api/v1/session/methods", "POST /api/v1/session/", "POST /api/v1/session/two-factor", "POST /api/v1/session/password-link",
        PasskeyOptions, "POST /api/v1/session/passkey", .. OpenIdConnect, .. Pages,
    ];

    /// <summary>Pages for people who are not signed in: forms, and what to say where nothing is.</summary>
    private static IEnumerable<string> Pages => from path in (string[])["/sign-in", "/setup", "/invitation", "/password", "/nothing-here"]
                                                from method in (string[])["GET", "POST"]
                                                select $"{method} {path}";

    /// <summary>Wants no body.</summary>
    private const string PasskeyOptions = "POST /api/v1/session/passkey/options";

    /// <summary>Not there for an installation without such a provider.</summary>
    private static string[] OpenIdConnect => ["GET /api/v1/session/openid-connect/", "GET /api/v1/session/openid-connect/callback"];

    /// <summary>What has no mark, because the control plane's gate lets nobody in where there is none: what it does not know.</summary>
    private static readonly string[] Nowhere = ["/api/{**rest}"];

    /// <summary>The mark of each part that maps endpoints: the gateway's, the control plane's and the host's own.</summary>
    private static readonly Type[] Marks = [typeof(RouteMark), typeof(Operation), typeof(PageMark), typeof(PublicMark), typeof(TokenMark)];

    /// <summary>Where a route takes any method, those that clients use.</summary>
    private static readonly string[] AnyMethod = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

    [Theory]
    [InlineData("all")]
    [InlineData("gateway")]
    [InlineData("control")]
    [InlineData("worker")]
    public async Task Every_endpoint_carries_one_mark_and_only_those_of_the_list_are_public(string role)
    {
        await using var site = await Site.CreateAsync();
        site.Variables["SPENDRA__ROLE"] = role;
        await using var host = await HostedSite.StartAsync(site, static _ => { });

        var unmarked = host.Endpoints.Where(e => e.Metadata.Count(m => Marks.Contains(m.GetType())) != 1).Select(e => ((RouteEndpoint)e).RoutePattern.RawText);
        unmarked.Should().BeEquivalentTo(role is "all" or "control" ? Nowhere : [],
            "what is mapped must be marked where it is mapped: by RouteMark in the gateway, by Operation or PageMark in the control plane, by PublicMark in the host");
        string[] open = [.. OfEvery, .. role is "all" or "gateway" ? OfGateway : [], .. role is "all" or "control" ? OfControl : []];
        host.Endpoints.Where(e => IsOpen(e) && !IsFile(e)).SelectMany(NamesOf).Should().BeEquivalentTo(open);
        host.Endpoints.Any(IsFile).Should().Be(role is "all" or "control", "the dashboard has styles and scripts");
        host.Endpoints.Any(e => e.Metadata.GetMetadata<RouteMark>() is { Kind: RouteKind.Governed }).Should().Be(role is "all" or "gateway");
    }

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task With_every_cap_at_zero_nothing_that_is_mapped_reaches_a_provider(DatabaseEngine engine)
    {
        await using var site = await Site.CreateAsync(engine, new SandboxOptions { RecordRequests = true });
        await site.ApplyAsync(Declaration(site, capUsd: "0"));
        await using var host = await HostedSite.StartAsync(site, static _ => { });
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false }) { BaseAddress = host.Url };

        foreach (var endpoint in host.Endpoints.Cast<RouteEndpoint>())
        {
            foreach (var method in MethodsOf(endpoint))
            {
                foreach (var isStreamed in new[] { false, true })
                    await SendAsync(http, method, endpoint, site.Keys["ada"], isStreamed);
                var status = await SendAsync(http, method, endpoint, key: null, isStreamed: false);
                status.Should().Be(ExpectedOfAnybody(endpoint, method), $"{method} {endpoint.RoutePattern.RawText}");
            }
        }

        site.Sandbox.Journal.Requests.Should().BeEmpty();
        site.Sandbox.Journal.Count.Should().Be(0);
        (await SendAsync(http, "GET", "/unheard-of", site.Keys["ada"], isStreamed: false)).Should().Be(404, "nothing answers but what is mapped");
        await site.ApplyAsync(Declaration(site, capUsd: "1"));
        (await SendAsync(http, "POST", "/v1/chat/completions", site.Keys["ada"], isStreamed: false)).Should().Be(200, "it was the cap");
        site.Sandbox.Journal.Count.Should().Be(1);
    }

    /// <summary>Of the dashboard, by the list that the build made.</summary>
    private static bool IsFile(Endpoint endpoint) => endpoint.Metadata.GetMetadata<StaticAssetDescriptor>() is not null;

    private static IEnumerable<string> NamesOf(Endpoint endpoint) =>
        MethodsOf(endpoint).Select(method => $"{method} {((RouteEndpoint)endpoint).RoutePattern.RawText}");

    private static IReadOnlyList<string> MethodsOf(Endpoint endpoint) =>
        endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? AnyMethod;

    private static bool IsOpen(Endpoint endpoint) => endpoint.Metadata.GetMetadata<Operation>() is { Audience: Audience.Anybody } || ExpectedOfAnybody(endpoint, MethodsOf(endpoint)[0]) == 200;

    /// <summary>What is answered to whoever has no key: where anybody may send something, that this is not what is expected.</summary>
    private static int ExpectedOfAnybody(Endpoint endpoint, string method)
    {
        if (endpoint.Metadata.GetMetadata<PageMark>() is not null) return ExpectedOfPage(endpoint, method);
        if (endpoint.Metadata.GetMetadata<PublicMark>() is not null) return 200;
        if (NamesOf(endpoint).Any(OpenIdConnect.Contains)) return 404;
        if (NamesOf(endpoint).Contains(PasskeyOptions)) return 200;
        if (endpoint.Metadata.GetMetadata<Operation>() is { } operation) return operation.Audience != Audience.Anybody ? 401 : MethodsOf(endpoint).Contains("POST") ? 400 : 200;
        return endpoint.Metadata.GetMetadata<RouteMark>()?.Kind switch
        {
            RouteKind.Governed or RouteKind.Local => 401,
            RouteKind.Open => 200,
            _ => 404,
        };
    }

    /// <summary>Who is not signed in is led to where they can; a form that another page sends is not taken.</summary>
    private static int ExpectedOfPage(Endpoint endpoint, string method)
    {
        var isOpen = endpoint.Metadata.GetMetadata<OpenPageAttribute>() is not null;
        var isPage = method == "GET" && !((RouteEndpoint)endpoint).RoutePattern.RawText!.StartsWith("/_", StringComparison.Ordinal);
        return isOpen ? isPage ? 200 : 400 : isPage ? 302 : 401;
    }

    private static Task<int> SendAsync(HttpClient http, string method, RouteEndpoint endpoint, string? key, bool isStreamed) =>
        SendAsync(http, method, Regex.Replace(endpoint.RoutePattern.RawText!, @"\{\**(\w+)((?::[^}]+)?)\??\}", match => ValueOf(match.Groups[1].Value, match.Groups[2].Value)), key, isStreamed);

    private static async Task<int> SendAsync(HttpClient http, string method, string path, string? key, bool isStreamed)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (key is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        foreach (var type in new[] { "application/json", "text/event-stream" }) request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(type));
        if (method is "POST" or "PUT" or "PATCH") request.Content = new StringContent(Body(path, isStreamed), Encoding.UTF8, "application/json");
        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        return (int)response.StatusCode;
    }

    private static string ValueOf(string parameter, string constraint) => parameter switch
    {
        _ when constraint == ":guid" => Guid.Empty.ToString(),
        _ when constraint.StartsWith(":long", StringComparison.Ordinal) => "1",
        "model" => "m1",
        "server" => "finder",
        "rest" => "anything/else",
        "organization" => "acme",
        "documentName" => "v1",
        _ => "x1",
    };

    /// <summary>As much as one body can have of what the formats ask for.</summary>
    private static string Body(string path, bool isStreamed) => path switch
    {
        _ when path.StartsWith("/mcp/") => """{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search","arguments":{}}}""",
        "/v1/tool-calls" => """{"server":"finder","tool":"search","arguments":{}}""",
        _ when path.Contains(':') => """{"contents":[{"role":"user","parts":[{"text":"x"}]}],"generationConfig":{"maxOutputTokens":16}}""",
        _ when path.Contains("openrouter") => Chat("maker/m1", isStreamed),
        _ when path.Contains("vertexai/chat") => Chat("google/m1", isStreamed),
        _ => Chat("m1", isStreamed),
    };

    private static string Chat(string model, bool isStreamed) =>
        $$"""{"model":"{{model}}","max_tokens":16,"stream":{{(isStreamed ? "true" : "false")}},"messages":[{"role":"user","content":"x"}]}""";

    private static string Declaration(Site site, string capUsd)
    {
        var root = site.Sandbox.Root.ToString().TrimEnd('/');
        const string rates = "inputUsdPerMillion: \"1\", outputUsdPerMillion: \"2\", contextWindow: 10000, maxOutput: 1000";
        return $$"""
            organization: {slug: acme, name: Acme Corp, currency: USD, timeZone: UTC}
            employees: [{slug: ada}]
            providerAccounts:
              - {slug: main, provider: openai, baseUrl: "{{root}}/v1", credential: {value: x} }
              - {slug: router, provider: openrouter, baseUrl: "{{root}}/api/v1", credential: {value: x} }
              - {slug: azure, provider: azure, baseUrl: "{{root}}/openai", credential: {value: x}, deployments: {m1: m1} }
              - {slug: claude, provider: anthropic, baseUrl: "{{root}}/v1", credential: {value: x} }
              - {slug: gemini, provider: google, baseUrl: "{{root}}/v1beta", credential: {value: x} }
              - {slug: vertex, provider: vertexai, baseUrl: "{{root}}/v1/projects/p1/locations/l1", credential: {value: x} }
              - {slug: finder, provider: mcp, baseUrl: "{{root}}/mcp/finder", tools: {search: "0.01"} }
            prices:
              - {provider: openai, model: m1, {{rates}}}
              - {provider: openrouter, model: maker/m1, {{rates}}}
              - {provider: azure, model: m1, {{rates}}}
              - {provider: anthropic, model: m1, {{rates}}}
              - {provider: google, model: m1, {{rates}}}
              - {provider: vertexai, model: google/m1, {{rates}}}
              - {provider: vertexai, model: anthropic/m1, {{rates}}}
            budgets: [{slug: none, scope: organization, amountUsd: "{{capUsd}}", period: total}]
            policies: [{slug: cap, kind: hard_cap, scope: organization, budget: none}]
            keys: [{slug: ada, actor: employee/ada, tools: ["*"]}]
            """;
    }
}
