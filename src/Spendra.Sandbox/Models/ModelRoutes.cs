using System.Text.Json;
using Spendra.Sandbox.Directives;
using Spendra.Sandbox.OpenRouter;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Models;

/// <summary><c>GET /v1/models</c> and one of them.</summary>
internal static class ModelRoutes
{
    public static Task ListAsync(Exchange exchange, Knobs knobs)
    {
        using var buffer = JsonBuffer.Rent();
        buffer.Json.WriteStartObject();
        buffer.Json.WriteString("object"u8, "list"u8);
        buffer.Json.WriteStartArray("data"u8);
        foreach (var model in exchange.Sandbox.Options.Models)
            Write(buffer.Json, exchange, model);
        buffer.Json.WriteEndArray();
        buffer.Json.WriteEndObject();
        return Answers.SendJsonAsync(exchange, buffer, knobs);
    }

    public static Task GetAsync(Exchange exchange, Knobs knobs)
    {
        var model = exchange.Match.Id;
        if (!exchange.Sandbox.Options.Models.Contains(model, StringComparer.Ordinal))
        {
            return Answers.RefuseAsync(
                exchange, Refusal.NotFound($"The model '{model}' does not exist", "model", "model_not_found"));
        }
        using var buffer = JsonBuffer.Rent();
        Write(buffer.Json, exchange, model);
        return Answers.SendJsonAsync(exchange, buffer, knobs);
    }

    private static void Write(Utf8JsonWriter json, Exchange exchange, string model)
    {
        if (exchange.Match.Provider is SandboxProvider.OpenRouter)
        {
            OpenRouterModels.Write(json, model, exchange.Sandbox.StartedAtSeconds);
            return;
        }
        json.WriteStartObject();
        json.WriteString("id"u8, model);
        json.WriteString("object"u8, "model"u8);
        json.WriteNumber("created"u8, exchange.Sandbox.StartedAtSeconds);
        json.WriteString("owned_by"u8, "system"u8);
        json.WriteEndObject();
    }
}
