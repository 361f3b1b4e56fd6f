using System.Text.Json;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Messages;

/// <summary>
/// A message as named events: <c>message_start</c> with the usage so far, then start, deltas and stop of each content
/// block (a <c>ping</c> after the first start), <c>message_delta</c> with the reason and the final totals, and
/// <c>message_stop</c>. There is no <c>[DONE]</c>.
/// </summary>
internal sealed class MessageStream
{
    private readonly Exchange _exchange;
    private readonly MessageCall _call;
    private readonly EventStream _events;
    private readonly string _id;

    private MessageStream(Exchange exchange, MessageCall call, EventStream events)
    {
        _exchange = exchange;
        _call = call;
        _events = events;
        _id = MessageAnswer.NewId(exchange);
    }

    public static async Task AnswerAsync(Exchange exchange, MessageCall call)
    {
        await using var events = new EventStream(exchange, call.Knobs);
        await new MessageStream(exchange, call, events).SendAsync();
    }

    private async Task SendAsync()
    {
        await SendAsync("message_start", this, static (json, stream) => stream.WriteStart(json));
        var blocks = MessageBlock.Of(_exchange, _call);
        for (var index = 0; index < blocks.Count; index++)
        {
            await SendAsync("content_block_start", (index, block: blocks[index]), static (json, at) => WriteBlock(json, at.index, at.block));
            if (index == 0)
                await SendAsync("ping", 0, static (_, _) => { });
            if (!await SendDeltasAsync(index, blocks[index]))
                return;
            await SendAsync("content_block_stop", index, static (json, at) => json.WriteNumber("index"u8, at));
        }
        // Totals, not parts: who adds them up charges too much.
        for (var told = 1; told < _call.Knobs.UsageEvents; told++)
            await SendAsync("message_delta", (this, told), static (json, at) => at.Item1.WriteTotals(json, at.told));
        await SendAsync("message_delta", this, static (json, stream) => stream.WriteEnd(json));
        if (!_call.Knobs.NoDone)
            await SendAsync("message_stop", 0, static (_, _) => { });
    }

    /// <returns>False when the stream has ended with an error.</returns>
    private async ValueTask<bool> SendDeltasAsync(int index, MessageBlock block)
    {
        switch (block.Kind)
        {
            case BlockKind.Text:
                return await SendWordsAsync(index);
            case BlockKind.Thinking:
                await SendDeltaAsync(index, "thinking_delta", "thinking", MessageBlockJson.Thought);
                await SendDeltaAsync(index, "signature_delta", "signature", MessageBlockJson.Signature);
                return true;
            case BlockKind.ToolUse or BlockKind.ServerToolUse:
                // In two pieces, of which the first is empty, as Anthropic does it.
                await SendDeltaAsync(index, "input_json_delta", "partial_json", "");
                await SendDeltaAsync(index, "input_json_delta", "partial_json", MessageBlockJson.InputOf(block));
                return true;
            case BlockKind.ServerToolResult:
                return true;
            default:
                throw new InvalidOperationException($"No such block: {block.Kind}.");
        }
    }

    private async ValueTask<bool> SendWordsAsync(int index)
    {
        var isFailing = _call.Knobs.ErrorMidstream;
        var words = isFailing ? (_call.Words + 1) / 2 : _call.Words;
        for (var word = 0; word < words; word++)
            await SendDeltaAsync(index, "text_delta", "text", Words.Piece(word), word == 0 ? _call.Knobs.LineBytes : null);
        if (isFailing)
        {
            await _events.SendAsync(
                "error", _exchange, static (json, exchange) => MessageErrors.WriteMembers(json, exchange, MessageErrors.OfStatus(529)));
        }
        return !isFailing;
    }

    private ValueTask SendDeltaAsync(int index, string type, string member, string value, int? lineBytes = null) =>
        SendAsync("content_block_delta", (index, type, member, value), static (json, delta) =>
        {
            json.WriteNumber("index"u8, delta.index);
            json.WriteStartObject("delta"u8);
            json.WriteString("type"u8, delta.type);
            json.WriteString(delta.member, delta.value);
            json.WriteEndObject();
        }, lineBytes);

    private ValueTask SendAsync<T>(string name, T state, Action<Utf8JsonWriter, T> write, int? lineBytes = null) =>
        _events.SendAsync(name, (name, state, write), static (json, sent) =>
        {
            json.WriteString("type"u8, sent.name);
            sent.write(json, sent.state);
        }, lineBytes);

    private void WriteStart(Utf8JsonWriter json)
    {
        json.WriteStartObject("message"u8);
        MessageAnswer.WriteHead(json, _call, _id);
        json.WriteStartArray("content"u8);
        json.WriteEndArray();
        json.WriteNull("stop_reason"u8);
        json.WriteNull("stop_sequence"u8);
        if (!_call.Knobs.NoUsage)
            MessageUsageJson.Write(json, _call, MessageUsage.AtStartOf(_call));
        json.WriteEndObject();
    }

    private void WriteTotals(Utf8JsonWriter json, int told)
    {
        var end = MessageUsage.Of(_call);
        WriteDelta(json, null, null, end with { Output = end.Output / _call.Knobs.UsageEvents * told });
    }

    private void WriteEnd(Utf8JsonWriter json) =>
        WriteDelta(json, _call.StopReason, _call.ReportedStopSequence, MessageUsage.Of(_call));

    private void WriteDelta(Utf8JsonWriter json, string? stopReason, string? stopSequence, MessageUsage usage)
    {
        json.WriteStartObject("delta"u8);
        json.WriteString("stop_reason"u8, stopReason);
        json.WriteString("stop_sequence"u8, stopSequence);
        json.WriteEndObject();
        if (!_call.Knobs.NoUsage)
            MessageUsageJson.WriteDelta(json, _call, usage);
    }

    private static void WriteBlock(Utf8JsonWriter json, int index, MessageBlock block)
    {
        json.WriteNumber("index"u8, index);
        json.WritePropertyName("content_block"u8);
        MessageBlockJson.Write(json, block, "", isWhole: false);
    }
}
