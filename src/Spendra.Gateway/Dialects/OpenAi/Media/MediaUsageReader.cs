using System.Text.Json;
using Spendra.Core.Metering;

namespace Spendra.Gateway.Dialects.OpenAi.Media;

/// <summary>
/// Reads the usage out of one answer or event while it passes in pieces of any size, and holds nothing of the pictures and
/// sounds in it. Only the top of the document counts.
/// <para>Usage numbers are hostile input: anything but whole numbers that agree with each other is no usage.</para>
/// </summary>
internal sealed class MediaUsageReader(MediaUsageRules rules) : PiecewiseReader(OpenAiRequestReader.MaxDepth, MaxTokenBytes)
{
    // Texts are shortened before they come here; what is longer is no answer of these formats.
    private const int MaxTokenBytes = 64 * 1024;

    private const int MaxText = 200;
    private const int MaxNumber = 30;

    private enum Place
    {
        Other,
        Root,
        Usage,
        InputDetails,
        OutputDetails,
    }

    private readonly Place[] _places = new Place[OpenAiRequestReader.MaxDepth + 2];
    private readonly Dictionary<(Place, string), long> _counts = [];
    private readonly TextShortener _shortener = new();
    private string? _name;
    private string? _type;
    private bool _isUsageBroken;

    public bool HasUsage { get; private set; }

    public string? Model { get; private set; }

