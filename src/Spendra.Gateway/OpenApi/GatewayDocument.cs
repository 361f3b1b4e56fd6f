using Microsoft.AspNetCore.Routing;
using Microsoft.OpenApi;

namespace Spendra.Gateway.OpenApi;

/// <summary>The OpenAPI document of the gateway, made of the routes that are mapped and the marks that they carry.</summary>
internal static class GatewayDocument
{
    private const string Description =
        "AI clients call these routes with a Spendra key in place of the provider's. A governed request is authenticated, "
        + "checked against policies, reserved in its budgets at the most that it can cost, passed on, and settled at what it "
        + "used. Bodies are the provider's own and pass as they are, but for what governance must change; refusals come in the "
        + "error shape of the dialect, before the provider hears anything. docs/gateway.md says all of it.";

    public static OpenApiDocument Of(IEnumerable<RouteEndpoint> mapped)
    {
        var document = new OpenApiDocument
        {
            Info = new OpenApiInfo { Title = "Spendra gateway", Version = "1", Description = Description },
            Servers = [new OpenApiServer { Url = "/" }],
            Paths = [],
            Tags = new HashSet<OpenApiTag>(),
        };
        DocumentKeys.AddTo(document);
        DocumentHeaders.AddTo(document);
        DocumentBodies.AddTo(document);
        DocumentAnswers.AddTo(document);
        DocumentRefusals.AddTo(document);
        var operations =
            from endpoint in mapped
            let mark = endpoint.Metadata.GetMetadata<RouteMark>()
            where mark is not null && mark.Kind != RouteKind.Refused
            from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? []
            let path = PathOf(endpoint)
            orderby path, method
            select (Path: path, Method: method, Mark: mark, Parameters: endpoint.RoutePattern.Parameters.Select(p => p.Name));
        foreach (var (path, method, mark, parameters) in operations)
        {
            if (!document.Paths.TryGetValue(path, out var item)) document.Paths[path] = item = new OpenApiPathItem();
            ((OpenApiPathItem)item).AddOperation(new HttpMethod(method), DocumentOperations.Of(document, path, method, mark, parameters));
        }
        DocumentTags.AddTo(document);
        return document;
    }

    /// <summary>The route's own pattern. That a last parameter may hold slashes cannot be said there.</summary>
    public static string PathOf(RouteEndpoint endpoint) =>
        (endpoint.RoutePattern.RawText ?? "").Replace("{**", "{", StringComparison.Ordinal);
}
