using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Spendra.Core.Governance;
using Spendra.Core.Pricing;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects.Gemini;

/// <summary>The models of the Gemini API that a key may use, as Google's clients list them.</summary>
internal sealed class GeminiLocalRoutes(LocalRequest local)
{
    private static readonly GovernedRoute Models = new()
    {
        Name = "google.models", Method = "GET", Pattern = "/models", Dialect = GeminiDialect.Generate, ClientPrefixes = ["/v1beta"],
    };

    /// <summary>All of them on one page: there are never as many as Google's own pages hold.</summary>
    public Task ListAsync(HttpContext context) => local.AnswerAsync(context, Models, async call =>
    {
        await WriteAsync(call, json =>
        {
            json.WriteStartArray("models");
            foreach (var price in UsableModels(call))
            {
                json.WriteStartObject();
                Write(json, price);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        });
        return null;
    });

    public Task GetAsync(HttpContext context) => local.AnswerAsync(context, Models, async call =>
    {
        var id = (string?)context.Request.RouteValues["model"];
        if (UsableModels(call).FirstOrDefault(p => p.Model == id) is not { } price)
            return new GatewayError(404, "invalid_request_error", "model_not_found", "No such model, or it is not in the scope of this key. GET /v1beta/models lists what is.");
        await WriteAsync(call, json => Write(json, price));
        return null;
    });

    private IEnumerable<PriceVersion> UsableModels(GovernedCall call) =>
        local.UsablePrices(call).Where(p => p.Provider == KnownProvider.Google);

    private static void Write(Utf8JsonWriter json, PriceVersion price)
    {
        json.WriteString("name", "models/" + price.Model);
        json.WriteString("displayName", price.Model);
        if (price.ContextWindow is { } window) json.WriteNumber("inputTokenLimit", window);
        if (price.MaxOutput is { } output) json.WriteNumber("outputTokenLimit", output);
        json.WriteStartArray("supportedGenerationMethods");
        // What has no price for output makes vectors.
        foreach (var method in price.Rates.Output.NanosPerMillion > 0 ? GeneratingMethods : EmbeddingMethods) json.WriteStringValue(method);
        json.WriteEndArray();
    }

    private static readonly string[] GeneratingMethods = ["generateContent", "streamGenerateContent", "countTokens"];
    private static readonly string[] EmbeddingMethods = ["embedContent", "batchEmbedContents", "countTokens"];

    private static async Task WriteAsync(GovernedCall call, Action<Utf8JsonWriter> write)
    {
        var response = call.Context.Response;
        response.ContentType = "application/json";
        response.Headers[ExplainHeaders.RequestId] = call.RequestId.ToString();
        await using var json = new Utf8JsonWriter(response.BodyWriter);
        json.WriteStartObject();
        write(json);
        json.WriteEndObject();
    }
}
