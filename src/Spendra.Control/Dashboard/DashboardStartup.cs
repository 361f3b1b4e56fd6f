using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using MudBlazor.Services;

namespace Spendra.Control.Dashboard;

/// <summary>How the dashboard becomes part of the control plane.</summary>
internal static class DashboardStartup
{
    public static void AddDashboard(this IServiceCollection services)
    {
        services.AddSingleton<ApiPipeline>();
        services.AddSingleton<PageConnections>();
        services.AddScoped<PageCalls>();
        services.AddScoped<Visit>();
        services.AddAuthentication().AddScheme<AuthenticationSchemeOptions, PageAuthentication>(PageAuthentication.SchemeName, null);
        services.AddCascadingAuthenticationState();
        services.AddRazorComponents().AddInteractiveServerComponents()
            .AddHubOptions(hub => hub.MaximumReceiveMessageSize = PageCalls.MostMessageBytes);
        services.AddMudServices();
    }

    /// <summary>Maps every page. The host maps the files that they need.</summary>
    public static void MapDashboard(this WebApplication app) =>
        app.MapRazorComponents<App>().AddInteractiveServerRenderMode(server => server.ContentSecurityFrameAncestorsPolicy = null).Add(endpoint => endpoint.Metadata.Add(new PageMark()));
}
