using Spendra.Gateway.Providers;
using Spendra.Gateway.Tests.Claude;
using Spendra.Gateway.Tests.Media;

namespace Spendra.Gateway.Tests;

/// <summary>With every cap at zero no route makes an upstream call. A route that is added must be added here.</summary>
public sealed class RouteCensusTests
{
    internal const string File = "{file}";
    internal const string Response = "{response}";
    internal const string Batch = "{batch}";
    internal const string AzureResponse = "{azure_response}";
    internal const string Deployment = "{deployment}";
    internal const string Server = "{server}";
    internal const string Claude = "{claude}";

    /// <summary>Every route that reaches a provider, by hand, with a body that it takes.</summary>
    internal static readonly CensusRow[] Governed =
    [
        .. OpenAi("/v1"), .. OpenAi("/v1/providers/openai"), .. OpenRouter("/v1/providers/openrouter"),
        .. Azure("/openai/v1"), .. Azure("/v1/providers/azure/openai/v1"), .. Azure("/v1/providers/azure"),
        .. Deployments("/openai"), .. Deployments("/v1/providers/azure/openai"),
        .. Gemini("/v1beta"), .. Gemini("/v1/providers/google/v1beta"), .. Gemini("/v1/providers/google"),
        new("POST", "/v1/providers/google/chat/completions", Bodies.Chat(model: "g1")),
        new("POST", "/v1/providers/google/embeddings", """{"model":"g-emb","input":"x"}"""),
        .. Vertex(""), .. Vertex("/v1"), .. Vertex("/v1beta1"),
        .. Vertex("/v1/projects/{project}/locations/{location}"), .. Vertex("/v1beta1/projects/{project}/locations/{location}"),
        new("POST", "/v1/providers/vertexai/chat/completions", Bodies.Chat(model: "google/g1")),
        .. VertexClaude(""), .. VertexClaude("/v1"), .. VertexClaude("/v1beta1"),
        .. VertexClaude("/v1/projects/{project}/locations/{location}"), .. VertexClaude("/v1beta1/projects/{project}/locations/{location}"),
        .. Anthropic("/v1/providers/vertexai"), .. Anthropic("/v1/providers/vertexai/v1"),
        new("POST", "/v1/providers/openrouter/messages", ClaudeRules.Body(model: Elsewhere.RouterModel)),
        new("POST", "/v1/providers/openrouter/v1/messages", ClaudeRules.Body(model: Elsewhere.RouterModel)),
        .. Anthropic("/v1"), .. Anthropic("/v1/providers/anthropic/v1"), .. Anthropic("/v1/providers/anthropic"),
        new("POST", "/v1/providers/anthropic/chat/completions", Bodies.Chat(model: ClaudeRules.Model)),
        .. Rpc("initialize", "server/discover", "ping", "notifications/initialized", "tools/list", "tools/call", "resources/list", "resources/read",
            "prompts/list", "prompts/get", "completion/complete", "logging/setLevel"),
        .. MediaCensus.Rows, new("DELETE", $"/mcp/{Server}"), new("POST", "/v1/tool-calls", """{"server":"finder","tool":"search"}"""),
    ];

    /// <summary>Every route that is answered locally.</summary>
    internal static readonly CensusRow[] Local =
    [
        new("GET", "/v1/models"), new("GET", "/v1/models/m1"), new("GET", "/v1/files"), new("GET", "/v1/providers/openai/files"), new("GET", "/v1/tools"),
        new("GET", "/v1/providers/anthropic/models"), new("GET", "/v1/providers/anthropic/models/claude-a"),
        new("GET", "/v1/providers/anthropic/v1/models"), new("GET", "/v1/providers/anthropic/v1/models/claude-a"),
        new("GET", "/v1beta/models"), new("GET", "/v1beta/models/g1"),
        .. Deployed("/openai/v1"), .. Deployed("/v1/providers/azure/openai/v1"), .. Deployed("/v1/providers/azure"),
        .. Deployed("/openai"), .. Deployed("/v1/providers/azure/openai"),
    ];

    /// <summary>Every route that tells nothing and asks for no key.</summary>
    internal static readonly CensusRow[] Open = [new("HEAD", "/"), new("HEAD", "/v1/providers/anthropic"), new("GET", "/openapi.json")];

    /// <summary>One route with many methods; each of them must be governed.</summary>
    private static IEnumerable<CensusRow> Rpc(params string[] methods) =>
        from method in methods
        let id = method.StartsWith("notifications/") ? "" : "\"id\":1,"
        select new CensusRow("POST", $"/mcp/{Server}", $$$"""{"jsonrpc":"2.0",{{{id}}}"method":"{{{method}}}","params":{"name":"search"}}""")
        {
            RpcMethod = method,
        };

