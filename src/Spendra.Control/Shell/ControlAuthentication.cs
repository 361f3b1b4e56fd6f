using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Spendra.Control.Dashboard;

namespace Spendra.Control.Shell;

/// <summary>How callers prove who they are. One scheme stands in front and hands on to the one that the call is meant for.</summary>
internal static class ControlAuthentication
{
    public const string SchemeName = "spendra";

    public static AuthenticationBuilder AddControlAuthentication(this IServiceCollection services, ControlOptions options)
    {
        services.AddKeyRing();
        // No default scheme: calls of the gateway are none of this, and the gate names the scheme.
        var builder = services.AddAuthentication()
            .AddPolicyScheme(SchemeName, null, scheme => scheme.ForwardDefaultSelector = http => Select(http, options))
            .AddScheme<AuthenticationSchemeOptions, TokenAuthentication>(TokenAuthentication.SchemeName, null)
            .AddSessions(options);
        return options.Jwt is { } jwt ? builder.AddIssuerTokens(jwt) : builder;
    }

    /// <summary>What a caller says in a header is meant; what its browser sends along counts only without one.</summary>
    private static string Select(HttpContext http, ControlOptions options)
    {
        if (http.Features.Get<PageVisitor>() is not null) return PageAuthentication.SchemeName;
        if (http.Request.Headers.Authorization.Count == 0) return SessionAuthentication.SchemeName;
        return TokenAuthentication.IsMeant(http.Request) || options.Jwt is null ? TokenAuthentication.SchemeName : IssuerTokens.SchemeName;
    }
}
