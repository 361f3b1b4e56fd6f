using System.Text.Json;
using Spendra.Sandbox.Calls;
using Spendra.Sandbox.OpenRouter;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Chat;

/// <summary>
/// <c>POST /v1/chat/completions</c> as a stream: a chunk with the role for each choice, a chunk for each word of each
/// choice, a chunk with the finish reason for each choice, the usage chunk when asked for, and <c>[DONE]</c>.
/// </summary>
internal sealed class ChatStream
{
    private static readonly byte[] s_done = [.. "data: [DONE]\n\n"u8];

    private readonly ModelCall _call;
    private readonly string _id;
    private readonly long _created;
    private readonly bool _reportsUsage;
    private readonly ChatDialect _dialect;
    private readonly Generation? _generation;
    private int _words;

    private ChatStream(Exchange exchange, ModelCall call)
    {
        _call = call;
        _dialect = ChatDialect.Of(exchange.Match.Provider);
        _id = exchange.Sandbox.Ids.Next(_dialect.IdPrefix);
        _created = exchange.Sandbox.NowSeconds;
        _reportsUsage = (call.IncludeUsage || _dialect.AlwaysReportsUsage) && !call.Knobs.NoUsage;
        _generation = Generation.Begin(exchange, _id, call);
    }

    public static async Task AnswerAsync(Exchange exchange, ModelCall call)
    {
        var chat = new ChatStream(exchange, call);
        await using var events = new EventStream(exchange, call.Knobs);
        await chat.SendAsync(events);
    }

    private async Task SendAsync(EventStream events)
    {
        await _dialect.OpenAsync(events, _call);
        for (var choice = 0; choice < _call.Choices; choice++)
            await events.SendAsync(null, (this, choice), static (json, at) => at.Item1.WriteRole(json, at.choice));

        var words = _call.WordsOfChoice;
        for (var word = 0; word < words; word++)
        {
            if (_call.Knobs.ErrorMidstream && word == (words + 1) / 2)
                break;
            for (var choice = 0; choice < _call.Choices; choice++)
            {
                await events.SendAsync(
                    null, (this, choice, word), static (json, at) => at.Item1.WriteWord(json, at.choice, at.word),
                    word == 0 && choice == 0 ? _call.Knobs.LineBytes : null);
            }
        }
        if (_call.Knobs.ErrorMidstream)
        {
            await events.SendAsync(null, this, static (json, chat) => chat._dialect.WriteError(json, chat));
            return;
        }

        await _dialect.CloseAsync(events, _call);
        for (var choice = 0; choice < _call.Choices; choice++)
            await events.SendAsync(null, (this, choice), static (json, at) => at.Item1.WriteFinish(json, at.choice));
        if (_reportsUsage)
            await events.SendAsync(null, this, static (json, chat) => chat.WriteUsage(json));
        if (!_call.Knobs.NoDone)
            await events.SendRawAsync(s_done);
        _generation?.Complete();
    }

    private void WriteRole(Utf8JsonWriter json, int choice)
    {
        OpenChoice(json, choice);
        json.WriteString("role"u8, "assistant"u8);
        json.WriteString("content"u8, ""u8);
        json.WriteNull("refusal"u8);
        CloseChoice(json, null);
    }

    private void WriteWord(Utf8JsonWriter json, int choice, int word)
    {
        // Written twice when a line is padded: the index tells, not a count of the writes.
        _words = word * _call.Choices + choice + 1;
        OpenChoice(json, choice);
        json.WriteString("content"u8, Words.Piece(word));
        CloseChoice(json, null);
    }

    private void WriteFinish(Utf8JsonWriter json, int choice)
    {
        OpenChoice(json, choice);
        CloseChoice(json, _call.FinishReason);
    }

    private void WriteUsage(Utf8JsonWriter json)
    {
        WriteHead(json);
        json.WriteStartArray("choices"u8);
        json.WriteEndArray();
        _dialect.WriteUsage(json, _call);
    }

    private void OpenChoice(Utf8JsonWriter json, int choice)
    {
        WriteHead(json);
        json.WriteStartArray("choices"u8);
        json.WriteStartObject();
        json.WriteNumber("index"u8, choice);
        json.WriteStartObject("delta"u8);
    }

    private void CloseChoice(Utf8JsonWriter json, string? finishReason)
    {
        json.WriteEndObject();
        json.WriteNull("logprobs"u8);
        json.WriteString("finish_reason"u8, finishReason);
        _dialect.WriteChoice(json, _call, finishReason);
        json.WriteEndObject();
        json.WriteEndArray();
        if (_reportsUsage && _call.IncludeUsage)
            _dialect.WriteUsageSoFar(json, _call, _words);
    }

    /// <summary>What every chunk begins with.</summary>
    public void WriteHead(Utf8JsonWriter json)
    {
        json.WriteString("id"u8, _id);
        json.WriteString("object"u8, "chat.completion.chunk"u8);
        json.WriteNumber("created"u8, _created);
        json.WriteString("model"u8, _call.ReportedModel);
        _dialect.WriteHead(json, _call);
    }
}
