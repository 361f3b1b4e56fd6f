using System.Text.Json;
using Spendra.Sandbox.Calls;
using Spendra.Sandbox.Chat;
using Spendra.Sandbox.Providers;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.GoogleCompat;

/// <summary>
/// Chat of Google's models in OpenAI's dialect. Thoughts are outside <c>completion_tokens</c> but inside
/// <c>total_tokens</c>. Every chunk of a stream tells the usage so far. Vertex adds the details and the kind of traffic; the Gemini API only has the three sums.
/// </summary>
internal sealed class GoogleChat(bool withDetails) : ChatDialect
{
    public override void WriteHead(Utf8JsonWriter json, ModelCall call)
    {
    }

    public override void WriteUsage(Utf8JsonWriter json, ModelCall call) => Write(json, Usage.Of(call, previousTokens: 0));

    public override void WriteUsageSoFar(Utf8JsonWriter json, ModelCall call, int words)
    {
        var whole = Usage.Of(call, previousTokens: 0);
        Write(json, whole with { Output = Int128.Min(words, whole.Output), GivenTotal = null });
    }

    private void Write(Utf8JsonWriter json, Usage usage)
    {
        var total = usage.GivenTotal ?? usage.Input + usage.Output + usage.Reasoning;
        json.WriteStartObject("usage"u8);
        UsageJson.Number(json, "prompt_tokens"u8, usage.Input, usage);
        UsageJson.Number(json, "completion_tokens"u8, usage.Output, usage);
        UsageJson.Number(json, "total_tokens"u8, total, usage);
        if (withDetails)
            WriteDetails(json, usage);
        json.WriteEndObject();
    }

    public override void WriteError(Utf8JsonWriter json, ChatStream stream) =>
        ErrorShapes.WriteMembers(json, SandboxProvider.Gemini, Refusal.OfStatus(500));

    private static void WriteDetails(Utf8JsonWriter json, Usage usage)
    {
        json.WriteStartObject("prompt_tokens_details"u8);
        UsageJson.Number(json, "cached_tokens"u8, usage.Cached, usage);
        json.WriteEndObject();
        json.WriteStartObject("completion_tokens_details"u8);
        UsageJson.Number(json, "reasoning_tokens"u8, usage.Reasoning, usage);
        json.WriteEndObject();
        json.WriteStartObject("extra_properties"u8);
        json.WriteStartObject("google"u8);
        json.WriteString("traffic_type"u8, "ON_DEMAND"u8);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
