using System.Text.Json;
using Spendra.Gateway.Metering;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects.OpenAi;

/// <summary>OpenAI's formats as OpenRouter speaks them: with fields of its own that may raise a call's cost.</summary>
internal sealed class OpenRouterDialect : Dialect
{
    public static readonly OpenRouterDialect Instance = new();

    private OpenRouterDialect()
    {
    }

    public override RequestFault? Read(GovernedCall call, ReadOnlySpan<byte> body)
    {
        if (OpenAiDialect.Instance.Read(call, body) is { } fault) return fault;
        OpenRouterFields.Read(body, call.Facts);
        if (call.Route.HasOutput) OpenRouterSearches.Note(call.Facts);
        return null;
    }

    public override ReadOnlyMemory<byte> Rewrite(GovernedCall call) =>
        OpenRouterCeiling.PutInto(OpenAiDialect.Instance.Rewrite(call), call);

    public override StrippedBody Strip(GovernedCall call, IReadOnlyCollection<string> tools) => OpenAiDialect.Instance.Strip(call, tools);

    public override ResponseMeter MakeMeter(GovernedCall call, string? mediaType, int maxEventBytes) =>
        OpenAiDialect.Instance.MakeMeter(call, mediaType, maxEventBytes);

    public override bool IsError(ReadOnlySpan<byte> body) => OpenAiDialect.Instance.IsError(body);

    public override void WriteError(Utf8JsonWriter json, Guid requestId, GatewayError error) =>
        OpenAiDialect.Instance.WriteError(json, requestId, error);

    public override bool HasClientsThatPassOverErrors => OpenAiDialect.Instance.HasClientsThatPassOverErrors;

    public override string RequestIdHeader => OpenAiDialect.Instance.RequestIdHeader;

    public override string? ErrorEventOf(GovernedCall call) => OpenAiDialect.Instance.ErrorEventOf(call);

    public override void WriteStreamError(Utf8JsonWriter json, GovernedCall call, GatewayError error) =>
        OpenAiDialect.Instance.WriteStreamError(json, call, error);
}
