using System.Text.Json;
using Spendra.Gateway.Dialects;
using Spendra.Gateway.Dialects.OpenAi;
using Spendra.Gateway.Metering;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Batches;

/// <summary>OpenAI's batches: what they run is in a file, so that a request for one tells next to nothing.</summary>
internal sealed class BatchDialect : Dialect
{
    public static readonly BatchDialect Instance = new();

    private BatchDialect()
    {
    }

    public override RequestFault? Read(GovernedCall call, ReadOnlySpan<byte> body)
    {
        if (BatchRequestReader.Read(body, call.Route.Provider, out var fault) is not { } input) return fault;
        call.Batch = input;
        call.Facts = BatchRequestReader.FactsOf(input, body.Length);
        return null;
    }

    public override ReadOnlyMemory<byte> Rewrite(GovernedCall call) => call.Body;

    public override ResponseMeter MakeMeter(GovernedCall call, string? mediaType, int maxEventBytes) =>
        mediaType == "application/json" ? new BatchMeter(makes: call.Route.Makes is not null) : new BlindMeter();

    public override bool IsError(ReadOnlySpan<byte> body) => OpenAiDialect.Instance.IsError(body);

    public override string RequestIdHeader => OpenAiDialect.Instance.RequestIdHeader;

    public override void WriteError(Utf8JsonWriter json, Guid requestId, GatewayError error) =>
        OpenAiDialect.Instance.WriteError(json, requestId, error);
}
