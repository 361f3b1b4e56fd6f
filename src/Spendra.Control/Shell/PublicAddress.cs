using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.HttpOverrides;

namespace Spendra.Control.Shell;

/// <summary>
/// What a call is addressed to is what the setting says, not what the caller says: cookies, redirects and passkeys depend on
/// it. Who calls is what a trusted proxy says. TLS ends in front of Spendra.
/// </summary>
internal static class PublicAddress
{
    public static void UsePublicAddress(this IApplicationBuilder app, ControlOptions options)
    {
        if (options.TrustedProxies.Count > 0)
        {
            var forwarded = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor, ForwardLimit = null };
            forwarded.KnownProxies.Clear();
            forwarded.KnownIPNetworks.Clear();
            foreach (var network in options.TrustedProxies) forwarded.KnownIPNetworks.Add(network);
            app.UseForwardedHeaders(forwarded);
        }
        var scheme = options.IsPlainHttp ? Uri.UriSchemeHttp : Uri.UriSchemeHttps;
        // Without the port that is understood: providers compare addresses by their letters.
        HostString? host = options.PublicUrl is { } url ? url.IsDefaultPort ? new HostString(url.IdnHost) : new HostString(url.IdnHost, url.Port) : null;
        app.Use(next => http =>
        {
            http.Request.Scheme = scheme;
            if (host is { } known) http.Request.Host = known;
            return next(http);
        });
    }

    /// <summary>The origin of pages that may use what was made for this address.</summary>
    public static string OriginOf(HttpRequest request) =>
        new Uri($"{request.Scheme}://{request.Host}").GetLeftPart(UriPartial.Authority);
}
