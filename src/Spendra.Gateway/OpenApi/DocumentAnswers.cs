using Microsoft.AspNetCore.Http;
using Microsoft.OpenApi;
using Spendra.Gateway.Mcp;

namespace Spendra.Gateway.OpenApi;

/// <summary>What is answered when all went well. A provider's answer passes as it comes.</summary>
internal static class DocumentAnswers
{
    private const string Json = "application/json";
    private const string Passed = "The provider's answer, as it comes.";
    private const string Whole = "Answered";
    private const string WholeOrEvents = "AnsweredOrStreamed";
    private const string File = "AnsweredWithFile";
    private const string Here = "AnsweredHere";
    private const string Anybody = "AnsweredToAnybody";

    public static void AddTo(OpenApiDocument document)
    {
        var body = new OpenApiMediaType { Schema = new OpenApiSchemaReference(DocumentBodies.Answer, document) };
        var events = new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.String, Description = "Server-sent events, as the provider sends them." } };
        var own = new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.Object } };
        Add(document, Whole, Passed, RouteKind.Governed, new() { [Json] = body });
        Add(document, WholeOrEvents, Passed, RouteKind.Governed, new() { [Json] = body, ["text/event-stream"] = events });
        Add(document, File, Passed, RouteKind.Governed, new() { ["*/*"] = new OpenApiMediaType { Schema = new OpenApiSchema() } });
        Add(document, Here, "The gateway's own answer.", RouteKind.Local, new() { [Json] = own });
        Add(document, Anybody, "The gateway's own answer.", RouteKind.Open, new() { [Json] = own });
    }

    public static IOpenApiResponse Of(OpenApiDocument document, string method, RouteMark mark) => HttpMethods.IsHead(method)
        ? new OpenApiResponse { Description = "Yes." }
        : new OpenApiResponseReference(NameOf(mark), document);

    private static string NameOf(RouteMark mark) => mark switch
    {
        { Route.IsRead: false } => File,
        { Route.HasOutput: true } or { Route.Dialect: McpDialect } => WholeOrEvents,
        { Kind: RouteKind.Governed } => Whole,
        { Kind: RouteKind.Local } => Here,
        _ => Anybody,
    };

    private static void Add(OpenApiDocument document, string id, string description, RouteKind kind, Dictionary<string, OpenApiMediaType> content) =>
        document.AddComponent<IOpenApiResponse>(id, new OpenApiResponse { Description = description, Headers = DocumentHeaders.OfAnswer(document, kind), Content = content });
}
