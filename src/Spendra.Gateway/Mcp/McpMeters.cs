using System.Buffers;
using Spendra.Gateway.Metering;

namespace Spendra.Gateway.Mcp;

/// <summary>An answer that comes as one JSON body.</summary>
internal sealed class McpBodyMeter(McpAnswer answer) : HeldMeter
{
    public override ReadOnlyMemory<byte>? Finish() => answer.Take(Held, Reading);
}

/// <summary>
/// An answer that comes as events: notifications and requests of the server first, the answer last. An event that is
/// changed keeps its other lines; all others pass byte for byte and without delay.
/// </summary>
internal sealed class McpStreamMeter(McpAnswer answer, int maxEventBytes) : ResponseMeter
{
    private readonly EventSplitter _events = new(maxEventBytes);
    private readonly ArrayBufferWriter<byte> _data = new();

    public override void Pass(ReadOnlySpan<byte> bytes, IBufferWriter<byte> output)
    {
        _events.Add(bytes);
        PassEvents(output, isLast: false);
    }

    public override void End(IBufferWriter<byte> output) => PassEvents(output, isLast: true);

    public override void Dispose()
    {
        _events.Dispose();
        _data.Clear();
        base.Dispose();
    }

    private void PassEvents(IBufferWriter<byte> output, bool isLast)
    {
        while (_events.TryTake(isLast, out var whole, out var isPiece))
        {
            if (!isPiece) PassEvent(whole, output);
            else if (answer.PassesUnread) output.Write(whole);
        }
    }

    private void PassEvent(ReadOnlySpan<byte> whole, IBufferWriter<byte> output)
    {
        _data.Clear();
        foreach (var line in new EventLines(whole))
        {
            if (DataOf(line, out var data))
            {
                if (_data.WrittenCount > 0) _data.Write("\n"u8);
                _data.Write(data);
            }
        }
        // Comments and events that only name themselves carry no message.
        if (_data.WrittenCount == 0)
        {
            output.Write(whole);
            return;
        }
        var message = _data.WrittenMemory;
        if (answer.Take(message, Reading) is not { } taken) return;
        if (taken.Equals(message)) output.Write(whole);
        else WriteChanged(whole, taken.Span, output);
    }

    private static void WriteChanged(ReadOnlySpan<byte> whole, ReadOnlySpan<byte> message, IBufferWriter<byte> output)
    {
        foreach (var line in new EventLines(whole))
        {
            if (line.IsEmpty || DataOf(line, out _)) continue;
            output.Write(line);
            output.Write("\n"u8);
        }
        foreach (var line in new EventLines(message))
        {
            output.Write("data: "u8);
            output.Write(line);
            output.Write("\n"u8);
        }
        output.Write("\n"u8);
    }

    private static bool DataOf(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> data)
    {
        data = default;
        if (!line.StartsWith("data:"u8)) return false;
        data = line["data:"u8.Length..];
        if (data is [(byte)' ', ..]) data = data[1..];
        return true;
    }
}
