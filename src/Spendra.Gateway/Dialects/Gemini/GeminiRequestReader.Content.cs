using System.Globalization;
using System.Text.Json;
using Spendra.Core.Pricing;

namespace Spendra.Gateway.Dialects.Gemini;

/// <summary>
/// What the contents of a request hold besides text. Only the places where Google looks for data count: the same names
/// inside the arguments of a function are just text.
/// </summary>
internal ref partial struct GeminiRequestReader
{
    /// <summary>
    /// What one image is held at, whatever it weighs, of a model that has a budget for images: twice the largest of them,
    /// 2,240 tokens at the highest <c>mediaResolution</c> (ai.google.dev, "Media resolution"), since Google calls its
    /// figures approximate.
    /// </summary>
    public const int ImageTokens = 2 * 2_240;

    // The generation that began to have budgets. Before, an image was cut into tiles of 258 tokens each by its measures,
    // and a narrow strip into any number of them.
    private const int FirstWithImageBudget = 3;

    /// <summary>One content or a list of them; Google takes either.</summary>
    private void ReadContents()
    {
        if (_json.TokenType == JsonTokenType.StartObject) ReadContent();
        else if (_json.TokenType == JsonTokenType.StartArray) ReadItems(static (ref GeminiRequestReader reader) => reader.ReadContent());
    }

    private void ReadContent()
    {
        while (_fault is null && _json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            var isParts = _json.ValueTextEquals("parts"u8);
            _json.Read();
            if (isParts) ReadParts();
            else _json.Skip();
        }
    }

    private void ReadParts()
    {
        if (_json.TokenType == JsonTokenType.StartObject) ReadPart();
        else if (_json.TokenType == JsonTokenType.StartArray) ReadItems(static (ref GeminiRequestReader reader) => reader.ReadPart());
    }

    private delegate void ItemReader(ref GeminiRequestReader reader);

    private void ReadItems(ItemReader read)
    {
        while (_fault is null && _json.Read() && _json.TokenType != JsonTokenType.EndArray)
        {
            if (_json.TokenType == JsonTokenType.StartObject) read(ref this);
            else _json.Skip();
        }
    }

    private void ReadPart()
    {
        while (_fault is null && _json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            var isInline = Is("inlineData"u8, "inline_data"u8);
            var isFile = Is("fileData"u8, "file_data"u8);
            var isResponse = Is("functionResponse"u8, "function_response"u8);
            _json.Read();
            if (_json.TokenType != JsonTokenType.StartObject || !(isInline || isFile || isResponse)) _json.Skip();
            // What a function returns may have parts of its own.
            else if (isResponse) ReadContent();
            else ReadData(isFile);
        }
    }

    /// <summary>Data inside the body, or the address of data outside of it.</summary>
    private void ReadData(bool isFile)
    {
        string? type = null;
        string? address = null;
        int? bytes = null;
        while (_fault is null && _json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            var isType = Is("mimeType"u8, "mime_type"u8);
            var isData = _json.ValueTextEquals("data"u8);
            var isAddress = Is("fileUri"u8, "file_uri"u8);
            var name = isType || isData || isAddress ? _json.GetString()! : "";
            _json.Read();
            if (_json.TokenType != JsonTokenType.String)
            {
                _json.Skip();
                continue;
            }
            if ((isType && type is not null) || (isData && bytes is not null) || (isAddress && address is not null))
                Fail("is given twice: send it once, in one spelling", name);
            else if (isType) type = _json.GetString();
            else if (isData) bytes = _json.ValueSpan.Length;
            else if (isAddress) address = _json.GetString();
        }
        if (IsEmbedding) Refuse("only text can be embedded here: other content has rates that are not in the price book");
        if (isFile) JudgeFile(type, address);
        else JudgeData(type, bytes ?? 0);
    }

    private readonly void JudgeData(string? type, int bytes)
    {
        // Text that is packed as data has fewer tokens than bytes, like all text.
        if (type?.StartsWith("text/", StringComparison.OrdinalIgnoreCase) == true) return;
        _facts.Kinds |= KindsOf(type);
        if (IsImage(type) && HasImageBudget(_facts.Model))
        {
            _facts.TokensBesideCount += ImageTokens;
            _facts.TokensAdded += ImageTokens - bytes;
        }
        // A long recording can be few bytes, and a page of a document or a strip of an image too.
        else _facts.HasUnseenContent = true;
    }

    private readonly void JudgeFile(string? type, string? address)
    {
        _facts.HasUnseenContent = true;
        _facts.Kinds |= KindsOf(type);
        if (!IsPublic(address)) Refuse("whose a file is that the provider keeps is not known here: send its content, or a public address");
    }

    private static bool IsPublic(string? address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http"
        && !uri.IdnHost.TrimEnd('.').EndsWith("googleapis.com", StringComparison.OrdinalIgnoreCase);

    private static bool IsImage(string? type) => type?.ToLowerInvariant() is "image/png" or "image/jpeg" or "image/webp" or "image/heic" or "image/heif";

    /// <summary>Whether a model's name tells a generation that has budgets for images.</summary>
    private static bool HasImageBudget(string model)
    {
        const string prefix = "gemini-";
        if (!model.StartsWith(prefix, StringComparison.Ordinal)) return false;
        var rest = model.AsSpan(prefix.Length);
        var end = rest.IndexOfAnyExceptInRange('0', '9');
        return int.TryParse(end < 0 ? rest : rest[..end], NumberStyles.None, CultureInfo.InvariantCulture, out var generation)
            && generation >= FirstWithImageBudget;
    }

    private static TokenKinds KindsOf(string? type)
    {
        if (type is null) return TokenKinds.AudioInput | TokenKinds.ImageInput;
        if (type.StartsWith("audio/", StringComparison.OrdinalIgnoreCase)) return TokenKinds.AudioInput;
        if (type.StartsWith("image/", StringComparison.OrdinalIgnoreCase) || type.Equals("application/pdf", StringComparison.OrdinalIgnoreCase))
            return TokenKinds.ImageInput;
        return TokenKinds.AudioInput | TokenKinds.ImageInput;
    }

    private readonly bool Is(ReadOnlySpan<byte> camel, ReadOnlySpan<byte> snake) => _json.ValueTextEquals(camel) || _json.ValueTextEquals(snake);
}
