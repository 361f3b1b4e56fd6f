using System.Text.Json;
using Spendra.Core.Governance;
using Spendra.Gateway.Dialects;
using Spendra.Gateway.Metering;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Mcp;

/// <summary>
/// MCP's Streamable HTTP transport: one JSON-RPC message per POST, answered as JSON or as events. A session outlives a
/// refusal, so that refusals are answers of status 200: a budget's as the result of the tool, which the model reads and
/// adapts to; every other as a JSON-RPC error.
/// </summary>
internal sealed class McpDialect : Dialect
{
    public static readonly McpDialect Instance = new();

    private McpDialect()
    {
    }

    public override RequestFault? Read(GovernedCall call, ReadOnlySpan<byte> body)
    {
        var server = McpProvider.ServerInPath(call);
        var message = McpRequestReader.Read(server, call.Body, out var fault);
        if (fault is null && McpHeaders.Contradiction(call.Context.Request.Headers, message) is { } contradiction)
        {
            fault = contradiction;
            message = message with { FaultCode = RpcCodes.HeaderMismatch };
        }
        call.Message = message;
        call.Facts = McpFacts.Of(call.Message);
        // The server is the object that the path names: one idempotency key is not good for two of them.
        call.NamedObjectId = server;
        return fault;
    }

    public override ReadOnlyMemory<byte> Rewrite(GovernedCall call) => call.Body;

    public override ResponseMeter MakeMeter(GovernedCall call, string? mediaType, int maxEventBytes)
    {
        var answer = AnswerTo(call);
        if (mediaType == "text/event-stream") return new McpStreamMeter(answer, maxEventBytes);
        return answer is PassedAnswer ? new BlindMeter() : new McpBodyMeter(answer);
    }

    public override bool IsError(ReadOnlySpan<byte> body) =>
        JsonMembers.Read(body, out _) is { } members && members.Find("jsonrpc") is not null && members.Find("error") is not null;

    public override int StatusOf(GovernedCall call, GatewayError error) =>
        call.Message is { WantsAnswer: true } && error.Status != 401 ? 200 : error.Status;

    public override void WriteError(Utf8JsonWriter json, Guid requestId, GatewayError error) => Write(json, requestId, error, message: null);

    public override void WriteError(Utf8JsonWriter json, GovernedCall call, GatewayError error) => Write(json, call.RequestId, error, call.Message);

    private static McpAnswer AnswerTo(GovernedCall call) => call.Message?.Kind switch
    {
        McpKind.ToolCall => new ToolCallAnswer(call),
        McpKind.ToolList => new ToolListAnswer(tool => MayCall(call, tool)),
        _ => PassedAnswer.Instance,
    };

    /// <summary>Whether a call of the tool would pass everything but the budgets.</summary>
    private static bool MayCall(GovernedCall call, string tool)
    {
        var name = ToolName.Of(call.Message!.Server, tool);
        return call.Snapshot.Prices.FindTool(name, call.DecidedAt) is not null
            && Admission.CheckPermissions(call.Standing, call.Shape with { Model = name, Tools = [name] }) is null;
    }

    private static void Write(Utf8JsonWriter json, Guid requestId, GatewayError error, McpMessage? message)
    {
        json.WriteStartObject();
        json.WriteString("jsonrpc", "2.0");
        json.WritePropertyName("id");
        if (message is { WantsAnswer: true }) json.WriteRawValue(message.Id.Span, skipInputValidation: true);
        else json.WriteNullValue();
        var isBudget = error.Refusal?.Code is RefusalCode.BudgetExceeded or RefusalCode.BudgetHeld;
        if (isBudget && message is { Kind: McpKind.ToolCall }) WriteResult(json, requestId, error);
        else WriteRpcError(json, requestId, error, message);
        json.WriteEndObject();
    }

    private static void WriteResult(Utf8JsonWriter json, Guid requestId, GatewayError error)
    {
        json.WriteStartObject("result");
        json.WriteStartArray("content");
        json.WriteStartObject();
        json.WriteString("type", "text");
        json.WriteString("text", $"The tool was not run. {ErrorAnswer.MessageOf(requestId, error)}");
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteBoolean("isError", true);
        json.WriteStartObject("_meta");
        json.WriteString("spendra/reason", error.Code);
        json.WriteString("spendra/request_id", requestId);
        ErrorAnswer.WriteDetails(json, requestId, error);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteRpcError(Utf8JsonWriter json, Guid requestId, GatewayError error, McpMessage? message)
    {
        json.WriteStartObject("error");
        json.WriteNumber("code", CodeOf(error, message));
        json.WriteString("message", ErrorAnswer.MessageOf(requestId, error));
        json.WriteStartObject("data");
        json.WriteString("reason", error.Code);
        json.WriteString("request_id", requestId);
        if (error.RetryAfter is { } seconds) json.WriteNumber("retry_after", seconds);
        ErrorAnswer.WriteDetails(json, requestId, error);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static int CodeOf(GatewayError error, McpMessage? message)
    {
        if (error.Refusal is not null || error.Status == 401) return error.Status < 500 ? RpcCodes.Refused : RpcCodes.Failed;
        if (error.Status >= 500) return RpcCodes.Failed;
        return message?.FaultCode ?? RpcCodes.InvalidRequest;
    }
}