    /// <summary>Takes the next bytes of the document.</summary>
    public void FeedLong(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty) Feed(_shortener.Take(ref bytes), isLast: false);
    }

    /// <summary>The document has ended.</summary>
    public void End() => Feed([], isLast: true);

    /// <summary>The usage in classes that do not overlap, or null when there is none that can be believed.</summary>
    public Usage? ToUsage()
    {
        if (IsBroken || _isUsageBroken || !HasUsage) return null;
        var usage = _type == "duration" || rules.IsBySecond ? OfSeconds()
            : rules.Kind.IsImage() ? OfImages()
            : rules.Kind == MediaKind.Speech ? OfSpeech()
            : OfRecording();
        return usage is { IsPlausible: true } ? usage : null;
    }

    private Usage? OfSeconds() =>
        _type is null or "duration" && Find(Place.Usage, "seconds") is { } seconds ? default(Usage).Plus(UnitClass.Seconds, seconds) : null;

    private Usage? OfSpeech() => (Find(Place.Usage, "input_tokens"), Find(Place.Usage, "output_tokens")) is ({ } input, { } output)
        ? new Usage { Input = input }.Plus(UnitClass.AudioOutput, output)
        : null;

    private Usage? OfRecording()
    {
        if ((Find(Place.Usage, "input_tokens"), Find(Place.Usage, "output_tokens")) is not ({ } input, { } output)) return null;
        // Without details all of it is taken for sound, which is never the cheaper kind.
        if (Split(Place.InputDetails, "text_tokens", "audio_tokens", input, whole: "audio_tokens") is not var (text, sound)) return null;
        return new Usage { Input = text, Output = output }.Plus(UnitClass.AudioInput, sound);
    }

    private Usage? OfImages()
    {
        if ((Find(Place.Usage, "input_tokens"), Find(Place.Usage, "output_tokens")) is not ({ } input, { } output)) return null;
        if (Split(Place.InputDetails, "text_tokens", "image_tokens", input, rules.HasSources ? null : "text_tokens") is not var (text, seen)) return null;
        if (Split(Place.OutputDetails, "text_tokens", "image_tokens", output, whole: "image_tokens") is not var (said, drawn)) return null;
        var cached = Find(Place.InputDetails, "cached_tokens") ?? 0;
        if (cached > input) return null;
        // Which kind was cached is not told: text first, whose discount is the smaller one.
        var (cachedText, cachedSeen) = (Math.Min(cached, text), Math.Max(0, cached - text));
        return new Usage { Input = text - cachedText, CachedInput = cachedText, Output = said }
            .Plus(UnitClass.ImageInput, seen - cachedSeen).Plus(UnitClass.CachedImageInput, cachedSeen).Plus(UnitClass.ImageOutput, drawn);
    }

    /// <summary>How a total divides into two kinds; null when the parts contradict it, or nothing tells them.</summary>
    private (long First, long Second)? Split(Place place, string first, string second, long total, string? whole)
    {
        var (one, other) = (Find(place, first), Find(place, second));
        if (one is null && other is null) return whole == first ? (total, 0) : whole == second ? (0, total) : null;
        var a = one ?? total - other!.Value;
        var b = other ?? total - a;
        return a >= 0 && b >= 0 && a <= total && b == total - a ? (a, b) : null;
    }

    private long? Find(Place place, string name) => _counts.TryGetValue((place, name), out var count) ? count : null;

    protected override void Take(ref Utf8JsonReader json)
    {
        var place = json.CurrentDepth == 0 ? Place.Other : _places[json.CurrentDepth];
        switch (json.TokenType)
        {
            case JsonTokenType.PropertyName:
                // Every name of interest is short.
                _name = place != Place.Other && json.ValueSpan.Length <= 40 ? json.GetString() : null;
                return;
            case JsonTokenType.StartObject:
                EnterObject(json.CurrentDepth, place);
                break;
            case JsonTokenType.StartArray:
                _places[json.CurrentDepth + 1] = Place.Other;
                break;
            case JsonTokenType.EndArray or JsonTokenType.EndObject:
                break;
            default:
                TakeValue(ref json, place);
                break;
        }
        _name = null;
    }

    private void EnterObject(int depth, Place place)
    {
        var inside = (depth, place, _name) switch
        {
            (0, _, _) => Place.Root,
            (_, Place.Root, "usage") => Place.Usage,
            // One without the plural: OpenAI spells it so in transcriptions.
            (_, Place.Usage, "input_tokens_details" or "input_token_details") => Place.InputDetails,
            (_, Place.Usage, "output_tokens_details" or "output_token_details") => Place.OutputDetails,
            _ => Place.Other,
        };
        _places[depth + 1] = inside;
        // Two usages: which one would be billed?
        _isUsageBroken |= inside == Place.Usage && HasUsage;
        HasUsage |= inside == Place.Usage;
    }

    private void TakeValue(ref Utf8JsonReader json, Place place)
    {
        if (_name is null) return;
        var isText = json.TokenType == JsonTokenType.String && json.ValueSpan.Length is > 0 and <= MaxText;
        switch (place, _name)
        {
            case (Place.Root, "model") when isText: Model = Printable(json.GetString()); break;
            case (Place.Root, "usage") when json.TokenType != JsonTokenType.Null: _isUsageBroken = true; break;
            case (Place.Usage, "type"): _type = isText ? json.GetString() : ""; break;
            case (Place.Usage, "seconds"): Count(place, _name, SecondsOf(ref json)); break;
            case (Place.Usage, "input_tokens" or "output_tokens") or
                (Place.InputDetails or Place.OutputDetails, "text_tokens" or "image_tokens" or "audio_tokens" or "cached_tokens"):
                // A null detail is a detail that does not apply.
                if (json.TokenType != JsonTokenType.Null || place == Place.Usage)
                    Count(place, _name, json.TokenType == JsonTokenType.Number && json.TryGetInt64(out var number) ? number : -1);
                break;
        }
    }

    /// <summary>Parts of a second are charged as one: the provider rounds too.</summary>
    private static long SecondsOf(ref Utf8JsonReader json) =>
        json.TokenType == JsonTokenType.Number && json.ValueSpan.Length <= MaxNumber && json.TryGetDecimal(out var seconds) && seconds is >= 0 and <= Usage.MaxUnits
            ? (long)decimal.Ceiling(seconds)
            : -1;

    private void Count(Place place, string name, long count)
    {
        // Said twice, it contradicts itself unless it says the same.
        _isUsageBroken |= count < 0 || !_counts.TryAdd((place, name), count) && _counts[(place, name)] != count;
    }
}
