using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Spendra.Control.Exports;

namespace Spendra.Control.Tests.Exports;

/// <summary>
/// As much of S3 as exports speak, with one bucket in memory: signatures (version 4), hashes of the content and lengths are checked as
/// the protocol wants it, and what a test says beforehand goes wrong.
/// </summary>
internal sealed class BucketServer : IAsyncDisposable
{
    public const string Bucket = "exports";
    public const string KeyId = "AKIATESTS";
    public const string Secret = "secret/of+the/tests";
    private const string Region = "eu-central-1";

    private readonly WebApplication _app;

    private BucketServer(WebApplication app) => _app = app;

    public Uri Url => new(_app.Urls.Single());

    /// <summary>Objects by their names, with the hash that came along.</summary>
    public ConcurrentDictionary<string, (byte[] Bytes, string? Sha256)> Objects { get; } = [];

    /// <summary>Requests as <c>PUT name</c>, in their order, whatever became of them.</summary>
    public ConcurrentQueue<string> Asked { get; } = [];

    /// <summary>Looks at each request before it is served; true when it has answered it.</summary>
    public Func<HttpContext, Task<bool>>? Trouble { get; set; }

    public static async Task<BucketServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = new BucketServer(builder.Build());
        server._app.Run(server.ServeAsync);
        await server._app.StartAsync();
        return server;
    }

    public BucketConnection Connection(string keyId = KeyId, string secret = Secret) => new()
    {
        Endpoint = Url, Region = Region, IsPathStyle = true, Credentials = new BucketCredentials(keyId, secret), StallLimit = TimeSpan.FromSeconds(20),
    };

    public static Task AnswerAsync(HttpContext http, int status, string code)
    {
        http.Response.StatusCode = status;
        return http.Request.Method == "HEAD" ? Task.CompletedTask
            : http.Response.WriteAsync($"<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>told {http.Request.Headers.Authorization}</Message></Error>");
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task ServeAsync(HttpContext http)
    {
        var path = http.Request.Path.Value!.Split('/', 3);
        var name = path.Length > 2 ? path[2] : "";
        Asked.Enqueue($"{http.Request.Method} {name}");
        if (Trouble is { } trouble && await trouble(http)) return;
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        var bytes = body.ToArray();
        if (FaultOf(http, bytes) is var (status, code)) await AnswerAsync(http, status, code);
        else if (path[1] != Bucket) await AnswerAsync(http, 404, "NoSuchBucket");
        else await ServeAsync(http, name, bytes);
    }

    private async Task ServeAsync(HttpContext http, string name, byte[] bytes)
    {
        switch (http.Request.Method)
        {
            case "PUT":
                Objects[name] = (bytes, http.Request.Headers["x-amz-meta-sha256"]);
                http.Response.Headers.ETag = "\"x\"";
                break;
            case "HEAD" when Objects.TryGetValue(name, out var found):
                http.Response.ContentLength = found.Bytes.Length;
                http.Response.Headers["x-amz-meta-sha256"] = found.Sha256;
                break;
            case "GET" when http.Request.Query["list-type"] == "2":
                var keys = Objects.Keys.Where(k => k.StartsWith(http.Request.Query["prefix"].ToString(), StringComparison.Ordinal)).Take(1).ToList();
                await http.Response.WriteAsync($"<?xml version=\"1.0\"?><ListBucketResult><Name>{Bucket}</Name><KeyCount>{keys.Count}</KeyCount>"
                    + string.Concat(keys.Select(k => $"<Contents><Key>{k}</Key></Contents>")) + "</ListBucketResult>");
                break;
            default:
                await AnswerAsync(http, 404, "NoSuchKey");
                break;
        }
    }

    private static (int Status, string Code)? FaultOf(HttpContext http, byte[] bytes)
    {
        var hash = SHA256.HashData(bytes);
        if (http.Request.Headers["x-amz-content-sha256"] != Convert.ToHexStringLower(hash)) return (400, "XAmzContentSHA256Mismatch");
        if (http.Request.Method == "PUT" && http.Request.Headers["x-amz-checksum-sha256"] != Convert.ToBase64String(hash)) return (400, "BadDigest");
        var parts = http.Request.Headers.Authorization.ToString().Replace("AWS4-HMAC-SHA256 ", "", StringComparison.Ordinal).Split(',', StringSplitOptions.TrimEntries)
            .Select(p => p.Split('=', 2)).ToDictionary(p => p[0], p => p[^1]);
        var scope = parts["Credential"].Split('/', 2);
        if (scope[0] != KeyId) return (403, "InvalidAccessKeyId");
        return parts["Signature"] == Sign(http, scope[1], parts["SignedHeaders"]) ? null : (403, "SignatureDoesNotMatch");
    }

    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    private static string Sign(HttpContext http, string scope, string headers)
    {
        var request = http.Request;
        var target = http.Features.Get<IHttpRequestFeature>()!.RawTarget.Split('?', 2);
        var query = target.Length == 1 ? "" : string.Join('&', target[1].Split('&').Select(q => q.Contains('=') ? q : q + "=").Order(StringComparer.Ordinal));
        var canonical = string.Join('\n', [request.Method, target[0], query,
            .. headers.Split(';').Select(h => $"{h}:{request.Headers[h].ToString().Trim()}"), "", headers, request.Headers["x-amz-content-sha256"].ToString()]);
        var day = scope.Split('/')[0];
        var text = string.Create(CultureInfo.InvariantCulture, $"AWS4-HMAC-SHA256\n{request.Headers["x-amz-date"]}\n{scope}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))}");
        var key = new[] { day, Region, "s3", "aws4_request" }.Aggregate(Encoding.UTF8.GetBytes("AWS4" + Secret), (k, step) => HMACSHA256.HashData(k, Encoding.UTF8.GetBytes(step)));
        return Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text)));
    }
}
