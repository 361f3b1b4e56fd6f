using System.Globalization;
using System.Text.Json;
using Spendra.Core.Metering;
using Spendra.Gateway.Metering;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects.Gemini;

/// <summary>
/// Google's format, of the Gemini API and of Vertex AI alike. The model stands in the path, and so does the method: each
/// method has an object of its own.
/// </summary>
internal sealed class GeminiDialect : Dialect
{
    private const string Rpc = "type.googleapis.com/google.rpc.";

    private readonly GeminiMethod _method;

    private GeminiDialect(GeminiMethod method) => _method = method;

    public static GeminiDialect Generate { get; } = new(GeminiMethod.GenerateContent);

    public static GeminiDialect Stream { get; } = new(GeminiMethod.StreamGenerateContent);

    public static GeminiDialect Count { get; } = new(GeminiMethod.CountTokens);

    public static GeminiDialect Embed { get; } = new(GeminiMethod.EmbedContent);

    public static GeminiDialect EmbedBatch { get; } = new(GeminiMethod.BatchEmbedContents);

    public override RequestFault? Read(GovernedCall call, ReadOnlySpan<byte> body)
    {
        var model = (string?)call.Context.Request.RouteValues["model"] ?? "";
        if (GeminiRequestReader.Read(body, _method, model, out var fault) is { } facts) call.Facts = facts;
        return fault;
    }

    public override ReadOnlyMemory<byte> Rewrite(GovernedCall call) => GeminiRequestRewriter.Rewrite(call.Body, call.Facts, call.Changes);

    public override StrippedBody Strip(GovernedCall call, IReadOnlyCollection<string> tools) => GeminiToolStripper.Strip(call.Body, tools);

    public override ResponseMeter MakeMeter(GovernedCall call, string? mediaType, int maxEventBytes)
    {
        var isStream = _method == GeminiMethod.StreamGenerateContent;
        var tally = new GeminiTally(call.Route.HasOutput, isStream ? call.Facts.Choices : 0, call.Bound.Pieces.Find(UnitClass.MapQueries) ?? 0);
        return mediaType switch
        {
            "text/event-stream" when isStream => new GeminiStreamMeter(tally, maxEventBytes),
            "application/json" when isStream => new GeminiArrayMeter(tally, maxEventBytes),
            "application/json" => new GeminiBodyMeter(tally, maxEventBytes),
            _ => new BlindMeter(),
        };
    }

    public override bool IsError(ReadOnlySpan<byte> body)
    {
        var tally = new GeminiTally(hasOutput: false, candidates: 0, mapQueries: 0);
        var document = new GeminiDocumentReader(tally, Math.Max(body.Length, 1));
        document.Feed(body, isLast: true);
        return !document.IsBroken && tally.HasError;
    }

    public override void WriteError(Utf8JsonWriter json, Guid requestId, GatewayError error)
    {
        json.WriteStartObject();
        json.WriteStartObject("error");
        json.WriteNumber("code", error.Status);
        json.WriteString("message", ErrorAnswer.MessageOf(requestId, error));
        json.WriteString("status", StatusOf(error.Status));
        json.WriteStartArray("details");
        WriteInfo(json, error);
        if (error.RetryAfter is { } seconds) WriteRetry(json, seconds);
        json.WriteEndArray();
        ErrorAnswer.WriteDetails(json, requestId, error);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>The stable code, where Google's clients look for the reason of an error.</summary>
    private static void WriteInfo(Utf8JsonWriter json, GatewayError error)
    {
        json.WriteStartObject();
        json.WriteString("@type", Rpc + "ErrorInfo");
        json.WriteString("reason", error.Code);
        json.WriteString("domain", "spendra");
        if (error.Parameter is { } parameter)
        {
            json.WriteStartObject("metadata");
            json.WriteString("field", parameter);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private static void WriteRetry(Utf8JsonWriter json, int seconds)
    {
        json.WriteStartObject();
        json.WriteString("@type", Rpc + "RetryInfo");
        json.WriteString("retryDelay", seconds.ToString(CultureInfo.InvariantCulture) + "s");
        json.WriteEndObject();
    }

    // google/rpc/code.proto, and 402 as Google answers when a prepaid credit is used up.
    private static string StatusOf(int status) => status switch
    {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ABORTED",
        402 or 429 => "RESOURCE_EXHAUSTED",
        500 => "INTERNAL",
        502 or 503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        _ => "INVALID_ARGUMENT",
    };
}
