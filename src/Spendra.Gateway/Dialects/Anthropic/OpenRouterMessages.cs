using System.Text.Json;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects.Anthropic;

/// <summary>
/// Reads what is special about the content of messages at OpenRouter, where any maker's model may answer them: Anthropic's
/// ceiling of an image's tokens does not hold there, and files are read by parsers that have fees. A further pass over a
/// body that has been read, and so is well-formed.
/// </summary>
internal ref struct OpenRouterMessages
{
    private readonly RequestFacts _facts;
    private Utf8JsonReader _json;

    private OpenRouterMessages(ReadOnlySpan<byte> body, RequestFacts facts)
    {
        _facts = facts;
        _json = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = AnthropicRequestReader.MaxDepth });
    }

    public static void Read(ReadOnlySpan<byte> body, RequestFacts facts)
    {
        var messages = new OpenRouterMessages(body, facts);
        messages._json.Read();
        while (messages._json.Read() && messages._json.TokenType == JsonTokenType.PropertyName)
        {
            var isContent = messages._json.ValueTextEquals("messages"u8) || messages._json.ValueTextEquals("system"u8);
            messages._json.Read();
            if (isContent) messages.ReadContent();
            else messages._json.Skip();
        }
    }

    /// <summary>From the start of a value to its end: blocks at any depth.</summary>
    private void ReadContent()
    {
        if (_json.TokenType == JsonTokenType.StartObject) ReadBlock();
        if (_json.TokenType != JsonTokenType.StartArray) return;
        while (_json.Read() && _json.TokenType != JsonTokenType.EndArray) ReadContent();
    }

    private void ReadBlock()
    {
        bool isImage = false, hasSource = false;
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            var isType = _json.ValueTextEquals("type"u8);
            var isSource = _json.ValueTextEquals("source"u8);
            // What a model passes to a tool is data, whatever its names are.
            var isData = _json.ValueTextEquals("input"u8);
            _json.Read();
            if (isType) isImage = _json.TokenType == JsonTokenType.String && _json.ValueTextEquals("image"u8);
            // A search result's source is a plain text.
            if (isSource) hasSource = _json.TokenType == JsonTokenType.StartObject;
            if (isData || isSource) _json.Skip();
            else ReadContent();
        }
        if (!hasSource) return;
        if (isImage) _facts.HasUnseenContent = true;
        else _facts.Unpriceable ??= "files may be read by a parser that has a fee of its own";
    }
}
