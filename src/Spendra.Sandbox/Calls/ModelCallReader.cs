using System.Text.Json;
using Spendra.Sandbox.Directives;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Calls;

/// <summary>One pass over a JSON body that takes what the answer depends on and skips the rest.</summary>
internal ref struct ModelCallReader
{
    private readonly ReadOnlySpan<byte> _body;
    private readonly CallKind _kind;
    private readonly ModelCall _call = new();
    private Utf8JsonReader _json;
    private TextCounter _text;
    private Refusal? _refusal;
    private string? _metadataKnobs;
    private readonly string? _modelOfPath;
    private Range _input;
    private Range _metadata;

    private ModelCallReader(ReadOnlySpan<byte> body, CallKind kind, string? modelOfPath)
    {
        _modelOfPath = modelOfPath;
        _body = body;
        _kind = kind;
        _json = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = 128 });
    }

    /// <returns><see langword="null"/> and the call, or why the body is refused.</returns>
    public static Refusal? Read(
        ReadOnlySpan<byte> body, CallKind kind, Knobs basis, out ModelCall call, string? modelOfPath = null)
    {
        var reader = new ModelCallReader(body, kind, modelOfPath);
        call = reader._call;
        if (kind is CallKind.Bare && body.IsEmpty)
        {
            call.Knobs = basis;
            return null;
        }
        try
        {
            return reader.ReadBody() ?? reader.Finish(basis);
        }
        // InvalidOperationException: a string that is not valid Unicode.
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return Refusal.UnreadableJson;
        }
    }

    private Refusal? ReadBody()
    {
        if (!_json.Read() || _json.TokenType != JsonTokenType.StartObject)
            return Refusal.UnreadableJson;
        while (_refusal is null && _json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            if (!ReadCommon() && !ReadLimits() && !ReadContent())
                _json.Skip();
        }
        if (_refusal is null && _json.Read())
            return Refusal.UnreadableJson;
        return _refusal;
    }

    private bool ReadCommon()
    {
        if (_json.ValueTextEquals("model"u8))
            _call.Model = NextString("model");
        else if (_json.ValueTextEquals("stream"u8))
            _call.Stream = NextBool("stream", false);
        else if (_json.ValueTextEquals("stream_options"u8))
            ReadStreamOptions();
        else if (_json.ValueTextEquals("service_tier"u8))
            _call.ServiceTier = NextString("service_tier");
        else if (_json.ValueTextEquals("metadata"u8))
            ReadMetadata();
        else if (_json.ValueTextEquals("store"u8))
            _call.Store = NextBool("store", true);
        else if (_json.ValueTextEquals("background"u8))
            _call.Background = NextBool("background", false);
        else if (_json.ValueTextEquals("encoding_format"u8))
            _call.WantsBase64 = NextString("encoding_format") == "base64";
        else
            return false;
        return true;
    }

    private bool ReadLimits()
    {
        if (_kind is CallKind.Chat && _json.ValueTextEquals("max_tokens"u8))
            ReadDeprecatedLimit();
        else if (_kind is CallKind.Chat && _json.ValueTextEquals("max_completion_tokens"u8))
            _call.OutputLimit = NextInteger("max_completion_tokens", 1, long.MaxValue) ?? _call.OutputLimit;
        else if (_kind is CallKind.Response && _json.ValueTextEquals("max_output_tokens"u8))
            _call.OutputLimit = NextInteger("max_output_tokens", 1, long.MaxValue);
        else if (_kind is CallKind.Chat && _json.ValueTextEquals("n"u8))
            _call.Choices = (int)(NextInteger("n", 1, 128) ?? 1);
        else if (_kind is CallKind.Response && _json.ValueTextEquals("max_tool_calls"u8))
            _call.MaxToolCalls = NextInteger("max_tool_calls", 1, long.MaxValue);
        else if (_kind is CallKind.Chat && _json.ValueTextEquals("web_search_options"u8))
            _call.WantsWebSearch = NextIsObject("web_search_options");
        else if (_kind is CallKind.Embeddings && _json.ValueTextEquals("dimensions"u8))
            _call.Dimensions = (int?)NextInteger("dimensions", 1, 4096);
        else
            return false;
        return true;
    }

    /// <summary><c>max_completion_tokens</c> wins, in whichever order the two stand.</summary>
    private void ReadDeprecatedLimit()
    {
        var limit = NextInteger("max_tokens", 1, long.MaxValue);
        _call.OutputLimit ??= limit;
    }

    private bool ReadContent()
    {
        if (_kind is CallKind.Chat && _json.ValueTextEquals("messages"u8))
            ReadInput("messages");
        else if (_kind is CallKind.Chat && _json.ValueTextEquals("tools"u8))
            _call.ClientTool = ClientToolReader.ReadName(ref _json);
        else if (_kind is CallKind.Embeddings && _json.ValueTextEquals("input"u8))
            ReadInput("input");
        else if (_kind is not (CallKind.Response or CallKind.InputTokens))
            return false;
        else if (_json.ValueTextEquals("input"u8))
            ReadInput("input");
        else if (_json.ValueTextEquals("instructions"u8))
            ReadInstructions();
        else if (_json.ValueTextEquals("tools"u8))
            ReadResponseTools();
        else if (_json.ValueTextEquals("previous_response_id"u8))
            _call.PreviousResponseId = NextString("previous_response_id");
        else
            return false;
        return true;
    }

    private void ReadResponseTools()
    {
        _call.ToolsJson = NextRaw();
        var tools = new Utf8JsonReader(_call.ToolsJson);
        _call.ClientTool = ClientToolReader.ReadName(ref tools);
    }

    private void ReadInput(string param)
    {
        _json.Read();
        var start = (int)_json.TokenStartIndex;
        if (_kind is CallKind.Embeddings)
            new EmbeddingInputReader(_call).Read(ref _json, ref _text);
        else if (_json.TokenType is JsonTokenType.StartArray)
            _text.ReadItems(ref _json);
        else if (_json.TokenType is JsonTokenType.String && _kind is not CallKind.Chat)
            _text.ReadUserText(ref _json);
        else
            _refusal = Refusal.WrongType(param, "an array of objects");
        _call.HasInput = true;
        _input = start..(int)_json.BytesConsumed;
    }

    private void ReadInstructions()
    {
        _call.Instructions = NextString("instructions");
        if (_call.Instructions is not null)
            _text.ReadInstructions(ref _json);
    }

    private void ReadStreamOptions()
    {
        _json.Read();
        if (_json.TokenType is not JsonTokenType.StartObject)
        {
            _json.Skip();
            return;
        }
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            if (_json.ValueTextEquals("include_usage"u8))
                _call.IncludeUsage = NextBool("stream_options.include_usage", false);
            else
                _json.Skip();
        }
    }

    private void ReadMetadata()
    {
        _json.Read();
        if (_json.TokenType is JsonTokenType.Null)
            return;
        if (_json.TokenType is not JsonTokenType.StartObject)
        {
            _refusal = Refusal.WrongType("metadata", "an object with string keys and values");
            return;
        }
        var start = (int)_json.TokenStartIndex;
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            if (_json.ValueTextEquals("sandbox"u8))
                _metadataKnobs = NextString("metadata.sandbox");
            else
                _json.Skip();
        }
        _metadata = start..(int)_json.BytesConsumed;
    }

    private byte[] NextRaw()
    {
        _json.Read();
        var start = (int)_json.TokenStartIndex;
        _json.Skip();
        return _body[start..(int)_json.BytesConsumed].ToArray();
    }

    private string? NextString(string param)
    {
        _json.Read();
        if (_json.TokenType is JsonTokenType.String)
            return _json.GetString();
        if (_json.TokenType is not JsonTokenType.Null)
            Mistyped(param, "a string");
        return null;
    }

    private bool NextBool(string param, bool byDefault)
    {
        _json.Read();
        if (_json.TokenType is JsonTokenType.True or JsonTokenType.False)
            return _json.GetBoolean();
        if (_json.TokenType is not JsonTokenType.Null)
            Mistyped(param, "a boolean");
        return byDefault;
    }

    private bool NextIsObject(string param)
    {
        _json.Read();
        var isObject = _json.TokenType is JsonTokenType.StartObject;
        if (isObject)
            _json.Skip();
        else if (_json.TokenType is not JsonTokenType.Null)
            Mistyped(param, "an object");
        return isObject;
    }

    private long? NextInteger(string param, long least, long most)
    {
        _json.Read();
        if (_json.TokenType is JsonTokenType.Null)
            return null;
        if (_json.TokenType is not JsonTokenType.Number || !_json.TryGetInt64(out var value))
            Mistyped(param, "an integer");
        else if (value >= least && value <= most)
            return value;
        else
            _refusal ??= value < least ? Refusal.BelowMinimum(param, least, value) : Refusal.OutOfRange(param, least, most);
        return null;
    }

    private void Mistyped(string param, string expected)
    {
        _json.Skip();
        _refusal ??= Refusal.WrongType(param, expected);
    }

    private readonly Refusal? Finish(Knobs basis)
    {
        var isCall = _kind is not CallKind.Bare;
        _call.Model = _modelOfPath ?? _call.Model;
        if (isCall && string.IsNullOrEmpty(_call.Model) && _kind is not CallKind.InputTokens)
            return Refusal.Invalid("you must provide a model parameter");
        if (isCall && !_call.HasInput)
            return Refusal.Missing(_kind is CallKind.Chat ? "messages" : "input");
        _call.TextBytes = _text.Bytes;
        _call.Messages = _text.Messages;
        if (_call.Store && _kind is CallKind.Response)
            _call.InputJson = _body[_input].ToArray();
        _call.MetadataJson = _body[_metadata].ToArray();
        var fault = KnobsText.Apply(_metadataKnobs, ref basis) ?? KnobsText.Apply(_text.Directive, ref basis);
        _call.Knobs = basis;
        return fault is null ? null : Refusal.BadDirective(fault);
    }
}
