using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Microsoft.OpenApi;
using Spendra.Gateway.OpenApi;
using Spendra.Gateway.Providers;

namespace Spendra.Gateway.Tests;

/// <summary>The OpenAPI document, the route table and the census say the same, and none of what they name goes around the caps.</summary>
public sealed class DocumentTests
{
    private const string Committed = "docs/gateway-openapi.json";

    [Fact]
    public async Task Every_route_that_is_mapped_says_what_it_is_to_governance()
    {
        var gateway = await SharedGateways.OnAsync(Storage.DatabaseEngine.Sqlite);

        gateway.Mapped.Where(e => e.Metadata.GetMetadata<RouteMark>() is null).Select(e => e.RoutePattern.RawText).Should().BeEmpty(
            "what is mapped in GatewayStartup must be marked there with RouteMark: governed, local, open or refused");
    }

    [Fact]
    public async Task The_document_has_the_routes_of_the_table_and_no_others()
    {
        var gateway = await SharedGateways.OnAsync(Storage.DatabaseEngine.Sqlite);

        var documented = Operations(await DocumentAsync(gateway)).Select(o => $"{o.Method} {o.Path}").ToList();

        documented.Should().OnlyHaveUniqueItems().And.BeEquivalentTo(
            from endpoint in gateway.Mapped
            where endpoint.Metadata.GetMetadata<RouteMark>() is not { Kind: RouteKind.Refused }
            from method in MethodsOf(endpoint)
            select $"{method} {GatewayDocument.PathOf(endpoint)}");
        documented.Should().Contain(
            from route in ProviderList.Routes from prefix in route.ClientPrefixes select $"{route.Method} {prefix}{route.Pattern}");
    }

    [Fact]
    public async Task The_document_and_the_census_have_the_same_routes()
    {
        var documented = Operations(await DocumentAsync(await SharedGateways.OnAsync(Storage.DatabaseEngine.Sqlite)));
        var kinds = new Dictionary<string, RouteCensusTests.CensusRow[]>
        {
            ["governed"] = RouteCensusTests.Governed, ["local"] = RouteCensusTests.Local, ["open"] = RouteCensusTests.Open,
        };

        foreach (var (kind, rows) in kinds)
        {
            var ofKind = documented.Where(o => o.Kind == kind).ToList();
            ofKind.Should().AllSatisfy(o => rows.Should().Contain(row => o.Serves(row.Method, row.Path), $"{o.Method} {o.Path} must be in the census of what is {kind}"));
            rows.Should().AllSatisfy(row => ofKind.Should().Contain(o => o.Serves(row.Method, row.Path), $"{row.Method} {row.Path} must be in the document as {kind}"));
        }
    }

    [Fact]
    public async Task The_committed_document_is_what_the_gateway_serves()
    {
        var served = (await DocumentAsync(await SharedGateways.OnAsync(Storage.DatabaseEngine.Sqlite))).TrimEnd() + "\n";
        var root = RootFolder();
        var cancel = TestContext.Current.CancellationToken;

        var isSame = File.Exists(Path.Combine(root, Committed)) && await File.ReadAllTextAsync(Path.Combine(root, Committed), cancel) == served;
        if (!isSame) await File.WriteAllTextAsync(Path.Combine(root, "artifacts", Path.GetFileName(Committed)), served, cancel);

        isSame.Should().BeTrue($"the routes or what is said of them changed: look at the difference, then cp artifacts/{Path.GetFileName(Committed)} {Committed}");
    }

    [Fact]
    public async Task The_document_is_valid_and_names_every_operation_once()
    {
        var text = await DocumentAsync(await SharedGateways.OnAsync(Storage.DatabaseEngine.Sqlite));

        var (document, diagnostic) = OpenApiDocument.Parse(text, "json");

        ((string?)JsonNode.Parse(text)!["openapi"]).Should().StartWith("3.1");
        diagnostic!.Errors.Should().BeEmpty();
        var operations = document!.Paths.Values.SelectMany(path => path.Operations!.Values).ToList();
        operations.Select(o => o.OperationId).Should().OnlyHaveUniqueItems();
        operations.Should().AllSatisfy(o => o.Summary.Should().NotBeNullOrEmpty(o.OperationId));
        References(JsonNode.Parse(text)!).Distinct().Should().AllSatisfy(reference => Resolve(JsonNode.Parse(text)!, reference).Should().NotBeNull(reference));
    }

