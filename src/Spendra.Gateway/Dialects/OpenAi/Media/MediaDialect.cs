using System.Text.Json;
using Spendra.Core.Metering;
using Spendra.Core.Pricing;
using Spendra.Gateway.Metering;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects.OpenAi.Media;

/// <summary>
/// OpenAI's formats for images, speech, recordings and moderations. An object for each kind of call. Nothing in them is
/// changed on the way to the provider, since none of them has a limit that could be put in.
/// </summary>
internal sealed class MediaDialect : Dialect
{
    private readonly MediaKind _kind;

    private MediaDialect(MediaKind kind) => _kind = kind;

    public static MediaDialect ImageGeneration { get; } = new(MediaKind.ImageGeneration);

    public static MediaDialect ImageEdit { get; } = new(MediaKind.ImageEdit);

    public static MediaDialect Speech { get; } = new(MediaKind.Speech);

    public static MediaDialect Transcription { get; } = new(MediaKind.Transcription);

    public static MediaDialect Translation { get; } = new(MediaKind.Translation);

    public static MediaDialect Moderation { get; } = new(MediaKind.Moderation);

    public MediaKind Kind => _kind;

    public override RequestFault? Read(GovernedCall call, ReadOnlySpan<byte> body)
    {
        var fields = new MediaFields(_kind);
        Form? form = null;
        var textBytes = body.Length;
        RequestFault? fault;
        if (_kind.IsForm())
        {
            form = FormReader.Read(call.Context.Request.ContentType, body, out fault);
            if (form is not null) fields.Take(form, body);
            textBytes = form?.Parts.Where(p => !p.IsFile).Sum(p => p.Content.Length) ?? 0;
        }
        else
        {
            fault = MediaJsonReader.Read(body, _kind, fields);
        }
        fault ??= fields.Fault;
        if (fault is not null) return fault;
        var model = call.Route.NamesModel ? (string?)call.Context.Request.RouteValues["model"] ?? "" : null;
        if (fields.ToFacts(textBytes, model) is not { } facts) return fields.Fault;
        facts.Form = form;
        call.Facts = facts;
        return null;
    }

    public override ReadOnlyMemory<byte> Rewrite(GovernedCall call) => call.Body;

    public override ResponseMeter MakeMeter(GovernedCall call, string? mediaType, int maxEventBytes)
    {
        // Free of charge: nothing to be read.
        if (call.Price is not { } price) return new BlindMeter();
        if (AskedUsage(call.Facts, price) is { } asked) return new AskedUsageMeter(asked);
        var usage = new MediaUsageRules(_kind, HasSources: call.Facts.Media is ImageFacts { Sources: > 0 },
            IsBySecond: price.Rates.RateOf(UnitClass.Seconds) is not null);
        return mediaType switch
        {
            "text/event-stream" => new MediaStreamMeter(usage),
            "application/json" => new MediaBodyMeter(usage),
            // Sound begins to play while it is made: it is not held back until its size is known.
            _ when _kind == MediaKind.Speech => new AskedUsageMeter(null),
            _ => new BlindMeter(),
        };
    }

    public override bool IsError(ReadOnlySpan<byte> body) => OpenAiDialect.Instance.IsError(body);

    public override bool HasClientsThatPassOverErrors => OpenAiDialect.Instance.HasClientsThatPassOverErrors;

    public override string RequestIdHeader => OpenAiDialect.Instance.RequestIdHeader;

    public override void WriteError(Utf8JsonWriter json, Guid requestId, GatewayError error) =>
        OpenAiDialect.Instance.WriteError(json, requestId, error);

    /// <summary>The usage of what is billed by what was asked for, whatever the answer says; null when the answer tells it.</summary>
    private static Usage? AskedUsage(RequestFacts facts, PriceVersion price) => facts.Media switch
    {
        SpeechFacts speech when price.Rates.RateOf(UnitClass.Characters) is not null => default(Usage).Plus(UnitClass.Characters, speech.Characters),
        ImageFacts when price.Rates.RateOf(UnitClass.Images) is not null => default(Usage).Plus(UnitClass.Images, facts.Choices),
        _ => null,
    };
}
