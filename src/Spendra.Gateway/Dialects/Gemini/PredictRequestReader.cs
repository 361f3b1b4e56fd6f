using System.Text.Json;
using System.Text.Unicode;
using Spendra.Core.Metering;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects.Gemini;

/// <summary>
/// Reads the texts of a prediction. The same method runs models of every kind, so that only what an embedding of text
/// consists of is let through: an instance with anything else has a cost that is not known here.
/// </summary>
internal ref struct PredictRequestReader
{
    private const int MaxNameLength = 200;

    private readonly RequestFacts _facts;
    private Utf8JsonReader _json;
    private RequestFault? _fault;
    private bool _hasInstances;

    private PredictRequestReader(ReadOnlySpan<byte> bytes, string model)
    {
        _facts = new RequestFacts { BodyBytes = bytes.Length, Model = model };
        // A character has a byte at least, however it is written.
        _facts.PiecesWherePriced = default(UnitMap<long>).With(UnitClass.Characters, bytes.Length);
        _json = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = GeminiRequestReader.MaxDepth });
    }

    /// <summary>The facts of a body; or null and what is wrong with it.</summary>
    public static RequestFacts? Read(ReadOnlySpan<byte> bytes, string model, out RequestFault? fault)
    {
        fault = null;
        if (model.Length is 0 or > MaxNameLength || model.Any(char.IsControl))
            fault = new RequestFault($"The model in the path must have 1 to {MaxNameLength} characters that can be printed.", "model");
        else if (!Utf8.IsValid(bytes))
            fault = RequestFault.NotUtf8;
        if (fault is not null) return null;
        var reader = new PredictRequestReader(bytes, model);
        try
        {
            reader.ReadRoot();
            fault = reader._fault;
        }
        catch (JsonException e)
        {
            fault = RequestFault.NotJson(e, GeminiRequestReader.MaxDepth);
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
        while (_fault is null && _json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            var isInstances = _json.ValueTextEquals("instances"u8);
            _json.Read();
            if (isInstances) ReadInstances();
            else _json.Skip();
        }
        if (_fault is not null) return;
        _facts.ClosingBrace = (int)_json.TokenStartIndex;
        if (_json.Read()) _fault = RequestFault.MoreAfterTheEnd;
        else if (!_hasInstances) Fail("is missing", "instances");
    }

    private void ReadInstances()
    {
        if (_hasInstances) Fail("is given twice: send it once", "instances");
        _hasInstances = true;
        if (_json.TokenType != JsonTokenType.StartArray)
        {
            Fail("must be a list of objects", "instances");
            return;
        }
        while (_fault is null && _json.Read() && _json.TokenType == JsonTokenType.StartObject) ReadInstance();
        if (_fault is null && _json.TokenType != JsonTokenType.EndArray) Fail("must be a list of objects", "instances");
    }

    private void ReadInstance()
    {
        var hasContent = false;
        while (_fault is null && _json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            var isContent = _json.ValueTextEquals("content"u8);
            var isKnown = isContent || _json.ValueTextEquals("title"u8) || _json.ValueTextEquals("task_type"u8) || _json.ValueTextEquals("taskType"u8);
            _json.Read();
            // A second content would be embedded or not: either way its bytes are bounded.
            hasContent |= isContent && _json.TokenType == JsonTokenType.String;
            var isText = _json.TokenType is JsonTokenType.String or JsonTokenType.Null;
            _json.Skip();
            if (!isKnown || !isText) Refuse();
        }
        if (_fault is null && !hasContent) Refuse();
    }

    private readonly void Refuse() => _facts.Unpriceable ??=
        "only text can be embedded here: instances with anything but 'content', 'title' and 'task_type' have rates that are not in the price book";

    private void Fail(string what, string parameter) => _fault ??= new RequestFault($"'{parameter}' {what}.", parameter);
}
