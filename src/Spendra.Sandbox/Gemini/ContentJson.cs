using System.Text.Json;
using Spendra.Sandbox.Dialects;

namespace Spendra.Sandbox.Gemini;

/// <summary>A response that generates content, whole or as one chunk of a stream: both have the same shape.</summary>
internal static class ContentJson
{
    /// <summary>What one response says.</summary>
    /// <param name="Text">Of each candidate.</param>
    /// <param name="HasThought">Whether a summary of the thoughts comes first.</param>
    /// <param name="IsLast">Whether each candidate ends here, with its reason, calls and sources.</param>
    public readonly record struct Piece(string Text, bool HasThought, bool IsLast);

    /// <summary>Writes the members of a response; without a usage it tells only which tier serves.</summary>
    public static void Write(Utf8JsonWriter json, Exchange exchange, ContentCall call, string id, Piece piece, ContentUsage? usage)
    {
        var isVertex = exchange.Match.Dialect is Dialect.Vertex;
        json.WriteStartArray("candidates"u8);
        for (var index = 0; index < call.Candidates; index++)
            WriteCandidate(json, index, call, piece);
        json.WriteEndArray();
        if (!call.Knobs.NoUsage)
            ContentUsage.Write(json, call, usage, isVertex);
        json.WriteString("modelVersion"u8, call.ReportedModel);
        if (isVertex)
            json.WriteString("createTime"u8, exchange.Sandbox.Time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'"));
        json.WriteString("responseId"u8, id);
    }

    private static void WriteCandidate(Utf8JsonWriter json, int index, ContentCall call, Piece piece)
    {
        json.WriteStartObject();
        json.WriteStartObject("content"u8);
        json.WriteStartArray("parts"u8);
        if (piece.HasThought)
            WriteText(json, "Budgets first.", isThought: true);
        WriteText(json, piece.Text, isThought: false);
        for (var count = 0; piece.IsLast && count < call.FunctionCalls; count++)
            WriteFunctionCall(json, call.Function!);
        json.WriteEndArray();
        json.WriteString("role"u8, "model"u8);
        json.WriteEndObject();
        if (piece.IsLast)
        {
            json.WriteString("finishReason"u8, call.FinishReason);
            WriteGrounding(json, call.Searches);
        }
        json.WriteNumber("index"u8, index);
        json.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter json, string text, bool isThought)
    {
        json.WriteStartObject();
        json.WriteString("text"u8, text);
        if (isThought)
            json.WriteBoolean("thought"u8, true);
        json.WriteEndObject();
    }

    private static void WriteFunctionCall(Utf8JsonWriter json, string name)
    {
        json.WriteStartObject();
        json.WriteStartObject("functionCall"u8);
        json.WriteString("name"u8, name);
        json.WriteStartObject("args"u8);
        json.WriteBoolean("sandbox"u8, true);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>The only place where Google says how often it searched: there is no count in the usage.</summary>
    private static void WriteGrounding(Utf8JsonWriter json, int searches)
    {
        if (searches == 0)
            return;
        json.WriteStartObject("groundingMetadata"u8);
        json.WriteStartArray("webSearchQueries"u8);
        for (var count = 1; count <= searches; count++)
            json.WriteStringValue($"budget {count}");
        json.WriteEndArray();
        json.WriteStartArray("groundingChunks"u8);
        json.WriteStartObject();
        json.WriteStartObject("web"u8);
        json.WriteString("uri"u8, "https://example.com/"u8);
        json.WriteString("title"u8, "Example"u8);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
