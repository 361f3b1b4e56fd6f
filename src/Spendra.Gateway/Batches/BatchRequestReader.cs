using System.Text.Json;
using System.Text.Unicode;
using Spendra.Core.Ledger;
using Spendra.Gateway.Dialects.OpenAi;
using Spendra.Gateway.Providers;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Batches;

/// <summary>Reads the body that asks for a batch. Fields that cost nothing (metadata, expiry of the output) pass through.</summary>
internal ref struct BatchRequestReader
{
    // The only one that is sold; another could have another price.
    public const string Window = "24h";

    private const int MaxLength = 200;

    public static readonly string[] Names = ["input_file_id", "endpoint", "completion_window"];

    private readonly string?[] _values;
    private Utf8JsonReader _json;

    private BatchRequestReader(ReadOnlySpan<byte> body)
    {
        _values = new string?[Names.Length];
        _json = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = OpenAiRequestReader.MaxDepth });
    }

    /// <summary>What the body asks for; or null and what is wrong with it.</summary>
    public static BatchInput? Read(ReadOnlySpan<byte> body, UpstreamProvider provider, out RequestFault? fault)
    {
        if (!Utf8.IsValid(body))
        {
            fault = RequestFault.NotUtf8;
            return null;
        }
        var reader = new BatchRequestReader(body);
        try
        {
            fault = reader.ReadRoot();
        }
        catch (JsonException e)
        {
            fault = RequestFault.NotJson(e, OpenAiRequestReader.MaxDepth);
        }
        catch (InvalidOperationException)
        {
            fault = RequestFault.NotUnicode;
        }
        return fault is null ? reader.Judge(provider, out fault) : null;
    }

    private RequestFault? ReadRoot()
    {
        if (!_json.Read() || _json.TokenType != JsonTokenType.StartObject) return RequestFault.NotAnObject;
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            var field = FieldOf();
            _json.Read();
            if (field < 0)
            {
                _json.Skip();
                continue;
            }
            if (_values[field] is not null) return Fault(field, "is given twice: send it once");
            if (_json.TokenType != JsonTokenType.String || _json.GetString() is not { Length: > 0 and <= MaxLength } text)
                return Fault(field, "must be a string");
            _values[field] = text;
        }
        return _json.Read() ? RequestFault.MoreAfterTheEnd : null;
    }

    private readonly int FieldOf()
    {
        for (var i = 0; i < Names.Length; i++)
        {
            if (_json.ValueTextEquals(Names[i])) return i;
        }
        return -1;
    }

    private readonly BatchInput? Judge(UpstreamProvider provider, out RequestFault? fault)
    {
        fault = null;
        for (var i = 0; i < Names.Length && fault is null; i++)
        {
            if (_values[i] is null) fault = Fault(i, "is missing");
        }
        if (fault is not null) return null;
        if (_values[2] != Window) fault = Fault(2, $"must be '{Window}'");
        else if (BatchEndpoint.Find(provider, _values[1]!) is { } route)
            return new BatchInput { FileId = _values[0]!, Endpoint = _values[1]!, LineRoute = route };
        else fault = Fault(1, $"must be one of {BatchEndpoint.Names}");
        return null;
    }

    /// <summary>What the batch call itself is, before its lines are known: work that outlives the request.</summary>
    public static RequestFacts FactsOf(BatchInput input, int bodyBytes)
    {
        var facts = new RequestFacts { BodyBytes = bodyBytes, IsBackground = true };
        facts.References.Add(new ObjectReference(ObjectKind.File, input.FileId));
        return facts;
    }

    private static RequestFault Fault(int field, string what) => new($"'{Names[field]}' {what}.", Names[field]);
}
