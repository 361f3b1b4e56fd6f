using System.Runtime.InteropServices;
using System.Text.Json;
using Spendra.Sandbox.Calls;
using Spendra.Sandbox.OpenRouter;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Embeddings;

/// <summary><c>POST /v1/embeddings</c>: a vector of length one for each input, the same for the same position.</summary>
internal static class EmbeddingAnswer
{
    private const int DefaultDimensions = 1536;
    private const int MaxInputs = 2048;

    public static Task AnswerAsync(Exchange exchange, ModelCall call)
    {
        if (call.Inputs is 0 or > MaxInputs)
            return Answers.RefuseAsync(exchange, Refusal.Invalid("'$.input' is invalid. Please check the API reference.", "input"));
        using var buffer = JsonBuffer.Rent();
        var json = buffer.Json;
        json.WriteStartObject();
        json.WriteString("object"u8, "list"u8);
        json.WriteStartArray("data"u8);
        for (var index = 0; index < call.Inputs; index++)
            WriteEmbedding(json, index, call);
        json.WriteEndArray();
        json.WriteString("model"u8, call.ReportedModel);
        if (!call.Knobs.NoUsage)
            WriteUsage(json, exchange, call);
        json.WriteEndObject();
        return Answers.SendJsonAsync(exchange, buffer, call.Knobs);
    }

    private static void WriteUsage(Utf8JsonWriter json, Exchange exchange, ModelCall call)
    {
        var usage = Usage.OfEmbeddings(call);
        json.WriteStartObject("usage"u8);
        UsageJson.WriteEmbeddingsMembers(json, usage);
        if (exchange.Match.Provider is SandboxProvider.OpenRouter)
            CallCost.Of(call.Knobs, usage).WriteMembers(json);
        json.WriteEndObject();
    }

    private static void WriteEmbedding(Utf8JsonWriter json, int index, ModelCall call)
    {
        json.WriteStartObject();
        json.WriteString("object"u8, "embedding"u8);
        json.WriteNumber("index"u8, index);
        var vector = VectorOf(index, call.Dimensions ?? DefaultDimensions);
        if (call.WantsBase64)
        {
            // Little-endian 32-bit floats, which is also how this machine keeps them.
            json.WriteBase64String("embedding"u8, MemoryMarshal.AsBytes(vector.AsSpan()));
        }
        else
        {
            json.WriteStartArray("embedding"u8);
            foreach (var component in vector)
                json.WriteNumberValue(component);
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    public static float[] VectorOf(int index, int dimensions)
    {
        var vector = new float[dimensions];
        var magnitude = 1 / MathF.Sqrt(dimensions);
        for (var at = 0; at < dimensions; at++)
            vector[at] = (at + index) % 3 == 0 ? -magnitude : magnitude;
        return vector;
    }
}
