using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Gateway.Forwarding;
using Spendra.Gateway.Providers;
using Spendra.Gateway.Requests;
using Spendra.Gateway.Telemetry;

namespace Spendra.Gateway.Mcp;

/// <summary>Steps 7 to 10 for one admitted call of a tool that came without MCP: the session is opened and closed here.</summary>
internal sealed class ToolCalling(GovernedCall call, DispatchPermit permit, GatewayParts parts)
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly UpstreamProvider _provider = call.Route.Provider;

    /// <summary>Null when the response has been given; otherwise the gateway's own answer.</summary>
    public async Task<GatewayError?> RunAsync()
    {
        using var ending = new ReservationEnding(call, permit, parts);
        if (call.Context.RequestAborted.IsCancellationRequested)
        {
            ending.Release("the client left before the request was sent");
            call.Outcome = RequestOutcome.Left;
            return null;
        }
        using var patience = new UpstreamPatience(parts.Options, parts.Time, call.Context.RequestAborted);
        var session = new ToolSession(call, permit, parts, patience);
        if (await session.OpenAsync() is { } closed)
        {
            ending.Release("no session with the server could be opened");
            return closed;
        }
        var error = await CallAsync(session, patience, ending);
        await session.CloseAsync();
        return error;
    }

    private async Task<GatewayError?> CallAsync(ToolSession session, UpstreamPatience patience, ReservationEnding ending)
    {
        var (request, unauthorized) = await session.MakeCallAsync();
        using (request)
        {
            if (unauthorized is not null)
            {
                ending.Release("the provider credential is not available");
                return unauthorized;
            }
            try
            {
                patience.AwaitHeaders();
                using var response = await Sending.SendAsync(call, permit, parts, request, patience.Token);
                return await AnswerAsync(session, response, ending);
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException or UpstreamAddressException or IOException)
            {
                return Dispatching.Fail(e, ending);
            }
        }
    }

    private async Task<GatewayError?> AnswerAsync(ToolSession session, HttpResponseMessage response, ReservationEnding ending)
    {
        var status = (int)response.StatusCode;
        var upstreamId = Dispatching.UpstreamRequestId(_provider, response);
        var verdict = _provider.Judge(status);
        if (verdict != UpstreamVerdict.Worked) return await RefusedAsync(session, response, verdict, ending, upstreamId);
        var answer = new ToolCallAnswer(call);
        var reading = await session.ReadAsync(response, answer);
        if (!answer.IsGiven)
        {
            ending.SettleAtBound(status, upstreamId);
            return session.Break;
        }
        var settlement = ending.Price(reading, status, upstreamId);
        if (reading.IsRefusal) ending.Release("the server refused the call before running it");
        else ending.Settle(settlement);
        await WriteAsync(answer, reading.IsRefusal ? null : settlement);
        return null;
    }

    private async Task<GatewayError> RefusedAsync(
        ToolSession session, HttpResponseMessage response, UpstreamVerdict verdict, ReservationEnding ending, string? upstreamId)
    {
        var status = (int)response.StatusCode;
        // A 503 may come from something between here and the server, after work was done; its own is in its shape.
        var isRefusal = verdict == UpstreamVerdict.Refused && (status < 500 || call.Route.Dialect.IsError((await session.ReadErrorAsync(response)).Span));
        if (isRefusal) ending.Release($"the provider refused with status {status}");
        else ending.SettleAtBound(status, upstreamId);
        return Dispatching.NotForClients(call, status) ?? new GatewayError(502, "api_error", "upstream_failed", isRefusal
            ? $"The server of tools refused the call with status {status}. Nothing was spent."
            : $"The server of tools failed with status {status}. It may have worked, so the tool's price was booked as an estimate.");
    }

    /// <param name="answer">What the server said.</param>
    /// <param name="settlement">What is booked; null when nothing is owed.</param>
    private async Task WriteAsync(ToolCallAnswer answer, Settlement? settlement)
    {
        var cost = settlement?.Cost ?? NanoUsd.Zero;
        var body = new ArrayBufferWriter<byte>(answer.Given.Length + 512);
        using (var json = new Utf8JsonWriter(body, Plain)) Write(json, answer, cost, settlement is { IsEstimated: true });
        var response = call.Context.Response;
        response.ContentType = "application/json";
        ExplainHeaders.Write(response.Headers, call, permit);
        response.Headers[ExplainHeaders.CostUsd] = cost.ToString();
        response.ContentLength = body.WrittenCount;
        try
        {
            await response.Body.WriteAsync(body.WrittenMemory, call.Context.RequestAborted);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The client has gone; its call is settled all the same.
        }
    }

    private void Write(Utf8JsonWriter json, ToolCallAnswer answer, NanoUsd cost, bool isEstimated)
    {
        json.WriteStartObject();
        json.WriteString("id", call.RequestId);
        json.WriteString("object", "tool_call");
        json.WriteString("server", call.Message!.Server);
        json.WriteString("tool", call.Message.Tool);
        json.WriteString("status", answer is { IsResult: true, IsToolError: false } ? "completed" : "failed");
        json.WritePropertyName(answer.IsResult ? "result" : "error");
        json.WriteRawValue(answer.Given.Span, skipInputValidation: true);
        json.WriteStartObject("cost");
        json.WriteString("reserved_usd", permit.Reservation.Amount.ToString());
        json.WriteString("settled_usd", cost.ToString());
        json.WriteBoolean("estimated", isEstimated);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
