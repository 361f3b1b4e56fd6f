using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Spendra.Control.Tests.Alerts;

/// <summary>What a receiver of posts got.</summary>
internal sealed record Received(string Path, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public JsonNode Json => JsonNode.Parse(Body)!;
}

/// <summary>A real receiver of posts on a real port. It answers as the test says, and may never answer.</summary>
internal sealed class HttpSink : IAsyncDisposable
{
    private readonly WebApplication _app;

    private HttpSink(WebApplication app) => _app = app;

    public ConcurrentQueue<Received> Got { get; } = new();

    /// <summary>Released once for each post.</summary>
    public SemaphoreSlim Arrived { get; } = new(0);

    /// <summary>The status of the answer to the n-th post, from 1 on; null for none, ever.</summary>
    public Func<int, int?> Status { get; set; } = static _ => 200;

    /// <summary>Header <c>retry-after</c> of answers.</summary>
    public string? RetryAfter { get; set; }

    public string Address => $"{_app.Urls.First()}/hook?token=s3cret";

    public static async Task<HttpSink> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var sink = new HttpSink(app);
        app.Run(sink.AnswerAsync);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return sink;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        Arrived.Dispose();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        Got.Enqueue(new Received(http.Request.Path + http.Request.QueryString,
            http.Request.Headers.ToDictionary(h => h.Key.ToLowerInvariant(), h => h.Value.ToString()), body.ToArray()));
        Arrived.Release();
        if (Status(Got.Count) is not { } status)
        {
            await Task.Delay(Timeout.Infinite, http.RequestAborted);
            return;
        }
        http.Response.StatusCode = status;
        if (RetryAfter is not null) http.Response.Headers.RetryAfter = RetryAfter;
    }
}
