using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Spendra.Sandbox.Dialects;
using Spendra.Sandbox.Directives;
using Spendra.Sandbox.Providers;

namespace Spendra.Sandbox.Wire;

/// <summary>Whole answers: JSON with its length, and errors.</summary>
internal static class Answers
{
    private const string JsonType = "application/json";

    /// <summary>Sends a finished JSON body. Without knobs nothing is awaited: the server sends head and body in one write.</summary>
    public static Task SendJsonAsync(Exchange exchange, JsonBuffer buffer, Knobs knobs)
    {
        buffer.Json.Flush();
        // A plain body is copied before this returns; one in pieces outlives the buffer.
        var body = knobs.HasPlainBody ? buffer.Written : buffer.Written.ToArray();
        return SendAsync(exchange, body, JsonType, knobs);
    }

    public static Task SendAsync(Exchange exchange, ReadOnlyMemory<byte> body, string contentType, Knobs knobs)
    {
        var response = exchange.Context.Response;
        exchange.StampHeaders();
        response.ContentType = contentType;
        if (!knobs.HasPlainBody)
            return SendInPiecesAsync(exchange, body, knobs);
        response.ContentLength = body.Length;
        response.BodyWriter.Write(body.Span);
        return Task.CompletedTask;
    }

    /// <summary>Confirms that the thing named in the path is gone.</summary>
    public static Task SendDeletedAsync(Exchange exchange, string kind, Knobs knobs)
    {
        using var buffer = JsonBuffer.Rent();
        buffer.Json.WriteStartObject();
        buffer.Json.WriteString("id"u8, exchange.Match.Id);
        buffer.Json.WriteString("object"u8, kind);
        buffer.Json.WriteBoolean("deleted"u8, true);
        buffer.Json.WriteEndObject();
        return SendJsonAsync(exchange, buffer, knobs);
    }

    public static Task RefuseAsync(Exchange exchange, Refusal refusal)
    {
        if (exchange.Match.Dialect is not Dialect.OpenAi)
            return NativeErrors.RefuseAsync(exchange, refusal);
        var response = exchange.Context.Response;
        response.StatusCode = refusal.Status;
        if (refusal.RetryAfterSeconds is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
            response.Headers["retry-after-ms"] = (seconds * 1000L).ToString(CultureInfo.InvariantCulture);
        }
        using var buffer = JsonBuffer.Rent();
        ErrorShapes.Write(buffer.Json, exchange.Match.Provider, refusal);
        return SendJsonAsync(exchange, buffer, Knobs.None);
    }

    /// <summary>Writes the member <c>error</c> of the current object in OpenAI's shape.</summary>
    public static void WriteError(Utf8JsonWriter json, Refusal refusal)
    {
        json.WriteStartObject("error"u8);
        json.WriteString("message"u8, refusal.Message);
        json.WriteString("type"u8, refusal.Type);
        json.WriteString("param"u8, refusal.Param);
        json.WriteString("code"u8, refusal.Code);
        json.WriteEndObject();
    }

    private static async Task SendInPiecesAsync(Exchange exchange, ReadOnlyMemory<byte> body, Knobs knobs)
    {
        if (!knobs.Gzip)
            exchange.Context.Response.ContentLength = body.Length;
        await using var sink = new AnswerSink(exchange.Context, knobs, exchange.Sandbox.Time);
        await sink.SendAsync(body);
    }
}
