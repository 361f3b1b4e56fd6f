using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.OpenApi;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.OpenApi;

/// <summary>One operation of the document.</summary>
internal static class DocumentOperations
{
    /// <summary>How the route is governed, for programs that read the document.</summary>
    public const string Governance = "x-spendra-governance";

    private const string Priced = "Priced, bounded, reserved, and settled at what was used.";
    private const string Free = "Costs nothing: passed on under a reservation of zero, so that keys, rules and closed budgets hold here too.";

    public static OpenApiOperation Of(OpenApiDocument document, string path, string method, RouteMark mark, IEnumerable<string> parameters)
    {
        var operation = new OpenApiOperation
        {
            OperationId = IdOf(path, method),
            Summary = mark.Summary,
            Description = DescriptionOf(mark),
            Parameters = [.. parameters.Select(ParameterOf), .. DocumentPages.Of(mark.Paging)],
            Responses = new OpenApiResponses { ["200"] = DocumentAnswers.Of(document, method, mark) },
            Security = DocumentKeys.Of(document, mark),
            Tags = new HashSet<OpenApiTagReference> { new(DocumentTags.NameOf(mark), document) },
            Extensions = new Dictionary<string, IOpenApiExtension> { [Governance] = new JsonNodeExtension(JsonValue.Create(GovernanceOf(mark))) },
        };
        if (mark.Route is { } route)
        {
            operation.RequestBody = DocumentBodies.Of(document, route);
            if (TakesIdempotencyKey(route)) operation.Parameters.Add(new OpenApiParameterReference(DocumentHeaders.IdempotencyKey, document));
        }
        if (mark.Dialect is { } dialect) DocumentRefusals.AddTo(operation.Responses, document, dialect);
        return operation;
    }

    private static string GovernanceOf(RouteMark mark) => mark switch
    {
        { Route.IsPriced: true } => "priced",
        { Kind: RouteKind.Governed } => "free",
        { Kind: RouteKind.Local } => "local",
        _ => "open",
    };

    private static string DescriptionOf(RouteMark mark) => mark switch
    {
        { Route.IsPriced: true } => Priced,
        { Kind: RouteKind.Governed } => Free,
        { Kind: RouteKind.Local } => "Answered by the gateway, for what the key may see.",
        _ => "Answered by the gateway, to anybody.",
    };

    /// <summary>As <see cref="Intake.ReadIdempotencyKey"/> has it.</summary>
    private static bool TakesIdempotencyKey(GovernedRoute route) =>
        !HttpMethods.IsGet(route.Method) && route.Intake != BodyIntake.Streamed;

    private static IOpenApiParameter ParameterOf(string name) => new OpenApiParameter
    {
        Name = name,
        In = ParameterLocation.Path,
        Required = true,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
        Description = name switch
        {
            "id" => "Of an object that your organization owns, or of a model.",
            "model" => "A model, or at Azure a deployment.",
            "server" => "A server of tools that the platform's owner registered.",
            "project" or "location" => "Anything: the account's own is used.",
            _ => null,
        },
    };

    private static string IdOf(string path, string method)
    {
        var id = new StringBuilder(method.ToLowerInvariant());
        foreach (var c in path)
        {
            if (char.IsAsciiLetterOrDigit(c)) id.Append(c);
            else if (id[^1] != '_') id.Append('_');
        }
        return id.ToString().TrimEnd('_');
    }
}
