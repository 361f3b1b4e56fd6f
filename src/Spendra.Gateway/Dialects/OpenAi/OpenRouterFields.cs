using System.Text.Json;
using Spendra.Core.Pricing;
using Spendra.Gateway.Dialects.Anthropic;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects.OpenAi;

/// <summary>
/// Reads what OpenRouter's requests have beyond OpenAI's, as far as it may raise a call's cost. A second pass over a body
/// that has been read before, and so is well-formed. Suffixes of models (<c>:nitro</c>) and
/// <c>openrouter/auto</c> need nothing here: they are models by another id, and only what has a price is served; models that
/// search (<c>:online</c> too) are <see cref="OpenRouterSearches"/>'.
/// </summary>
internal ref struct OpenRouterFields
{
    private readonly RequestFacts _facts;
    private readonly bool _isOfOpenAi;
    private Utf8JsonReader _json;
    private bool _hasTools;
    private bool? _asksForText;

    private OpenRouterFields(ReadOnlySpan<byte> body, RequestFacts facts, bool isOfOpenAi)
    {
        _facts = facts;
        _isOfOpenAi = isOfOpenAi;
        _json = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = OpenAiRequestReader.MaxDepth });
    }

    /// <param name="body">The body.</param>
    /// <param name="facts">Where what is found is noted.</param>
    /// <param name="isOfOpenAi">The body is in one of OpenAI's formats, so that its content is read too.</param>
    public static void Read(ReadOnlySpan<byte> body, RequestFacts facts, bool isOfOpenAi = true)
    {
        var fields = new OpenRouterFields(body, facts, isOfOpenAi);
        fields._json.Read();
        while (fields._json.Read() && fields._json.TokenType == JsonTokenType.PropertyName) fields.ReadField();
        facts.IsOutputKindOpen = fields._asksForText is not true;
        // Of the makers' models Claude gets the most instructions for them, whichever format asked.
        if (fields._hasTools) facts.TokensAdded += AnthropicTools.TokensOfPresence;
    }

    private void ReadField()
    {
        if (_json.ValueTextEquals("models"u8)) ReadModels();
        else if (_json.ValueTextEquals("route"u8)) RefuseUnless(IsTextOrNull("fallback"u8), "'route' may lead to another model");
        else if (_json.ValueTextEquals("plugins"u8)) RefuseUnless(IsEmptyOrNull(), "plugins have fees that are not in the price book");
        else if (_json.ValueTextEquals("preset"u8)) RefuseUnless(IsNull(), "a preset's content cannot be seen here");
        else if (_json.ValueTextEquals("background"u8)) RefuseUnless(IsFalseOrNull(), "a response in the background cannot be followed at OpenRouter");
        else if (IsOfSearch()) ReadSearchOption();
        else if (!_isOfOpenAi) _json.Skip();
        else if (_json.ValueTextEquals("modalities"u8)) ReadModalities();
        else if (_json.ValueTextEquals("response_format"u8)) ReadFormat();
        else if (_json.ValueTextEquals("text"u8)) ReadTextSettings();
        else if (_json.ValueTextEquals("cache_control"u8)) ReadCacheControl();
        else if (_json.ValueTextEquals("tools"u8) || _json.ValueTextEquals("functions"u8)) _hasTools |= ReadInside(isContent: false);
        else ReadInside(isContent: _json.ValueTextEquals("messages"u8) || _json.ValueTextEquals("input"u8));
    }

    /// <summary>
    /// Members like <c>web_search_options</c>: how wide a search is decides its fee (Perplexity's "Pricing": by the size of
    /// the context), and the price book has one. By a part of the name, because taking another member for one only refuses more.
    /// </summary>
    private readonly bool IsOfSearch() =>
        _json.ValueIsEscaped ? _json.GetString()!.Contains("search_", StringComparison.Ordinal) : _json.ValueSpan.IndexOf("search_"u8) >= 0;

    private void ReadSearchOption()
    {
        // 'web_search_options' is the one that there is a word for; another member's name is the caller's own text.
        var name = _json.ValueTextEquals("web_search_options"u8) ? "'web_search_options'" : "an option of searches";
        RefuseUnless(IsNull(), $"{name} may change what a web search costs, and the price book has one fee. Leave it out");
    }

    /// <summary>
    /// Models that may serve instead. Rules look at one model, so that another one among them would go around the rules
    /// that are made for it.
    /// </summary>
    private void ReadModels()
    {
        _json.Read();
        var isOther = _json.TokenType is not (JsonTokenType.StartArray or JsonTokenType.Null);
        if (_json.TokenType == JsonTokenType.StartArray)
        {
            while (_json.Read() && _json.TokenType != JsonTokenType.EndArray)
            {
                isOther |= _json.TokenType != JsonTokenType.String || !_json.ValueTextEquals(_facts.Model);
                _json.Skip();
            }
        }
        else
        {
            _json.Skip();
        }
        RefuseUnless(!isOther, "'models' may lead to another model than 'model'; name one");
    }

    /// <summary>
    /// How images are asked for (OpenRouter's guide to image generation). That none come unasked it does not say, and for some
    /// of Google's models they do: only a request that asks for text alone is held at the rate of text.
    /// </summary>
    private void ReadModalities()
    {
        _json.Read();
        var depth = _json.CurrentDepth;
        var isText = false;
        var isOther = _json.TokenType != JsonTokenType.StartArray;
        if (_json.TokenType is not (JsonTokenType.StartArray or JsonTokenType.StartObject))
        {
            _asksForText = false;
            return;
        }
        while (_json.Read() && _json.CurrentDepth > depth)
        {
            var isWord = _json.TokenType == JsonTokenType.String && _json.ValueTextEquals("text"u8);
            isText |= isWord;
            isOther |= !isWord;
        }
        _asksForText = _asksForText is not false && isText && !isOther;
    }

    /// <summary>The settings of a response's text: the format of the answer is one of them.</summary>
    private void ReadTextSettings()
    {
        _json.Read();
        if (_json.TokenType != JsonTokenType.StartObject)
        {
            _json.Skip();
            return;
        }
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            if (_json.ValueTextEquals("format"u8))
            {
                ReadFormat();
                continue;
            }
            _json.Read();
            _json.Skip();
        }
    }

    /// <summary>What is no plain text has to be described to the model: Claude reads the most for it.</summary>
    private void ReadFormat()
    {
        _json.Read();
        var isPlain = _json.TokenType is JsonTokenType.Null or JsonTokenType.StartObject;
        if (_json.TokenType == JsonTokenType.StartObject)
        {
            while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
            {
                if (_json.ValueTextEquals("type"u8))
                {
                    isPlain &= IsTextOrNull("text"u8);
                    continue;
                }
                isPlain = false;
                _json.Read();
                _json.Skip();
            }
        }
        if (!isPlain) _facts.TokensAdded += AnthropicTools.TokensOfFormat;
    }

    /// <summary>Whether there is anything inside.</summary>
    private bool ReadInside(bool isContent)
    {
        _json.Read();
        var depth = _json.CurrentDepth;
        if (_json.TokenType is not (JsonTokenType.StartArray or JsonTokenType.StartObject)) return false;
        var isEmpty = true;
        while (_json.Read() && _json.CurrentDepth > depth)
        {
            isEmpty = false;
            if (_json.TokenType != JsonTokenType.PropertyName) continue;
            if (_json.ValueTextEquals("cache_control"u8)) ReadCacheControl();
            else if (isContent && _json.ValueTextEquals("tools"u8)) _hasTools = true;
            else if (isContent && (_json.ValueTextEquals("file_data"u8) || _json.ValueTextEquals("file_url"u8)))
            {
                RefuseUnless(IsNull(), "files may be read by a parser that has a fee of its own");
            }
            else if (isContent && (_json.ValueTextEquals("video_url"u8) || _json.ValueTextEquals("input_video"u8)))
            {
                RefuseUnless(IsNull(), "video has rates of its own that are not in the price book");
            }
        }
        return !isEmpty;
    }

    /// <summary>
    /// Anthropic's caches for an hour cost more to write than those for five minutes. Elsewhere the word is somebody
    /// else's: a parameter of a function, OpenAI's own option.
    /// </summary>
    private void ReadCacheControl()
    {
        _json.Read();
        if (_json.TokenType != JsonTokenType.StartObject)
        {
            _json.Skip();
            return;
        }
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            if (!_json.ValueTextEquals("ttl"u8))
            {
                _json.Read();
                _json.Skip();
            }
            else if (!IsTextOrNull("5m"u8))
            {
                _facts.Kinds |= TokenKinds.LongCache;
            }
        }
    }

    // Each of these goes from a property name to the end of its value, so that what stands inside is not read again.

    private bool IsNull() => Ends(_json.Read() && _json.TokenType == JsonTokenType.Null);

    private bool IsFalseOrNull() => Ends(_json.Read() && _json.TokenType is JsonTokenType.False or JsonTokenType.Null);

    private bool IsTextOrNull(ReadOnlySpan<byte> text) => Ends(
        _json.Read() && (_json.TokenType == JsonTokenType.Null || (_json.TokenType == JsonTokenType.String && _json.ValueTextEquals(text))));

    private bool IsEmptyOrNull()
    {
        _json.Read();
        if (_json.TokenType != JsonTokenType.StartArray) return Ends(_json.TokenType == JsonTokenType.Null);
        var depth = _json.CurrentDepth;
        var isEmpty = true;
        while (_json.Read() && _json.CurrentDepth > depth) isEmpty = false;
        return isEmpty;
    }

    private bool Ends(bool result)
    {
        _json.Skip();
        return result;
    }

    private readonly void RefuseUnless(bool isHarmless, string why)
    {
        if (!isHarmless) _facts.Unpriceable ??= why;
    }
}
