using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Spendra.Gateway.Batches;
using Spendra.Gateway.Dialects.Anthropic;
using Spendra.Gateway.Dialects.OpenAi;

namespace Spendra.Gateway.OpenApi;

/// <summary>How a list that is put together here is turned over.</summary>
internal enum Paging
{
    /// <summary>It is no list, or comes whole.</summary>
    None,
    Batches,
    Files,
    /// <summary>Models in Anthropic's shape.</summary>
    ClaudeModels,
}

/// <summary>Query parameters that the gateway reads itself. Those that it passes on are said with the provider's tag.</summary>
internal static class DocumentPages
{
    public static IEnumerable<IOpenApiParameter> Of(Paging paging) => paging switch
    {
        Paging.None => [],
        Paging.Batches => [Limit(BatchListing.MaxPage), After("after")],
        Paging.Files =>
        [
            Limit(OpenAiLocalRoutes.MaxPage), After("after"), Text("order", "By the time of the upload; the newest comes first where nothing is said.", "asc", "desc"),
            Text("purpose", "Only files that were uploaded for this."),
        ],
        Paging.ClaudeModels => [Limit(AnthropicLocalRoutes.MaxPage), After("after_id"), Text("before_id", "The id that the page ends before.")],
    };

    private static OpenApiParameter Limit(int most) => Of("limit", "How many are on a page.", new OpenApiSchema
    {
        Type = JsonSchemaType.Integer, Minimum = "1", Maximum = most.ToString(CultureInfo.InvariantCulture),
    });

    private static OpenApiParameter After(string name) => Text(name, "The last id of the page before.");

    private static OpenApiParameter Text(string name, string description, params ReadOnlySpan<string> allowed)
    {
        var schema = new OpenApiSchema { Type = JsonSchemaType.String };
        foreach (var text in allowed) (schema.Enum ??= []).Add(JsonValue.Create(text)!);
        return Of(name, description, schema);
    }

    private static OpenApiParameter Of(string name, string description, OpenApiSchema schema) =>
        new() { Name = name, In = ParameterLocation.Query, Description = description, Schema = schema };
}
