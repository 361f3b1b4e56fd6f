using System.Text.Json;
using Spendra.Gateway.Dialects.OpenAi;
using Spendra.Gateway.Metering;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects.Anthropic;

/// <summary>Anthropic's messages as OpenRouter speaks them: with fields of its own that may raise a call's cost, and its bill.</summary>
internal sealed class OpenRouterMessagesDialect : Dialect
{
    public static readonly OpenRouterMessagesDialect Instance = new();

    private OpenRouterMessagesDialect()
    {
    }

    public override RequestFault? Read(GovernedCall call, ReadOnlySpan<byte> body)
    {
        if (AnthropicDialect.Instance.Read(call, body) is { } fault) return fault;
        OpenRouterFields.Read(body, call.Facts, isOfOpenAi: false);
        OpenRouterMessages.Read(body, call.Facts);
        OpenRouterSearches.Note(call.Facts);
        return null;
    }

    public override ReadOnlyMemory<byte> Rewrite(GovernedCall call) =>
        OpenRouterCeiling.PutInto(AnthropicDialect.Instance.Rewrite(call), call);

    public override ResponseMeter MakeMeter(GovernedCall call, string? mediaType, int maxEventBytes) =>
        AnthropicDialect.Instance.MakeMeter(call, mediaType, maxEventBytes);

    /// <summary>What it says itself is in Anthropic's shape; what its own front door says, in the one of its other formats.</summary>
    public override bool IsError(ReadOnlySpan<byte> body) =>
        AnthropicDialect.Instance.IsError(body) || OpenAiDialect.Instance.IsError(body);

    public override void WriteError(Utf8JsonWriter json, Guid requestId, GatewayError error) =>
        AnthropicDialect.Instance.WriteError(json, requestId, error);

    public override string RequestIdHeader => AnthropicDialect.RequestId;

    public override string ErrorEventOf(GovernedCall call) => AnthropicDialect.ErrorEvent;
}
