using System.Diagnostics;
using Spendra.Gateway.Forwarding;
using Spendra.Gateway.Providers;
using Spendra.Gateway.Telemetry;

namespace Spendra.Gateway.Requests;

/// <summary>Step 7's end: sends an admitted call, and tells how long the provider took to begin its answer, if anybody listens.</summary>
internal static class Sending
{
    public static Task<HttpResponseMessage> SendAsync(
        GovernedCall call, DispatchPermit permit, GatewayParts parts, HttpRequestMessage request, CancellationToken cancel) =>
        parts.Metrics.TimesUpstream || RequestTrace.IsOn
            ? SendWatchedAsync(call, permit, parts, request, cancel)
            : parts.Upstream.SendAsync(permit, request, call.IsTest, cancel);

    private static async Task<HttpResponseMessage> SendWatchedAsync(
        GovernedCall call, DispatchPermit permit, GatewayParts parts, HttpRequestMessage request, CancellationToken cancel)
    {
        using var step = RequestTrace.Step(RequestTrace.Upstream, ActivityKind.Client);
        step?.SetTag("spendra.provider", call.Route.Provider.Name);
        if (parts.Options.SendsTraceContext && step is { IdFormat: ActivityIdFormat.W3C, Id: { } id }) request.Headers.TryAddWithoutValidation("traceparent", id);
        var begun = parts.Time.GetTimestamp();
        string? reason = "failed";
        try
        {
            var response = await parts.Upstream.SendAsync(permit, request, call.IsTest, cancel);
            reason = ReasonOf(call, (int)response.StatusCode);
            step?.SetTag("http.response.status_code", (int)response.StatusCode);
            return response;
        }
        catch (Exception e)
        {
            reason = ReasonOf(e);
            throw;
        }
        finally
        {
            parts.Metrics.Sent(call, parts.Time.GetElapsedTime(begun), reason);
            if (reason is not null) step?.SetTag("error.type", reason).SetStatus(ActivityStatusCode.Error);
        }
    }

    private static string? ReasonOf(GovernedCall call, int status) => status switch
    {
        _ when call.Route.Provider.Judge(status) == UpstreamVerdict.Worked => null,
        401 or 403 => "credential_rejected",
        429 => "rate_limited",
        >= 500 => "server_error",
        _ => "refused",
    };

    private static string ReasonOf(Exception e) =>
        UpstreamClient.Classify(e) == UpstreamFailure.NeverSent ? "unreachable" : e is OperationCanceledException ? "timeout" : "broken_off";
}
