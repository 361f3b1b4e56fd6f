using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Spendra.Gateway.Tests;

/// <summary>A whole answer as a client sees it.</summary>
internal sealed record Answer(int Status, HttpResponseHeaders Headers, HttpContentHeaders ContentHeaders, byte[] Bytes)
{
    public string Text => Encoding.UTF8.GetString(Bytes);

    public JsonNode Json => JsonNode.Parse(Bytes)!;

    /// <summary>
    /// Spendra's code, wherever the dialect has its place; Google's is a reason among the details, and in JSON-RPC, whose own
    /// codes are numbers, it is the reason in the data.
    /// </summary>
    public string? Code => Json["error"]?["details"] is JsonArray details
        ? (string?)details[0]?["reason"]
        : (string?)(Json["error"]?["data"]?["reason"] ?? Json["error"]?["code"]);

    public static async Task<Answer> OfAsync(Task<HttpResponseMessage> sent)
    {
        using var response = await sent;
        return new Answer((int)response.StatusCode, response.Headers, response.Content.Headers, await response.Content.ReadAsByteArrayAsync());
    }

    /// <summary>What came of an answer that may break off after it has begun, and whether it ended as a whole one ends.</summary>
    public static async Task<(Answer Came, bool IsWhole)> BegunAsync(HttpClient client, string path, HttpContent content)
    {
        var cancel = TestContext.Current.CancellationToken;
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        using var bytes = new MemoryStream();
        var isWhole = true;
        try
        {
            await (await response.Content.ReadAsStreamAsync(cancel)).CopyToAsync(bytes, cancel);
        }
        catch (IOException)
        {
            isWhole = false;
        }
        return (new Answer((int)response.StatusCode, response.Headers, response.Content.Headers, bytes.ToArray()), isWhole);
    }

    public static Task<Answer> PostAsync(HttpClient client, string path, string json) =>
        OfAsync(client.PostAsync(path, GatewayHarness.Json(json), TestContext.Current.CancellationToken));

    public static Task<Answer> SendAsync(HttpClient client, HttpRequestMessage request) =>
        OfAsync(client.SendAsync(request, TestContext.Current.CancellationToken));

    /// <summary>A stream that breaks off at the provider: its connection breaks here too, or its last event says so.</summary>
    public static async Task ShouldBreakOffAsync(HttpClient client, string path, string json)
    {
        try
        {
            var answer = (await PostAsync(client, path, json)).ShouldBe(200);
            answer.Text.Should().Contain("\"upstream_failed\"", "a stream that broke off must not look like one that ended");
        }
        catch (HttpRequestException)
        {
            // As the provider did, so does the gateway.
        }
    }

    public string? Header(string name) =>
        Headers.TryGetValues(name, out var values) ? string.Join(",", values) : null;

    public Answer ShouldBe(int status, string? code = null, string what = "")
    {
        Status.Should().Be(status, $"{what} {Text}");
        if (code is not null) Code.Should().Be(code, $"{what} {Text}");
        return this;
    }
}

/// <summary>Request bodies. Knobs go to the sandbox inside the user's text.</summary>
internal static class Bodies
{
    public static string Chat(string knobs = "", string more = "\"max_tokens\":16", string model = "m1") =>
        $$"""{"model":"{{model}}",{{more}}{{(more.Length > 0 ? "," : "")}}"messages":[{"role":"user","content":"{{Text(knobs)}}"}]}""";

    public static string Response(string knobs = "", string more = "\"max_output_tokens\":16", string model = "m1") =>
        $$"""{"model":"{{model}}",{{more}}{{(more.Length > 0 ? "," : "")}}"input":"{{Text(knobs)}}"}""";

    /// <summary>What a body for <c>m1</c> with 16 tokens of output is held at: every byte and 64 more at the cache-write rate.</summary>
    public static long BoundOf(string body) => (Encoding.UTF8.GetByteCount(body) + 64) * 1250L + 16 * 2000;

    public static string Text(string knobs) => knobs.Length == 0 ? "Hello there" : $"Hello [[sandbox {knobs}]]";
}
