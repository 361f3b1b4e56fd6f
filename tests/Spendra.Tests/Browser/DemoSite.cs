using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Spendra.Testing;
using Spendra.Tests.EndToEnd;

namespace Spendra.Tests.Browser;

/// <summary>The demo as anybody starts it: a company with people of every role and weeks of spend.</summary>
public class DemoSite : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private TestProcess _process = null!;
    private JsonElement _document;

    public string Url => _document.GetProperty("gatewayUrl").GetString()!;

    public string Password => _document.GetProperty("password").GetString()!;

    public string KeyOf(string slug) => _document.GetProperty("keys").GetProperty(slug).GetString()!;

    public async ValueTask InitializeAsync()
    {
        string[] where = await PlaceAsync(_folder);
        _process = SpendraProcess.Start(["demo", "--json", "--urls", "http://127.0.0.1:0", .. where], new Dictionary<string, string?>(), _folder.Path);
        await _process.WaitForLineAsync(l => l == "}", TimeSpan.FromMinutes(3));
        // What is logged meanwhile stands between the lines of the document's beginning and of its end, if at all.
        _document = DocumentOf(_process.Lines);
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>The options that say where its data are.</summary>
    protected virtual Task<string[]> PlaceAsync(TempFolder folder) => Task.FromResult<string[]>(["--data", folder.File("demo")]);

    /// <summary>What the demo printed as its document, without what was logged beside it.</summary>
    internal static JsonElement DocumentOf(IReadOnlyList<string> lines)
    {
        var printed = lines.SkipWhile(l => l != "{").Where(l => l.Length > 0 && !char.IsDigit(l[0]));
        return JsonDocument.Parse(string.Concat(printed.TakeWhile(l => l != "}").Append("}"))).RootElement;
    }

    /// <summary>A client with the cookie of somebody who signed in.</summary>
    public async Task<HttpClient> SignInAsync(string email, CancellationToken cancel)
    {
        var http = new HttpClient(new SocketsHttpHandler { CookieContainer = new CookieContainer(), AllowAutoRedirect = false, UseProxy = false }) { BaseAddress = new Uri(Url) };
        using var response = await http.PostAsJsonAsync("/api/v1/session", new { email, password = Password }, cancel);
        response.IsSuccessStatusCode.Should().BeTrue(await response.Content.ReadAsStringAsync(cancel));
        return http;
    }

    /// <summary>The cookie of a session of somebody's own.</summary>
    public async Task<string> CookieAsync(string email, CancellationToken cancel)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false, UseProxy = false }) { BaseAddress = new Uri(Url) };
        using var response = await http.PostAsJsonAsync("/api/v1/session", new { email, password = Password }, cancel);
        return response.Headers.GetValues("Set-Cookie").Single(c => c.Contains("session", StringComparison.OrdinalIgnoreCase)).Split(';')[0];
    }

    /// <summary>A governed call, as the demo prints it.</summary>
    public async Task<HttpStatusCode> CallAsync(string key, CancellationToken cancel)
    {
        using var http = new HttpClient { BaseAddress = new Uri(Url) };
        http.DefaultRequestHeaders.Authorization = new("Bearer", KeyOf(key));
        using var response = await http.PostAsJsonAsync("/v1/chat/completions",
            new { model = "gpt-5.4-mini", messages = new[] { new { role = "user", content = "Hello" } } }, cancel);
        return response.StatusCode;
    }
}

/// <summary>The same on a server.</summary>
public sealed class PostgresDemoSite : DemoSite
{
    protected override async Task<string[]> PlaceAsync(TempFolder folder) =>
        ["--keys", folder.File("keys"), "--database", PostgresCluster.ToUrl(await (await PostgresCluster.SharedAsync()).CreateDatabaseAsync("demo"))];
}
