using System.Text.Json;
using Spendra.Core.Metering;
using Spendra.Gateway.Metering;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects.Gemini;

/// <summary>
/// Vertex AI's older way to embed texts, <c>:predict</c>, which its clients use for all but the newest embedding models.
/// Some of these models are billed by the token and some by the character: both are counted, and the price book has a
/// rate for one of them.
/// </summary>
internal sealed class PredictDialect : Dialect
{
    public static readonly PredictDialect Instance = new();

    private PredictDialect()
    {
    }

    public override RequestFault? Read(GovernedCall call, ReadOnlySpan<byte> body)
    {
        var model = (string?)call.Context.Request.RouteValues["model"] ?? "";
        if (PredictRequestReader.Read(body, model, out var fault) is { } facts) call.Facts = facts;
        return fault;
    }

    public override ReadOnlyMemory<byte> Rewrite(GovernedCall call) => call.Body;

    public override ResponseMeter MakeMeter(GovernedCall call, string? mediaType, int maxEventBytes) => mediaType switch
    {
        "application/json" => new PredictMeter(call.Price?.Rates.RateOf(UnitClass.Characters) is not null, maxEventBytes),
        _ => new BlindMeter(),
    };

    public override bool IsError(ReadOnlySpan<byte> body) => GeminiDialect.Embed.IsError(body);

    public override void WriteError(Utf8JsonWriter json, Guid requestId, GatewayError error) =>
        GeminiDialect.Embed.WriteError(json, requestId, error);
}
