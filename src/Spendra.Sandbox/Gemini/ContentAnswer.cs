using Spendra.Sandbox.Dialects;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Gemini;

/// <summary>Generated content in one piece, and the count of what would be sent.</summary>
internal static class ContentAnswer
{
    public static Task AnswerAsync(Exchange exchange, ContentCall call)
    {
        var piece = new ContentJson.Piece(Words.Text(call.Words), HasThought(call), IsLast: true);
        using var buffer = JsonBuffer.Rent();
        buffer.Json.WriteStartObject();
        ContentJson.Write(buffer.Json, exchange, call, exchange.Sandbox.Ids.Next(""), piece, ContentUsage.Of(call));
        buffer.Json.WriteEndObject();
        return Answers.SendJsonAsync(exchange, buffer, call.Knobs);
    }

    public static Task CountAsync(Exchange exchange, ContentCall call)
    {
        var tokens = call.Knobs.InputTokens ?? call.InputTokens;
        using var buffer = JsonBuffer.Rent();
        buffer.Json.WriteStartObject();
        UsageJson.Number(buffer.Json, "totalTokens"u8, tokens, call.Knobs.UsageAsStrings);
        if (exchange.Match.Dialect is Dialect.Vertex)
            buffer.Json.WriteNumber("totalBillableCharacters"u8, call.TextBytes);
        ContentUsage.WriteDetails(buffer.Json, "promptTokensDetails"u8, tokens, 0, 0, call.Knobs);
        buffer.Json.WriteEndObject();
        return Answers.SendJsonAsync(exchange, buffer, call.Knobs);
    }

    public static bool HasThought(ContentCall call) => call.IncludesThoughts && call.Knobs.ReasoningTokens > 0;
}
