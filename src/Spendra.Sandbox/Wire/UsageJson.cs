using System.Globalization;
using System.Text.Json;
using Spendra.Sandbox.Calls;

namespace Spendra.Sandbox.Wire;

/// <summary>Usage in the shape of each OpenAI surface. Cached, cache-write and reasoning tokens are parts of the sums.</summary>
internal static class UsageJson
{
    public static void WriteChat(Utf8JsonWriter json, Usage usage)
    {
        json.WriteStartObject("usage"u8);
        WriteChatMembers(json, usage);
        json.WriteEndObject();
    }

    public static void WriteChatMembers(Utf8JsonWriter json, Usage usage)
    {
        Number(json, "prompt_tokens"u8, usage.Input, usage);
        Number(json, "completion_tokens"u8, usage.Output, usage);
        Number(json, "total_tokens"u8, usage.Total, usage);
        json.WriteStartObject("prompt_tokens_details"u8);
        Number(json, "cached_tokens"u8, usage.Cached, usage);
        Number(json, "cache_write_tokens"u8, usage.CacheWrite, usage);
        Number(json, "audio_tokens"u8, usage.AudioInput, usage);
        if (usage.ImageInput != 0)
            Number(json, "image_tokens"u8, usage.ImageInput, usage);
        json.WriteEndObject();
        json.WriteStartObject("completion_tokens_details"u8);
        Number(json, "reasoning_tokens"u8, usage.Reasoning, usage);
        Number(json, "audio_tokens"u8, usage.AudioOutput, usage);
        Number(json, "accepted_prediction_tokens"u8, usage.AcceptedPrediction, usage);
        Number(json, "rejected_prediction_tokens"u8, usage.RejectedPrediction, usage);
        json.WriteEndObject();
    }

    public static void WriteResponseMembers(Utf8JsonWriter json, Usage usage)
    {
        Number(json, "input_tokens"u8, usage.Input, usage);
        json.WriteStartObject("input_tokens_details"u8);
        Number(json, "cached_tokens"u8, usage.Cached, usage);
        Number(json, "cache_write_tokens"u8, usage.CacheWrite, usage);
        json.WriteEndObject();
        Number(json, "output_tokens"u8, usage.Output, usage);
        json.WriteStartObject("output_tokens_details"u8);
        Number(json, "reasoning_tokens"u8, usage.Reasoning, usage);
        json.WriteEndObject();
        Number(json, "total_tokens"u8, usage.Total, usage);
    }

    public static void WriteEmbeddingsMembers(Utf8JsonWriter json, Usage usage)
    {
        Number(json, "prompt_tokens"u8, usage.Input, usage);
        Number(json, "total_tokens"u8, usage.Total, usage);
    }

    public static void Number(Utf8JsonWriter json, ReadOnlySpan<byte> name, Int128 value, Usage usage) =>
        Number(json, name, value, usage.AsStrings);

    public static void Number(Utf8JsonWriter json, ReadOnlySpan<byte> name, Int128 value, bool asString)
    {
        if (asString)
            json.WriteString(name, value.ToString(CultureInfo.InvariantCulture));
        else if (value <= long.MaxValue && value >= long.MinValue)
            json.WriteNumber(name, (long)value);
        else
            WriteHuge(json, name, value);
    }

    private static void WriteHuge(Utf8JsonWriter json, ReadOnlySpan<byte> name, Int128 value)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(value.ToString(CultureInfo.InvariantCulture), skipInputValidation: true);
    }
}
