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
        _type is null or "duration" && Find(Place.Usage, "seconds") is { } seconds and > 0 ? default(Usage).Plus(UnitClass.Seconds, seconds) : null;

    /// <summary>What was read and made; null when it is not told, or nothing was read: no call is for nothing.</summary>
    private (long Read, long Made)? Tokens() =>
        (Find(Place.Usage, "input_tokens"), Find(Place.Usage, "output_tokens")) is ({ } read and > 0, { } made) ? (read, made) : null;

    private Usage? OfSpeech() => Tokens() is var (input, output)
        ? new Usage { Input = input }.Plus(UnitClass.AudioOutput, output)
        : null;

    private Usage? OfRecording()
    {
        if (Tokens() is not var (input, output)) return null;
        // Without details all of it is taken for sound, which is never the cheaper kind.
        if (Split(Place.InputDetails, "audio_tokens", input, new TokenSplit(0, input)) is not var (text, sound)) return null;
        return new Usage { Input = text, Output = output }.Plus(UnitClass.AudioInput, sound);
    }

    private Usage? OfImages()
    {
        if (Tokens() is not var (input, output) || output == 0) return null;
        var read = Split(Place.InputDetails, "image_tokens", input, rules.HasSources ? null : new TokenSplit(input, 0));
        var written = Split(Place.OutputDetails, "image_tokens", output, new TokenSplit(0, output));
        return TokenSplit.OfImages(read, Find(Place.InputDetails, "cached_tokens") ?? 0, written);
    }

    /// <summary>How a total divides into text and another kind; null when the parts contradict it, or nothing tells them.</summary>
    private TokenSplit? Split(Place place, string kind, long total, TokenSplit? untold)
    {
        var (text, other) = (Find(place, "text_tokens"), Find(place, kind));
        return text is null && other is null ? untold : TokenSplit.Of(total, text, other);
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
            case (Place.Usage, "type"): TakeType(isText ? json.GetString()! : ""); break;
            case (Place.Usage, "seconds"): Count(place, _name, SecondsOf(ref json)); break;
            case (Place.Usage, "input_tokens" or "output_tokens") or
                (Place.InputDetails or Place.OutputDetails, "text_tokens" or "image_tokens" or "audio_tokens" or "cached_tokens"):
                // A null detail is a detail that does not apply.
                if (json.TokenType != JsonTokenType.Null || place == Place.Usage)
                    Count(place, _name, json.TokenType == JsonTokenType.Number && json.TryGetInt64(out var number) ? number : -1);
                break;
        }
    }

    /// <summary>What is counted, in tokens or in seconds: of two words neither is believed.</summary>
    private void TakeType(string type)
    {
        _isUsageBroken |= _type is not null && _type != type;
        _type = type;
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
