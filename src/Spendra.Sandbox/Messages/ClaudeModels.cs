using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Spendra.Sandbox.Directives;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Messages;

/// <summary><c>GET /v1/models</c> and one of them as Anthropic lists them: newest first, in pages.</summary>
internal static class ClaudeModels
{
    private const int DefaultLimit = 20;
    private const int MaxLimit = 1000;
    private const int MaxInputTokens = 1_000_000;
    private const int MaxOutputTokens = 128_000;

    public static Task ListAsync(Exchange exchange, Knobs knobs)
    {
        var query = exchange.Context.Request.Query;
        if (!ReadLimit(query, out var limit))
            return Answers.RefuseAsync(exchange, MessageErrors.Invalid($"limit: expected an integer from 1 to {MaxLimit}"));
        var rest = exchange.Sandbox.Options.ClaudeModels.AsEnumerable();
        if (query.TryGetValue("after_id", out var after))
            rest = rest.SkipWhile(id => id != after).Skip(1);
        var page = rest.Take(limit + 1).ToList();
        var models = page[..Math.Min(limit, page.Count)];

        using var buffer = JsonBuffer.Rent();
        buffer.Json.WriteStartObject();
        buffer.Json.WriteStartArray("data"u8);
        foreach (var model in models)
            Write(buffer.Json, exchange, model);
        buffer.Json.WriteEndArray();
        buffer.Json.WriteBoolean("has_more"u8, page.Count > limit);
        buffer.Json.WriteString("first_id"u8, models.FirstOrDefault());
        buffer.Json.WriteString("last_id"u8, models.LastOrDefault());
        buffer.Json.WriteEndObject();
        return Answers.SendJsonAsync(exchange, buffer, knobs);
    }

    public static Task GetAsync(Exchange exchange, Knobs knobs)
    {
        var model = exchange.Match.Id;
        if (!exchange.Sandbox.Options.ClaudeModels.Contains(model, StringComparer.Ordinal))
            return Answers.RefuseAsync(exchange, new Refusal(404, $"model: {model}", ""));
        using var buffer = JsonBuffer.Rent();
        Write(buffer.Json, exchange, model);
        return Answers.SendJsonAsync(exchange, buffer, knobs);
    }

    private static bool ReadLimit(IQueryCollection query, out int limit)
    {
        limit = DefaultLimit;
        return !query.TryGetValue("limit", out var given) || (int.TryParse(given, out limit) && limit is >= 1 and <= MaxLimit);
    }

    private static void Write(Utf8JsonWriter json, Exchange exchange, string model)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "model"u8);
        json.WriteString("id"u8, model);
        json.WriteString("display_name"u8, model);
        json.WriteString("created_at"u8, DateTimeOffset.FromUnixTimeSeconds(exchange.Sandbox.StartedAtSeconds).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'"));
        json.WriteString("lifecycle"u8, "active"u8);
        json.WriteNumber("max_input_tokens"u8, MaxInputTokens);
        json.WriteNumber("max_tokens"u8, MaxOutputTokens);
        json.WriteNull("capabilities"u8);
        json.WriteEndObject();
    }
}
