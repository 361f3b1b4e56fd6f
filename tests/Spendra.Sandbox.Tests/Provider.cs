using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Spendra.Sandbox.Tests;

/// <summary>A running sandbox and a client that follows no redirect, unpacks nothing and keeps bytes as they are.</summary>
internal sealed class Provider : IAsyncDisposable
{
    private Provider(SandboxServer server)
    {
        Server = server;
        Http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
        {
            BaseAddress = new Uri(server.BaseUrl + "/"),
        };
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "sk-test");
    }

    public SandboxServer Server { get; }
    public HttpClient Http { get; }

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<Provider> StartAsync(SandboxOptions? options = null) =>
        new(await SandboxServer.StartAsync(options ?? new SandboxOptions(), Token));

    public static string Chat(string text = "Hello", string more = "") =>
        $$"""{"model":"gpt-5.6-luna","messages":[{"role":"user","content":"{{text}}"}]{{more}}}""";

    public static string Response(string text = "Hello", string more = "") =>
        $$"""{"model":"gpt-5.6-luna","input":"{{text}}"{{more}}}""";

    public async Task<HttpResponseMessage> PostAsync(string path, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        return await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Token);
    }

    public async Task<JsonNode> PostJsonAsync(string path, string body, int status = 200)
    {
        using var answer = await PostAsync(path, body);
        return await JsonOfAsync(answer, status);
    }

    public async Task<JsonNode> GetJsonAsync(string path, int status = 200)
    {
        using var answer = await Http.GetAsync(path, Token);
        return await JsonOfAsync(answer, status);
    }

    public async Task<JsonNode> DeleteJsonAsync(string path, int status = 200)
    {
        using var answer = await Http.DeleteAsync(path, Token);
        return await JsonOfAsync(answer, status);
    }

    public async Task<JsonNode> UploadAsync(byte[] content, string name = "lines.jsonl", string? purpose = "user_data", int status = 200)
    {
        using var form = new MultipartFormDataContent { { new ByteArrayContent(content), "file", name } };
        if (purpose is not null)
            form.Add(new StringContent(purpose), "purpose");
        using var answer = await Http.PostAsync("files", form, Token);
        return await JsonOfAsync(answer, status);
    }

    public async Task<JsonNode> PostFormAsync(string path, HttpContent form, int status = 200)
    {
        using var answer = await Http.PostAsync(path, form, Token);
        return await JsonOfAsync(answer, status);
    }

    /// <summary>A form with one file and some texts.</summary>
    public static MultipartFormDataContent Form(string field, string fileName, byte[] content, params (string Name, string Value)[] texts)
    {
        var form = new MultipartFormDataContent { { new ByteArrayContent(content), field, fileName } };
        foreach (var (name, value) in texts)
            form.Add(new StringContent(value), name);
        return form;
    }

    /// <summary>The body of a stream that ends as it should.</summary>
    public async Task<string> StreamAsync(string path, string body)
    {
        using var answer = await PostAsync(path, body);
        ((int)answer.StatusCode).Should().Be(200);
        answer.Content.Headers.ContentType!.MediaType.Should().Be("text/event-stream");
        return await answer.Content.ReadAsStringAsync(Token);
    }

    /// <summary>What arrives of a body before its connection breaks.</summary>
    public async Task<byte[]> BrokenAsync(string path, string body)
    {
        using var answer = await PostAsync(path, body);
        await using var stream = await answer.Content.ReadAsStreamAsync(Token);
        var arrived = new MemoryStream();
        var copy = async () => await stream.CopyToAsync(arrived, Token);
        await copy.Should().ThrowAsync<HttpIOException>();
        return arrived.ToArray();
    }

    /// <summary>The JSON of each data line, without <c>[DONE]</c>.</summary>
    public static List<JsonNode> Events(string stream) =>
        [.. stream.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .Select(item => item[(item.IndexOf("data: ", StringComparison.Ordinal) + 6)..])
            .Where(data => data != "[DONE]")
            .Select(data => JsonNode.Parse(data)!)];

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Server.DisposeAsync();
    }

    private static async Task<JsonNode> JsonOfAsync(HttpResponseMessage answer, int status)
    {
        var body = await answer.Content.ReadAsStringAsync(Token);
        ((int)answer.StatusCode).Should().Be(status, body);
        answer.Content.Headers.ContentType!.MediaType.Should().Be("application/json");
        return JsonNode.Parse(body)!;
    }
}
