using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Spendra.Gateway.Batches;
using Spendra.Gateway.Dialects;
using Spendra.Gateway.Dialects.Anthropic;
using Spendra.Gateway.Dialects.Gemini;
using Spendra.Gateway.Dialects.OpenAi;
using Spendra.Gateway.Mcp;
using Spendra.Gateway.OpenApi;
using Spendra.Gateway.Providers;
using Spendra.Gateway.Requests;
using Spendra.Storage;
using Spendra.Storage.Keys;
using Spendra.Storage.Ledger;

namespace Spendra.Gateway;

/// <summary>How the executable adds the data plane to its host.</summary>
public static class GatewayStartup
{
    private const string Version = "/v1";
    private const string GoogleVersion = "/v1beta";

    /// <summary>
    /// Registers the gateway. Needs <see cref="Database"/>, <see cref="LedgerLane"/>, <see cref="MasterKey"/> and
    /// <see cref="TimeProvider"/> in the container.
    /// </summary>
    public static IServiceCollection AddSpendraGateway(this IServiceCollection services, GatewayOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton(provider => GatewayEnvironment.Real(
            provider.GetRequiredService<Database>(), options, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new GatewayParts(
            options,
            provider.GetRequiredService<GatewayEnvironment>(),
            provider.GetRequiredService<LedgerLane>(),
            provider.GetRequiredService<MasterKey>(),
            provider.GetRequiredService<ILoggerFactory>().CreateLogger("Spendra.Gateway")));
        services.AddHostedService<GatewayHeartbeat>();
        services.AddHostedService<BatchPoller>();
        return services;
    }

    /// <summary>Maps every route that clients may call; anything else below the version prefixes is refused.</summary>
    public static void MapSpendraGateway(this IEndpointRouteBuilder endpoints)
    {
        var parts = endpoints.ServiceProvider.GetRequiredService<GatewayParts>();
        var governed = new GovernedRequest(parts);
        foreach (var route in ProviderList.Routes)
        {
            foreach (var prefix in route.ClientPrefixes)
                endpoints.MapMethods(prefix + route.Pattern, [route.Method], context => governed.HandleAsync(context, route)).WithMetadata(RouteMark.Of(route));
        }

        var local = new LocalRequest(parts);
        MapModels(endpoints, new OpenAiLocalRoutes(parts, local), new AnthropicLocalRoutes(local), new GeminiLocalRoutes(local));
        endpoints.MapGet(Version + "/tools", new ToolListRoute(parts).HandleAsync)
            .WithMetadata(RouteMark.Local(ToolCallDialect.Instance, "List the tools that the key may call, with their prices"));
        endpoints.MapGet(DocumentRoute.Pattern, new DocumentRoute(endpoints).HandleAsync).WithMetadata(RouteMark.Open("This document"));

        // Codex and others first try a WebSocket; this status alone makes them fall back at once.
        foreach (var route in ProviderList.Routes)
        {
            if (route.Name != "responses") continue;
            foreach (var prefix in route.ClientPrefixes)
                endpoints.MapGet(prefix + route.Pattern, context => ErrorAnswer.WriteAsync(context, OpenAiDialect.Instance, parts.NewRequestId(), UpgradeRefused(context))).WithMetadata(RouteMark.Refused);
        }
        foreach (var root in (ReadOnlySpan<string>)[Version, "/openai"])
            endpoints.Map(root + "/{**rest}", context => ErrorAnswer.WriteAsync(context, DialectOf(context), parts.NewRequestId(), NoSuchRoute(context))).WithMetadata(RouteMark.Refused);
        endpoints.Map(GoogleVersion + "/{**rest}", context => ErrorAnswer.WriteAsync(context, GeminiDialect.Generate, parts.NewRequestId(), NoSuchRoute(context))).WithMetadata(RouteMark.Refused);
    }

    /// <summary>Maps what is answered from here, without a provider.</summary>
    private static void MapModels(
        IEndpointRouteBuilder endpoints, OpenAiLocalRoutes openAi, AnthropicLocalRoutes anthropic, GeminiLocalRoutes gemini)
    {
        var list = RouteMark.Local(OpenAiDialect.Instance, "List the models that the key may use; in Anthropic's shape, and its pages, with the header anthropic-version", Paging.ClaudeModels);
        var one = RouteMark.Local(OpenAiDialect.Instance, "Describe a model that the key may use; in Anthropic's shape with the header anthropic-version");
        endpoints.MapGet(Version + "/models", context => AnthropicLocalRoutes.Speaks(context) ? anthropic.ListModelsAsync(context) : openAi.ListModelsAsync(context)).WithMetadata(list);
        endpoints.MapGet(Version + "/models/{**id}", context => AnthropicLocalRoutes.Speaks(context) ? anthropic.GetModelAsync(context) : openAi.GetModelAsync(context)).WithMetadata(one);
        foreach (var prefix in (ReadOnlySpan<string>)[.. AzureProvider.ClientPrefixes, .. AzureProvider.LegacyClientPrefixes])
        {
            endpoints.MapGet(prefix + "/models", openAi.ListDeploymentsAsync).WithMetadata(RouteMark.Local(OpenAiDialect.Instance, "List Azure's deployments that the key may use"));
            endpoints.MapGet(prefix + "/models/{id}", openAi.GetDeploymentAsync).WithMetadata(RouteMark.Local(OpenAiDialect.Instance, "Describe a deployment that the key may use"));
        }
        var files = RouteMark.Local(OpenAiDialect.Instance, "List the files of the organization", Paging.Files);
        endpoints.MapGet(Version + "/files", openAi.ListFilesAsync).WithMetadata(files);
        endpoints.MapGet(Version + "/providers/openai/files", openAi.ListFilesAsync).WithMetadata(files);
        foreach (var prefix in AnthropicProvider.ClientPrefixes)
        {
            if (prefix == Version) continue;
            endpoints.MapGet(prefix + "/models", anthropic.ListModelsAsync).WithMetadata(RouteMark.Local(AnthropicDialect.Instance, "List the Claude models that the key may use", Paging.ClaudeModels));
            endpoints.MapGet(prefix + "/models/{**id}", anthropic.GetModelAsync).WithMetadata(RouteMark.Local(AnthropicDialect.Instance, "Describe a Claude model that the key may use"));
        }
        foreach (var root in (ReadOnlySpan<string>)["/", "/v1/providers/anthropic"])
            endpoints.MapMethods(root, [HttpMethods.Head], AnthropicLocalRoutes.ConfirmAsync).WithMetadata(RouteMark.Open("Whether anybody is there"));
        endpoints.MapGet(GoogleVersion + "/models", gemini.ListAsync).WithMetadata(RouteMark.Local(GeminiDialect.Generate, "List the Gemini models that the key may use"));
        endpoints.MapGet(GoogleVersion + "/models/{model}", gemini.GetAsync).WithMetadata(RouteMark.Local(GeminiDialect.Generate, "Describe a Gemini model that the key may use"));
    }

    private static Dialect DialectOf(HttpContext context) => AnthropicLocalRoutes.Speaks(context) ? AnthropicDialect.Instance : OpenAiDialect.Instance;

    private static GatewayError UpgradeRefused(HttpContext context) =>
        context.Request.Headers.Upgrade.Count > 0
            ? new GatewayError(426, "invalid_request_error", "websocket_not_supported", $"WebSockets are not supported here. Use POST {context.Request.Path}, streamed or not.")
            : NoSuchRoute(context);

    private static GatewayError NoSuchRoute(HttpContext context) => new(404, "invalid_request_error", "unknown_route",
        $"{context.Request.Method} {context.Request.Path} is not a governed route. What has no price is not passed through.");
}
