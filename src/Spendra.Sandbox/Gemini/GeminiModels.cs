using System.Text.Json;
using Spendra.Sandbox.Directives;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Gemini;

/// <summary><c>GET /v1beta/models</c> and one of them. A page's token is the number of the models before it.</summary>
internal static class GeminiModels
{
    private const int DefaultPageSize = 50;
    private const int MaxPageSize = 1000;
    private const int InputTokenLimit = 1_048_576;
    private const int OutputTokenLimit = 65_536;

    public static Task ListAsync(Exchange exchange, Knobs knobs)
    {
        var query = exchange.Context.Request.Query;
        if (!Read(query["pageSize"], DefaultPageSize, out var size) || !Read(query["pageToken"], 0, out var start))
            return Answers.RefuseAsync(exchange, GeminiErrors.Invalid("pageSize and pageToken must be whole numbers."));
        size = Math.Min(size, MaxPageSize);
        var models = exchange.Sandbox.Options.GeminiModels;

        using var buffer = JsonBuffer.Rent();
        buffer.Json.WriteStartObject();
        buffer.Json.WriteStartArray("models"u8);
        foreach (var model in models.Skip(start).Take(size))
            Write(buffer.Json, model);
        buffer.Json.WriteEndArray();
        if (start + (long)size < models.Count)
            buffer.Json.WriteString("nextPageToken"u8, $"{start + size}");
        buffer.Json.WriteEndObject();
        return Answers.SendJsonAsync(exchange, buffer, knobs);
    }

    public static Task GetAsync(Exchange exchange, Knobs knobs)
    {
        var model = exchange.Match.Id;
        if (!exchange.Sandbox.Options.GeminiModels.Contains(model, StringComparer.Ordinal))
            return Answers.RefuseAsync(exchange, GeminiErrors.NoModel(model));
        using var buffer = JsonBuffer.Rent();
        Write(buffer.Json, model);
        return Answers.SendJsonAsync(exchange, buffer, knobs);
    }

    private static bool Read(string? given, int byDefault, out int number)
    {
        number = byDefault;
        return given is null || (int.TryParse(given, out number) && number >= 0);
    }

    private static void Write(Utf8JsonWriter json, string model)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, $"models/{model}");
        json.WriteString("version"u8, "001"u8);
        json.WriteString("displayName"u8, model);
        json.WriteNumber("inputTokenLimit"u8, InputTokenLimit);
        json.WriteNumber("outputTokenLimit"u8, OutputTokenLimit);
        json.WriteStartArray("supportedGenerationMethods"u8);
        if (model.Contains("embedding", StringComparison.Ordinal))
        {
            json.WriteStringValue("embedContent"u8);
        }
        else
        {
            json.WriteStringValue("generateContent"u8);
            json.WriteStringValue("countTokens"u8);
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
