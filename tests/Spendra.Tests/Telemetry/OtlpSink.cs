using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Spendra.Tests.Telemetry;

/// <summary>A span as it was told.</summary>
internal sealed record Span(string TraceId, string SpanId, string ParentId, string Name, ulong Kind, Dictionary<string, string> Attributes, IReadOnlyList<string> Links);

/// <summary>A line of the log as it was told.</summary>
internal sealed record LogLine(string Text, string TraceId, Dictionary<string, string> Attributes);

/// <summary>
/// A collector on a real port that takes OTLP: protobuf over HTTP, or gRPC by its framing over HTTP/2. What it takes must be what the
/// standard says; anything else is answered with an error.
/// </summary>
internal sealed class OtlpSink : IAsyncDisposable
{
    private readonly WebApplication _app;

    private OtlpSink(WebApplication app) => _app = app;

    public string Address => _app.Urls.First();

    /// <summary>Bodies as they came.</summary>
    public ConcurrentQueue<byte[]> Bodies { get; } = new();

    /// <summary>Header <c>authorization</c> of each.</summary>
    public ConcurrentQueue<string> Tokens { get; } = new();

    public ConcurrentQueue<Span> Spans { get; } = new();

    public ConcurrentQueue<string> Metrics { get; } = new();

    public ConcurrentQueue<LogLine> Logs { get; } = new();

    public ConcurrentQueue<Dictionary<string, string>> Resources { get; } = new();

    /// <summary>The root of a request's trace.</summary>
    public Span RequestOf(string? id) => Spans.Should().ContainSingle(s => s.Attributes.GetValueOrDefault("spendra.request_id") == id).Subject;

    public static async Task<OtlpSink> StartAsync(bool isGrpc)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(server => server.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = isGrpc ? HttpProtocols.Http2 : HttpProtocols.Http1));
        var app = builder.Build();
        var sink = new OtlpSink(app);
        foreach (var (path, service, take) in ((string, string, Action<ProtoMessage>)[])[
            ("traces", "trace.v1.Trace", sink.TakeTraces), ("metrics", "metrics.v1.Metrics", sink.TakeMetrics), ("logs", "logs.v1.Logs", sink.TakeLogs)])
        {
            if (isGrpc) app.MapPost($"/opentelemetry.proto.collector.{service}Service/Export", http => sink.AnswerGrpcAsync(http, take));
            else app.MapPost($"/v1/{path}", http => sink.AnswerHttpAsync(http, take));
        }
        await app.StartAsync(TestContext.Current.CancellationToken);
        return sink;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswerHttpAsync(HttpContext http, Action<ProtoMessage> take)
    {
        http.Request.ContentType.Should().Be("application/x-protobuf");
        take(await ReadAsync(http, skipped: 0));
        http.Response.ContentType = "application/x-protobuf";
    }

    private async Task AnswerGrpcAsync(HttpContext http, Action<ProtoMessage> take)
    {
        http.Request.ContentType.Should().StartWith("application/grpc");
        take(await ReadAsync(http, skipped: 5));
        http.Response.ContentType = "application/grpc";
        await http.Response.Body.WriteAsync(new byte[5]);
        http.Response.AppendTrailer("grpc-status", "0");
    }

    private async Task<ProtoMessage> ReadAsync(HttpContext http, int skipped)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        var bytes = body.ToArray();
        // gRPC: not compressed, and as long as it says.
        if (skipped > 0) (bytes[0], (int)BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(1))).Should().Be(((byte)0, bytes.Length - skipped));
        Bodies.Enqueue(bytes);
        Tokens.Enqueue(http.Request.Headers.Authorization.ToString());
        return ProtoMessage.Parse(ByteString.CopyFrom(bytes.AsSpan(skipped)));
    }

    private void TakeTraces(ProtoMessage request)
    {
        foreach (var span in Each(request))
        {
            Spans.Enqueue(new Span(span.Hex(1), span.Hex(2), span.Hex(4), span.Text(5), span.Number(6), span.Attributes(9), [.. span.Messages(13).Select(l => l.Hex(1))]));
        }
    }

    private void TakeMetrics(ProtoMessage request)
    {
        foreach (var metric in Each(request)) Metrics.Enqueue(metric.Text(1));
    }

    private void TakeLogs(ProtoMessage request)
    {
        foreach (var line in Each(request)) Logs.Enqueue(new LogLine(line.Messages(5).Single().Text(1), line.Hex(9), Lenient(line)));
    }

    // A scope and a line may have a value of the same name.
    private static Dictionary<string, string> Lenient(ProtoMessage line) =>
        line.Messages(6).GroupBy(a => a.Text(1)).ToDictionary(g => g.Key, g => g.First().Messages(2).Select(v => v.Text(1)).LastOrDefault() ?? "");

    /// <summary>Resource, scope, item: the same nesting for every signal.</summary>
    private IEnumerable<ProtoMessage> Each(ProtoMessage request)
    {
        foreach (var resource in request.Messages(1))
        {
            Resources.Enqueue(resource.Messages(1).Single().Attributes(1));
            foreach (var scope in resource.Messages(2))
            {
                foreach (var item in scope.Messages(2)) yield return item;
            }
        }
    }
}
