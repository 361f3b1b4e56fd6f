using System.Text.Json;
using System.Text.Unicode;
using Spendra.Core.Ledger;
using Spendra.Core.Pricing;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects.Anthropic;

/// <summary>Which of the two bodies is read: they have the same fields, but counting tokens is free and has no limit.</summary>
internal enum AnthropicBody
{
    Messages,
    Count,
}

/// <summary>
/// Reads the governed fields of a messages request in one pass. Unknown fields are none of our business and pass
/// through; governed fields must be there at most once and make sense. <c>null</c> counts as absent.
/// </summary>
internal ref partial struct AnthropicRequestReader
{
    public const int MaxDepth = 64;

    private const long MaxOutputLimit = 10_000_000;
    private const int MaxNameLength = 200;
    private const int MaxReferences = 1_000;

    private readonly AnthropicBody _body;
    private readonly bool _isModelInPath;
    private readonly RequestFacts _facts;
    private Utf8JsonReader _json;
    private RequestFault? _fault;
    private long _images;
    private long _imageBytes;

    private AnthropicRequestReader(ReadOnlySpan<byte> bytes, AnthropicBody body, string? model)
    {
        _body = body;
        _isModelInPath = model is not null;
        _facts = new RequestFacts { BodyBytes = bytes.Length, Model = model ?? "" };
        _json = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = MaxDepth });
    }

    /// <summary>The facts of a body; or null and what is wrong with it.</summary>
    /// <param name="bytes">The body.</param>
    /// <param name="body">Which body it is.</param>
    /// <param name="betas">The header <c>anthropic-beta</c>, or null.</param>
    /// <param name="fault">What is wrong, or null.</param>
    /// <param name="model">The model that the path names, in whose body there is none; or null.</param>
    public static RequestFacts? Read(ReadOnlySpan<byte> bytes, AnthropicBody body, string? betas, out RequestFault? fault, string? model = null)
    {
        fault = null;
        if (!Utf8.IsValid(bytes)) fault = RequestFault.NotUtf8;
        else if (model is not null && !IsName(model)) fault = new RequestFault("The path names no model that there could be.", "model");
        if (fault is not null) return null;
        var reader = new AnthropicRequestReader(bytes, body, model);
        try
        {
            reader.NoteBetas(betas);
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
        var seen = AnthropicFields.None;
        while (_fault is null && _json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            var field = AnthropicFieldNames.Find(ref _json);
            if (field == AnthropicFields.None)
            {
                _json.Skip();
                continue;
            }
            if ((seen & field) != 0) Fail("is given twice: send it once", _json.GetString()!);
            seen |= field;
            _json.Read();
            ReadField(field);
        }
        if (_fault is not null) return;
        _facts.ClosingBrace = (int)_json.TokenStartIndex;
        if (_json.Read()) _fault = RequestFault.MoreAfterTheEnd;
        else if ((seen & AnthropicFields.Model) == 0 && !_isModelInPath) Fail("is missing: name a model", "model");
        else if (_body == AnthropicBody.Messages && _facts.OutputLimit is null) Fail("is missing: say how much output there may be", "max_tokens");
        else Conclude();
    }

    private readonly void Conclude()
    {
        // An image costs by its size, not by its bytes.
        _facts.TokensAdded += _images * AnthropicImages.CeilingOf(_facts.Model) - _imageBytes;
        // Unless the request says so itself, the workspace's setting decides where it is served.
        if (_facts.InferenceGeo is null) _facts.PossibleTiers = ["us"];
    }

    private void ReadField(AnthropicFields field)
    {
        switch (field)
        {
            case AnthropicFields.Model when _isModelInPath: Fail("stands in the path: leave it out of the body", "model"); break;
            case AnthropicFields.Model: _facts.Model = ReadText("model") ?? ""; break;
            case AnthropicFields.MaxTokens: ReadOutputLimit(); break;
            case AnthropicFields.Stream: ReadStream(); break;
            case AnthropicFields.System: case AnthropicFields.Messages: ReadContent(); break;
            case AnthropicFields.Tools: ReadTools(); break;
            case AnthropicFields.CacheControl: ReadCacheControl(); break;
            case AnthropicFields.ServiceTier: ReadServiceTier(); break;
            case AnthropicFields.Speed: ReadSpeed(); break;
            case AnthropicFields.InferenceGeo: ReadGeo(); break;
            case AnthropicFields.OutputConfig: case AnthropicFields.OutputFormat: ReadFormat(); break;
            case AnthropicFields.ContextManagement: ReadContextManagement(); break;
            case AnthropicFields.Compaction: RefuseUnlessNull("compaction is a further pass that is billed"); break;
            case AnthropicFields.McpServers: ReadMcpServers(); break;
            case AnthropicFields.Container: RefuseUnlessNull("a container's hours are not in the usage, and it may be somebody else's"); break;
            case AnthropicFields.Fallbacks: RefuseUnlessNull("a fallback is another model, at its own rates"); break;
            case AnthropicFields.Thread: RefuseUnlessNull("a conversation that the provider keeps cannot be seen here"); break;
            case AnthropicFields.BillingPolicy: RefuseUnlessNull("who is billed is not the caller's to say"); break;
            case AnthropicFields.Betas: ReadBetas(); break;
            default: throw new InvalidOperationException($"no reader for {field}");
        }
    }

    private void ReadOutputLimit()
    {
        var start = (int)_json.TokenStartIndex;
        if (_json.TokenType == JsonTokenType.Null) return;
        // Zero fills the prompt cache and produces nothing.
        if (_json.TokenType != JsonTokenType.Number || !_json.TryGetInt64(out var limit) || limit is < 0 or > MaxOutputLimit)
        {
            Fail($"must be a whole number from 0 to {MaxOutputLimit}", "max_tokens");
            return;
        }
        _facts.OutputLimitSpans.Add(new ByteSpan(start, (int)_json.BytesConsumed - start));
        _facts.OutputLimit = limit;
    }

    private void ReadStream()
    {
        if (_json.TokenType is JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null) _facts.IsStream = _json.TokenType == JsonTokenType.True;
        else Fail("must be true or false", "stream");
    }

    private void ReadServiceTier()
    {
        var start = (int)_json.TokenStartIndex;
        _facts.ServiceTierSpan = new ByteSpan(start, (int)_json.BytesConsumed - start);
        if (_json.TokenType != JsonTokenType.Null && ReadText("service_tier") is { } tier)
            _facts.ServiceTier = tier == "standard_only" ? PriceVersion.DefaultTier : tier;
    }

    private void ReadSpeed()
    {
        if (_json.TokenType == JsonTokenType.Null || ReadText("speed") is not { } speed) return;
        _facts.Speed = speed;
        if (speed != AnthropicTiers.StandardSpeed) _facts.AskedTiers = _facts.AskedTiers.Add(speed);
    }

    private void ReadGeo()
    {
        if (_json.TokenType == JsonTokenType.Null || ReadText("inference_geo") is not { } geo) return;
        _facts.InferenceGeo = geo;
        if (geo != AnthropicTiers.AnyGeo) _facts.AskedTiers = _facts.AskedTiers.Add(geo);
    }

    private void ReadFormat()
    {
        if (_json.TokenType != JsonTokenType.Null) _facts.TokensAdded += AnthropicTools.TokensOfFormat;
        _json.Skip();
    }

    private void ReadMcpServers()
    {
        const string why = "what MCP servers answer to the provider has no limit";
        if (_json.TokenType != JsonTokenType.StartArray)
        {
            RefuseUnlessNull(why);
            return;
        }
        while (_json.Read() && _json.TokenType != JsonTokenType.EndArray)
        {
            _json.Skip();
            Refuse(why);
        }
    }

    private void ReadBetas()
    {
        if (_json.TokenType != JsonTokenType.StartArray)
        {
            _json.Skip();
            return;
        }
        while (_json.Read() && _json.TokenType != JsonTokenType.EndArray)
        {
            if (_json.TokenType == JsonTokenType.String) NoteBetas(_json.GetString());
            else _json.Skip();
        }
    }

    /// <summary>A beta may open a context window beyond the one that the price book knows.</summary>
    private readonly void NoteBetas(string? betas)
    {
        if (betas is not null && betas.Contains("context-1m", StringComparison.OrdinalIgnoreCase)) _facts.ContextWindowAsked = 1_000_000;
    }

    /// <summary>A text that is kept: without control characters, which not every database takes.</summary>
    private string? ReadText(string name)
    {
        if (_json.TokenType != JsonTokenType.String)
        {
            Fail("must be a string", name);
            return null;
        }
        if (_json.GetString() is { } text && IsName(text)) return text;
        Fail($"must have 1 to {MaxNameLength} characters that can be printed", name);
        return null;
    }

    private static bool IsName(string text) => text.Length is > 0 and <= MaxNameLength && !text.Any(char.IsControl);

    private void RefuseUnlessNull(string why)
    {
        var isNull = _json.TokenType == JsonTokenType.Null;
        _json.Skip();
        if (!isNull) Refuse(why);
    }

    private void Refer()
    {
        if (_json.GetString() is not { Length: > 0 and <= MaxNameLength } id) Fail($"must have 1 to {MaxNameLength} characters", "file_id");
        else if (_facts.References.Count == MaxReferences) Fail($"may be used at most {MaxReferences} times", "file_id");
        else _facts.References.Add(new ObjectReference(ObjectKind.File, id));
        _facts.HasUnseenContent = true;
    }

    private readonly void Refuse(string why) => _facts.Unpriceable ??= why;

    /// <summary>Counting costs nothing, whatever would cost something when it is run.</summary>
    private readonly void RefuseCost(string why)
    {
        if (_body == AnthropicBody.Messages) Refuse(why);
    }

    private void Fail(string what, string parameter) => _fault ??= new RequestFault($"'{parameter}' {what}.", parameter);
}
