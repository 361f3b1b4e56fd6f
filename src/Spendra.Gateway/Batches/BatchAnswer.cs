using System.Text.Json;
using System.Text.Unicode;
using Spendra.Gateway.Dialects.OpenAi;

namespace Spendra.Gateway.Batches;

/// <summary>The frame of one line that a batch wrote: whether the call was answered, and where the answer stands.</summary>
/// <param name="Status">The status of the answer, or null when there is none.</param>
/// <param name="Start">Where its body begins in the line.</param>
/// <param name="Length">The bytes of its body; 0 when it has none.</param>
internal readonly record struct BatchAnswer(int? Status, int Start, int Length)
{
    public bool IsAnswered => Status is >= 200 and < 300;

    public ReadOnlySpan<byte> BodyOf(ReadOnlySpan<byte> line) => line.Slice(Start, Length);

    /// <summary>False when the line is not one answer or one failure, said once.</summary>
    public static bool TryRead(ReadOnlySpan<byte> line, out BatchAnswer answer)
    {
        answer = default;
        if (!Utf8.IsValid(line)) return false;
        var json = new Utf8JsonReader(line, new JsonReaderOptions { MaxDepth = OpenAiRequestReader.MaxDepth + 2 });
        try
        {
            return ReadRoot(ref json, ref answer);
        }
        // InvalidOperationException: a name with half of a surrogate pair.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private static bool ReadRoot(ref Utf8JsonReader json, ref BatchAnswer answer)
    {
        var (hasResponse, hasError) = (false, false);
        if (!json.Read() || json.TokenType != JsonTokenType.StartObject) return false;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("response"u8))
            {
                if (hasResponse) return false;
                hasResponse = true;
                if (!ReadResponse(ref json, ref answer)) return false;
                continue;
            }
            var isError = json.ValueTextEquals("error"u8);
            json.Read();
            hasError |= isError && json.TokenType != JsonTokenType.Null;
            json.Skip();
        }
        if (json.Read()) return false;
        return answer.Status is not null || hasError;
    }

    private static bool ReadResponse(ref Utf8JsonReader json, ref BatchAnswer answer)
    {
        json.Read();
        if (json.TokenType == JsonTokenType.Null) return true;
        if (json.TokenType != JsonTokenType.StartObject) return false;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var (isStatus, isBody) = (json.ValueTextEquals("status_code"u8), json.ValueTextEquals("body"u8));
            json.Read();
            if (isStatus)
            {
                if (answer.Status is not null || json.TokenType != JsonTokenType.Number || !json.TryGetInt32(out var status)) return false;
                answer = answer with { Status = status };
            }
            var start = (int)json.TokenStartIndex;
            json.Skip();
            if (!isBody) continue;
            if (answer.Length > 0) return false;
            answer = answer with { Start = start, Length = (int)json.BytesConsumed - start };
        }
        return answer.Status is not null;
    }
}
