using System.Diagnostics;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Telemetry;

/// <summary>
/// The trace of a governed request: the request itself, and below it admission, reservation, the provider's answer and the
/// settlement. It tells ids, names from fixed lists and codes; no address, header or body, and no name that only the client gave.
/// <para>
/// A gateway is a boundary of trust: what a client says of its own trace is linked, and decides neither the trace's id nor
/// whether it is kept. Its <c>tracestate</c> and baggage, free text, end here.
/// </para>
/// </summary>
internal static class RequestTrace
{
    public const string Admission = "admission";
    public const string Reservation = "reservation";
    public const string Upstream = "upstream";
    public const string Settlement = "settlement";

    private static readonly ActivitySource Source = new(GatewayTelemetry.SourceName);

    /// <summary>Whether anybody listens. When not, nothing here allocates.</summary>
    public static bool IsOn => Source.HasListeners();

    /// <summary>Begins the trace of a request; null when nobody listens. To be called where its life begins.</summary>
    public static Activity? Begin(GovernedCall call)
    {
        if (!Source.HasListeners()) return null;
        // The web server's own activity may have the client's as its parent, and with it the client's say in sampling.
        Activity.Current = null;
        var trace = Source.StartActivity(call.Route.Name, ActivityKind.Server, parentContext: default, tags: null, LinksOf(call));
        trace?.SetTag("spendra.request_id", call.RequestId.ToString());
        trace?.SetTag("spendra.provider", call.Route.Provider.Name);
        trace?.SetTag("spendra.route", call.Route.Name);
        return trace;
    }

    /// <summary>A step of the request that the current activity is of; null when nobody listens or this request is not kept.</summary>
    public static Activity? Step(string name, ActivityKind kind = ActivityKind.Internal) => Source.StartActivity(name, kind);

    public static void End(Activity? trace, GovernedCall call, RequestOutcome outcome, GatewayError? error)
    {
        if (trace is not { IsAllDataRequested: true }) return;
        trace.SetTag("spendra.outcome", RequestOutcomes.NameOf(outcome));
        trace.SetTag("http.response.status_code", call.Context.Response.StatusCode);
        if (call.Snapshot is { } snapshot) trace.SetTag("spendra.organization_id", snapshot.OrganizationId.ToString());
        // A name of the price book: what a client calls a model may be anything.
        if (call.Price is { } price) trace.SetTag("gen_ai.request.model", price.Model);
        if (error is not null) trace.SetTag("error.type", error.Code);
        if (outcome == RequestOutcome.Failed) trace.SetStatus(ActivityStatusCode.Error);
    }

    private static ActivityLink[]? LinksOf(GovernedCall call) =>
        call.Context.Request.Headers.TraceParent is [{ } parent] && ActivityContext.TryParse(parent, traceState: null, isRemote: true, out var context)
            ? [new ActivityLink(context)] : null;
}
