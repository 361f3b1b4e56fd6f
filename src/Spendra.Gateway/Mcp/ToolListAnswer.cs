using System.Buffers;
using Spendra.Core.Governance;
using Spendra.Gateway.Metering;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Mcp;

/// <summary>
/// The answer to <c>tools/list</c>: cut down to the tools that may be called. Those that stay, and everything around
/// them, stay byte for byte.
/// </summary>
/// <param name="mayCall">Whether the tool of a name, without its server, is offered.</param>
internal sealed class ToolListAnswer(Func<string, bool> mayCall) : McpAnswer
{
    public override bool PassesUnread => false;

    public override ReadOnlyMemory<byte>? Take(ReadOnlyMemory<byte> message, MeterReading reading)
    {
        var bytes = message.Span;
        if (JsonMembers.Read(bytes, out _) is not { } envelope) return null;
        // Notifications, requests of the server, and errors have nothing to cut.
        if (envelope.Find("result") is not { } result) return message;
        if (JsonMembers.Read(bytes, result, out var fault) is not { } members)
        {
            if (fault == JsonFault.NoObject) return message;
            return null;
        }
        if (members.Find("tools") is not { } list) return message;
        if (JsonMembers.ReadArray(bytes, list) is not { } tools) return null;
        var kept = new List<ByteSpan>(tools.Count);
        foreach (var tool in tools)
        {
            if (IsOffered(bytes, tool)) kept.Add(tool);
        }
        return kept.Count == tools.Count ? message : Rebuild(bytes, list, kept);
    }

    private bool IsOffered(ReadOnlySpan<byte> bytes, ByteSpan tool) =>
        JsonValues.IsObject(bytes, tool)
        && JsonMembers.Read(bytes, tool, out _) is { } members
        && JsonValues.Text(bytes, members.Find("name")) is { } name
        && PlainText.Matches(name, ToolName.MaxLength)
        && mayCall(name);

    private static ReadOnlyMemory<byte> Rebuild(ReadOnlySpan<byte> bytes, ByteSpan list, List<ByteSpan> kept)
    {
        var output = new ArrayBufferWriter<byte>(bytes.Length);
        output.Write(bytes[..list.Start]);
        output.Write("["u8);
        for (var i = 0; i < kept.Count; i++)
        {
            if (i > 0) output.Write(","u8);
            output.Write(bytes.Slice(kept[i].Start, kept[i].Length));
        }
        output.Write("]"u8);
        output.Write(bytes[list.End..]);
        return output.WrittenMemory;
    }
}
