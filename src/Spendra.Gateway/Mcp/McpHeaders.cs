using System.Text;
using Microsoft.AspNetCore.Http;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Mcp;

/// <summary>Headers of MCP's Streamable HTTP transport.</summary>
internal static class McpHeaders
{
    public const string Session = "Mcp-Session-Id";
    public const string ProtocolVersion = "MCP-Protocol-Version";

    // Since revision 2026-07-28 headers repeat what stands in the body, so that whatever is on the way can route by them.
    public const string Method = "Mcp-Method";
    public const string Name = "Mcp-Name";
    public const string AnyParameter = "Mcp-Param-*";

    private const string EncodedBegin = "=?base64?";
    private const string EncodedEnd = "?=";

    /// <summary>
    /// A server that goes by the headers must not run another tool than the one that was priced: where they are given,
    /// they must agree with the body.
    /// </summary>
    public static RequestFault? Contradiction(IHeaderDictionary headers, McpMessage message)
    {
        if (!Agrees(headers, Method, message.Method)) return new RequestFault($"'{Method}' is not the method of the message.", Method);
        return message.Kind == McpKind.ToolCall && !Agrees(headers, Name, message.Tool)
            ? new RequestFault($"'{Name}' is not the tool that the message calls.", Name)
            : null;
    }

    private static bool Agrees(IHeaderDictionary headers, string header, string expected) =>
        !headers.TryGetValue(header, out var values) || (values is [{ } value] && Decode(value) == expected);

    private static string? Decode(string value)
    {
        if (!value.StartsWith(EncodedBegin, StringComparison.Ordinal) || !value.EndsWith(EncodedEnd, StringComparison.Ordinal)) return value;
        // Begin and end share a sign: this is neither a name nor an encoded one.
        if (value.Length < EncodedBegin.Length + EncodedEnd.Length) return null;
        var encoded = value.AsSpan()[EncodedBegin.Length..^EncodedEnd.Length];
        var bytes = new byte[encoded.Length];
        return Convert.TryFromBase64Chars(encoded, bytes, out var length) ? Encoding.UTF8.GetString(bytes, 0, length) : null;
    }
}
