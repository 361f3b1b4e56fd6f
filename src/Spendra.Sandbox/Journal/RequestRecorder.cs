using Microsoft.AspNetCore.Http.Features;

namespace Spendra.Sandbox;

/// <summary>Copies a request for the journal.</summary>
internal static class RequestRecorder
{
    public static SandboxRequest Record(Exchange exchange, ReadOnlySpan<byte> body, bool isComplete)
    {
        var request = exchange.Context.Request;
        var max = exchange.Sandbox.Options.MaxRecordedBodyBytes;
        var headers = new Dictionary<string, string>(request.Headers.Count, StringComparer.OrdinalIgnoreCase);
        foreach (var (name, values) in request.Headers)
            headers[name] = values.ToString();
        return new SandboxRequest(
            exchange.Match.Route,
            request.Method,
            exchange.Context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget,
            headers,
            body[..Math.Min(body.Length, max)].ToArray(),
            isComplete && body.Length <= max,
            exchange.Sandbox.Time.GetUtcNow())
        {
            Provider = exchange.Match.Provider,
        };
    }
}
