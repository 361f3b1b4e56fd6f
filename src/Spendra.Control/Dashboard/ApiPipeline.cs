using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Spendra.Control.Dashboard;

/// <summary>
/// The way of a call through this process, from routing on: pages take it as callers from outside do, and meet the same gate,
/// the same checks and the same record.
/// </summary>
internal sealed class ApiPipeline
{
    private RequestDelegate? _next;

    /// <summary>Keeps what follows in the application. Comes before routing.</summary>
    public void Capture(IApplicationBuilder app) => app.Use(next => _next = next);

    /// <exception cref="InvalidOperationException">The application has not been built.</exception>
    public Task RunAsync(HttpContext http) => (_next ?? throw new InvalidOperationException("the management API is not mapped"))(http);
}
