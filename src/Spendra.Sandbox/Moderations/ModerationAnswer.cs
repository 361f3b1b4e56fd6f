using System.Text.Json;
using Spendra.Sandbox.Calls;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Moderations;

/// <summary><c>POST /v1/moderations</c>: a verdict for each text, or one for a message of text and images. Free, no usage.</summary>
internal static class ModerationAnswer
{
    private static readonly string[] s_categories =
    [
        "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent", "self-harm",
        "self-harm/intent", "self-harm/instructions", "sexual", "sexual/minors", "violence", "violence/graphic",
    ];

    public static Task AnswerAsync(Exchange exchange, ModelCall call)
    {
        if (!call.Fields!.Json.TryGetProperty("input", out var input) || VerdictsFor(input) is not { } verdicts)
            return Answers.RefuseAsync(exchange, Refusal.Missing("input"));
        using var buffer = JsonBuffer.Rent();
        var json = buffer.Json;
        json.WriteStartObject();
        json.WriteString("id"u8, exchange.Sandbox.Ids.Next("modr-"));
        json.WriteString("model"u8, call.Model is null && call.Knobs.Model is null ? "omni-moderation-latest" : call.ReportedModel);
        json.WriteStartArray("results"u8);
        for (var verdict = 0; verdict < verdicts; verdict++)
            Write(json, call.Knobs.IsFlagged);
        json.WriteEndArray();
        json.WriteEndObject();
        return Answers.SendJsonAsync(exchange, buffer, call.Knobs);
    }

    private static int? VerdictsFor(JsonElement input) => input.ValueKind switch
    {
        JsonValueKind.String => 1,
        JsonValueKind.Array when input.GetArrayLength() == 0 => null,
        JsonValueKind.Array => input[0].ValueKind is JsonValueKind.String ? input.GetArrayLength() : 1,
        _ => null,
    };

    private static void Write(Utf8JsonWriter json, bool isFlagged)
    {
        json.WriteStartObject();
        json.WriteBoolean("flagged"u8, isFlagged);
        json.WriteStartObject("categories"u8);
        foreach (var category in s_categories)
            json.WriteBoolean(category, isFlagged && category is "violence");
        json.WriteEndObject();
        json.WriteStartObject("category_scores"u8);
        foreach (var category in s_categories)
            json.WriteNumber(category, isFlagged && category is "violence" ? 1 : 0);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