    [Fact]
    public async Task The_document_tells_keys_errors_and_headers_of_each_dialect()
    {
        var document = JsonNode.Parse(await DocumentAsync(await SharedGateways.OnAsync(Storage.DatabaseEngine.Sqlite)))!;
        var chat = document["paths"]!["/v1/chat/completions"]!["post"]!;
        var message = document["paths"]!["/v1/messages"]!["post"]!;

        ((string?)chat["x-spendra-governance"]).Should().Be("priced");
        KeysOf(chat).Should().Equal("bearer");
        KeysOf(message).Should().Equal("x-api-key", "bearer");
        KeysOf(document["paths"]!["/v1beta/models/{model}:generateContent"]!["post"]!).Should().Equal("x-goog-api-key", "bearer", "key");
        KeysOf(document["paths"]!["/openai/v1/responses"]!["post"]!).Should().Equal("api-key", "bearer");
        document["paths"]!["/openapi.json"]!["get"]!.AsObject().ContainsKey("security").Should().BeFalse();
        chat["parameters"]!.ToJsonString().Should().Contain("idempotency-key");
        document["paths"]!["/v1/files"]!["post"]!["parameters"].Should().BeNull();
        Resolve(document, (string)chat["responses"]!["200"]!["$ref"]!)!["headers"]!.AsObject().Select(h => h.Key).Should().Contain("x-spendra-request-id");
        ((string?)chat["responses"]!["4XX"]!["$ref"]).Should().EndWith("/OpenAiRefused");
        ((string?)message["responses"]!["4XX"]!["$ref"]).Should().EndWith("/AnthropicRefused");
        ((string?)document["components"]!["responses"]!["OpenAiRefused"]!["description"]).Should().Contain("402 `budget_exceeded`");
    }

    /// <summary>Where a route takes any method, those that clients use.</summary>
    internal static IReadOnlyList<string> MethodsOf(RouteEndpoint endpoint) =>
        endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET", "POST", "PUT", "DELETE"];

    internal static async Task<string> DocumentAsync(GatewayHarness gateway)
    {
        using var client = new HttpClient { BaseAddress = gateway.BaseUrl };
        return (await Answer.OfAsync(client.GetAsync("/openapi.json", TestContext.Current.CancellationToken))).ShouldBe(200).Text;
    }

    internal static List<Operation> Operations(string document) =>
    [
        .. from path in JsonNode.Parse(document)!["paths"]!.AsObject()
           from operation in path.Value!.AsObject()
           let governance = (string)operation.Value!["x-spendra-governance"]!
           select new Operation(operation.Key.ToUpperInvariant(), path.Key, governance is "priced" or "free" ? "governed" : governance),
    ];

    private static IEnumerable<string> KeysOf(JsonNode operation) => operation["security"]!.AsArray().Select(s => s!.AsObject().Single().Key);

    private static IEnumerable<string> References(JsonNode node) => node switch
    {
        JsonObject members => members.SelectMany(m => m.Key == "$ref" ? [(string)m.Value!] : m.Value is null ? [] : References(m.Value)),
        JsonArray list => list.SelectMany(item => item is null ? [] : References(item)),
        _ => [],
    };

    internal static JsonNode? Resolve(JsonNode document, string reference) =>
        reference.TrimStart('#', '/').Split('/').Aggregate((JsonNode?)document, (node, name) => node?[name]);

    private static string RootFolder()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Spendra.slnx"))) return folder.FullName;
        }
        throw new DirectoryNotFoundException("The tests run outside of the repository.");
    }

    internal sealed record Operation(string Method, string Path, string Kind)
    {
        private readonly Regex _pattern = new("^" + Regex.Replace(Regex.Escape(Path), @"\\\{\w+}", "[^/:]+") + "$");

        public bool Serves(string method, string path) => method == Method && _pattern.IsMatch(path);
    }
}
