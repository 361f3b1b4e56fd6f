using System.Text.Json;
using System.Text.Unicode;
using Spendra.Core.Pricing;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects.Gemini;

/// <summary>
/// Reads the governed fields of a body in Google's format in one pass. Unknown fields are none of our business and pass
/// through; governed fields must be there at most once, in either spelling, and make sense. <c>null</c> counts as absent.
/// </summary>
internal ref partial struct GeminiRequestReader
{
    public const int MaxDepth = 64;
    public const int MaxCandidates = 8;

    private const long MaxOutputLimit = 10_000_000;
    private const int MaxNameLength = 200;

    private readonly GeminiMethod _method;
    private readonly RequestFacts _facts;
    private Utf8JsonReader _json;
    private RequestFault? _fault;

    private GeminiRequestReader(ReadOnlySpan<byte> bytes, GeminiMethod method, string model)
    {
        _method = method;
        _facts = new RequestFacts
        {
            BodyBytes = bytes.Length,
            Model = model,
            IsStream = method == GeminiMethod.StreamGenerateContent,
            IsOutputKindOpen = true,
        };
        _json = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = MaxDepth });
    }

    private readonly bool IsEmbedding => _method is GeminiMethod.EmbedContent or GeminiMethod.BatchEmbedContents;

    /// <summary>The facts of a body; or null and what is wrong with it.</summary>
    /// <param name="bytes">The body.</param>
    /// <param name="method">What is asked of the model.</param>
    /// <param name="model">The model that the path names.</param>
    /// <param name="fault">What is wrong, or null.</param>
    public static RequestFacts? Read(ReadOnlySpan<byte> bytes, GeminiMethod method, string model, out RequestFault? fault)
    {
        fault = null;
        if (model.Length is 0 or > MaxNameLength || model.Any(char.IsControl))
            fault = new RequestFault($"The model in the path must have 1 to {MaxNameLength} characters that can be printed.", "model");
        else if (!Utf8.IsValid(bytes))
            fault = RequestFault.NotUtf8;
        if (fault is not null) return null;
        var reader = new GeminiRequestReader(bytes, method, model);
        try
        {
            reader.ReadRoot();
            fault = reader._fault;
        }
        catch (JsonException e)
        {
            fault = RequestFault.NotJson(e, MaxDepth);
        }
        catch (InvalidOperationException)
        {
            fault = RequestFault.NotUnicode;
        }
        return fault is null ? reader._facts : null;
    }

    private void ReadRoot()
    {
        if (!_json.Read() || _json.TokenType != JsonTokenType.StartObject)
        {
            _fault = RequestFault.NotAnObject;
            return;
        }
        var (expected, required) = _method switch
        {
            GeminiMethod.EmbedContent => (GeminiFieldNames.OfEmbedding, GeminiFields.Content),
            GeminiMethod.BatchEmbedContents => (GeminiFields.Requests, GeminiFields.Requests),
            GeminiMethod.CountTokens => (GeminiFieldNames.OfRequest | GeminiFields.Counted, GeminiFields.None),
            GeminiMethod.GenerateContent or GeminiMethod.StreamGenerateContent => (GeminiFieldNames.OfRequest, GeminiFields.Contents),
        };
        var seen = ReadFields(expected);
        if (_fault is not null) return;
        _facts.ClosingBrace = (int)_json.TokenStartIndex;
        if (_json.Read()) _fault = RequestFault.MoreAfterTheEnd;
        else if ((seen & required) != required) Fail("is missing", NameOf(required));
    }

    /// <summary>From the start of an object to its end.</summary>
    private GeminiFields ReadFields(GeminiFields expected)
    {
        var seen = GeminiFields.None;
        while (_fault is null && _json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            var field = GeminiFieldNames.Find(expected, ref _json);
            if (field == GeminiFields.None)
            {
                _json.Skip();
                continue;
            }
            if ((seen & field) != 0) Fail("is given twice: send it once, in one spelling", _json.GetString()!);
            seen |= field;
            _json.Read();
            ReadField(field);
        }
        return seen;
    }

    private void ReadField(GeminiFields field)
    {
        switch (field)
        {
            case GeminiFields.Contents or GeminiFields.SystemInstruction or GeminiFields.Content: ReadContents(); break;
            case GeminiFields.Tools: ReadTools(); break;
            case GeminiFields.GenerationConfig: ReadConfig(); break;
            case GeminiFields.CachedContent: RefuseUnlessNull("content that the provider keeps in a cache cannot be seen here, and is stored for a fee that is not in the price book"); break;
            case GeminiFields.ServiceTier: ReadServiceTier(); break;
            case GeminiFields.Model: ReadModel(); break;
            case GeminiFields.Requests: ReadRequests(); break;
            case GeminiFields.Counted: ReadNested(GeminiFieldNames.OfRequest, "generateContentRequest"); break;
            case GeminiFields.MaxOutputTokens: ReadOutputLimit(); break;
            case GeminiFields.CandidateCount: ReadCandidateCount(); break;
            case GeminiFields.ResponseModalities: ReadModalities(); break;
            case GeminiFields.ModelChoice: RefuseUnlessNull("the provider would choose the model, and with it the price"); break;
            default: throw new InvalidOperationException($"no reader for {field}");
        }
    }

    private void ReadNested(GeminiFields expected, string name)
    {
        if (_json.TokenType == JsonTokenType.Null) return;
        if (_json.TokenType != JsonTokenType.StartObject) Fail("must be an object", name);
        else ReadFields(expected);
    }

    private void ReadConfig()
    {
        var start = (int)_json.TokenStartIndex;
        // Inside null and inside {} the limit is the only member; elsewhere it becomes the first of several.
        var next = _json;
        _facts.HasOutputConfigMembers = _json.TokenType == JsonTokenType.StartObject && next.Read() && next.TokenType == JsonTokenType.PropertyName;
        ReadNested(GeminiFieldNames.OfConfig, "generationConfig");
        _facts.OutputConfigSpan = new ByteSpan(start, (int)_json.BytesConsumed - start);
    }

    private void ReadOutputLimit()
    {
        var start = (int)_json.TokenStartIndex;
        _facts.OutputLimitSpans.Add(new ByteSpan(start, (int)_json.BytesConsumed - start));
        if (_json.TokenType == JsonTokenType.Null) return;
        if (_json.TokenType != JsonTokenType.Number || !_json.TryGetInt64(out var limit) || limit is < 1 or > MaxOutputLimit)
            Fail($"must be a whole number from 1 to {MaxOutputLimit}", "generationConfig.maxOutputTokens");
        else
            _facts.OutputLimit = limit;
    }

    private void ReadCandidateCount()
    {
        if (_json.TokenType == JsonTokenType.Null) return;
        if (_json.TokenType != JsonTokenType.Number || !_json.TryGetInt32(out var count) || count is < 1 or > MaxCandidates)
            Fail($"must be a whole number from 1 to {MaxCandidates}", "generationConfig.candidateCount");
        else
            _facts.Choices = count;
    }

    private void ReadModalities()
    {
        const string name = "generationConfig.responseModalities";
        if (_json.TokenType == JsonTokenType.Null) return;
        if (_json.TokenType != JsonTokenType.StartArray) Fail("must be a list", name);
        while (_fault is null && _json.Read() && _json.TokenType != JsonTokenType.EndArray)
        {
            _facts.IsOutputKindOpen = false;
            if (_json.TokenType != JsonTokenType.String) Fail("must be a list of strings", name);
            else TakeModality(_json.GetString()!);
        }
    }

    /// <summary>In capitals by Google's reference; clients have sent them in any case.</summary>
    private readonly void TakeModality(string modality)
    {
        if (modality.Equals("AUDIO", StringComparison.OrdinalIgnoreCase)) _facts.Kinds |= TokenKinds.AudioOutput;
        else if (modality.Equals("IMAGE", StringComparison.OrdinalIgnoreCase)) _facts.Kinds |= TokenKinds.ImageOutput;
        else if (!modality.Equals("TEXT", StringComparison.OrdinalIgnoreCase)) Refuse("'responseModalities' names a kind of output that is not in the price book");
    }

    private void ReadServiceTier()
    {
        if (_json.TokenType == JsonTokenType.Null) return;
        if (_json.TokenType != JsonTokenType.String || ReadName() is not { } tier) Fail("must be a string that can be printed", "serviceTier");
        else _facts.ServiceTier = TierOf(tier);
    }

    /// <summary>The tier in the words of the price book.</summary>
    public static string TierOf(string tier)
    {
        const string prefix = "service_tier_";
        var lower = tier.ToLowerInvariant();
        var name = lower.StartsWith(prefix, StringComparison.Ordinal) ? lower[prefix.Length..] : lower;
        return name is "standard" or "unspecified" ? PriceVersion.DefaultTier : name;
    }

    /// <summary>The path decides; a body that names another model would be priced as the wrong one.</summary>
    private void ReadModel()
    {
        const string collection = "models/";
        if (_json.TokenType == JsonTokenType.Null) return;
        if (_json.TokenType != JsonTokenType.String)
        {
            Fail("must be a string", "model");
            return;
        }
        var name = _json.GetString()!;
        var at = name.LastIndexOf(collection, StringComparison.Ordinal);
        if ((at < 0 ? name : name[(at + collection.Length)..]) != _facts.Model) Fail("must be the model that the path names", "model");
    }

    private void ReadRequests()
    {
        if (_json.TokenType != JsonTokenType.StartArray) Fail("must be a list", "requests");
        while (_fault is null && _json.Read() && _json.TokenType != JsonTokenType.EndArray) ReadNested(GeminiFieldNames.OfEmbedding, "requests");
    }

    /// <summary>A name that is kept: of bounded length, without control characters, which not every database takes.</summary>
    private readonly string? ReadName() =>
        _json.GetString() is { Length: > 0 and <= MaxNameLength } name && !name.Any(char.IsControl) ? name : null;

    private void RefuseUnlessNull(string why)
    {
        var isNull = _json.TokenType == JsonTokenType.Null;
        _json.Skip();
        if (!isNull) Refuse(why);
    }

    private readonly void Refuse(string why) => _facts.Unpriceable ??= why;

    private void Fail(string what, string parameter) => _fault ??= new RequestFault($"'{parameter}' {what}.", parameter);

    private static string NameOf(GeminiFields field) => field switch
    {
        GeminiFields.Content => "content",
        GeminiFields.Requests => "requests",
        _ => "contents",
    };
}
