using System.Globalization;
using System.Text.Json;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Fields;

/// <summary>
/// The fields of a body that is an object of JSON, a multipart form or a URL-encoded form. The first fault that a
/// reader finds stays in <see cref="Fault"/>, so that fields can be read one after the other.
/// </summary>
internal sealed class RequestFields
{
    private readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal);
    private readonly List<FormFile> _files = [];

    /// <summary>The body as JSON; undefined when it is a form.</summary>
    public JsonElement Json { get; init; }

    public IReadOnlyList<FormFile> Files => _files;

    public Refusal? Fault { get; private set; }

    /// <summary>Adds a fault of the reader's own, unless one was found before.</summary>
    public void Blame(Refusal fault) => Fault ??= fault;

    public void Add(string name, string value) => _texts[name] = value;

    public void Add(FormFile file) => _files.Add(file);

    /// <summary>A text; <see langword="null"/> when it is absent.</summary>
    public string? Text(string name)
    {
        if (Json.ValueKind is not JsonValueKind.Object)
            return _texts.GetValueOrDefault(name);
        if (!Json.TryGetProperty(name, out var value) || value.ValueKind is JsonValueKind.Null)
            return null;
        if (value.ValueKind is JsonValueKind.String)
            return value.GetString();
        Fault ??= Refusal.WrongType(name, "a string");
        return null;
    }

    /// <summary>A text that must be there; empty beside a fault.</summary>
    public string Required(string name)
    {
        var text = Text(name);
        if (string.IsNullOrEmpty(text))
            Fault ??= Refusal.Missing(name);
        return text ?? "";
    }

    public bool Flag(string name)
    {
        if (Json.ValueKind is not JsonValueKind.Object)
            return _texts.GetValueOrDefault(name) is "true";
        if (!Json.TryGetProperty(name, out var value) || value.ValueKind is JsonValueKind.Null or JsonValueKind.False)
            return false;
        if (value.ValueKind is not JsonValueKind.True)
            Fault ??= Refusal.WrongType(name, "a boolean");
        return value.ValueKind is JsonValueKind.True;
    }

    public int Integer(string name, int least, int most, int byDefault)
    {
        var given = NumberText(name);
        if (given is null)
            return byDefault;
        if (int.TryParse(given, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
            return number;
        Fault ??= Refusal.OutOfRange(name, least, most);
        return byDefault;
    }

    /// <summary>One of some words; the first is the default.</summary>
    public string OneOf(string name, params ReadOnlySpan<string> allowed)
    {
        var text = Text(name) ?? allowed[0];
        if (!allowed.Contains(text))
            Fault ??= Refusal.Invalid($"Invalid value: '{text}'. Supported values are: '{string.Join("', '", allowed)}'.", name, "invalid_value");
        return text;
    }

    private string? NumberText(string name)
    {
        if (Json.ValueKind is not JsonValueKind.Object)
            return _texts.GetValueOrDefault(name);
        return Json.TryGetProperty(name, out var value) && value.ValueKind is not JsonValueKind.Null ? value.GetRawText() : null;
    }
}
