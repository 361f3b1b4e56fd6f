using System.Text.Json;
using Spendra.Sandbox.Directives;
using Spendra.Sandbox.OpenRouter;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Responses;

/// <summary>
/// The named events of one response, numbered from 0: created, in_progress, the message and its text as it grows, and
/// the terminal event with the whole response. There is no <c>[DONE]</c>.
/// </summary>
internal sealed class ResponseStream(StoredResponse response, EventStream events, long startingAfter)
{
    private long _sequence;

    /// <param name="exchange">The request that is answered.</param>
    /// <param name="response">What to tell of.</param>
    /// <param name="knobs">Of this request: a stream that is fetched again has none of the first one's.</param>
    /// <param name="startingAfter">Events up to this sequence number are left out.</param>
    /// <param name="generation">OpenRouter's record of the call, told when the stream is whole.</param>
    public static async Task AnswerAsync(
        Exchange exchange, StoredResponse response, Knobs knobs, long startingAfter = -1, Generation? generation = null)
    {
        await using var events = new EventStream(exchange, knobs);
        await new ResponseStream(response, events, startingAfter).SendAsync(knobs);
        generation?.Complete();
    }

    private async Task SendAsync(Knobs knobs)
    {
        var words = response.Call.WordsOfChoice;
        await SendStatusAsync("response.created", response.Call.Background ? ResponseStatus.Queued : ResponseStatus.InProgress);
        await SendStatusAsync("response.in_progress", ResponseStatus.InProgress);
        for (var index = 0; index < response.Tools.Count; index++)
            await SendToolAsync(index);
        var isFailing = response.Outcome is ResponseStatus.Failed;
        if (!response.HasMessage && !isFailing)
        {
            await SendTerminalAsync(response.Outcome, knobs.NoDone);
            return;
        }
        await SendAsync("response.output_item.added", this, static (json, stream) => stream.WriteItem(json, ResponseStatus.InProgress, null));
        await SendAsync("response.content_part.added", this, static (json, stream) => stream.WritePart(json, ""));
        for (var word = 0; word < (isFailing ? (words + 1) / 2 : words); word++)
        {
            await SendAsync(
                "response.output_text.delta", (this, word), static (json, at) => at.Item1.WriteDelta(json, at.word),
                word == 0 ? knobs.LineBytes : null);
        }
        if (isFailing)
        {
            await SendAsync("error", this, static (json, _) => WriteError(json));
            await SendStatusAsync("response.failed", ResponseStatus.Failed);
            return;
        }
        await SendEndAsync(Words.Text(words), response.Outcome, knobs.NoDone);
    }

    private async Task SendToolAsync(int index)
    {
        var tool = response.Tools[index];
        await SendAsync("response.output_item.added", (tool, index), static (json, at) => WriteToolItem(json, at.tool, at.index, isDone: false));
        if (tool.Kind is ToolKind.Function)
            await SendArgumentsAsync(tool, index);
        foreach (var stage in ToolCallJson.StagesOf(tool.Kind))
        {
            await SendAsync($"response.{ToolCallJson.TypeOf(tool.Kind)}.{stage}", (tool, index), static (json, at) =>
            {
                json.WriteNumber("output_index"u8, at.index);
                json.WriteString("item_id"u8, at.tool.Id);
            });
        }
        await SendAsync("response.output_item.done", (tool, index), static (json, at) => WriteToolItem(json, at.tool, at.index, isDone: true));
    }

    private async Task SendArgumentsAsync(ToolCall tool, int index)
    {
        await SendPieceAsync("delta", "delta");
        await SendPieceAsync("done", "arguments");

        ValueTask SendPieceAsync(string stage, string member) =>
            SendAsync($"response.function_call_arguments.{stage}", (tool, index, member), static (json, at) =>
            {
                json.WriteNumber("output_index"u8, at.index);
                json.WriteString("item_id"u8, at.tool.Id);
                json.WriteString(at.member, ToolCallJson.Arguments);
            });
    }

    private static void WriteToolItem(Utf8JsonWriter json, ToolCall tool, int index, bool isDone)
    {
        json.WriteNumber("output_index"u8, index);
        json.WritePropertyName("item"u8);
        ToolCallJson.Write(json, tool, isDone);
    }

    private async Task SendEndAsync(string text, ResponseStatus outcome, bool withoutTerminal)
    {
        await SendAsync("response.output_text.done", (this, text), static (json, at) => at.Item1.WriteTextDone(json, at.text));
        await SendAsync("response.content_part.done", (this, text), static (json, at) => at.Item1.WritePart(json, at.text));
        await SendAsync(
            "response.output_item.done", (this, outcome, text), static (json, at) => at.Item1.WriteItem(json, at.outcome, at.text));
        await SendTerminalAsync(outcome, withoutTerminal);
    }

    private async Task SendTerminalAsync(ResponseStatus outcome, bool withoutTerminal)
    {
        if (!withoutTerminal)
            await SendStatusAsync(outcome is ResponseStatus.Incomplete ? "response.incomplete" : "response.completed", outcome);
    }

    private ValueTask SendStatusAsync(string name, ResponseStatus status) =>
        SendAsync(name, (this, status), static (json, at) => at.Item1.WriteStatus(json, at.status));

    private ValueTask SendAsync<T>(string name, T state, Action<Utf8JsonWriter, T> write, int? lineBytes = null)
    {
        var sequence = _sequence++;
        if (sequence <= startingAfter)
            return ValueTask.CompletedTask;
        return events.SendAsync(name, (name, sequence, state, write), static (json, sent) =>
        {
            json.WriteString("type"u8, sent.name);
            json.WriteNumber("sequence_number"u8, sent.sequence);
            sent.write(json, sent.state);
        }, lineBytes);
    }

    private void WriteStatus(Utf8JsonWriter json, ResponseStatus status)
    {
        json.WritePropertyName("response"u8);
        ResponseJson.Write(json, response, status);
    }

    private void WriteItem(Utf8JsonWriter json, ResponseStatus status, string? text)
    {
        json.WriteNumber("output_index"u8, response.Tools.Count);
        json.WritePropertyName("item"u8);
        ResponseJson.WriteMessage(json, response, status, text);
    }

    private void WritePart(Utf8JsonWriter json, string text)
    {
        WriteTextPosition(json);
        json.WritePropertyName("part"u8);
        ResponseJson.WriteText(json, text);
    }

    private void WriteDelta(Utf8JsonWriter json, int word)
    {
        WriteTextPosition(json);
        json.WriteString("delta"u8, Words.Piece(word));
        WriteNoLogprobs(json);
    }

    private void WriteTextDone(Utf8JsonWriter json, string text)
    {
        WriteTextPosition(json);
        json.WriteString("text"u8, text);
        WriteNoLogprobs(json);
    }

    private void WriteTextPosition(Utf8JsonWriter json)
    {
        json.WriteString("item_id"u8, response.MessageId);
        json.WriteNumber("output_index"u8, response.Tools.Count);
        json.WriteNumber("content_index"u8, 0);
    }

    private static void WriteNoLogprobs(Utf8JsonWriter json)
    {
        json.WriteStartArray("logprobs"u8);
        json.WriteEndArray();
    }

    private static void WriteError(Utf8JsonWriter json)
    {
        json.WriteString("code"u8, "server_error"u8);
        json.WriteString("message"u8, Refusal.OfStatus(500).Message);
        json.WriteNull("param"u8);
    }
}
