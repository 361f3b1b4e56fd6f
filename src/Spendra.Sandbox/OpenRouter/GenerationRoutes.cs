using System.Text.Json;
using Spendra.Sandbox.Directives;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.OpenRouter;

/// <summary><c>GET /api/v1/generation?id=</c>: what a call cost, also when its answer never arrived.</summary>
internal static class GenerationRoutes
{
    public static Task GetAsync(Exchange exchange, Knobs knobs)
    {
        var id = exchange.Context.Request.Query["id"].ToString();
        if (exchange.Sandbox.Generations.Find(id) is not { } generation || !generation.IsKnownNow())
            return Answers.RefuseAsync(exchange, Refusal.NotFound($"Generation {id} not found"));
        using var buffer = JsonBuffer.Rent();
        buffer.Json.WriteStartObject();
        buffer.Json.WriteStartObject("data"u8);
        Write(buffer.Json, generation);
        buffer.Json.WriteEndObject();
        buffer.Json.WriteEndObject();
        return Answers.SendJsonAsync(exchange, buffer, knobs);
    }

    private static void Write(Utf8JsonWriter json, Generation generation)
    {
        var call = generation.Call;
        var usage = generation.Usage;
        var cost = CallCost.Of(call.Knobs, usage);
        json.WriteString("id"u8, generation.Id);
        json.WriteString("model"u8, call.ReportedModel);
        json.WriteString("provider_name"u8, Generation.ProviderName);
        json.WriteString("created_at"u8, DateTimeOffset.FromUnixTimeSeconds(generation.CreatedAtSeconds));
        json.WriteBoolean("streamed"u8, call.Stream);
        json.WriteBoolean("cancelled"u8, !generation.IsComplete);
        json.WriteString("finish_reason"u8, generation.IsComplete ? call.FinishReason : null);
        json.WriteString("service_tier"u8, call.ReportedTier);
        cost.Write(json, "total_cost"u8, cost.Charged);
        cost.Write(json, "usage"u8, cost.Charged);
        cost.Write(json, "upstream_inference_cost"u8, cost.Upstream);
        json.WriteBoolean("is_byok"u8, cost.IsByok);
        UsageJson.Number(json, "tokens_prompt"u8, usage.Input, usage);
        UsageJson.Number(json, "tokens_completion"u8, usage.Output, usage);
        UsageJson.Number(json, "native_tokens_prompt"u8, usage.Input, usage);
        UsageJson.Number(json, "native_tokens_completion"u8, usage.Output, usage);
        UsageJson.Number(json, "native_tokens_reasoning"u8, usage.Reasoning, usage);
        UsageJson.Number(json, "native_tokens_cached"u8, usage.Cached, usage);
        json.WriteNull("num_search_results"u8);
    }
}
