using System.Text.Json;
using System.Text.Unicode;
using Spendra.Core.Ledger;
using Spendra.Core.Pricing;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects.OpenAi;

/// <summary>
/// Reads the governed fields of an OpenAI request body in one pass. Unknown fields are none of our business and
/// pass through; governed fields must be there at most once and make sense. <c>null</c> counts as absent.
/// </summary>
internal ref partial struct OpenAiRequestReader
{
    public const int MaxDepth = 64;
    public const long MaxOutputLimit = 10_000_000;
    public const int MaxChoices = 128;

    private const int MaxModelLength = 200;
    private const int MaxIdLength = 200;
    private const int MaxReferences = 1_000;

    private readonly OpenAiBody _body;
    private readonly bool _runsTools;
    private readonly RequestFacts _facts;
    private Utf8JsonReader _json;
    private RequestFault? _fault;
    private int _tools;
    private bool _mayReuseContainer;

    // The object of the content that was opened last, how deep it is, and what it says of its image's detail.
    private Utf8JsonReader _part;
    private int _partDepth = -1;
    private ImageDetail? _partDetail;

    // Up to here the content was read for images already: what is nested in one image is none.
    private long _readForImages;

    private OpenAiRequestReader(ReadOnlySpan<byte> bytes, OpenAiBody body, bool runsTools)
    {
        _body = body;
        _runsTools = runsTools;
        _facts = new RequestFacts { BodyBytes = bytes.Length };
        _json = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = MaxDepth });
    }

    /// <summary>Whether a text can be the name of a model: not empty, not endless, without control characters.</summary>
    public static bool IsModelName(string text) => text.Length is > 0 and <= MaxModelLength && !text.Any(char.IsControl);

    /// <summary>The facts of a body; or null and what is wrong with it.</summary>
    /// <param name="bytes">The body.</param>
    /// <param name="body">Which body it is.</param>
    /// <param name="fault">What is wrong, or null.</param>
    /// <param name="needsModel">Whether the body names the model.</param>
    /// <param name="runsTools">See <see cref="GovernedRoute.RunsTools"/>.</param>
    public static RequestFacts? Read(
        ReadOnlySpan<byte> bytes, OpenAiBody body, out RequestFault? fault, bool needsModel = true, bool runsTools = false)
    {
        fault = null;
        if (!Utf8.IsValid(bytes))
        {
            fault = RequestFault.NotUtf8;
            return null;
        }
        var reader = new OpenAiRequestReader(bytes, body, runsTools);
        try
        {
            reader.ReadRoot(needsModel);
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

    private void ReadRoot(bool needsModel)
    {
        if (!_json.Read() || _json.TokenType != JsonTokenType.StartObject)
        {
            _fault = RequestFault.NotAnObject;
            return;
        }
        var seen = OpenAiFields.None;
        while (_fault is null && _json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            var field = OpenAiFieldNames.Find(_body, ref _json);
            if (field == OpenAiFields.None)
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
        else if (needsModel && (seen & OpenAiFields.Model) == 0) Fail("is missing: name a model", "model");
        else if (seen == OpenAiFields.None) Fail("is missing", _body == OpenAiBody.Chat ? "messages" : "input");
        else if (_facts is { IsBackground: true, IsStored: false }) Fail("needs 'store' to be true", "background");
        else Conclude();
    }

    private readonly void Conclude()
    {
        ConcludeTools();
        ConcludeCaches();
        // The window of an embedding model is that of one input, and a request has many: it bounds none of them.
        if (_body == OpenAiBody.Embeddings && (_facts.HasUnseenContent || _facts.Images.Count > 0)) Refuse("pictures and files in embeddings have no bound here. Send text");
    }

    private void ReadField(OpenAiFields field)
    {
        switch (field)
        {
            case OpenAiFields.Model: ReadModel(); break;
            case OpenAiFields.Stream: _facts.IsStream = ReadFlag("stream", absent: false); break;
            case OpenAiFields.Background: _facts.IsBackground = ReadFlag("background", absent: false); break;
            case OpenAiFields.Store: _facts.IsStored = ReadFlag("store", absent: true); break;
            case OpenAiFields.StreamOptions: ReadStreamOptions(); break;
            case OpenAiFields.MaxTokens: ReadOutputLimit("max_tokens"); break;
            case OpenAiFields.MaxCompletionTokens: ReadOutputLimit("max_completion_tokens"); break;
            case OpenAiFields.MaxOutputTokens: ReadOutputLimit("max_output_tokens"); break;
            case OpenAiFields.Choices: ReadChoices(); break;
            case OpenAiFields.ServiceTier: ReadServiceTier(); break;
            case OpenAiFields.Tools: ReadTools(); break;
            case OpenAiFields.ToolLimit: ReadToolLimit(); break;
            case OpenAiFields.Functions: ReadFunctions(); break;
            case OpenAiFields.Content: ReadContent(); break;
            case OpenAiFields.Prediction: _facts.PredictionBytes = SkipValue(); break;
            case OpenAiFields.PreviousResponse: ReadPreviousResponse(); break;
            case OpenAiFields.Modalities: ReadModalities(); break;
            case OpenAiFields.Conversation: RefuseUnlessNull("a conversation's content cannot be seen or counted here"); break;
            case OpenAiFields.PromptTemplate: RefuseUnlessNull("a stored prompt's content cannot be seen here"); break;
            case OpenAiFields.WebSearch: ReadWebSearch(); break;
            case OpenAiFields.ContextManagement: RefuseUnlessNull(Compaction); break;
            case OpenAiFields.PromptCache: ReadPromptCache(); break;
            case OpenAiFields.ExtraBody or OpenAiFields.GoogleExtras: ReadGoogleExtras(); break;
            case OpenAiFields.MultiAgent: ReadMultiAgent(); break;
            case OpenAiFields.Agent or OpenAiFields.AgentReference: RefuseUnlessNull(StoredAgent); break;
            case OpenAiFields.DataSources or OpenAiFields.OlderDataSources: RefuseUnlessNull(SearchedDocuments); break;
            case OpenAiFields.Enhancements: RefuseUnlessNull("enhancements have fees that are not in the price book"); break;
            case OpenAiFields.SearchParameters: RefuseUnlessNull("how often the provider would search has no bound"); break;
            default: throw new InvalidOperationException($"no reader for {field}");
        }
    }

    private void ReadModel()
    {
        if (_json.TokenType != JsonTokenType.String) Fail("must be a string", "model");
        else if (ReadName() is not { Length: > 0 and <= MaxModelLength } model) Fail($"must have 1 to {MaxModelLength} characters that can be printed", "model");
        else _facts.Model = model;
    }

    private bool ReadFlag(string name, bool absent)
    {
        if (_json.TokenType == JsonTokenType.Null) return absent;
        if (_json.TokenType is JsonTokenType.True or JsonTokenType.False) return _json.TokenType == JsonTokenType.True;
        Fail("must be true or false", name);
        return absent;
    }

    private void ReadOutputLimit(string name)
    {
        var start = (int)_json.TokenStartIndex;
        _facts.OutputLimitSpans.Add(new ByteSpan(start, (int)_json.BytesConsumed - start));
        if (_json.TokenType == JsonTokenType.Null) return;
        if (_json.TokenType != JsonTokenType.Number || !_json.TryGetInt64(out var limit) || limit is < 1 or > MaxOutputLimit)
        {
            Fail($"must be a whole number from 1 to {MaxOutputLimit}", name);
            return;
        }
        // Two limits: the greater one is what may be billed, whichever the provider heeds.
        _facts.OutputLimit = Math.Max(_facts.OutputLimit ?? 0, limit);
    }

    private void ReadChoices()
    {
        if (_json.TokenType == JsonTokenType.Null) return;
        if (_json.TokenType != JsonTokenType.Number || !_json.TryGetInt32(out var n) || n is < 1 or > MaxChoices)
            Fail($"must be a whole number from 1 to {MaxChoices}", "n");
        else
            _facts.Choices = n;
    }

    private void ReadServiceTier()
    {
        var start = (int)_json.TokenStartIndex;
        _facts.ServiceTierSpan = new ByteSpan(start, (int)_json.BytesConsumed - start);
        if (_json.TokenType == JsonTokenType.Null) return;
        if (_json.TokenType != JsonTokenType.String) Fail("must be a string", "service_tier");
        else if (ReadName() is not { Length: > 0 and <= MaxModelLength } tier) Fail($"must have 1 to {MaxModelLength} characters that can be printed", "service_tier");
        else _facts.ServiceTier = tier;
    }

    private void ReadStreamOptions()
    {
        var start = (int)_json.TokenStartIndex;
        if (_json.TokenType is not (JsonTokenType.StartObject or JsonTokenType.Null))
        {
            Fail("must be an object", "stream_options");
            return;
        }
        if (_json.TokenType == JsonTokenType.StartObject)
        {
            while (_fault is null && _json.Read() && _json.TokenType == JsonTokenType.PropertyName)
            {
                _facts.StreamOptionsMembers++;
                var isUsage = _json.ValueTextEquals("include_usage"u8);
                var value = ReadRawValue();
                if (!isUsage) continue;
                if (!_facts.IncludeUsageSpan.IsEmpty) Fail("is given twice: send it once", "stream_options.include_usage");
                _facts.IncludeUsageSpan = value;
                _facts.WantsUsageChunk = _json.TokenType == JsonTokenType.True;
            }
        }
        _facts.StreamOptionsSpan = new ByteSpan(start, (int)_json.BytesConsumed - start);
    }

    private void ReadPreviousResponse()
    {
        if (_json.TokenType == JsonTokenType.Null) return;
        _mayReuseContainer = true;
        if (_json.TokenType != JsonTokenType.String) Fail("must be a string", "previous_response_id");
        else Refer(ObjectKind.Response, "previous_response_id");
    }

    /// <summary>What the answer may be besides text; providers differ in how strictly they read the words.</summary>
    private void ReadModalities()
    {
        var depth = _json.CurrentDepth;
        TakeModality();
        if (_json.TokenType is not (JsonTokenType.StartArray or JsonTokenType.StartObject)) return;
        while (_json.Read() && _json.CurrentDepth > depth) TakeModality();
    }

    private readonly void TakeModality()
    {
        if (_json.TokenType != JsonTokenType.String) return;
        var modality = _json.GetString()!;
        if (modality.Equals("image", StringComparison.OrdinalIgnoreCase)) _facts.Kinds |= TokenKinds.ImageOutput;
        else if (!modality.Equals("text", StringComparison.OrdinalIgnoreCase)) Refuse("sound and films in chats have no bound here, whatever rates their model has. Ask for text, or use audio/speech");
    }

    private void Refer(ObjectKind kind, string name, bool bringsContent = true)
    {
        if (_json.GetString() is not { Length: > 0 and <= MaxIdLength } id) Fail($"must have 1 to {MaxIdLength} characters", name);
        else if (_facts.References.Count == MaxReferences) Fail($"may be used at most {MaxReferences} times", name);
        else _facts.References.Add(new ObjectReference(kind, id));
        _facts.HasUnseenContent |= bringsContent;
    }

    /// <summary>A text that is kept: without control characters, which not every database takes.</summary>
    private readonly string? ReadName() => _json.GetString() is { } name && !name.Any(char.IsControl) ? name : null;

    private void RefuseUnlessNull(string why)
    {
        var isNull = _json.TokenType == JsonTokenType.Null;
        _json.Skip();
        if (!isNull) Refuse(why);
    }

    private readonly void Refuse(string why) => _facts.Unpriceable ??= why;

    /// <summary>From a property name: reads its value, whole, and says where it stands.</summary>
    private ByteSpan ReadRawValue()
    {
        _json.Read();
        var start = (int)_json.TokenStartIndex;
        _json.Skip();
        return new ByteSpan(start, (int)_json.BytesConsumed - start);
    }

    /// <summary>From the start of a value: skips it and says how many bytes it has.</summary>
    private int SkipValue()
    {
        var start = (int)_json.TokenStartIndex;
        _json.Skip();
        return (int)_json.BytesConsumed - start;
    }

    private void Fail(string what, string parameter) => _fault ??= new RequestFault($"'{parameter}' {what}.", parameter);
}
