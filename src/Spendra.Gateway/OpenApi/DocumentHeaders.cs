using System.Collections.Immutable;
using Microsoft.OpenApi;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.OpenApi;

/// <summary>Headers that are Spendra's own. What of the provider's passes is said with its tag.</summary>
internal static class DocumentHeaders
{
    public const string IdempotencyKey = "idempotency-key";

    private const string RetryAfter = "retry-after";
    private const string ShouldRetry = "x-should-retry";

    private static readonly ImmutableArray<(string Name, JsonSchemaType Type, string Description)> All =
    [
        (ExplainHeaders.RequestId, JsonSchemaType.String, "The id for `spendra explain`, logs and support."),
        (ExplainHeaders.Reserved, JsonSchemaType.String, "The bound that was reserved, in USD."),
        (ExplainHeaders.CostUsd, JsonSchemaType.String, "The cost in USD, when it is known before the headers leave."),
        (ExplainHeaders.Remaining, JsonSchemaType.String, "What is left of the tightest hard cap after this reservation, in USD."),
        (ExplainHeaders.MaxOutputTokens, JsonSchemaType.Integer, "The output limit that was clamped or injected."),
        (ExplainHeaders.Warning, JsonSchemaType.String, "`soft_cap:<policy>`, `alert:<policy>:<percent>`, `usage_unknown`, `cost_differs`, `batches_not_told`; several with commas between."),
        (ShouldRetry, JsonSchemaType.Boolean, "Whether trying again can help."),
        (RetryAfter, JsonSchemaType.Integer, "Seconds after which trying again makes sense."),
    ];

    private static readonly ImmutableArray<string> Explaining =
        [ExplainHeaders.RequestId, ExplainHeaders.Reserved, ExplainHeaders.CostUsd, ExplainHeaders.Remaining, ExplainHeaders.MaxOutputTokens, ExplainHeaders.Warning];

    public static void AddTo(OpenApiDocument document)
    {
        foreach (var (name, type, description) in All)
            document.AddComponent<IOpenApiHeader>(name, new OpenApiHeader { Description = description, Schema = new OpenApiSchema { Type = type } });
        document.AddComponent<IOpenApiParameter>(IdempotencyKey, new OpenApiParameter
        {
            Name = IdempotencyKey,
            In = ParameterLocation.Header,
            Schema = new OpenApiSchema { Type = JsonSchemaType.String, MinLength = 1, MaxLength = 255 },
            Description = "Unique per Spendra key, and kept for 24 hours. A repetition is a 409 while the first request runs and after it was settled, "
                + "and a 422 with another body. A request that was refused is not remembered.",
        });
    }

    public static IDictionary<string, IOpenApiHeader>? OfAnswer(OpenApiDocument document, RouteKind kind) => kind switch
    {
        RouteKind.Governed => References(document, Explaining),
        RouteKind.Local => References(document, [ExplainHeaders.RequestId]),
        _ => null,
    };

    public static IDictionary<string, IOpenApiHeader> OfRefusal(OpenApiDocument document) =>
        References(document, [ExplainHeaders.RequestId, ShouldRetry, RetryAfter]);

    private static Dictionary<string, IOpenApiHeader> References(OpenApiDocument document, ImmutableArray<string> names) =>
        names.ToDictionary(name => name, IOpenApiHeader (name) => new OpenApiHeaderReference(name, document), StringComparer.Ordinal);
}
