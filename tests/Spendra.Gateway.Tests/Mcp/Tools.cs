using System.Net.Http.Headers;
using System.Text;

namespace Spendra.Gateway.Tests;

/// <summary>
/// A company with two servers of tools. At the finder a search costs 0.01 USD, a translation nothing, and sending mail has
/// no price.
/// </summary>
internal static class Tools
{
    public const string Server = "finder";
    public const string Path = "/mcp/" + Server;
    public const long SearchNanos = 10_000_000;

    public static Rules Rules(string cap = "10", string scope = "[\"*\"]", string more = "", string tools = "{search: \"0.01\", translate: \"0\"}") => new()
    {
        Cap = cap,
        Accounts =
        [
            $"{{slug: {Server}, provider: mcp, baseUrl: \"{{root}}/mcp/finder\", credential: {{value: tool-secret}}, tools: {tools}{(more.Length > 0 ? ", " : "")}{more}}}",
            "{slug: other, provider: mcp, baseUrl: \"{root}/mcp/other\", defaultToolUsd: \"0.02\"}",
        ],
        Keys = [$"{{slug: k1, actor: employee/e1, tools: {scope}}}"],
    };

    public static string Call(string knobs = "", string tool = "search", string id = "1") =>
        $$$$"""{"jsonrpc":"2.0","id":{{{{id}}}},"method":"tools/call","params":{"name":"{{{{tool}}}}","arguments":{"query":"{{{{Bodies.Text(knobs)}}}}"}}}""";

    public static string Message(string method, string id = "1", string parameters = "{}") =>
        $$$$"""{"jsonrpc":"2.0","id":{{{{id}}}},"method":"{{{{method}}}}","params":{{{{parameters}}}}}""";
}

/// <summary>A session with a server of tools through the gateway, spoken by hand.</summary>
internal sealed class ToolTalk : IDisposable
{
    private const string Session = "Mcp-Session-Id";

    private readonly HttpClient _http;
    private readonly string _path;

    private ToolTalk(HttpClient http, string path)
    {
        _http = http;
        _path = path;
        foreach (var type in new[] { "application/json", "text/event-stream" }) http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue(type));
    }

    /// <summary>Speaks to a server without a session.</summary>
    public static ToolTalk Open(Company company, string path = Tools.Path, string key = "k1") => new(company.Client(key), path);

    /// <summary>Begins a session.</summary>
    public static async Task<ToolTalk> BeginAsync(Company company, string path = Tools.Path, string key = "k1")
    {
        var talk = Open(company, path, key);
        var begun = (await talk.SendAsync(Tools.Message("initialize", parameters: "{\"protocolVersion\":\"2025-06-18\"}"))).ShouldBe(200);
        talk._http.DefaultRequestHeaders.Add(Session, begun.Header(Session));
        talk._http.DefaultRequestHeaders.Add("MCP-Protocol-Version", "2025-06-18");
        return talk;
    }

    public void Add(string header, string value) => _http.DefaultRequestHeaders.Add(header, value);

    public Task<Answer> CallAsync(string knobs = "", string tool = "search", string id = "1") => SendAsync(Tools.Call(knobs, tool, id));

    public Task<Answer> SendAsync(string message, string? idempotencyKey = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, _path) { Content = new StringContent(message, Encoding.UTF8, "application/json") };
        if (idempotencyKey is not null) request.Headers.Add("idempotency-key", idempotencyKey);
        return Answer.SendAsync(_http, request);
    }

    public Task<Answer> EndAsync() => Answer.SendAsync(_http, new HttpRequestMessage(HttpMethod.Delete, _path));

    public void Dispose() => _http.Dispose();
}

/// <summary>What stands in answers of JSON-RPC.</summary>
internal static class RpcAnswers
{
    public static int RpcCode(this Answer answer) => (int)answer.ShouldBe(200).Json["error"]!["code"]!;

    public static string? Reason(this Answer answer) =>
        (string?)(answer.Json["error"]?["data"]?["reason"] ?? answer.Json["result"]?["_meta"]?["spendra/reason"]);

    public static bool IsToolError(this Answer answer) => (bool)answer.ShouldBe(200).Json["result"]!["isError"]!;
}
