using System.Net.Http.Headers;
using System.Text;

namespace Spendra.Tests.EndToEnd.Secrets;

/// <summary>Where clients put their key.</summary>
internal enum KeyPlace
{
    Authorization,
    AnthropicHeader,
    AzureHeader,
    GoogleHeader,
    Query,
}

/// <summary>One call that carries canaries. Its content is made anew for each time that it is sent.</summary>
internal sealed record CanaryCall(string Path, Func<HttpContent?> Content)
{
    public static readonly KeyPlace[] Places = Enum.GetValues<KeyPlace>();

    public string Method { get; init; } = "POST";

    public (string Name, string Value)[] Headers { get; init; } = [];

    public static CanaryCall Json(string path, string json) => new(path, () => new StringContent(json, Encoding.UTF8, "application/json"));

    public static CanaryCall Get(string path) => new(path, () => null) { Method = "GET" };

    /// <summary>Fields of text and files, as multipart/form-data.</summary>
    public static CanaryCall Form(string path, (string Name, string Value)[] fields, string file, byte[] bytes) => new(path, () =>
    {
        var form = new MultipartFormDataContent();
        foreach (var (name, value) in fields) form.Add(new StringContent(value), name);
        form.Add(new ByteArrayContent(bytes), file, "a.bin");
        return form;
    });

    public HttpRequestMessage With(KeyPlace place, string key)
    {
        var path = place == KeyPlace.Query ? $"{Path}{(Path.Contains('?') ? '&' : '?')}key={Uri.EscapeDataString(key)}" : Path;
        var request = new HttpRequestMessage(new HttpMethod(Method), path) { Content = Content() };
        foreach (var type in new[] { "application/json", "text/event-stream" }) request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(type));
        foreach (var (name, value) in Headers) request.Headers.TryAddWithoutValidation(name, value);
        if (NameOf(place) is { } header) request.Headers.TryAddWithoutValidation(header, place == KeyPlace.Authorization ? $"Bearer {key}" : key);
        return request;
    }

    private static string? NameOf(KeyPlace place) => place switch
    {
        KeyPlace.Authorization => "Authorization",
        KeyPlace.AnthropicHeader => "x-api-key",
        KeyPlace.AzureHeader => "api-key",
        KeyPlace.GoogleHeader => "x-goog-api-key",
        _ => null,
    };
}

/// <summary>A client, and all that it was answered. An answer that breaks off is what came before.</summary>
internal sealed class CanaryClient(Uri url) : IDisposable
{
    private const string SessionHeader = "Mcp-Session-Id";

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseCookies = false, UseProxy = false }) { BaseAddress = url, Timeout = TimeSpan.FromSeconds(60) };

    /// <summary>The session with the server of tools that is going on.</summary>
    public string Session { get; private set; } = "";

    public List<(string What, int Status, string Text)> Answers { get; } = [];

    public async Task<string> SendAsync(CanaryCall call, KeyPlace place, string key)
    {
        using var request = call.With(place, key);
        if (call.Path == CanaryCalls.Tools && Session.Length > 0) request.Headers.Add(SessionHeader, Session);
        var (status, text) = (0, "");
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            status = (int)response.StatusCode;
            if (response.Headers.TryGetValues(SessionHeader, out var begun)) Session = begun.Single();
            text = response.Headers.ToString();
            text += await response.Content.ReadAsStringAsync();
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            // The provider broke off, and so did the gateway.
        }
        Answers.Add(($"{call.Method} {call.Path} {place}", status, text));
        return text;
    }

    public void Dispose() => _http.Dispose();
}
