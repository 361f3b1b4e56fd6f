using System.Collections.Immutable;
using Microsoft.OpenApi;
using Spendra.Gateway.Dialects.Anthropic;
using Spendra.Gateway.Dialects.Gemini;

namespace Spendra.Gateway.OpenApi;

/// <summary>The places in which clients of each dialect put the key. The gateway takes any of them on every route.</summary>
internal static class DocumentKeys
{
    private const string Bearer = "bearer";
    private const string AnthropicHeader = "x-api-key";
    private const string AzureHeader = "api-key";
    private const string GoogleHeader = "x-goog-api-key";
    private const string GoogleQuery = "key";

    private static readonly ImmutableArray<string> Headers = [AnthropicHeader, AzureHeader, GoogleHeader];

    public static void AddTo(OpenApiDocument document)
    {
        document.AddComponent<IOpenApiSecurityScheme>(Bearer, new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http, Scheme = Bearer, Description = "A Spendra key, `spk_live_…` or `spk_test_…`. The first place in which there is a key counts.",
        });
        foreach (var header in Headers)
        {
            document.AddComponent<IOpenApiSecurityScheme>(header, new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Header, Name = header, Description = "The same key, where clients of this dialect put theirs.",
            });
        }
        document.AddComponent<IOpenApiSecurityScheme>(GoogleQuery, new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Query, Name = GoogleQuery, Description = "The same key, as some of Google's clients send it. Prefer a header: addresses are logged by what stands between.",
        });
    }

    /// <summary>Null where nobody asks for a key.</summary>
    public static IList<OpenApiSecurityRequirement>? Of(OpenApiDocument document, RouteMark mark)
    {
        if (mark.Kind == RouteKind.Open) return null;
        ImmutableArray<string> schemes = mark switch
        {
            { Dialect: AnthropicDialect or OpenRouterMessagesDialect or VertexClaudeDialect } => [AnthropicHeader, Bearer],
            { Dialect: GeminiDialect or PredictDialect } => [GoogleHeader, Bearer, GoogleQuery],
            { Route.Provider.Name: Core.Governance.KnownProvider.Azure } => [AzureHeader, Bearer],
            _ => [Bearer],
        };
        return [.. schemes.Select(name => new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(name, document)] = [] })];
    }
}
