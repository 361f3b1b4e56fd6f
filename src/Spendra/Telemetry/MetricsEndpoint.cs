using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Spendra.Hosting;

namespace Spendra.Telemetry;

/// <summary><c>/metrics</c>: what Prometheus scrapes. What is spent and refused is nobody's business: it asks for a token, and is not there without one.</summary>
internal static class MetricsEndpoint
{
    public const string Pattern = "/metrics";
    private const string Scheme = "Bearer";

    public static void MapMetrics(this IEndpointRouteBuilder routes, TelemetryOptions telemetry)
    {
        if (telemetry.MetricsToken is not { } token) return;
        var expected = DigestOf(token.Reveal());
        routes.MapPrometheusScrapingEndpoint(Pattern).WithMetadata(new TokenMark("Metrics:Token")).Add(endpoint =>
        {
            var scrape = endpoint.RequestDelegate!;
            endpoint.RequestDelegate = http => IsAllowed(http.Request, expected) ? scrape(http) : RefuseAsync(http);
            endpoint.Metadata.Add(new HttpMethodMetadata([HttpMethods.Get]));
        });
    }

    /// <summary>Digests are compared, of one length, so that the time tells neither the token nor its length.</summary>
    private static bool IsAllowed(HttpRequest request, byte[] expected) =>
        request.Headers.Authorization is [{ } header] && AuthenticationHeaderValue.TryParse(header, out var given)
        && Scheme.Equals(given.Scheme, StringComparison.OrdinalIgnoreCase) && given.Parameter is { } token
        && CryptographicOperations.FixedTimeEquals(DigestOf(token), expected);

    private static byte[] DigestOf(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    private static Task RefuseAsync(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status401Unauthorized;
        http.Response.Headers.WWWAuthenticate = Scheme;
        http.Response.Headers.CacheControl = "no-store";
        return http.Response.WriteAsync($"Metrics are told to whoever brings the token of the setting Metrics:Token as 'Authorization: Bearer …' (request {Guid.CreateVersion7()}).\n");
    }
}
