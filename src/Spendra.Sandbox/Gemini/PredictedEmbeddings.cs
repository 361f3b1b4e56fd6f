using System.Text.Json;
using Spendra.Sandbox.Embeddings;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Gemini;

/// <summary>
/// <c>:predict</c> of Vertex AI: a vector for each text with its tokens, and the characters of all together. The knob
/// <c>input_tokens</c> stands with the first vector, and zero with the others.
/// </summary>
internal static class PredictedEmbeddings
{
    private const int DefaultDimensions = 768;

    public static Task AnswerAsync(Exchange exchange, ContentCall call)
    {
        using var buffer = JsonBuffer.Rent();
        var json = buffer.Json;
        json.WriteStartObject();
        json.WriteStartArray("predictions"u8);
        for (var index = 0; index < call.Instances.Count; index++)
            WritePrediction(json, index, call);
        json.WriteEndArray();
        if (!call.Knobs.NoUsage)
        {
            json.WriteStartObject("metadata"u8);
            UsageJson.Number(json, "billableCharacterCount"u8, call.Instances.Sum(i => i.Characters), call.Knobs.UsageAsStrings);
            json.WriteEndObject();
        }
        json.WriteEndObject();
        return Answers.SendJsonAsync(exchange, buffer, call.Knobs);
    }

    private static void WritePrediction(Utf8JsonWriter json, int index, ContentCall call)
    {
        json.WriteStartObject();
        json.WriteStartObject("embeddings"u8);
        json.WriteStartArray("values"u8);
        foreach (var component in EmbeddingAnswer.VectorOf(index, call.Dimensions ?? DefaultDimensions))
            json.WriteNumberValue(component);
        json.WriteEndArray();
        if (!call.Knobs.NoUsage)
        {
            json.WriteStartObject("statistics"u8);
            json.WriteBoolean("truncated"u8, false);
            var counted = SandboxUsage.TextTokens(call.Instances[index].Bytes);
            UsageJson.Number(json, "token_count"u8, call.Knobs.InputTokens is { } told ? (index == 0 ? told : 0) : counted, call.Knobs.UsageAsStrings);
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
