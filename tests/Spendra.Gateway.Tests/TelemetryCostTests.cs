using Microsoft.AspNetCore.Http;
using Spendra.Gateway.Providers;
using Spendra.Gateway.Requests;
using Spendra.Gateway.Telemetry;

namespace Spendra.Gateway.Tests;

/// <summary>As long as nobody listens, metrics and traces cost a request next to nothing.</summary>
public sealed class TelemetryCostTests
{
    [Fact]
    public void Nothing_is_allocated_while_nobody_listens()
    {
        using var metrics = new GatewayMetrics();
        var call = new GovernedCall(new DefaultHttpContext(), ProviderList.Routes.First(r => r.Name == "chat.completions"), Guid.CreateVersion7());
        call.Context.Request.Headers.TraceParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        Tell(metrics, call);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++) Tell(metrics, call);
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
    }

    private static void Tell(GatewayMetrics metrics, GovernedCall call)
    {
        using var trace = RequestTrace.Begin(call);
        using var step = RequestTrace.Step(RequestTrace.Admission);
        metrics.StreamBegins();
        if (metrics.TimesUpstream || RequestTrace.IsOn) throw new InvalidOperationException("somebody listens");
        metrics.BrokeOff(call, "timeout");
        metrics.StreamEnds();
        metrics.Settled(call, "measured");
        metrics.Ended(call, RequestOutcome.Answered, null);
        metrics.Ended(call, RequestOutcome.Refused, null);
        RequestTrace.End(trace, call, RequestOutcome.Answered, null);
    }
}
