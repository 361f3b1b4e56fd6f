using System.Buffers;
using System.Text;
using System.Text.Json;
using Spendra.Sandbox.Directives;

namespace Spendra.Sandbox.Wire;

/// <summary>
/// Server-sent events: <c>data: {…}</c> and an empty line, with a line <c>event: name</c> before it when the dialect
/// names its events. The writer of an event's JSON leaves its object open; the padding goes in as its last member.
/// </summary>
internal sealed class EventStream : IAsyncDisposable
{
    /// <summary>A comment line, which readers skip.</summary>
    public static readonly ReadOnlyMemory<byte> KeepAlive = ": keep-alive\n\n"u8.ToArray();

    private readonly JsonBuffer _buffer = JsonBuffer.Rent();
    private readonly AnswerSink _sink;

    public EventStream(Exchange exchange, Knobs knobs)
    {
        exchange.StampHeaders();
        var response = exchange.Context.Response;
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-cache";
        _sink = new AnswerSink(exchange.Context, knobs, exchange.Sandbox.Time);
    }

    /// <param name="name">The event's name, or <see langword="null"/> for none.</param>
    /// <param name="state">Handed to <paramref name="write"/>.</param>
    /// <param name="write">Writes the members of the event's object, without its end.</param>
    /// <param name="lineBytes">Pads the data line to this length; shorter than the event means no padding.</param>
    public ValueTask SendAsync<T>(string? name, T state, Action<Utf8JsonWriter, T> write, int? lineBytes = null)
    {
        var lineLength = Compose(name, state, write, lineBytes is null ? null : 0);
        if (lineBytes > lineLength)
            Compose(name, state, write, lineBytes - lineLength);
        return _sink.SendAsync(_buffer.Written);
    }

    /// <summary>Sends bytes as they are.</summary>
    public ValueTask SendRawAsync(ReadOnlyMemory<byte> bytes) => _sink.SendAsync(bytes);

    public async ValueTask DisposeAsync()
    {
        await _sink.DisposeAsync();
        _buffer.Dispose();
    }

    /// <returns>The length of the data line without its end.</returns>
    private int Compose<T>(string? name, T state, Action<Utf8JsonWriter, T> write, int? padding)
    {
        _buffer.Clear();
        if (name is not null)
        {
            _buffer.Bytes.Write("event: "u8);
            Encoding.UTF8.GetBytes(name.AsSpan(), _buffer.Bytes);
            _buffer.Bytes.Write("\n"u8);
        }
        var start = _buffer.Bytes.WrittenCount;
        _buffer.Bytes.Write("data: "u8);
        _buffer.Json.WriteStartObject();
        write(_buffer.Json, state);
        if (padding is { } length)
            _buffer.Json.WriteString("obfuscation"u8, new string('x', length));
        _buffer.Json.WriteEndObject();
        _buffer.Json.Flush();
        var lineLength = _buffer.Bytes.WrittenCount - start;
        _buffer.Bytes.Write("\n\n"u8);
        return lineLength;
    }
}
