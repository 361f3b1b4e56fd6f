using System.Buffers;
using System.Text.Json;
using Spendra.Sandbox.Directives;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Gemini;

/// <summary>One JSON array that grows: each item leaves as soon as it is known, on a line of its own.</summary>
internal sealed class ArrayStream : IAsyncDisposable
{
    private static readonly byte[] s_end = [.. "]\n"u8];

    private readonly JsonBuffer _buffer = JsonBuffer.Rent();
    private readonly AnswerSink _sink;
    private bool _hasItems;

    public ArrayStream(Exchange exchange, Knobs knobs)
    {
        exchange.StampHeaders();
        exchange.Context.Response.ContentType = "application/json; charset=utf-8";
        _sink = new AnswerSink(exchange.Context, knobs, exchange.Sandbox.Time);
    }

    /// <param name="state">Handed to <paramref name="write"/>.</param>
    /// <param name="write">Writes the members of the item, without its end.</param>
    /// <param name="lineBytes">Pads the item's line to this length; shorter than the item means no padding.</param>
    public ValueTask SendAsync<T>(T state, Action<Utf8JsonWriter, T> write, int? lineBytes)
    {
        var lineLength = Compose(state, write, lineBytes is null ? null : 0);
        if (lineBytes > lineLength)
            Compose(state, write, lineBytes - lineLength);
        _hasItems = true;
        return _sink.SendAsync(_buffer.Written);
    }

    public ValueTask EndAsync() => _sink.SendAsync(_hasItems ? s_end : "[]\n"u8.ToArray());

    public async ValueTask DisposeAsync()
    {
        await _sink.DisposeAsync();
        _buffer.Dispose();
    }

    /// <returns>The length of the item's line without its end.</returns>
    private int Compose<T>(T state, Action<Utf8JsonWriter, T> write, int? padding)
    {
        _buffer.Clear();
        _buffer.Bytes.Write(_hasItems ? ","u8 : "["u8);
        _buffer.Json.WriteStartObject();
        write(_buffer.Json, state);
        if (padding is { } length)
            _buffer.Json.WriteString("obfuscation"u8, new string('x', length));
        _buffer.Json.WriteEndObject();
        _buffer.Json.Flush();
        var lineLength = _buffer.Bytes.WrittenCount;
        _buffer.Bytes.Write("\n"u8);
        return lineLength;
    }
}
