using System.Buffers;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Spendra.Gateway.Batches;
using Spendra.Gateway.Dialects;
using Spendra.Gateway.Forwarding;
using Spendra.Gateway.Metering;
using Spendra.Gateway.Providers;
using Spendra.Gateway.Telemetry;

namespace Spendra.Gateway.Requests;

/// <summary>Steps 7 to 10 for one admitted call: send, pass back, meter, settle, explain.</summary>
internal sealed partial class Dispatching(GovernedCall call, DispatchPermit permit, GatewayParts parts)
{
    // A body up to this size is read whole before any of it is passed on, so that its headers can tell its cost.
    private const int HeadBytes = 64 * 1024;

    private const int PieceBytes = 16 * 1024;

    private static readonly TimeSpan MaxRecordWait = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan MaxHangUpWait = TimeSpan.FromSeconds(1);

    // Error bodies are small; what a provider says beyond this is cut off.
    internal const int MaxErrorBytes = 64 * 1024;

    internal static readonly GatewayError BrokenOff = new(502, "api_error", "upstream_failed",
        "The provider's response broke off. What it billed is booked, as an estimate where its usage is unknown. Ask again if you need all of it.");

    private static readonly GatewayError TimedOut = new(504, "api_error", "upstream_timeout",
        "The provider fell silent, or its response took longer than a request may. What it billed is booked, as an estimate where its usage is unknown. Ask for less at once.");

    private static readonly GatewayError HeldUp = new(503, "api_error", "provider_unavailable",
        "The gateway was held up until the request was too old to be sent. Nothing was spent; try again.") { RetryAfter = 1 };

    private readonly HttpContext _context = call.Context;
    private readonly UpstreamProvider _provider = call.Route.Provider;

    /// <summary>Null when the response has been given; otherwise the gateway's own answer.</summary>
    public async Task<GatewayError?> RunAsync()
    {
        using var ending = new ReservationEnding(call, permit, parts);
        if (_context.RequestAborted.IsCancellationRequested)
        {
            ending.Release("the client left before the request was sent");
            call.Outcome = RequestOutcome.Left;
            return null;
        }
        // A batch that is found nowhere counts as never made some time later: so none is sent late.
        if (ending.IsFoundOutLater && Storage.Micros.Now(parts.Time) - permit.Reservation.ReservedAt > parts.Options.ReservationSeconds * 1_000_000L)
        {
            ending.Release("the gateway was held up until the request was too old");
            return HeldUp;
        }
        await Stripping.KeepAsync(call, parts);
        using var patience = new UpstreamPatience(parts.Options, parts.Time, _context.RequestAborted);
        using var request = MakeRequest();
        if (await Authorizing.AuthorizeAsync(call, parts, request.Headers, patience) is { } unauthorized)
        {
            ending.Release("the provider credential is not available");
            return unauthorized;
        }
        HttpResponseMessage response;
        try
        {
            patience.AwaitHeaders();
            response = await Sending.SendAsync(call, permit, parts, request, patience.Token);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or UpstreamAddressException or IOException)
        {
            return Fail(e, ending);
        }
        using (response)
        {
            return await AnswerAsync(response, ending, patience);
        }
    }

    private HttpRequestMessage MakeRequest()
    {
        var incoming = _context.Request;
        var address = Authorizing.AddressOf(call, parts, QueryRules.Pass(_provider, incoming.Query));
        var request = new HttpRequestMessage(new HttpMethod(call.Route.Method), address);
        HeaderRules.CopyToProvider(_provider, incoming.Headers, request.Headers);
        // Nothing here decompresses, so that what passes can be read.
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");
        request.Content = MakeContent(incoming);
        return request;
    }

    private HttpContent? MakeContent(HttpRequest incoming)
    {
        switch (call.Route.Intake)
        {
            case BodyIntake.Governed:
                var body = call.Route.Dialect.Rewrite(call);
                var json = new ReadOnlyMemoryContent(body);
                json.Headers.ContentType = MediaTypeHeaderValue.Parse(call.Facts.Form?.ContentType ?? "application/json");
                return json;
            case BodyIntake.Streamed:
                var stream = new StreamContent(new LimitedBody(incoming.Body, parts.Options.MaxUploadBytes));
                if (incoming.ContentType is { } type) stream.Headers.TryAddWithoutValidation("Content-Type", type);
                stream.Headers.ContentLength = incoming.ContentLength;
                return stream;
            default:
                return null;
        }
    }

