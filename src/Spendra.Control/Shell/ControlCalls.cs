using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Logging;
using Spendra.Storage;

namespace Spendra.Control.Shell;

/// <summary>Around every call of the management API: the gate before it, and one answer for whatever goes wrong in it.</summary>
internal sealed partial class ControlCalls(AccessGate gate, ILogger<ControlCalls> logger)
{
    public static Problem UnsupportedMediaType { get; } = new(ProblemKind.UnsupportedMediaType, "Send the body as Content-Type: application/json.");

    public async Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        RequestIds.Of(http);
        http.Response.Headers.CacheControl = "no-store";
        try
        {
            if (await gate.CheckAsync(http) is { } problem) await problem.WriteAsync(http);
            else await next(http);
        }
        catch (Exception e) when (!http.Response.HasStarted && !http.RequestAborted.IsCancellationRequested)
        {
            await Describe(http, e).WriteAsync(http);
        }
    }

    private Problem Describe(HttpContext http, Exception exception)
    {
        switch (exception)
        {
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                return new Problem(ProblemKind.BodyTooLarge, $"A body may have {BufferedBody.MostBytes} bytes.");
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "the database failed a management call, request {RequestId}")]
    private partial void LogUnavailable(Exception exception, string requestId);

    [LoggerMessage(Level = LogLevel.Error, Message = "a management call failed, request {RequestId}")]
    private partial void LogFailed(Exception exception, string requestId);
}
