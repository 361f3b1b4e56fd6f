using System.Text.Json;

namespace Spendra.Sandbox.Calls;

/// <summary>
/// Reads the <c>input</c> of an embeddings call: a text, texts, token ids, or arrays of token ids.
/// Other shapes leave no input, which the answer refuses.
/// </summary>
internal readonly struct EmbeddingInputReader(ModelCall call)
{
    public void Read(ref Utf8JsonReader json, ref TextCounter text)
    {
        if (json.TokenType is JsonTokenType.String)
        {
            text.ReadUserText(ref json);
            call.Inputs = 1;
            return;
        }
        if (json.TokenType is not JsonTokenType.StartArray)
        {
            json.Skip();
            return;
        }
        var isTokens = false;
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (json.TokenType is JsonTokenType.Number)
            {
                call.TokenIds++;
                isTokens = true;
                continue;
            }
            call.Inputs++;
            if (json.TokenType is JsonTokenType.String)
                text.ReadUserText(ref json);
            else if (json.TokenType is JsonTokenType.StartArray)
                ReadTokenIds(ref json);
            else
                json.Skip();
        }
        if (isTokens)
            call.Inputs++;
    }

    private void ReadTokenIds(ref Utf8JsonReader json)
    {
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            call.TokenIds++;
            json.Skip();
        }
    }
}
