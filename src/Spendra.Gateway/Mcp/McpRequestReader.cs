using Spendra.Core.Governance;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Mcp;

/// <summary>
/// Reads one JSON-RPC message of a client. What decides about money is read strictly: a member that another reader
/// might find elsewhere (given twice, or in another spelling) makes the message invalid.
/// </summary>
internal static class McpRequestReader
{
    private static readonly string[] EnvelopeNames = ["jsonrpc", "id", "method", "params", "result", "error"];

    private static readonly string[] CallNames = ["name", "arguments", "_meta", "inputResponses", "requestState"];

    /// <summary>The methods that pass; those that end with <c>/</c> stand for all that begin so. Anything else is refused.</summary>
    private static readonly string[] PassedMethods =
        ["initialize", "server/discover", "ping", "notifications/", "resources/", "prompts/", "completion/complete", "logging/setLevel"];

    /// <param name="server">The server that it is sent to.</param>
    /// <param name="body">The message.</param>
    /// <param name="fault">What is wrong with it, or null; the message then has what an answer needs.</param>
    public static McpMessage Read(string server, ReadOnlyMemory<byte> body, out RequestFault? fault)
    {
        var message = new McpMessage(server);
        if (ReadEnvelope(body.Span, out fault, out var code) is not { } members) return message with { FaultCode = code };
        if (members.Find("id") is { } id) message = message with { Id = body.Slice(id.Start, id.Length) };
        if (members.Find("method") is not { } named)
        {
            // An answer to something that the server asked (elicitation, sampling): it has a result or an error.
            if (members.Find("result") is null && members.Find("error") is null) fault = new RequestFault("'method' is missing.", "method");
            return fault is null ? message with { Id = default } : message;
        }
        message = message with { Method = JsonValues.Text(body.Span, named) ?? "" };
        return message.Method switch
        {
            "tools/list" => message with { Kind = McpKind.ToolList },
            "tools/call" => ReadCall(message, body.Span, members.Find("params"), out fault),
            var method when IsPassed(method) => message,
            _ => Fail(message, RpcCodes.UnknownMethod, "This method is not passed on: what has no price is not governed.", "method", out fault),
        };
    }

    private static JsonMembers? ReadEnvelope(ReadOnlySpan<byte> body, out RequestFault? fault, out int code)
    {
        var members = JsonMembers.Read(body, out var problem);
        code = problem == JsonFault.Unreadable ? RpcCodes.Unreadable : RpcCodes.InvalidRequest;
        fault = problem switch
        {
            JsonFault.Unreadable => new RequestFault($"The message is not valid JSON, at most {JsonMembers.MaxDepth} levels deep."),
            JsonFault.NoObject => new RequestFault("The message must be one JSON object. Batches are no longer part of the protocol."),
            JsonFault.Ambiguous => new RequestFault("A member of the message is given twice."),
            JsonFault.None => Unknown(members!) ?? WrongVersion(body, members!),
        };
        return fault is null ? members : null;
    }

    private static RequestFault? WrongVersion(ReadOnlySpan<byte> body, JsonMembers members) =>
        JsonValues.Text(body, members.Find("jsonrpc")) == "2.0" ? null : new RequestFault("'jsonrpc' must be \"2.0\".", "jsonrpc");

    private static RequestFault? Unknown(JsonMembers members)
    {
        foreach (var member in members.All)
        {
            if (!EnvelopeNames.Contains(member.Name))
                return new RequestFault("The message has a member that JSON-RPC does not know.");
        }
        return null;
    }

    private static McpMessage ReadCall(McpMessage message, ReadOnlySpan<byte> body, ByteSpan? parameters, out RequestFault? fault)
    {
        if (!message.WantsAnswer) return Fail(message, RpcCodes.InvalidRequest, "A call of a tool needs an 'id'.", "id", out fault);
        if (parameters is not { } at || JsonMembers.Read(body, at, out _) is not { } members)
            return Fail(message, RpcCodes.InvalidParams, "'params' must be an object that names each thing once.", "params", out fault);
        foreach (var member in members.All)
        {
            if (!CallNames.Contains(member.Name))
                return Fail(message, RpcCodes.InvalidParams, $"'params' may have {string.Join(", ", CallNames)} only: calls as tasks are not supported.", "params", out fault);
        }
        if (JsonValues.Text(body, members.Find("name")) is not { } name || !PlainText.Matches(name, ToolName.MaxLength))
            return Fail(message, RpcCodes.InvalidParams, $"'name' must be the name of a tool, of 1 to {ToolName.MaxLength} characters.", "params.name", out fault);
        fault = null;
        return message with { Kind = McpKind.ToolCall, Tool = name };
    }

    private static McpMessage Fail(McpMessage message, int code, string what, string parameter, out RequestFault? fault)
    {
        fault = new RequestFault(what, parameter);
        return message with { FaultCode = code };
    }

    private static bool IsPassed(string method)
    {
        foreach (var passed in PassedMethods)
        {
            if (passed.EndsWith('/') ? method.StartsWith(passed, StringComparison.Ordinal) : method == passed) return true;
        }
        return false;
    }
}
