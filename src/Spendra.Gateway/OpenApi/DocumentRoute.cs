using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.OpenApi;

namespace Spendra.Gateway.OpenApi;

/// <summary><c>GET /openapi.json</c>, answered from here without a key: the routes that are mapped, which anybody may know.</summary>
internal sealed class DocumentRoute(IEndpointRouteBuilder endpoints)
{
    public const string Pattern = "/openapi.json";

    private byte[]? _document;

    public async Task HandleAsync(HttpContext context)
    {
        // Two first requests may both write it: they write the same.
        var document = _document ??= await WriteAsync(context.RequestAborted);
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = document.Length;
        await context.Response.Body.WriteAsync(document, context.RequestAborted);
    }

    private async Task<byte[]> WriteAsync(CancellationToken cancel)
    {
        var mapped = endpoints.DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>();
        using var stream = new MemoryStream();
        await GatewayDocument.Of(mapped).SerializeAsJsonAsync(stream, OpenApiSpecVersion.OpenApi3_1, cancel);
        return stream.ToArray();
    }
}
