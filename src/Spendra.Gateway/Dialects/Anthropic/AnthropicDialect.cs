using System.Text.Json;
using Spendra.Gateway.Metering;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects.Anthropic;

/// <summary>Anthropic's messages and the count of their tokens.</summary>
internal sealed class AnthropicDialect : Dialect
{
    /// <summary>The name of the event that carries an error.</summary>
    public const string ErrorEvent = "error";
    public const string RequestId = "request-id";

    public const string VersionHeader = "anthropic-version";

    public static readonly AnthropicDialect Instance = new();

    private AnthropicDialect()
    {
    }

    public override RequestFault? Read(GovernedCall call, ReadOnlySpan<byte> body)
    {
        var betas = call.Context.Request.Headers["anthropic-beta"].ToString();
        var kind = call.Route.IsPriced ? AnthropicBody.Messages : AnthropicBody.Count;
        if (AnthropicRequestReader.Read(body, kind, betas, out var fault) is { } facts) call.Facts = facts;
        return fault;
    }

    public override ReadOnlyMemory<byte> Rewrite(GovernedCall call) => AnthropicRequestRewriter.Rewrite(call.Body, call.Facts, call.Changes);

    public override StrippedBody Strip(GovernedCall call, IReadOnlyCollection<string> tools) => AnthropicToolStripper.Strip(call.Body, tools);

    public override ResponseMeter MakeMeter(GovernedCall call, string? mediaType, int maxEventBytes) => mediaType switch
    {
        "text/event-stream" => new AnthropicStreamMeter(call.Facts, maxEventBytes, call.Route.Provider.TellsBilledCost),
        "application/json" when call.Route.HasOutput => new AnthropicBodyMeter(call.Facts, maxEventBytes, call.Route.Provider.TellsBilledCost),
        _ => new BlindMeter(),
    };

    public override bool IsError(ReadOnlySpan<byte> body)
    {
        var document = new AnthropicDocumentReader(Math.Max(body.Length, 1));
        document.Feed(body, isLast: true);
        return document is { IsBroken: false, HasError: true, Type: "error" };
    }

    public override void WriteError(Utf8JsonWriter json, Guid requestId, GatewayError error)
    {
        json.WriteStartObject();
        json.WriteString("type", "error");
        json.WriteStartObject("error");
        json.WriteString("type", TypeOf(error.Status));
        json.WriteString("message", ErrorAnswer.MessageOf(requestId, error));
        json.WriteString("code", error.Code);
        if (error.Parameter is { } parameter) json.WriteString("param", parameter);
        ErrorAnswer.WriteDetails(json, requestId, error);
        json.WriteEndObject();
        json.WriteString("request_id", requestId);
        json.WriteEndObject();
    }

    public override string RequestIdHeader => RequestId;

    public override string ErrorEventOf(GovernedCall call) => ErrorEvent;

    /// <summary>The type by which Anthropic's clients tell errors apart.</summary>
    private static string TypeOf(int status) => status switch
    {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        409 => "conflict_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        >= 500 => "api_error",
        _ => "invalid_request_error",
    };
}
