using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Spendra.Gateway.Batches;
using Spendra.Gateway.Dialects;
using Spendra.Gateway.Forwarding;
using Spendra.Gateway.Mcp;
using Spendra.Gateway.Requests;
using Spendra.Gateway.Telemetry;
using Spendra.Storage;
using Spendra.Storage.Ledger;

namespace Spendra.Gateway;

/// <summary>
/// The life of a governed request.
/// <list type="number">
/// <item>Authenticate: the key, by format, checksum, snapshot and digest.</item>
/// <item>Read: what governance must know of the body, and whether the ids in it are the caller's.</item>
/// <item>Resolve: scopes and policies, from an immutable snapshot.</item>
/// <item>Bound: the most that the call can cost. No price, no bound, no call.</item>
/// <item>Decide: a pure function says admit or deny.</item>
/// <item>Reserve: every window or none, durably, through the ledger lane. Only that makes a permit to dispatch.</item>
/// <item>Dispatch: the provider's credential on, the client's off.</item>
/// <item>Meter: the response is read as it passes, and on when the client has gone.</item>
/// <item>Settle: the real cost, off the response path; the bound when the usage is unknown; nothing when nothing was done.</item>
/// <item>Explain: headers with the request's id, reservation, cost and what remains.</item>
/// </list>
/// Whatever happens, a reservation that was made ends exactly once.
/// </summary>
internal sealed partial class GovernedRequest(GatewayParts parts)
{
    public async Task HandleAsync(HttpContext context, GovernedRoute route)
    {
        var call = new GovernedCall(context, route, parts.NewRequestId());
        using var trace = RequestTrace.Begin(call);
        using var scope = parts.Options.ScopesLogs ? RequestScope(parts.Logger, call.RequestId) : null;
        HeldBody? body = null;
        GatewayError? error = null;
        call.Places = new TakenPlaces(parts);
        parts.Requests.Enter();
        try
        {
            var cancel = context.RequestAborted;
            error = await Authentication.AuthenticateAsync(call, parts, cancel);                           // 1
            if (error is null && !call.Places.TryTakeOfKey(call.Standing.Key.KeyId)) error = TooManyAtOnce();
            if (error is null) (body, error) = await ReadAsync(call, cancel);                              // 2
            if (error is null && call.Batch is { } batch) error = await BatchIntake.ReadAsync(call, batch, parts, cancel);
            if (error is null)
            {
                var (permit, refused) = await Admitting.AdmitAsync(call, parts, cancel);                   // 3, 4, 5, 6
                call.Batch?.Dispose();
                error = permit is null ? refused : await RunAsync(call, permit);                           // 7, 8, 9, 10
            }
            if (error is null) return;
            if (error.Refusal is { } refusal) await Refusals.KeepAsync(call, parts, refusal);
            await ErrorAnswer.WriteAsync(call, error);
        }
        catch (Exception e)
        {
            error = await AnswerExceptionAsync(call, e);
        }
        finally
        {
            var outcome = OutcomeOf(call, error);
            parts.Metrics.Ended(call, outcome, error);
            RequestTrace.End(trace, call, outcome, error);
            call.Places.Dispose();
            call.Batch?.Dispose();
            body?.Dispose();
            parts.Requests.Leave();
        }
    }

    private Task<GatewayError?> RunAsync(GovernedCall call, DispatchPermit permit) => call.Route switch
    {
        { OpensSession: true } => new ToolCalling(call, permit, parts).RunAsync(),
        { ListsBatches: true } => new BatchListing(call, permit, parts).RunAsync(),
        _ => new Dispatching(call, permit, parts).RunAsync(),
    };

    /// <summary>Step 2. The body is held until the request has ended.</summary>
    private async Task<(HeldBody? Body, GatewayError? Error)> ReadAsync(GovernedCall call, CancellationToken cancel)
    {
        var request = call.Context.Request;
        if (request.Headers.ContentEncoding.Count > 0)
            return (null, new GatewayError(415, "invalid_request_error", "unsupported_encoding", "Compressed request bodies are not read here. Send the body as it is."));
        LeaveBodyLimitToUs(call.Context);
        HeldBody? body = null;
        GatewayError? error = null;
        if (call.Route.Intake == BodyIntake.Governed)
        {
            body = await HeldBody.ReadAsync(request, parts.Options.MaxBodyBytes, cancel);
            if (body is null) return (null, TooLarge(parts.Options.MaxBodyBytes));
            error = Intake.ReadBody(call, body.Bytes);
        }
        else if (call.Route.Intake == BodyIntake.Streamed)
        {
            if (request.ContentLength > parts.Options.MaxUploadBytes) return (null, TooLarge(parts.Options.MaxUploadBytes));
        }
        if (error is null)
        {
            Intake.Outline(call);
            error = await Intake.CheckOwnershipAsync(call, parts, cancel) ?? Intake.ReadIdempotencyKey(call);
            // What the request names lives at one account, and only that one can serve it.
            if (call.ObjectAccountId is not null) Intake.Outline(call);
        }
        return (body, error);
    }

    /// <summary>What was answered, or null when the client has gone.</summary>
    private async Task<GatewayError?> AnswerExceptionAsync(GovernedCall call, Exception e)
    {
        if (call.Context.RequestAborted.IsCancellationRequested && e is OperationCanceledException or IOException)
        {
            call.Outcome = RequestOutcome.Left;
            return null;
        }
        var error = e switch
        {
            BadHttpRequestException { StatusCode: 413 } => TooLarge(parts.Options.MaxBodyBytes),
            BadHttpRequestException bad => new GatewayError(bad.StatusCode, "invalid_request_error", "invalid_request", "The request is not well-formed HTTP."),
            LedgerUnavailableException => Admitting.Unavailable("The ledger cannot be reached, so nothing may be spent. Nothing was sent; try again shortly."),
            _ when DatabaseUnavailableException.IsSaidBy(e) => Admitting.Unavailable("The database cannot be reached, so nothing may be spent. Nothing was sent; try again shortly."),
            _ => new GatewayError(500, "api_error", "internal_error", "Something went wrong inside the gateway. Report the request id to whoever runs it."),
        };
        if (error.Status >= 500) LogFailed(parts.Logger, call.RequestId, call.Route.Name, e);
        await ErrorAnswer.WriteAsync(call, error);
        return error;
    }

    private static RequestOutcome OutcomeOf(GovernedCall call, GatewayError? error) => call.Outcome ?? error switch
    {
        null => RequestOutcome.Answered,
        { Status: < 500 } or { Refusal: not null } => RequestOutcome.Refused,
        _ => RequestOutcome.Failed,
    };

    /// <summary>
    /// The limits here are kept while reading. The server's own would close the connection of a client that still
    /// sends; without it the rest is drained for a moment and the client reads why it was refused.
    /// </summary>
    private static void LeaveBodyLimitToUs(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = null;
    }

    private static GatewayError TooLarge(long limit) => new(413, "invalid_request_error", "request_too_large",
        $"The request body is larger than {limit} bytes. Send less at once.");

    private static GatewayError TooManyAtOnce() => GatewayError.From(new Core.Governance.Refusal(
        Core.Governance.RefusalCode.ConcurrencyLimitExceeded, "This key has as many requests in flight as it may. Wait for some to end."));

    private static readonly Func<ILogger, Guid, IDisposable?> RequestScope = LoggerMessage.DefineScope<Guid>("request {RequestId}");

    [LoggerMessage(Level = LogLevel.Error, Message = "Request {RequestId} to {Route} failed")]
    private static partial void LogFailed(ILogger logger, Guid requestId, string route, Exception error);
}
