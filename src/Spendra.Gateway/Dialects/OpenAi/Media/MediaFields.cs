using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Spendra.Gateway.Recordings;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects.OpenAi.Media;

/// <summary>
/// The governed fields of a call for pictures or sound, from JSON or from a form. Each at most once; the first fault
/// that is found stays.
/// </summary>
internal sealed class MediaFields(MediaKind kind)
{
    public const int MaxImages = 10;

    /// <summary>The model of a moderation that names none.</summary>
    public const string DefaultModeration = "omni-moderation-latest";

    private const int MaxPartials = 3;
    private const int MaxSources = 16;

    private static readonly string[] OfImages = ["model", "n", "size", "quality", "partial_images", "stream"];
    private static readonly string[] OfSpeech = ["model", "input"];
    private static readonly string[] OfRecordings = ["model", "chunking_strategy", "known_speaker_references"];
    private static readonly string[] OfModerations = ["model"];

    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private long? _recordingSeconds;
    private int _recordings;
    private int _sources;

    public RequestFault? Fault { get; private set; }

    public static bool Governs(MediaKind kind, string name) => NamesOf(kind).Contains(name);

    public void Fail(string what, string parameter) => Fault ??= new RequestFault($"'{parameter}' {what}.", parameter);

    public void Set(string name, string value)
    {
        if (!_seen.Add(name)) Fail("is given twice: send it once", name);
        _values[name] = value;
    }

    /// <summary>The field is there and says nothing.</summary>
    public void SetAbsent(string name)
    {
        if (!_seen.Add(name)) Fail("is given twice: send it once", name);
    }

    /// <summary>Takes the fields of a form.</summary>
    public void Take(Form form, ReadOnlySpan<byte> body)
    {
        foreach (var part in form.Parts)
        {
            var content = body.Slice(part.Content.Start, part.Content.Length);
            if (part.IsFile) TakeFile(part.Name, content);
            else TakeText(part.Name, content);
        }
        if (kind.IsRecording() && _recordings != 1) Fail("must be there once", "file");
        if (kind == MediaKind.ImageEdit && _sources is 0 or > MaxSources) Fail($"must be there, with 1 to {MaxSources} images and masks", "image");
    }

    /// <summary>What the fields say; null beside a <see cref="Fault"/>.</summary>
    /// <param name="textBytes">The bytes of all that is text.</param>
    /// <param name="modelOfPath">The model that the path names; what the body says of it means nothing then.</param>
    public RequestFacts? ToFacts(int textBytes, string? modelOfPath)
    {
        var model = modelOfPath ?? _values.GetValueOrDefault("model") ?? (kind == MediaKind.Moderation ? DefaultModeration : null);
        if (model is null) Fail("is missing: name a model", "model");
        else if (!OpenAiRequestReader.IsModelName(model)) Fail("must be a name of at most 200 characters that can be printed", "model");
        var facts = new RequestFacts { Model = model ?? "", BodyBytes = textBytes };
        if (kind.IsImage()) FillImages(facts);
        else if (kind == MediaKind.Speech) FillSpeech(facts);
        else if (kind.IsRecording()) FillRecording(facts);
        return Fault is null ? facts : null;
    }

    private static string[] NamesOf(MediaKind kind) =>
        kind.IsImage() ? OfImages : kind.IsRecording() ? OfRecordings : kind == MediaKind.Speech ? OfSpeech : OfModerations;

    private void TakeFile(string name, ReadOnlySpan<byte> content)
    {
        if (IsSource(name)) _sources++;
        else if (kind.IsRecording() && name == "file")
        {
            _recordings++;
            _recordingSeconds = RecordingLength.MaxSeconds(content);
        }
        // A server may take it for the field's value, which was not counted then, or for none.
        else Fail("must not be a file", name);
    }

    private void TakeText(string name, ReadOnlySpan<byte> content)
    {
        var plain = Plain(name);
        if (IsSource(name) || kind.IsRecording() && name == "file") Fail("must be a file", name);
        else if (!Governs(kind, plain)) return;
        // Speakers are a list; of everything else a list means something else to each server.
        else if (name != plain && plain != "known_speaker_references") Fail("must not be a list", name);
        else if (plain == "known_speaker_references") _values[plain] = "";
        else if (!Utf8.IsValid(content)) Fail("must be text in UTF-8", name);
        else Set(name, Encoding.UTF8.GetString(content));
    }

    private bool IsSource(string name) => kind == MediaKind.ImageEdit && Plain(name) is "image" or "mask";

    private static string Plain(string name) => name.IndexOf('[', StringComparison.Ordinal) is > 0 and var list ? name[..list] : name;

    private void FillImages(RequestFacts facts)
    {
        facts.Choices = Number("n", least: 1, most: MaxImages, absent: 1);
        facts.IsStream = _values.GetValueOrDefault("stream") is { } stream && stream != "false";
        facts.Media = new ImageFacts
        {
            Size = Word("size"),
            Quality = Word("quality"),
            Partials = Number("partial_images", least: 0, most: MaxPartials, absent: 0),
            Sources = _sources,
        };
        if (facts is { IsStream: true, Choices: > 1 })
            facts.Unpriceable = "how a stream of several images tells what they used is not documented: ask for one image, or without 'stream'";
    }

    private void FillSpeech(RequestFacts facts)
    {
        if (_values.GetValueOrDefault("input") is not { Length: > 0 } input)
        {
            Fail("is missing: send the text to speak", "input");
            return;
        }
        long characters = 0;
        foreach (var _ in input.EnumerateRunes()) characters++;
        facts.Media = new SpeechFacts(characters, input.Length);
    }

    private void FillRecording(RequestFacts facts)
    {
        facts.Media = new RecordingFacts(_recordingSeconds, IsCut: _values.ContainsKey("chunking_strategy"));
        if (_values.ContainsKey("known_speaker_references"))
            facts.Unpriceable = "recordings of known speakers come on top of the file, and their length is not worked out here: leave 'known_speaker_references' out";
    }

    private string Word(string name)
    {
        const int longest = 30;
        var word = _values.GetValueOrDefault(name) ?? ImageFacts.Auto;
        if (word.Length is 0 or > longest || word.Any(c => !char.IsAsciiLetterOrDigit(c))) Fail($"must be a word of at most {longest} letters and digits", name);
        return word;
    }

    private int Number(string name, int least, int most, int absent)
    {
        if (!_values.TryGetValue(name, out var text)) return absent;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most) return number;
        Fail($"must be a whole number from {least} to {most}", name);
        return absent;
    }
}
