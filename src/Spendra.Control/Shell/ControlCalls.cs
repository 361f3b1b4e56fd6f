using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;
using Spendra.Storage;

namespace Spendra.Control.Shell;

/// <summary>Around every call of the management API: the gate before it, and one answer for whatever goes wrong in it.</summary>
internal sealed partial class ControlCalls(AccessGate gate, ILogger<ControlCalls> logger)
{
    public static Problem UnsupportedMediaType { get; } = new(ProblemKind.UnsupportedMediaType, "Send the body as Content-Type: application/json, in UTF-8.");

    private static Problem TooLarge { get; } = new(ProblemKind.BodyTooLarge, $"A body may have {BufferedBody.MostBytes} bytes.");

    public async Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        using var scope = RequestScope(logger, RequestIds.Of(http));
        http.Response.Headers.CacheControl = "no-store";
        try
        {
            if (await gate.CheckAsync(http) is { } problem || (problem = Unreadable(http)) is not null) await problem.WriteAsync(http);
            else await next(http);
            // A body whose end came too late for its length to be known: the framework says the status and nothing more.
            if (http.Response is { StatusCode: StatusCodes.Status413PayloadTooLarge, HasStarted: false }) await TooLarge.WriteAsync(http);
        }
        catch (Exception e) when (!http.Response.HasStarted && !http.RequestAborted.IsCancellationRequested)
        {
            await Describe(http, e).WriteAsync(http);
        }
    }

    /// <summary>What is known of a body before it is read, and how it is read then; the server's own limit is that of requests to providers.</summary>
    private static Problem? Unreadable(HttpContext http)
    {
        if (http.Request.ContentLength > BufferedBody.MostBytes) return TooLarge;
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = BufferedBody.MostBytes;
        if (http.Request.Headers.ContainsKey(Repetition.Header)) BufferedBody.Keep(http);
        var isOfOtherCharset = MediaTypeHeaderValue.TryParse(http.Request.ContentType, out var type) && type.Charset.HasValue
            && !HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase);
        return isOfOtherCharset ? UnsupportedMediaType : null;
    }

    private Problem Describe(HttpContext http, Exception exception)
    {
        switch (exception)
        {
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                return TooLarge;
            case BadHttpRequestException { StatusCode: StatusCodes.Status415UnsupportedMediaType }:
                return UnsupportedMediaType;
            case BadHttpRequestException { InnerException: JsonException json }:
                return JsonProblems.Describe(json);
            // The framework speaks of its parameters, and may repeat what the caller wrote.
            case BadHttpRequestException when ReadsBody(http):
                return new Problem(ProblemKind.InvalidRequest, "This operation reads a body of JSON, and none came, or not all of it.");
            case BadHttpRequestException:
                return new Problem(ProblemKind.InvalidRequest, "The request cannot be read: a part of its address, query or headers is not of the documented form.");
            case var e when DatabaseUnavailableException.IsSaidBy(e):
                LogUnavailable(e, RequestIds.Of(http));
                return new Problem(ProblemKind.DatabaseUnavailable, "Nothing was changed unless a repetition says so. Try again in a moment.");
            default:
                LogFailed(exception, RequestIds.Of(http));
                return new Problem(ProblemKind.Internal, "This is a mistake of Spendra. The log has more under the request id.");
        }
    }

    private static bool ReadsBody(HttpContext http) => http.GetEndpoint()?.Metadata.GetMetadata<IAcceptsMetadata>() is { IsOptional: false };

    private static readonly Func<ILogger, string, IDisposable?> RequestScope = LoggerMessage.DefineScope<string>("request {RequestId}");

    [LoggerMessage(Level = LogLevel.Warning, Message = "the database failed a management call, request {RequestId}")]
    private partial void LogUnavailable(Exception exception, string requestId);

    [LoggerMessage(Level = LogLevel.Error, Message = "a management call failed, request {RequestId}")]
    private partial void LogFailed(Exception exception, string requestId);
}
