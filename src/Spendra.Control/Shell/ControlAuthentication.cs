using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.DependencyInjection;

namespace Spendra.Control.Shell;

/// <summary>How callers prove who they are. One scheme stands in front and hands on to the one that the call is meant for.</summary>
internal static class ControlAuthentication
{
    public const string SchemeName = "spendra";

    public static AuthenticationBuilder AddControlAuthentication(this IServiceCollection services) => services
        .AddAuthentication(SchemeName)
        .AddPolicyScheme(SchemeName, null, scheme => scheme.ForwardDefaultSelector = static _ => TokenAuthentication.SchemeName)
        .AddScheme<AuthenticationSchemeOptions, TokenAuthentication>(TokenAuthentication.SchemeName, null);
}
