using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Spendra.Control.Shell;

namespace Spendra.Tests.EndToEnd.Secrets;

/// <summary>Somebody at a browser, or a program with a token, at the management API: every answer is kept, with whether it was meant to show a secret.</summary>
internal sealed class ManagementClient : IDisposable
{
    private readonly HttpClientHandler _handler = new() { AllowAutoRedirect = false };
    private readonly HttpClient _http;

    public ManagementClient(Uri url) => _http = new HttpClient(_handler) { BaseAddress = url };

    public List<ManagementAnswer> Answers { get; } = [];

    /// <summary>What browsers send along and pages do: all of it proves who somebody is.</summary>
    public HashSet<string> Proofs { get; } = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A call that must be done as it is meant.</summary>
    public async Task<JsonElement> DoAsync(string method, string path, object? body = null, string? bearer = null)
    {
        var answer = await SendAsync(method, path, body is null ? null : JsonSerializer.Serialize(body), request =>
        {
            if (bearer is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
            request.Headers.TryAddWithoutValidation("If-Match", "*");
        });
        answer.Status.Should().BeInRange(200, 302, $"{method} {path}: {answer.Body}");
        if (answer.Body.Length == 0) return default;
        var json = JsonDocument.Parse(answer.Body).RootElement;
        TakeToken(json);
        return json;
    }

    public async Task<ManagementAnswer> SendAsync(string method, string path, string? body, Action<HttpRequestMessage>? shape = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        shape?.Invoke(request);
        using var response = await _http.SendAsync(request, Cancel);
        var answer = new ManagementAnswer(method, path, (int)response.StatusCode, await response.Content.ReadAsStringAsync(Cancel), response.Headers.Location);
        Answers.Add(answer);
        foreach (Cookie cookie in _handler.CookieContainer.GetAllCookies())
        {
            if (cookie.Value.Length > 20) Proofs.Add(cookie.Value);
        }
        return answer;
    }

    public void Dispose()
    {
        _http.Dispose();
        _handler.Dispose();
    }

    private void TakeToken(JsonElement answer)
    {
        if (answer.ValueKind != JsonValueKind.Object) return;
        var session = answer.TryGetProperty("session", out var inner) && inner.ValueKind == JsonValueKind.Object ? inner : answer;
        if (!session.TryGetProperty("antiforgeryToken", out var token) || token.GetString() is not { } text) return;
        _http.DefaultRequestHeaders.Remove(SessionAuthentication.AntiforgeryHeader);
        _http.DefaultRequestHeaders.Add(SessionAuthentication.AntiforgeryHeader, text);
    }
}

/// <summary>What came back.</summary>
internal sealed record ManagementAnswer(string Method, string Path, int Status, string Body, Uri? Location)
{
    public bool IsError => Status >= 400;

    public string What => $"{Method} {Path[..Math.Min(Path.Length, 100)]} → {Status}";
}
