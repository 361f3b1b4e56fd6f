using Microsoft.AspNetCore.Http.HttpResults;
using Spendra.Storage;

namespace Spendra.Hosting;

/// <summary><c>/healthz</c>: the process answers. <c>/readyz</c>: so does its database, and it is not stopping.</summary>
internal static class HealthEndpoints
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public static void MapHealth(this IEndpointRouteBuilder routes, Database database, IHostApplicationLifetime lifetime)
    {
        routes.MapGet("/healthz", () => TypedResults.Text("ok\n")).WithMetadata(new PublicMark("a probe has no key, and is told only that the process answers"));
        routes.MapGet("/readyz", async (HttpContext http) =>
        {
            if (lifetime.ApplicationStopping.IsCancellationRequested) return Unready("stopping\n");
            try
            {
                await DatabaseHealth.PingAsync(database, http.RequestAborted).WaitAsync(Patience, http.RequestAborted);
                return TypedResults.Text("ready\n");
            }
            catch (Exception e) when (e is TimeoutException || DatabaseUnavailableException.IsSaidBy(e))
            {
                // Why is in the log of whatever needs the database; a probe is told no addresses.
                return Unready("the database does not answer\n");
            }
        }).WithMetadata(new PublicMark("a probe has no key, and is told only whether work can be taken"));
    }

    private static ContentHttpResult Unready(string reason) =>
        TypedResults.Text(reason, statusCode: StatusCodes.Status503ServiceUnavailable);
}
