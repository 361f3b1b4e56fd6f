using System.Text.Json;

namespace Spendra.Sandbox.OpenRouter;

/// <summary>A model in OpenRouter's list, with its prices as decimal texts in USD for each token.</summary>
internal static class OpenRouterModels
{
    private const int ContextLength = 128_000;
    private const int MaxOutput = 16_384;

    public static void Write(Utf8JsonWriter json, string model, long createdAtSeconds)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, model);
        json.WriteString("canonical_slug"u8, model);
        json.WriteString("name"u8, model);
        json.WriteNumber("created"u8, createdAtSeconds);
        json.WriteNumber("context_length"u8, ContextLength);
        json.WriteStartObject("pricing"u8);
        json.WriteString("prompt"u8, CallCost.UsdOf(SandboxUsage.OpenRouterInputNanos));
        json.WriteString("completion"u8, CallCost.UsdOf(SandboxUsage.OpenRouterOutputNanos));
        json.WriteString("request"u8, "0"u8);
        json.WriteString("image"u8, "0"u8);
        json.WriteString("web_search"u8, "0"u8);
        json.WriteString("internal_reasoning"u8, "0"u8);
        json.WriteEndObject();
        json.WriteStartObject("top_provider"u8);
        json.WriteNumber("context_length"u8, ContextLength);
        json.WriteNumber("max_completion_tokens"u8, MaxOutput);
        json.WriteBoolean("is_moderated"u8, false);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
