using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text;
using System.Text.Json;
using OpenAI;
using Spendra.Core.Money;
using Spendra.Testing;

namespace Spendra.Tests.EndToEnd;

/// <summary>A process that serves, and the simplest client there is.</summary>
internal sealed class ServedProcess : IAsyncDisposable
{
    private const string Listening = "listening on ";
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseCookies = false, UseProxy = false })
    {
        Timeout = TimeSpan.FromSeconds(90),
    };

    private ServedProcess(TestProcess process, Uri url)
    {
        Process = process;
        Url = url;
    }

    public TestProcess Process { get; }

    /// <summary>Without the version prefix.</summary>
    public Uri Url { get; }

    public static async Task<ServedProcess> ReadyAsync(TestProcess process)
    {
        try
        {
            var line = await process.WaitForLineAsync(l => l.StartsWith(Listening, StringComparison.Ordinal), StartPatience);
            return new ServedProcess(process, new Uri(line[Listening.Length..]));
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>OpenAI's own client, changed only in base URL and key. What fails is not tried again.</summary>
    public OpenAIClient OpenAi(string secret) => new(new ApiKeyCredential(secret), new OpenAIClientOptions
    {
        Endpoint = new Uri(Url, "/v1"),
        RetryPolicy = new ClientRetryPolicy(0),
    });

    /// <summary>Sends a chat completion and reads the answer to its end.</summary>
    public Task<Answer> ChatAsync(string secret, string? body = null, string? idempotencyKey = null) =>
        PostAsync("/v1/chat/completions", secret, body ?? Acme.Chat(), idempotencyKey);

    public async Task<Answer> PostAsync(string path, string secret, string body, string? idempotencyKey = null)
    {
        using var response = await StartAsync(path, secret, body, idempotencyKey);
        return await Answer.OfAsync(response);
    }

    /// <summary>Sends a request and returns when the head of the answer is here.</summary>
    public async Task<HttpResponseMessage> StartAsync(
        string path, string secret, string body, string? idempotencyKey = null, CancellationToken cancel = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Url, path));
        request.Headers.Add("Authorization", $"Bearer {secret}");
        if (idempotencyKey is not null) request.Headers.Add("idempotency-key", idempotencyKey);
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
    }

    public async Task<Answer> GetAsync(string path, string? secret = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Url, path));
        if (secret is not null) request.Headers.Add("Authorization", $"Bearer {secret}");
        using var response = await _http.SendAsync(request);
        return await Answer.OfAsync(response);
    }

    /// <summary>SIGTERM, and the clean end that must follow.</summary>
    public async Task ShouldStopAsync()
    {
        var exitCode = await Process.TerminateAsync(TimeSpan.FromSeconds(60));
        exitCode.Should().Be(0, Process.Output);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Process.DisposeAsync();
    }
}

/// <summary>What a client sees of an answer.</summary>
internal sealed record Answer(int Status, string Body, string? RequestId, string? ReservedUsd, string? CostUsd, string? ShouldRetry)
{
    public NanoUsd Reserved => Usd.Read(ReservedUsd);

    /// <summary>The code of an error in OpenAI's shape.</summary>
    public string? ErrorCode => Error.GetProperty("code").GetString();

    public JsonElement Error
    {
        get
        {
            using var document = JsonDocument.Parse(Body);
            return document.RootElement.GetProperty("error").Clone();
        }
    }

    public static async Task<Answer> OfAsync(HttpResponseMessage response) => new(
        (int)response.StatusCode, await response.Content.ReadAsStringAsync(), Header(response, "x-spendra-request-id"),
        Header(response, "x-spendra-reserved-usd"), Header(response, "x-spendra-cost-usd"), Header(response, "x-should-retry"));

    /// <summary>An error as OpenAI's clients parse it: message, type, param and code.</summary>
    public Answer ShouldBeError(int status, string code)
    {
        Status.Should().Be(status, Body);
        ErrorCode.Should().Be(code, Body);
        Error.GetProperty("message").GetString().Should().NotBeNullOrEmpty();
        Error.GetProperty("type").GetString().Should().NotBeNullOrEmpty();
        Error.TryGetProperty("param", out _).Should().BeTrue();
        return this;
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.Single() : null;
}
