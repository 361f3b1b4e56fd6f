using System.Buffers;
using System.Text;
using Spendra.Core.Money;

namespace Spendra.Gateway.Mcp;

/// <summary>
/// Adds what a call cost, and the id to ask with, to the <c>_meta</c> of a result. Everything else stays byte for byte.
/// </summary>
internal static class ResultMeta
{
    private const string Prefix = "spendra/";

    /// <param name="message">The whole message.</param>
    /// <param name="result">The members of its result.</param>
    /// <param name="cost">What is settled.</param>
    /// <param name="requestId">The id of the governed request.</param>
    public static ReadOnlyMemory<byte> Add(ReadOnlySpan<byte> message, JsonMembers result, NanoUsd cost, Guid requestId)
    {
        var ours = Encoding.ASCII.GetBytes($"\"{Prefix}cost_usd\":\"{cost}\",\"{Prefix}request_id\":\"{requestId}\"");
        if (result.Find("_meta") is not { } meta) return AddMember(message, result, [.. "\"_meta\":{"u8, .. ours, .. "}"u8]);
        // A _meta that is no object, or ambiguous, is the server's to explain.
        return JsonMembers.Read(message, meta, out _) is { } members ? AddTo(message, members, ours) : message.ToArray();
    }

    /// <summary>A member behind the brace that opens the result.</summary>
    private static ReadOnlyMemory<byte> AddMember(ReadOnlySpan<byte> message, JsonMembers result, ReadOnlySpan<byte> member)
    {
        var output = new ArrayBufferWriter<byte>(message.Length + member.Length + 1);
        var inside = result.Span.Start + 1;
        output.Write(message[..inside]);
        output.Write(member);
        if (result.All.Count > 0) output.Write(","u8);
        output.Write(message[inside..]);
        return output.WrittenMemory;
    }

    private static ReadOnlyMemory<byte> AddTo(ReadOnlySpan<byte> message, JsonMembers meta, ReadOnlySpan<byte> ours)
    {
        // What a server says in our name is left out: the client must be able to believe it.
        if (!meta.All.Any(m => m.Name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))) return AddMember(message, meta, ours);
        var output = new ArrayBufferWriter<byte>(message.Length + ours.Length);
        output.Write(message[..(meta.Span.Start + 1)]);
        output.Write(ours);
        foreach (var member in meta.All)
        {
            if (member.Name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)) continue;
            output.Write(","u8);
            output.Write(message.Slice(member.Whole.Start, member.Whole.Length));
        }
        output.Write(message[(meta.Span.End - 1)..]);
        return output.WrittenMemory;
    }
}
