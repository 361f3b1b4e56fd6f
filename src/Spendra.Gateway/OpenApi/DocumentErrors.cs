using Microsoft.OpenApi;

namespace Spendra.Gateway.OpenApi;

/// <summary>The error of each dialect, and the member that Spendra adds to it.</summary>
internal static class DocumentErrors
{
    private const string Details = "SpendraDetails";

    public static void AddTo(OpenApiDocument document)
    {
        document.AddComponent<IOpenApiSchema>(Details, Object("The refusal in figures. A provider's own error has none.",
            ("request_id", Text("The id for `spendra explain`.")), ("policy", Text("The policy that decided.")), ("budget", Text("The budget that it is about.")),
            ("limit_usd", Text()), ("settled_usd", Text()), ("reserved_usd", Text()), ("needed_usd", Text()),
            ("window_ends_at", new OpenApiSchema { Type = JsonSchemaType.String | JsonSchemaType.Null, Format = "date-time", Description = "Null when it never ends." }),
            ("request_url", Text("Where the owner of the key asks for more money or an approval, should that be what is missing.")),
            ("earlier", Object("What a repeated idempotency key was used for.",
                ("request_id", Text()), ("model", Text()), ("cost_usd", Text()), ("estimated", new OpenApiSchema { Type = JsonSchemaType.Boolean }), ("settled_at", Text())))));
        var details = new OpenApiSchemaReference(Details, document);
        document.AddComponent<IOpenApiSchema>("OpenAiError", Object("OpenAI's shape.", ("error", Object("",
            ("message", Text("What happened, what to do, and the request's id.")), ("type", Text()), ("param", Nullable("The field that is wrong.")),
            ("code", Nullable("Stable; the response lists them.")), ("spendra", details)))));
        document.AddComponent<IOpenApiSchema>("AnthropicError", Object("Anthropic's shape.", ("type", Text("error")),
            ("error", Object("", ("type", Text("By the status.")), ("message", Text("What happened, and what to do.")), ("code", Text("Stable; the response lists them.")),
                ("param", Text("The field that is wrong.")), ("spendra", details))),
            ("request_id", Text("The provider's for its own errors."))));
        document.AddComponent<IOpenApiSchema>("GoogleError", Object("Google's shape.", ("error", Object("",
            ("code", new OpenApiSchema { Type = JsonSchemaType.Integer, Description = "The HTTP status." }), ("message", Text("What happened, and what to do.")), ("status", Text("By the status.")),
            ("details", new OpenApiSchema
            {
                Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.Object },
                Description = "An `ErrorInfo` whose `reason` is the stable code that the response lists, and a `RetryInfo` where trying again can help.",
            }), ("spendra", details)))));
        document.AddComponent<IOpenApiSchema>("JsonRpcError", Object(
            "JSON-RPC's shape. A refused message is answered with status 200 to keep the session alive: a budget's as a result with `isError`, another rule's as this error.",
            ("jsonrpc", Text("2.0")), ("id", new OpenApiSchema { Description = "Of the message." }),
            ("error", Object("", ("code", new OpenApiSchema { Type = JsonSchemaType.Integer, Description = "-32001 for a rule, -32002 for trouble; JSON-RPC's own otherwise." }),
                ("message", Text()), ("data", Object("`reason` is the stable code, beside `request_id` and the figures.", ("reason", Text()), ("request_id", Text())))))));
    }

    private static OpenApiSchema Object(string description, params ReadOnlySpan<(string Name, IOpenApiSchema Schema)> members)
    {
        var properties = new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal);
        foreach (var (name, schema) in members) properties[name] = schema;
        return new OpenApiSchema { Type = JsonSchemaType.Object, Description = description.Length == 0 ? null : description, Properties = properties };
    }

    private static OpenApiSchema Text(string? description = null) => new() { Type = JsonSchemaType.String, Description = description };

    private static OpenApiSchema Nullable(string description) => new() { Type = JsonSchemaType.String | JsonSchemaType.Null, Description = description };
}