    private static CensusRow[] OpenAi(string prefix) =>
    [
        new("POST", prefix + "/chat/completions", Bodies.Chat()),
        new("POST", prefix + "/responses", Bodies.Response()),
        new("POST", prefix + "/responses/input_tokens", Bodies.Response()),
        new("POST", prefix + "/embeddings", """{"model":"emb","input":"x"}"""),
        new("GET", $"{prefix}/responses/{Response}"), new("DELETE", $"{prefix}/responses/{Response}"),
        new("POST", $"{prefix}/responses/{Response}/cancel"), new("GET", $"{prefix}/responses/{Response}/input_items"),
        new("POST", prefix + "/files") { IsUpload = true },
        new("GET", $"{prefix}/files/{File}"), new("GET", $"{prefix}/files/{File}/content"), new("DELETE", $"{prefix}/files/{File}"),
        new("POST", prefix + "/batches", """{"input_file_id":"{file}","endpoint":"/v1/chat/completions","completion_window":"24h"}"""),
        new("GET", prefix + "/batches"), new("GET", $"{prefix}/batches/{Batch}"), new("POST", $"{prefix}/batches/{Batch}/cancel"),
    ];

    private static CensusRow[] Anthropic(string prefix) =>
    [
        new("POST", prefix + "/messages", ClaudeRules.Body()),
        new("POST", prefix + "/messages/count_tokens", ClaudeRules.Body()),
    ];

    private static CensusRow[] VertexClaude(string prefix)
    {
        var path = $"/v1/providers/vertexai{prefix}/publishers/anthropic/models";
        return
        [
            new("POST", $"{path}/{Claude}:rawPredict", Elsewhere.Raw()), new("POST", $"{path}/{Claude}:streamRawPredict", Elsewhere.Raw()),
            new("POST", path + "/count-tokens:rawPredict", ClaudeRules.Body()),
        ];
    }

    private static CensusRow[] OpenRouter(string prefix) =>
    [
        new("POST", prefix + "/chat/completions", Bodies.Chat(model: "maker/m1")),
        new("POST", prefix + "/responses", Bodies.Response(model: "maker/m1")),
        new("POST", prefix + "/embeddings", """{"model":"maker/emb","input":"x"}"""),
    ];

    private static CensusRow[] Azure(string prefix) =>
    [
        new("POST", prefix + "/chat/completions", Bodies.Chat(model: Formats.Deployment)),
        new("POST", prefix + "/responses", Bodies.Response(model: Formats.Deployment)),
        new("POST", prefix + "/responses/input_tokens", Bodies.Response(model: Formats.Deployment)),
        new("POST", prefix + "/embeddings", $$"""{"model":"{{Formats.EmbeddingDeployment}}","input":"x"}"""),
        .. AzureResponses(prefix),
    ];

    private static CensusRow[] AzureResponses(string prefix) =>
    [
        new("GET", $"{prefix}/responses/{AzureResponse}"), new("DELETE", $"{prefix}/responses/{AzureResponse}"),
        new("POST", $"{prefix}/responses/{AzureResponse}/cancel"), new("GET", $"{prefix}/responses/{AzureResponse}/input_items"),
    ];

    private static CensusRow[] Deployed(string prefix) =>
        [new("GET", prefix + "/models"), new("GET", $"{prefix}/models/{Formats.Deployment}")];

    private static CensusRow[] Deployments(string prefix) =>
    [
        new("POST", $"{prefix}/deployments/{Deployment}/chat/completions", """{"max_tokens":16,"messages":[{"role":"user","content":"x"}]}"""),
        new("POST", $"{prefix}/deployments/{Deployment}/embeddings", """{"input":"x"}"""),
        new("POST", prefix + "/responses", Bodies.Response(model: Formats.Deployment)),
        .. AzureResponses(prefix),
    ];

    private static CensusRow[] Gemini(string prefix) =>
    [
        .. Contents(prefix + "/models/{model}"),
        new("POST", prefix + "/models/{model}:batchEmbedContents", GeminiBodies.EmbeddingBatch()),
    ];

    private static CensusRow[] Vertex(string prefix)
    {
        var path = $"/v1/providers/vertexai{prefix}/publishers/google/models/{{model}}";
        return [.. Contents(path), new("POST", path + ":predict", GeminiBodies.Prediction("x"))];
    }

