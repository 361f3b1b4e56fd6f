using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Spendra.Gateway.Requests;
using Spendra.Storage;
using Spendra.Storage.Ledger;

namespace Spendra.Gateway.Dialects;

/// <summary>Sends Spendra's own answers. The shape is the dialect's; status, headers and the details are the same in all.</summary>
internal static class ErrorAnswer
{
    // Never part of a page, so that quotes in a message may stand as they are.
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Task WriteAsync(HttpContext context, Dialect dialect, Guid requestId, GatewayError error) =>
        WriteAsync(context, dialect, requestId, error.Status, error, json => dialect.WriteError(json, requestId, error));

    public static Task WriteAsync(GovernedCall call, GatewayError error)
    {
        var dialect = call.Route.Dialect;
        return WriteAsync(call.Context, dialect, call.RequestId, dialect.StatusOf(call, error), error, json => dialect.WriteError(json, call, error));
    }

    private static async Task WriteAsync(
        HttpContext context, Dialect dialect, Guid requestId, int status, GatewayError error, Action<Utf8JsonWriter> write)
    {
        var response = context.Response;
        if (response.HasStarted)
        {
            context.Abort();
            return;
        }
        response.Clear();
        response.StatusCode = status;
        response.ContentType = "application/json";
        response.Headers[ExplainHeaders.RequestId] = requestId.ToString();
        if (dialect.RequestIdHeader is { } name) response.Headers[name] = requestId.ToString();
        // OpenAI's and Anthropic's clients obey this before any rule of their own.
        response.Headers["x-should-retry"] = error.RetryAfter is null ? "false" : "true";
        if (error.RetryAfter is { } seconds) response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        var body = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(body, Plain)) write(json);
        response.ContentLength = body.WrittenCount;
        if (!HttpMethods.IsHead(context.Request.Method)) await response.Body.WriteAsync(body.WrittenMemory);
    }

    /// <summary>The last event of a stream that broke off.</summary>
    public static ReadOnlyMemory<byte> EventOf(GovernedCall call, GatewayError error)
    {
        var dialect = call.Route.Dialect;
        var text = new ArrayBufferWriter<byte>(512);
        if (dialect.ErrorEventOf(call) is { } name) text.Write(Encoding.UTF8.GetBytes($"event: {name}\n"));
        text.Write("data: "u8);
        using (var json = new Utf8JsonWriter(text, Plain)) dialect.WriteStreamError(json, call, error);
        text.Write("\n\n"u8);
        return text.WrittenMemory;
    }

    /// <summary>What a person reads: what happened, what to do, and the id to ask with.</summary>
    public static string MessageOf(Guid requestId, GatewayError error) => $"{error.Message} (request {requestId})";

    /// <summary>The member <c>spendra</c> of every dialect's error, which clients ignore: the refusal in figures.</summary>
    public static void WriteDetails(Utf8JsonWriter json, Guid requestId, GatewayError error)
    {
        json.WriteStartObject("spendra");
        json.WriteString("request_id", requestId);
        if (error.Refusal is { } refusal)
        {
            if (refusal.PolicySlug is { } policy) json.WriteString("policy", policy);
            if (refusal.Window is { } window)
            {
                json.WriteString("budget", window.BudgetSlug);
                json.WriteString("limit_usd", window.Limit.ToString());
                json.WriteString("settled_usd", window.Settled.ToString());
                json.WriteString("reserved_usd", window.Reserved.ToString());
                json.WriteString("needed_usd", window.Needed.ToString());
                if (window.EndsAt == Core.Budgets.WindowSpan.Never) json.WriteNull("window_ends_at");
                else json.WriteString("window_ends_at", Micros.ToInstant(window.EndsAt));
            }
        }
        if (error.RequestUrl is { } url) json.WriteString("request_url", url.AbsoluteUri);
        if (error.EarlierRequestId is { } earlier) WriteEarlier(json, earlier, error.EarlierSettlement);
        json.WriteEndObject();
    }

    private static void WriteEarlier(Utf8JsonWriter json, Guid requestId, EarlierSettlement? settlement)
    {
        json.WriteStartObject("earlier");
        json.WriteString("request_id", requestId);
        if (settlement is not null)
        {
            json.WriteString("model", settlement.Model);
            json.WriteString("cost_usd", settlement.Cost.ToString());
            json.WriteBoolean("estimated", settlement.IsEstimated);
            json.WriteString("settled_at", Micros.ToInstant(settlement.SettledAt));
        }
        json.WriteEndObject();
    }
}