    internal static GatewayError Fail(Exception e, ReservationEnding ending)
    {
        if (BadUpload(e) is { } bad)
        {
            ending.Release("the upload was broken off");
            return bad.StatusCode == 413
                ? new GatewayError(413, "invalid_request_error", "request_too_large", "The upload is larger than is accepted here.")
                : new GatewayError(bad.StatusCode, "invalid_request_error", "invalid_request", "The upload is not well-formed HTTP.");
        }
        if (UpstreamClient.Classify(e) == UpstreamFailure.NeverSent)
        {
            ending.Release("the provider could not be reached");
            var address = e as UpstreamAddressException ?? e.InnerException as UpstreamAddressException;
            return new GatewayError(502, "api_error", "upstream_unreachable",
                address?.Message ?? "The provider could not be reached. Nothing was spent; try again later.") { RetryAfter = 1 };
        }
        ending.SettleAtBound(status: 0, upstreamRequestId: null);
        var consequence = ending.IsFoundOutLater
            ? "It may have made the batch: its bound stays held until the provider's list tells."
            : "It may bill the request, so its bound was booked as an estimate.";
        return e is OperationCanceledException
            ? new GatewayError(504, "api_error", "upstream_timeout", "The provider did not answer in time. " + consequence)
            : new GatewayError(502, "api_error", "upstream_failed", "The connection to the provider broke. " + consequence);
    }

    /// <summary>What was wrong with a body that is read while it is sent on.</summary>
    private static BadHttpRequestException? BadUpload(Exception? e)
    {
        while (e is not (null or BadHttpRequestException)) e = e.InnerException;
        return (BadHttpRequestException?)e;
    }

    private async Task<GatewayError?> AnswerAsync(HttpResponseMessage response, ReservationEnding ending, UpstreamPatience patience)
    {
        var status = (int)response.StatusCode;
        var upstreamId = UpstreamRequestId(_provider, response);
        var pump = new ResponsePump(parts.Options, patience, _context) { OnObjectMade = ObjectHook() };
        await using var upstream = await response.Content.ReadAsStreamAsync();
        var verdict = _provider.Judge(status);
        if (verdict != UpstreamVerdict.Worked)
        {
            return await PassErrorAsync(response, verdict, upstream, pump, ending, upstreamId);
        }
        using var meter = call.Route.Dialect.MakeMeter(call, response.Content.Headers.ContentType?.MediaType, parts.Options.MaxStreamLineBytes);
        meter.Reading.TierInHeader = _provider.ServedTierOf(response.Headers);
        if (meter is BodyMeter body)
            return await PassBodyAsync(response, upstream, pump, body, ending, upstreamId);
        if (meter is HeldMeter held)
            return await PassHeldAsync(response, upstream, pump, held, ending, upstreamId);
        WriteHead(response, cost: null);
        await _context.Response.StartAsync();
        var isBroken = await PumpAsync(pump, upstream, meter) == PumpEnd.Broken;
        if (isBroken) await TellBreakAsync(response, pump);
        await EndWithAsync(ending, meter.Reading, status, upstreamId);
        if (isBroken && call.Route.Dialect.HasClientsThatPassOverErrors) await BreakConnectionAsync();
        return null;
    }

    /// <summary>Passes a response piece by piece; counted while it lasts.</summary>
    private async Task<PumpEnd> PumpAsync(ResponsePump pump, Stream upstream, ResponseMeter meter)
    {
        parts.Metrics.StreamBegins();
        try
        {
            var end = await pump.RunAsync(upstream, meter);
            if (end == PumpEnd.Broken) parts.Metrics.BrokeOff(call, pump.HasTimedOut ? "timeout" : "broken_off");
            return end;
        }
        finally
        {
            parts.Metrics.StreamEnds();
        }
    }

    /// <summary>Who ended a response that is not whole: its provider, or the gateway because it took too long.</summary>
    internal static GatewayError BreakOf(ResponsePump pump) => pump.HasTimedOut ? TimedOut : BrokenOff;

    /// <summary>
    /// A stream that broke off must not look like one that ended: an error is its last event, as providers send them, or,
    /// where no event can follow, the connection breaks.
    /// </summary>
    private async Task TellBreakAsync(HttpResponseMessage response, ResponsePump pump)
    {
        if (pump.CanTellMore && response.Content.Headers.ContentType?.MediaType == "text/event-stream")
            await pump.TellAsync(ErrorAnswer.EventOf(call, BreakOf(pump)));
        else
            _context.Abort();
    }

