using System.Text.Json;
using Spendra.Sandbox.Embeddings;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Gemini;

/// <summary><c>:embedContent</c> and <c>:batchEmbedContents</c>: a vector of length one for each text.</summary>
internal static class ContentEmbeddings
{
    private const int DefaultDimensions = 3072;

    public static Task AnswerAsync(Exchange exchange, ContentCall call)
    {
        using var buffer = JsonBuffer.Rent();
        var json = buffer.Json;
        json.WriteStartObject();
        if (exchange.Match.Route is SandboxRoute.EmbedContent)
        {
            json.WritePropertyName("embedding"u8);
            Write(json, 0, call);
        }
        else
        {
            json.WriteStartArray("embeddings"u8);
            for (var index = 0; index < call.Inputs; index++)
                Write(json, index, call);
            json.WriteEndArray();
        }
        if (!call.Knobs.NoUsage)
            WriteUsage(json, call);
        json.WriteEndObject();
        return Answers.SendJsonAsync(exchange, buffer, call.Knobs);
    }

    private static void WriteUsage(Utf8JsonWriter json, ContentCall call)
    {
        json.WriteStartObject("usageMetadata"u8);
        var tokens = call.Knobs.InputTokens ?? SandboxUsage.TextTokens(call.TextBytes);
        UsageJson.Number(json, "promptTokenCount"u8, tokens, call.Knobs.UsageAsStrings);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, int index, ContentCall call)
    {
        json.WriteStartObject();
        json.WriteStartArray("values"u8);
        foreach (var component in EmbeddingAnswer.VectorOf(index, call.Dimensions ?? DefaultDimensions))
            json.WriteNumberValue(component);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
