using Spendra.Core.Governance;
using Spendra.Core.Metering;
using Spendra.Core.Pricing;
using Spendra.Gateway.Dialects.OpenAi.Media;
using Spendra.Gateway.Recordings;

namespace Spendra.Gateway.Requests;

/// <summary>The most units that a call for pictures or sound can use. Nothing in such a request can be limited from here.</summary>
internal static class MediaBounding
{
    // One token for every tenth of a second of sound that comes in (OpenAI's guide to counting sound).
    private const long TokensPerSecond = 10;

    /// <summary>Sets the call's bound in units; or says why there is none.</summary>
    public static Refusal? Bound(GovernedCall call, PriceVersion price)
    {
        var (bound, refusal) = call.Facts.Media switch
        {
            ImageFacts image => BoundImages(call, price, image),
            SpeechFacts speech => BoundSpeech(call, price, speech),
            RecordingFacts recording => BoundRecording(call, price, recording),
            var other => throw new InvalidOperationException($"no bound for {other?.GetType().Name}"),
        };
        call.Bound = bound;
        return refusal ?? CheckOutput(call, bound);
    }

    private static (UnitBound, Refusal?) BoundImages(GovernedCall call, PriceVersion price, ImageFacts image)
    {
        var count = call.Facts.Choices;
        if (price.Rates.RateOf(UnitClass.Images) is not null) return (OfPieces(UnitClass.Images, count), null);
        if (price.Rates.RateOf(UnitClass.ImageOutput) is null)
            return Refuse($"Model '{price.Model}' has no rate for images in the price book. Use a model that makes images.");
        if ((ImageTokens.MostOf(price.Model, image.Size, image.Quality) ?? price.MaxOutput) is not { } most)
        {
            return Refuse($"How many tokens an image of '{price.Model}' has at size '{image.Size}' and quality '{image.Quality}' is not known. "
                + "Name a size and quality that its documentation lists, or ask for 'maxOutput' to be added to its price.");
        }
        var input = call.Facts.BodyBytes + call.Facts.TokensAdded + image.Sources * ImageTokens.OfSource;
        var kinds = image.Sources > 0 ? TokenKinds.ImageInput | TokenKinds.ImageOutput : TokenKinds.ImageOutput;
        return (new UnitBound(input, (most + image.Partials * ImageTokens.OfPartial) * count) { Kinds = kinds }, null);
    }

    private static (UnitBound, Refusal?) BoundSpeech(GovernedCall call, PriceVersion price, SpeechFacts speech)
    {
        if (price.Rates.RateOf(UnitClass.Characters) is not null) return (OfPieces(UnitClass.Characters, speech.Utf16Units), null);
        if (price.Rates.RateOf(UnitClass.AudioOutput) is null)
            return Refuse($"Model '{price.Model}' has no rate for speech in the price book. Use a model that speaks.");
        if (price.MaxOutput is not { } most)
            return Refuse($"How long '{price.Model}' may speak is not known. Use a model that is priced by the character, or ask for 'maxOutput' to be added to its price.");
        return (new UnitBound(Within(price, call.Facts.BodyBytes + call.Facts.TokensAdded), most) { Kinds = TokenKinds.AudioOutput }, null);
    }

    private static (UnitBound, Refusal?) BoundRecording(GovernedCall call, PriceVersion price, RecordingFacts recording)
    {
        if (price.Rates.RateOf(UnitClass.Seconds) is not null)
        {
            return recording.MaxSeconds is { } seconds
                ? (OfPieces(UnitClass.Seconds, Math.Max(1, seconds)), null)
                : Refuse($"How long the recording is cannot be told from its file, and '{price.Model}' is priced by the second. "
                    + $"Send it as {RecordingLength.Formats}, or use a model that is priced by the token.");
        }
        if (price.MaxOutput is not { } most)
            return Refuse($"How much '{price.Model}' may write is not known. Ask for 'maxOutput' to be added to its price.");
        if (recording.IsCut)
            return Refuse("With 'chunking_strategy' the provider works on pieces whose number is not known before. Leave it out, or use a model that is priced by the second.");
        var sound = (recording.MaxSeconds + 1) * TokensPerSecond ?? price.ContextWindow;
        return sound is { } tokens
            ? (new UnitBound(Within(price, tokens + call.Facts.BodyBytes + call.Facts.TokensAdded), most) { Kinds = TokenKinds.AudioInput }, null)
            : Refuse($"How long the recording is cannot be told from its file, and the context window of '{price.Model}' is not known. Send it as {RecordingLength.Formats}.");
    }

    /// <summary>A request limit on output tokens cannot be put into these requests: one that may pass it is refused.</summary>
    private static Refusal? CheckOutput(GovernedCall call, UnitBound bound)
    {
        var each = bound.Output / call.Facts.Choices;
        return Admission.OutputClamp(call.Standing, call.Shape) is { } limit && each > limit
            ? new Refusal(RefusalCode.RequestLimitExceeded,
                $"This request may produce {each} output tokens at once; a request limit allows {limit}. Ask for a smaller size, a lower quality, or another model.")
            : null;
    }

    private static long Within(PriceVersion price, long input) => price.ContextWindow is { } window ? Math.Min(input, window) : input;

    private static UnitBound OfPieces(UnitClass unit, long count) => new(0, 0) { Pieces = default(UnitMap<long>).With(unit, count) };

    private static (UnitBound, Refusal?) Refuse(string message) => (default, new Refusal(RefusalCode.UnpriceableRequest, message));
}
