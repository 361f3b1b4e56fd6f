using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
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

    public static async Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        if (http.GetEndpoint()?.Metadata is not { } metadata || metadata.GetMetadata<PageMark>() is null)
        {
            await next(http);
            return;
        }
        var headers = http.Response.Headers;
        headers.ContentSecurityPolicy = ContentPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "same-origin";
        // As antiforgery tokens ask for, which would override anything else.
        headers.CacheControl = "no-cache, no-store";
        headers.Pragma = "no-cache";
        var result = await http.AuthenticateAsync(SessionAuthentication.SchemeName);
        if (result.Principal is { } person) http.User = PageVisitor.With(person, http);
        else if (metadata.GetMetadata<OpenPageAttribute>() is null)
        {
            TurnAway(http);
            return;
        }
        await next(http);
    }

    private static void TurnAway(HttpContext http)
    {
        if (!HttpMethods.IsGet(http.Request.Method) || http.Request.Path.Value!.StartsWith("/_", StringComparison.Ordinal))
        {
            http.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }
        http.Response.Redirect(SignInPath + QueryString.Create("then", http.Request.Path + http.Request.QueryString));
    }
}
