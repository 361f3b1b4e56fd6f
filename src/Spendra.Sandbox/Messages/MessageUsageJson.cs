using System.Text.Json;
using Spendra.Sandbox.Directives;
using Spendra.Sandbox.OpenRouter;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Messages;

/// <summary>Usage in Anthropic's words.</summary>
internal static class MessageUsageJson
{
    /// <summary>The whole usage, of an answer or at the start of a stream.</summary>
    public static void Write(Utf8JsonWriter json, MessageCall call, MessageUsage usage)
    {
        json.WriteStartObject("usage"u8);
        WriteInput(json, usage, call.Knobs);
        WriteCacheCreation(json, usage.CacheWrite5m, usage.CacheWrite1h, call.Knobs);
        WriteOutput(json, usage, call.Knobs);
        json.WriteString("service_tier"u8, call.ReportedTier);
        json.WriteString("inference_geo"u8, call.ReportedGeo);
        if (call.ReportedSpeed is { } speed)
            json.WriteString("speed"u8, speed);
        WriteIterations(json, call);
        WriteCost(json, call, usage);
        json.WriteEndObject();
    }

    /// <summary>
    /// The running totals at the end of a stream. The split of the cache, the tier and the place are not repeated:
    /// who reads this in place of the first usage, instead of over it, loses them.
    /// </summary>
    public static void WriteDelta(Utf8JsonWriter json, MessageCall call, MessageUsage usage)
    {
        json.WriteStartObject("usage"u8);
        WriteInput(json, usage, call.Knobs);
        WriteOutput(json, usage, call.Knobs);
        WriteIterations(json, call);
        WriteCost(json, call, usage);
        json.WriteEndObject();
    }

    /// <summary>OpenRouter's bill for what was used so far.</summary>
    private static void WriteCost(Utf8JsonWriter json, MessageCall call, MessageUsage usage)
    {
        if (call.TellsCost)
            CallCost.Of(call.Knobs, usage.Input + usage.CacheRead + usage.CacheWrite, usage.Output, call.Knobs.UsageAsStrings).WriteMembers(json);
    }

    private static void WriteInput(Utf8JsonWriter json, MessageUsage usage, Knobs knobs)
    {
        Number(json, "input_tokens"u8, usage.Input, knobs);
        Number(json, "cache_creation_input_tokens"u8, usage.CacheWrite, knobs);
        Number(json, "cache_read_input_tokens"u8, usage.CacheRead, knobs);
    }

    private static void WriteCacheCreation(Utf8JsonWriter json, Int128 written5m, Int128 written1h, Knobs knobs)
    {
        json.WriteStartObject("cache_creation"u8);
        Number(json, "ephemeral_5m_input_tokens"u8, written5m, knobs);
        Number(json, "ephemeral_1h_input_tokens"u8, written1h, knobs);
        json.WriteEndObject();
    }

    private static void WriteOutput(Utf8JsonWriter json, MessageUsage usage, Knobs knobs)
    {
        Number(json, "output_tokens"u8, usage.Output, knobs);
        json.WriteStartObject("output_tokens_details"u8);
        Number(json, "thinking_tokens"u8, usage.Thinking, knobs);
        json.WriteEndObject();
        if (usage is { Searches: var searches, Fetches: var fetches } && searches == 0 && fetches == 0)
        {
            json.WriteNull("server_tool_use"u8);
            return;
        }
        json.WriteStartObject("server_tool_use"u8);
        Number(json, "web_search_requests"u8, usage.Searches, knobs);
        Number(json, "web_fetch_requests"u8, usage.Fetches, knobs);
        json.WriteEndObject();
    }

    /// <summary>Parts of the call that other models served, or that the totals above leave out.</summary>
    private static void WriteIterations(Utf8JsonWriter json, MessageCall call)
    {
        if (call.Knobs.Iterations is not { } iterations)
            return;
        json.WriteStartArray("iterations"u8);
        foreach (var iteration in iterations)
        {
            json.WriteStartObject();
            json.WriteString("type"u8, iteration.Type);
            if (iteration.Type != "compaction")
                json.WriteString("model"u8, iteration.Model ?? call.ReportedModel);
            Number(json, "input_tokens"u8, iteration.Input, call.Knobs);
            Number(json, "output_tokens"u8, iteration.Output, call.Knobs);
            Number(json, "cache_read_input_tokens"u8, iteration.CacheRead, call.Knobs);
            Number(json, "cache_creation_input_tokens"u8, iteration.CacheWrite, call.Knobs);
            WriteCacheCreation(json, iteration.CacheWrite, 0, call.Knobs);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Number(Utf8JsonWriter json, ReadOnlySpan<byte> name, Int128 value, Knobs knobs) =>
        UsageJson.Number(json, name, value, knobs.UsageAsStrings);
}
