using System.Text.Json.Nodes;

namespace Spendra.Sandbox.Tests;

/// <summary>Bodies and paths of Anthropic's and Google's dialects.</summary>
internal static class Native
{
    public const string Messages = "/v1/messages";
    public const string Place = "/v1/projects/acme/locations/global/publishers";
    public const string Generate = "/v1beta/models/gemini-3.8-flash:generateContent";
    public const string Stream = "/v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse";
    public const string Array = "/v1beta/models/gemini-3.8-flash:streamGenerateContent";
    public const string SearchTool = """{"type":"web_search_20250305","name":"web_search"}""";

    /// <summary>A messages call that may produce 64 tokens.</summary>
    public static string Message(string text = "Hello", string more = "") =>
        $$"""{"model":"claude-sonnet-5-5","max_tokens":64,"messages":[{"role":"user","content":"{{text}}"}]{{more}}}""";

    public static string Streamed(string text = "Hello", string more = "") => Message(text, $",\"stream\":true{more}");

    public static string Content(string text = "Hello", string more = "") =>
        $$"""{"contents":[{"role":"user","parts":[{"text":"{{text}}"}]}]{{more}}}""";

    public static async Task<Provider> StartAsync(SandboxOptions? options = null)
    {
        var provider = await Provider.StartAsync(options);
        provider.Http.DefaultRequestHeaders.Add("anthropic-version", "2023-06-01");
        return provider;
    }

    /// <summary>The same JSON, whatever its spaces and the order of its members.</summary>
    public static void ShouldBe(JsonNode? actual, string expected) =>
        JsonNode.DeepEquals(actual, JsonNode.Parse(expected)).Should().BeTrue(actual?.ToJsonString() ?? "it is null");

    /// <summary>The names of the events of a stream, in order.</summary>
    public static IEnumerable<string> Names(string stream) =>
        stream.Split('\n').Where(line => line.StartsWith("event: ", StringComparison.Ordinal)).Select(line => line[7..]);
}
