using Microsoft.AspNetCore.Http;
using Microsoft.OpenApi;
using Spendra.Gateway.Dialects.OpenAi.Media;
using Spendra.Gateway.Mcp;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.OpenApi;

/// <summary>What is answered when all went well. A provider's answer passes as it comes.</summary>
internal static class DocumentAnswers
{
    private const string Json = "application/json";
    private const string Passed = "The provider's answer, as it comes.";
    private const string Whole = "Answered";
    private const string WholeOrEvents = "AnsweredOrStreamed";
    private const string Sound = "AnsweredWithSound";
    private const string Text = "AnsweredWithText";
    private const string TextOrEvents = "AnsweredWithTextOrStreamed";
    private const string File = "AnsweredWithFile";
    private const string Composed = "AnsweredAfterAsking";
    private const string Here = "AnsweredHere";
    private const string Anybody = "AnsweredToAnybody";

    public static void AddTo(OpenApiDocument document)
    {
        var body = new OpenApiMediaType { Schema = new OpenApiSchemaReference(DocumentBodies.Answer, document) };
        var events = new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.String, Description = "Server-sent events, as the provider sends them; a stream that breaks off ends with an error." } };
        var text = new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.String } };
        var own = new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.Object } };
        Add(document, Whole, Passed, RouteKind.Governed, new() { [Json] = body });
        Add(document, WholeOrEvents, Passed, RouteKind.Governed, new() { [Json] = body, ["text/event-stream"] = events });
        Add(document, Sound, Passed, RouteKind.Governed, new() { ["audio/*"] = new OpenApiMediaType { Schema = new OpenApiSchema() }, ["text/event-stream"] = events });
        Add(document, Text, Passed, RouteKind.Governed, new() { [Json] = body, ["text/plain"] = text });
        Add(document, TextOrEvents, Passed, RouteKind.Governed, new() { [Json] = body, ["text/plain"] = text, ["text/event-stream"] = events });
        Add(document, File, Passed, RouteKind.Governed, new() { ["*/*"] = new OpenApiMediaType { Schema = new OpenApiSchema() } });
        Add(document, Composed, "The gateway's own answer, of what the provider said.", RouteKind.Governed, new() { [Json] = own });
        Add(document, Here, "The gateway's own answer.", RouteKind.Local, new() { [Json] = own });
        Add(document, Anybody, "The gateway's own answer.", RouteKind.Open, new() { [Json] = own });
    }

    public static IOpenApiResponse Of(OpenApiDocument document, string method, RouteMark mark) => HttpMethods.IsHead(method)
        ? new OpenApiResponse { Description = "Yes." }
        : new OpenApiResponseReference(NameOf(mark), document);

    private static string NameOf(RouteMark mark) => mark switch
    {
        { Route: { } route } => NameOf(route),
        { Kind: RouteKind.Local } => Here,
        _ => Anybody,
    };

    private static string NameOf(GovernedRoute route) => route switch
    {
        { IsRead: false } => File,
        { OpensSession: true } or { ListsBatches: true } => Composed,
        { Dialect: MediaDialect media } => NameOf(media.Kind),
        { Dialect: McpDialect, Intake: BodyIntake.Governed } => WholeOrEvents,
        // A batch answers in a file, and a response that is fetched may still be written.
        { HasOutput: true, Makes: not Core.Ledger.ObjectKind.Batch } or { MaySettleBackground: true, Method: "GET" } => WholeOrEvents,
        _ => Whole,
    };

    private static string NameOf(MediaKind kind) => kind switch
    {
        MediaKind.ImageGeneration or MediaKind.ImageEdit => WholeOrEvents,
        MediaKind.Speech => Sound,
        MediaKind.Transcription => TextOrEvents,
        MediaKind.Translation => Text,
        MediaKind.Moderation => Whole,
    };

    private static void Add(OpenApiDocument document, string id, string description, RouteKind kind, Dictionary<string, OpenApiMediaType> content) =>
        document.AddComponent<IOpenApiResponse>(id, new OpenApiResponse { Description = description, Headers = DocumentHeaders.OfAnswer(document, kind), Content = content });
}