    private static CensusRow[] Contents(string path) =>
    [
        new("POST", path + ":generateContent", GeminiBodies.Content()), new("POST", path + ":streamGenerateContent", GeminiBodies.Content()),
        new("POST", path + ":countTokens", GeminiBodies.Content()), new("POST", path + ":embedContent", GeminiBodies.Embedding()),
    ];

    [Fact]
    public void Every_governed_route_is_in_the_census()
    {
        var mapped = from route in ProviderList.Routes
                     from prefix in route.ClientPrefixes
                     select $"{route.Method} {Unnamed(prefix + route.Pattern)}";

        mapped.Should().BeEquivalentTo(Governed.Select(r => $"{r.Method} {Unnamed(r.Path)}").Distinct());
    }

    [Fact]
    public async Task With_a_cap_of_zero_no_route_reaches_a_provider()
    {
        await using var closed = await ClosedCompany.StartAsync();
        var company = closed.Company;

        foreach (var row in Governed.Concat(Local).Concat(Open))
        {
            using var client = company.Client();
            using var request = closed.Request(row);

            var answer = await Answer.SendAsync(client, request);

            if (!Governed.Contains(row)) answer.ShouldBe(200);
            else row.ShouldBeRefused(answer);
        }
        closed.Calls.Should().Be(0);
        var books = await company.SettledAsync();
        books.Refusals.Select(r => r.Route).Should().BeEquivalentTo(
            ProviderList.Routes.SelectMany(r => r.ClientPrefixes, (r, _) => r.Name)
                .Concat(Enumerable.Repeat("mcp", Governed.Count(r => r.RpcMethod is not null) - 1)));
    }

    private static string Unnamed(string pattern) => System.Text.RegularExpressions.Regex.Replace(pattern, @"\{\w+\}", "{}");

    internal sealed record CensusRow(string Method, string Path, string? Body = null)
    {
        public bool IsUpload { get; init; }

        public MediaCall? Media { get; init; }

        public string? RpcMethod { get; init; }

        public bool WantsRpcAnswer => RpcMethod is not null && !RpcMethod.StartsWith("notifications/");

        /// <summary>As its dialect tells that a budget has nothing left.</summary>
        public void ShouldBeRefused(Answer answer)
        {
            if (RpcMethod is "tools/call") ((string?)answer.ShouldBe(200).Json["result"]!["_meta"]!["spendra/reason"]).Should().Be("budget_exceeded");
            else if (Path.StartsWith("/mcp/")) ((string?)answer.ShouldBe(WantsRpcAnswer ? 200 : 402).Json["error"]!["data"]!["reason"]).Should().Be("budget_exceeded");
            else answer.ShouldBe(402, "budget_exceeded", Path);
        }

        public bool NamesObject => Path.Contains(File) || Path.Contains(Response);
    }

    [Theory]
    [InlineData("POST", "completions")]
    [InlineData("POST", "images/variations")]
    [InlineData("POST", "audio/voices")]
    [InlineData("DELETE", "batches/x1")]
    [InlineData("GET", "chat/completions")]
    [InlineData("PUT", "files/x1")]
    [InlineData("GET", "organization/costs")]
    [InlineData("POST", "responses/compact")]
    [InlineData("POST", "chat/completions/x1")]
    [InlineData("DELETE", "models/m1")]
    public async Task What_is_not_governed_is_not_passed_through(string method, string path)
    {
        await using var company = await Company.StartAsync();
        using var client = company.Client();
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (method != "GET") request.Content = GatewayHarness.Json(Bodies.Chat());

        var answer = await Answer.SendAsync(client, request);

        answer.Status.Should().Be(404);
        company.Journal.Count.Should().Be(0);
        await company.SettledAsync();
    }

    [Theory]
    [InlineData("responses")]
    [InlineData("/v1/providers/openai/responses")]
    [InlineData("/openai/v1/responses")]
    [InlineData("/openai/responses?api-version=2025-04-01-preview")]
    [InlineData("/v1/providers/azure/responses")]
    [InlineData("/v1/providers/azure/openai/responses")]
    [InlineData("/v1/providers/azure/openai/v1/responses")]
    [InlineData("/v1/providers/openrouter/responses")]
    public async Task A_web_socket_is_told_to_come_back_without(string path)
    {
        await using var company = await Company.StartAsync();
        using var client = company.Client();
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
        request.Headers.TryAddWithoutValidation("Upgrade", "websocket");

        (await Answer.SendAsync(client, request)).ShouldBe(426, "websocket_not_supported");

        company.Journal.Count.Should().Be(0);
    }
}
