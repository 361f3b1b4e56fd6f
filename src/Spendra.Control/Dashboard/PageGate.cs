using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Spendra.Control.Shell;

namespace Spendra.Control.Dashboard;

/// <summary>On an endpoint of the dashboard: pages, and the connection that keeps them alive.</summary>
internal sealed class PageMark;

/// <summary>On a page that somebody who is not signed in may see.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class OpenPageAttribute : Attribute;

/// <summary>
/// Stands before pages: who is not signed in is led to where they can. Pages show nothing of themselves; all that they show they
/// ask the management API for, which decides.
/// </summary>
internal static class PageGate
{
    public const string SignInPath = "/sign-in";

    // MudBlazor sets sizes and places by style attributes, and its theme by a style element: styles alone may be inline.
    private const string ContentPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
        + "form-action 'self'; base-uri 'self'; frame-ancestors 'none'";

    /// <summary>Whether a call is for a page, or for the connection that keeps one alive.</summary>
    public static bool IsBefore(HttpContext http) => http.GetEndpoint()?.Metadata.GetMetadata<PageMark>() is not null;

    /// <summary>Behind the public address: what a page's origin is depends on it.</summary>
    public static async Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        var metadata = http.GetEndpoint()!.Metadata;
        var headers = http.Response.Headers;
        headers.ContentSecurityPolicy = ContentPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "same-origin";
        // As antiforgery tokens ask for, which would override anything else.
        headers.CacheControl = "no-cache, no-store";
        headers.Pragma = "no-cache";
        if (IsConnection(http.Request) && IsForeign(http.Request))
        {
            http.Response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }
        var result = await http.AuthenticateAsync(SessionAuthentication.SchemeName);
        if (result.Principal is { } person) http.User = PageVisitor.With(person, http);
        else if (metadata.GetMetadata<OpenPageAttribute>() is null)
        {
            TurnAway(http);
            return;
        }
        if (HttpMethods.IsGet(http.Request.Method) && IsConnection(http.Request) && SignedIn.Read(http.User) is { Session: { } session })
            await ConnectAsync(http, next, session.SessionId);
        else await next(http);
    }

    private static async Task ConnectAsync(HttpContext http, RequestDelegate next, Guid sessionId)
    {
        var connections = http.RequestServices.GetRequiredService<PageConnections>();
        if (!connections.TryEnter(sessionId))
        {
            http.Response.StatusCode = StatusCodes.Status429TooManyRequests;
            return;
        }
        try
        {
            await next(http);
        }
        finally
        {
            connections.Leave(sessionId);
        }
    }

    private static bool IsConnection(HttpRequest request) => request.Path.Value!.StartsWith("/_", StringComparison.Ordinal);

    /// <summary>
    /// Browsers send the session's cookie along with a connection that a page of another host of the same site opens, and hold
    /// none of them back: whoever opens one must be a page of this address.
    /// </summary>
    private static bool IsForeign(HttpRequest request) =>
        request.Headers.Origin is { Count: > 0 } origin && !origin.ToString().Equals(PublicAddress.OriginOf(request), StringComparison.OrdinalIgnoreCase);

    private static void TurnAway(HttpContext http)
    {
        if (!HttpMethods.IsGet(http.Request.Method) || IsConnection(http.Request))
        {
            http.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }
        http.Response.Redirect(SignInPath + QueryString.Create("then", http.Request.Path + http.Request.QueryString));
    }
}