    /// <summary>
    /// Who reads the error hangs up; who has not done so after a while takes what came for the whole answer, unless the
    /// connection breaks. Not at once: an error that is still on its way would be lost with it.
    /// </summary>
    private async Task BreakConnectionAsync()
    {
        await Task.Delay(MaxHangUpWait, parts.Time, _context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        _context.Abort();
    }

    /// <summary>A body: small ones are read first and their cost told in a header; larger ones pass while they are read.</summary>
    private async Task<GatewayError?> PassBodyAsync(
        HttpResponseMessage response, Stream upstream, ResponsePump pump, BodyMeter meter, ReservationEnding ending, string? upstreamId)
    {
        var status = (int)response.StatusCode;
        var head = ArrayPool<byte>.Shared.Rent(HeadBytes);
        var length = 0;
        try
        {
            (length, var isComplete, var isBroken) = await pump.ReadHeadAsync(upstream, head.AsMemory(0, HeadBytes));
            if (isBroken)
            {
                ending.SettleAtBound(status, upstreamId);
                return BreakOf(pump);
            }
            meter.Read(head.AsSpan(0, length));
            if (!isComplete)
            {
                await pump.NoteObjectAsync(meter.Reading);
                WriteHead(response, cost: null);
                _context.Response.ContentLength = response.Content.Headers.ContentLength;
                _context.Response.BodyWriter.Write(head.AsSpan(0, length));
                if (await PumpAsync(pump, upstream, meter) == PumpEnd.Broken) _context.Abort();
                await EndWithAsync(ending, meter.Reading, status, upstreamId);
                return null;
            }
            meter.Finish();
            await RecordObjectAsync(meter.Reading, head.AsMemory(0, length));
            var settlement = ending.Price(meter.Reading, status, upstreamId);
            var goesOn = IsGoingOn(meter.Reading);
            WriteHead(response, goesOn ? null : settlement.Cost);
            if (settlement.IsEstimated && !goesOn) _context.Response.Headers.Append(ExplainHeaders.Warning, "usage_unknown");
            if (BilledCostCheck.Differs(call, meter.Reading, settlement)) _context.Response.Headers.Append(ExplainHeaders.Warning, BilledCostCheck.Warning);
            await WriteBodyAsync(head.AsMemory(0, length));
            await EndWithAsync(ending, meter.Reading, status, upstreamId);
            return null;
        }
        finally
        {
            ReturnClean(head, length);
        }
    }

    /// <summary>A body that is changed on its way: none of it passes before all of it is there.</summary>
    private async Task<GatewayError?> PassHeldAsync(
        HttpResponseMessage response, Stream upstream, ResponsePump pump, HeldMeter meter, ReservationEnding ending, string? upstreamId)
    {
        var status = (int)response.StatusCode;
        var piece = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            int read;
            while ((read = await pump.ReadAsync(upstream, piece)) > 0 && meter.HeldBytes + read <= parts.Options.MaxStreamLineBytes)
                meter.Hold(piece.AsSpan(0, read));
            var body = read == 0 ? meter.Finish() : null;
            if (body is null)
            {
                ending.SettleAtBound(status, upstreamId);
                return BreakOf(pump);
            }
            var settlement = ending.Price(meter.Reading, status, upstreamId);
            WriteHead(response, meter.Reading.IsRefusal ? null : settlement.Cost);
            if (settlement.IsEstimated && !meter.Reading.IsRefusal) _context.Response.Headers.Append(ExplainHeaders.Warning, "usage_unknown");
            await WriteBodyAsync(body.Value);
            await EndWithAsync(ending, meter.Reading, status, upstreamId);
            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece, clearArray: true);
        }
    }

    private async Task<GatewayError?> PassErrorAsync(
        HttpResponseMessage response, UpstreamVerdict verdict, Stream upstream, ResponsePump pump, ReservationEnding ending, string? upstreamId)
    {
        var status = (int)response.StatusCode;
        if (status is 401 or (>= 300 and < 400)) ending.Release($"the provider refused with status {status}");
        if (NotForClients(call, status) is { } ours) return ours;
        var head = ArrayPool<byte>.Shared.Rent(MaxErrorBytes);
        var length = 0;
        try
        {
            (length, _, _) = await pump.ReadHeadAsync(upstream, head.AsMemory(0, MaxErrorBytes));
            // A 503 may come from something between here and the provider, after work was done; its own is in its shape.
            var isRefusal = verdict == UpstreamVerdict.Refused && (status < 500 || call.Route.Dialect.IsError(head.AsSpan(0, length)));
            if (isRefusal) ending.Release($"the provider refused with status {status}");
            else ending.SettleAtBound(status, upstreamId);
            call.Outcome = RequestOutcome.ProviderError;
            WriteHead(response, cost: null);
            _context.Response.ContentLength = length;
            await WriteAsync(head.AsMemory(0, length));
            return null;
        }
        finally
        {
            ReturnClean(head, length);
        }
    }

    /// <summary>Refusals of a provider that concern the account and not the client, in our words; null for others.</summary>
    internal static GatewayError? NotForClients(GovernedCall call, int status) => status switch
    {
        401 => new GatewayError(502, "api_error", "provider_credential_rejected",
            $"The provider rejected the credential of account '{call.Account?.Slug}'. Ask the platform's owner to renew it."),
        >= 300 and < 400 => new GatewayError(502, "api_error", "upstream_redirect",
            "The provider answered with a redirect, which is not followed. Ask the platform's owner to check the account's base URL."),
        _ => null,
    };

    /// <summary>A completion may stand in it: the next renter gets it clean. Clearing all of it would cost more than the rest of the call.</summary>
    private static void ReturnClean(byte[] buffer, int used)
    {
        buffer.AsSpan(0, used).Clear();
        ArrayPool<byte>.Shared.Return(buffer);
    }

    private void WriteHead(HttpResponseMessage response, Core.Money.NanoUsd? cost)
    {
        _context.Response.StatusCode = (int)response.StatusCode;
        HeaderRules.CopyToClient(_provider, response, _context.Response.Headers);
        ExplainHeaders.Write(_context.Response.Headers, call, permit);
        if (cost is { } known) _context.Response.Headers[ExplainHeaders.CostUsd] = known.ToString();
    }

    private Task WriteBodyAsync(ReadOnlyMemory<byte> body)
    {
        // Some answers may have no body at all, not even an empty one (204).
        if (body.IsEmpty) return Task.CompletedTask;
        _context.Response.ContentLength = body.Length;
        return WriteAsync(body);
    }

    private async Task WriteAsync(ReadOnlyMemory<byte> body)
    {
        try
        {
            await _context.Response.Body.WriteAsync(body, _context.RequestAborted);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The client has gone; its call is settled all the same.
        }
    }

    private async Task EndWithAsync(ReservationEnding ending, MeterReading reading, int status, string? upstreamId)
    {
        if (call.Route.MaySettleBackground && !reading.IsPending && reading.Usage is not null)
            await BackgroundSettlement.SettleAsync(call, parts, reading, status, upstreamId);
        if (IsGoingOn(reading))
        {
            ending.LeaveOpen();
            return;
        }
        if (reading.IsRefusal)
        {
            ending.Release("the server refused the call before running it");
            return;
        }
        var settlement = ending.Price(reading, status, upstreamId);
        if (BilledCostCheck.Differs(call, reading, settlement)) BilledCostCheck.Log(parts.Logger, call, settlement);
        ending.Settle(settlement);
    }

    /// <summary>The response goes on at the provider, and whoever fetches it learns its usage.</summary>
    private bool IsGoingOn(MeterReading reading) => call.Facts.IsBackground && reading is { IsPending: true, ObjectId: not null };

    private Func<string, Task>? ObjectHook() => call.Route.Makes switch
    {
        Core.Ledger.ObjectKind.Response when call.Facts.IsStored =>
            id => WrittenAsync(parts.Lane.RecordAsync(ObjectRecords.Response(call, permit.Reservation, id))),
        Core.Ledger.ObjectKind.Batch => id => WrittenAsync(parts.Lane.RecordAsync(ObjectRecords.Batch(call, permit.Reservation, id))),
        _ => null,
    };

    private async Task RecordObjectAsync(MeterReading reading, ReadOnlyMemory<byte> body)
    {
        var reservation = permit.Reservation;
        if (call.Route.Makes is not null && reading.ObjectId is { } id)
        {
            if (ObjectHook() is { } hook) await hook(id);
            // A response that the provider does not keep is nothing to find again.
            else if (call.Route.Makes == Core.Ledger.ObjectKind.File && ObjectRecords.File(call, reservation, id, body.Span) is { } file) await WrittenAsync(parts.Lane.RecordAsync(file));
        }
        if (reading.Batch is { } batch) await WrittenAsync(BatchRecords.SeenAsync(call, reservation, parts, batch));
        if (call.Route.Deletes && call.NamedObjectId is { } deleted)
            await WrittenAsync(parts.Lane.RecordDeletionAsync(reservation.OrganizationId, deleted, Storage.Micros.Now(parts.Time)));
    }

    /// <summary>
    /// Waits for a record, but not for ever: the call has been made and must be answered and settled. The lane goes on
    /// trying; until it succeeds the object is not found.
    /// </summary>
    private async Task WrittenAsync(Task record)
    {
        try
        {
            await record.WaitAsync(MaxRecordWait, parts.Time);
        }
        catch (Exception e) when (e is TimeoutException or Storage.Ledger.LedgerUnavailableException)
        {
            LogNotRecorded(parts.Logger, call.RequestId, e);
        }
    }

    internal static string? UpstreamRequestId(UpstreamProvider provider, HttpResponseMessage response) =>
        response.Headers.NonValidated.TryGetValues(provider.RequestIdHeader, out var values) && values.ToString() is { Length: > 0 and <= 200 } id ? id : null;

    [LoggerMessage(Level = LogLevel.Error, Message = "Request {RequestId}: the object that it made could not be recorded yet")]
    private static partial void LogNotRecorded(ILogger logger, Guid requestId, Exception error);
}
