using System.Text.Json;
using Spendra.Core.Pricing;

namespace Spendra.Gateway.Dialects.Anthropic;

/// <summary>What the content of a request names that its bytes do not show, and how long it is to be cached.</summary>
internal ref partial struct AnthropicRequestReader
{
    private enum BlockKind
    {
        Other,
        Image,
    }

    private enum SourceKind
    {
        /// <summary>There is no source.</summary>
        None,
        /// <summary>The content stands in the body as text or as further blocks.</summary>
        Shown,
        Base64,
        Url,
        /// <summary>A file that the provider keeps under an id.</summary>
        File,
        /// <summary>A kind that is not known.</summary>
        Elsewhere,
    }

    /// <summary>From the start of a value: walks blocks at any depth, since tools' results and documents hold further ones.</summary>
    private void ReadContent()
    {
        if (_json.TokenType == JsonTokenType.StartObject) ReadBlock();
        if (_json.TokenType != JsonTokenType.StartArray) return;
        while (_fault is null && _json.Read() && _json.TokenType != JsonTokenType.EndArray) ReadContent();
    }

    private void ReadBlock()
    {
        var kind = BlockKind.Other;
        var hasType = false;
        var source = default(Source);
        while (_fault is null && _json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            if (_json.ValueTextEquals("type"u8))
            {
                // Which of two would the provider believe?
                if (hasType) Fail("is given twice in a block: send it once", "type");
                hasType = true;
                _json.Read();
                if (IsText("image"u8)) kind = BlockKind.Image;
                _json.Skip();
            }
            else if (_json.ValueTextEquals("source"u8))
            {
                if (source.Kind != SourceKind.None) Fail("is given twice in a block: send it once", "source");
                _json.Read();
                // A search result's source is a plain text.
                if (_json.TokenType == JsonTokenType.StartObject) source = ReadSource();
                else _json.Skip();
            }
            else
            {
                ReadBlockField();
            }
        }
        JudgeSource(kind, source);
    }

    private void ReadBlockField()
    {
        var isCache = _json.ValueTextEquals("cache_control"u8);
        var isFile = _json.ValueTextEquals("file_id"u8);
        // What a model passes to a tool is data, whatever its names are.
        var isData = _json.ValueTextEquals("input"u8);
        var isCitations = _json.ValueTextEquals("citations"u8);
        _json.Read();
        if (isCache) ReadCacheControl();
        else if (isCitations && _json.TokenType == JsonTokenType.StartObject) ReadCitations();
        else if (isFile && _json.TokenType == JsonTokenType.String) Refer();
        else if (isData) _json.Skip();
        else ReadContent();
    }

    /// <summary>
    /// A document that is to be cited is cut into sentences, and instructions are added: some more tokens than its text has,
    /// says Anthropic ("Citations", "Token costs"), and not how many. Its count of tokens has them.
    /// </summary>
    private void ReadCitations()
    {
        while (_fault is null && _json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            var isSwitch = _json.ValueTextEquals("enabled"u8);
            _json.Read();
            _facts.HasUnseenContent |= isSwitch && _json.TokenType is not (JsonTokenType.False or JsonTokenType.Null);
            _json.Skip();
        }
    }

    private Source ReadSource()
    {
        var source = new Source { Kind = SourceKind.Elsewhere };
        var hasType = false;
        while (_fault is null && _json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            if (_json.ValueTextEquals("type"u8))
            {
                if (hasType) Fail("is given twice in a source: send it once", "type");
                hasType = true;
                _json.Read();
                source.Kind = ReadSourceKind();
                _json.Skip();
            }
            else if (_json.ValueTextEquals("data"u8))
            {
                if (source.DataBytes > 0) Fail("is given twice in a source: send it once", "data");
                _json.Read();
                if (_json.TokenType == JsonTokenType.String) source.DataBytes = _json.ValueSpan.Length;
                _json.Skip();
            }
            else
            {
                ReadBlockField();
            }
        }
        return source;
    }

    private readonly SourceKind ReadSourceKind() =>
        IsText("base64"u8) ? SourceKind.Base64
        : IsText("url"u8) ? SourceKind.Url
        : IsText("file"u8) ? SourceKind.File
        : IsText("text"u8) || IsText("content"u8) ? SourceKind.Shown
        : SourceKind.Elsewhere;

    private void JudgeSource(BlockKind kind, Source source)
    {
        if (source.Kind is SourceKind.None or SourceKind.Shown) return;
        _facts.HasContentElsewhere |= source.Kind is SourceKind.Url or SourceKind.Elsewhere;
        if (kind == BlockKind.Image && (source.Kind is SourceKind.Base64 or SourceKind.Url))
        {
            _images++;
            if (source.Kind == SourceKind.Base64) _imageBytes += source.DataBytes;
            return;
        }
        // How many pages a document has is not known without opening it.
        _facts.HasUnseenContent = true;
    }

    private void ReadCacheControl()
    {
        if (_json.TokenType != JsonTokenType.StartObject)
        {
            _json.Skip();
            return;
        }
        while (_fault is null && _json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            var isTtl = _json.ValueTextEquals("ttl"u8);
            _json.Read();
            if (isTtl && IsText("1h"u8)) _facts.Kinds |= TokenKinds.LongCache;
            else if (isTtl && _json.TokenType != JsonTokenType.Null && !IsText("5m"u8)) RefuseCost("a cache is kept for '5m' or '1h'; other times have no price");
            _json.Skip();
        }
    }

    /// <summary>Taking things out of the context costs nothing; compacting it is a further pass.</summary>
    private void ReadContextManagement()
    {
        if (_json.TokenType != JsonTokenType.StartObject)
        {
            _json.Skip();
            return;
        }
        while (_fault is null && _json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            var isEdits = _json.ValueTextEquals("edits"u8);
            _json.Read();
            if (isEdits && _json.TokenType == JsonTokenType.StartArray) ReadContextEdits();
            else _json.Skip();
        }
    }

    private void ReadContextEdits()
    {
        while (_fault is null && _json.Read() && _json.TokenType == JsonTokenType.StartObject)
        {
            // One that says twice what it is could be either.
            bool isClearing = true, hasType = false;
            while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
            {
                var isType = _json.ValueTextEquals("type"u8);
                _json.Read();
                hasType |= isType;
                if (isType) isClearing &= _json.TokenType == JsonTokenType.String && _json.GetString()!.StartsWith("clear_", StringComparison.Ordinal);
                _json.Skip();
            }
            if (!hasType || !isClearing) RefuseCost("an edit of the context other than clearing is a further pass that is billed");
        }
        if (_fault is null && _json.TokenType != JsonTokenType.EndArray) Fail("must be a list of objects", "context_management.edits");
    }

    private readonly bool IsText(ReadOnlySpan<byte> text) => _json.TokenType == JsonTokenType.String && _json.ValueTextEquals(text);

    private record struct Source
    {
        public SourceKind Kind { get; set; }
        public int DataBytes { get; set; }
    }
}
