using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Spendra.Sandbox.Calls;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Mcp;

/// <summary>
/// <c>POST /mcp/{name}</c>: one message of the Streamable HTTP transport. A request is answered as JSON, or with the
/// knob <c>sse</c> as a stream; a notification with an empty 202. All but <c>initialize</c> name their session.
/// </summary>
internal static class McpAnswer
{
    private const int MethodNotFound = -32601;
    private const int InvalidParams = -32602;
    private static readonly string[] s_versions = ["2025-11-25", "2025-06-18", "2025-03-26"];

    public static Task AnswerAsync(Exchange exchange, ModelCall call)
    {
        var refusal = McpMessage.Read(call.Fields!.Json, out var message) ?? Refuse(exchange.Context.Request);
        if (refusal is null && message.Method is not "initialize")
            refusal = McpSession.Find(exchange, out _);
        if (refusal is not null)
            return Answers.RefuseAsync(exchange, refusal);
        if (!message.IsRequest)
        {
            exchange.Context.Response.StatusCode = StatusCodes.Status202Accepted;
            return Task.CompletedTask;
        }
        return message.Method switch
        {
            "initialize" => InitializeAsync(exchange, call, message),
            "ping" => SendAsync(exchange, call, json => message.WriteResult(json, static _ => { })),
            "tools/list" => SendAsync(exchange, call, json => message.WriteResult(json, WriteTools)),
            "tools/call" => CallAsync(exchange, call, message),
            _ => SendAsync(exchange, call, json => message.WriteError(json, MethodNotFound, $"Method not found: {message.Method}")),
        };
    }

    private static Refusal? Refuse(HttpRequest request)
    {
        var accept = request.Headers.Accept.ToString();
        if (!accept.Contains("application/json", StringComparison.Ordinal) || !accept.Contains("text/event-stream", StringComparison.Ordinal))
            return new Refusal(406, "Not Acceptable: the client must accept both application/json and text/event-stream.", "not_acceptable");
        var version = request.Headers["MCP-Protocol-Version"].ToString();
        return version.Length == 0 || s_versions.Contains(version)
            ? null
            : Refusal.Invalid($"Bad Request: unsupported protocol version {version}.");
    }

    private static Task InitializeAsync(Exchange exchange, ModelCall call, McpMessage message)
    {
        var session = new McpSession(exchange.Sandbox.Ids.Next(""), exchange.Match.Id);
        exchange.Sandbox.McpSessions.Add(session);
        exchange.Context.Response.Headers[McpSession.Header] = session.Id;
        var asked = message.Param("protocolVersion");
        return SendAsync(exchange, call, json => message.WriteResult(json, result =>
        {
            result.WriteString("protocolVersion"u8, s_versions.Contains(asked) ? asked : s_versions[0]);
            result.WriteStartObject("capabilities"u8);
            result.WriteStartObject("tools"u8);
            result.WriteBoolean("listChanged"u8, false);
            result.WriteEndObject();
            result.WriteEndObject();
            result.WriteStartObject("serverInfo"u8);
            result.WriteString("name"u8, session.Server);
            result.WriteString("version"u8, "1.0.0"u8);
            result.WriteEndObject();
        }));
    }

    private static void WriteTools(Utf8JsonWriter json)
    {
        json.WriteStartArray("tools"u8);
        foreach (var tool in McpTool.All)
            tool.Write(json);
        json.WriteEndArray();
    }

    private static Task CallAsync(Exchange exchange, ModelCall call, McpMessage message)
    {
        var name = message.Param("name");
        if (!McpTool.All.Any(tool => tool.Name == name))
            return SendAsync(exchange, call, json => message.WriteError(json, InvalidParams, $"Unknown tool: {name}"));
        exchange.Sandbox.Journal.WasToolCall();
        if (call.Knobs.RpcError is { } code)
            return SendAsync(exchange, call, json => message.WriteError(json, code, "The tool could not be run."), call.Knobs.Progress);
        return SendAsync(exchange, call, json => message.WriteResult(json, result => WriteToolResult(result, call)), call.Knobs.Progress);
    }

    private static void WriteToolResult(Utf8JsonWriter json, ModelCall call)
    {
        json.WriteStartArray("content"u8);
        json.WriteStartObject();
        json.WriteString("type"u8, "text"u8);
        json.WriteString("text"u8, Words.Text(call.WordsOfChoice));
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteBoolean("isError"u8, call.Knobs.IsToolError);
        if (call.Knobs.Cost is not { } cost)
            return;
        json.WriteStartObject("_meta"u8);
        if (call.Knobs.UsageAsStrings)
        {
            json.WriteString("cost"u8, cost);
        }
        else
        {
            json.WritePropertyName("cost"u8);
            json.WriteRawValue(cost, skipInputValidation: true);
        }
        json.WriteEndObject();
    }

    private static async Task SendAsync(Exchange exchange, ModelCall call, Action<Utf8JsonWriter> write, int progress = 0)
    {
        if (!call.Knobs.AsEvents)
        {
            using var buffer = JsonBuffer.Rent();
            buffer.Json.WriteStartObject();
            write(buffer.Json);
            buffer.Json.WriteEndObject();
            await Answers.SendJsonAsync(exchange, buffer, call.Knobs);
            return;
        }
        await using var events = new EventStream(exchange, call.Knobs);
        for (var step = 1; step <= progress; step++)
            await events.SendAsync("message", step, WriteProgress);
        if (!call.Knobs.NoDone)
            await events.SendAsync("message", write, static (json, members) => members(json), call.Knobs.LineBytes);
    }

    private static void WriteProgress(Utf8JsonWriter json, int step)
    {
        json.WriteString("jsonrpc"u8, "2.0"u8);
        json.WriteString("method"u8, "notifications/progress"u8);
        json.WriteStartObject("params"u8);
        json.WriteNumber("progressToken"u8, 1);
        json.WriteNumber("progress"u8, step);
        json.WriteEndObject();
    }
}
