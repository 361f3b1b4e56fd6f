using System.Globalization;
using Microsoft.OpenApi;
using Spendra.Core.Governance;
using Spendra.Gateway.Dialects;
using Spendra.Gateway.Dialects.Anthropic;
using Spendra.Gateway.Dialects.Gemini;
using Spendra.Gateway.Mcp;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.OpenApi;

/// <summary>How each dialect is told that a request was refused, by the gateway or by the provider.</summary>
internal static class DocumentRefusals
{
    private const string OpenAi = "OpenAi";
    private const string Anthropic = "Anthropic";
    private const string Google = "Google";
    private const string JsonRpc = "JsonRpc";

    /// <summary>What is refused by something else than a rule.</summary>
    private static readonly (int Status, string Code)[] Others =
    [
        (400, "invalid_request"), (404, "not_found"), (404, "model_not_found"), (413, "request_too_large"), (415, "unsupported_encoding"),
        (500, "internal_error"), (502, "upstream_unreachable"), (502, "upstream_failed"), (502, "upstream_redirect"),
        (502, "provider_credential_rejected"), (504, "upstream_timeout"),
    ];

    public static void AddTo(OpenApiDocument document)
    {
        DocumentErrors.AddTo(document);
        var codes = Enum.GetValues<RefusalCode>().Select(CodeOf).Concat(Others).Order().ToList();
        foreach (var shape in (ReadOnlySpan<string>)[OpenAi, Anthropic, Google, JsonRpc])
        {
            Add(document, shape, "Refused", $"Refused. Nothing was sent to the provider, or it refused itself before any work: nothing is spent. After a provider's own 408 that is not known, and the bound is booked. {Listed(codes, below: 500)}");
            Add(document, shape, "Failed", $"The provider or the gateway has trouble. {Listed(codes, least: 500)}");
        }
    }

    public static void AddTo(OpenApiResponses responses, OpenApiDocument document, Dialect dialect)
    {
        var shape = ShapeOf(dialect);
        responses["4XX"] = new OpenApiResponseReference(shape + "Refused", document);
        responses["5XX"] = new OpenApiResponseReference(shape + "Failed", document);
    }

    private static string ShapeOf(Dialect dialect) => dialect switch
    {
        AnthropicDialect or OpenRouterMessagesDialect or VertexClaudeDialect => Anthropic,
        GeminiDialect or PredictDialect => Google,
        McpDialect => JsonRpc,
        _ => OpenAi,
    };

    private static void Add(OpenApiDocument document, string shape, string end, string description) =>
        document.AddComponent<IOpenApiResponse>(shape + end, new OpenApiResponse
        {
            Description = description,
            Headers = DocumentHeaders.OfRefusal(document),
            Content = new Dictionary<string, OpenApiMediaType>
            {
                ["application/json"] = new() { Schema = new OpenApiSchemaReference(shape + "Error", document) },
            },
        });

    private static (int Status, string Code) CodeOf(RefusalCode code)
    {
        var error = GatewayError.From(new Refusal(code, ""));
        return (error.Status, error.Code);
    }

    private static string Listed(IEnumerable<(int Status, string Code)> codes, int least = 0, int below = 600)
    {
        var lines =
            from code in codes
            where code.Status >= least && code.Status < below
            group code.Code by code.Status into status
            select string.Create(CultureInfo.InvariantCulture, $"{status.Key} {string.Join(", ", status.Distinct().Select(c => $"`{c}`"))}");
        return string.Join("; ", lines) + ".";
    }
}
