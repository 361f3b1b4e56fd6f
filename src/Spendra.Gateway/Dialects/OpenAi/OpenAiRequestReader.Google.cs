using System.Text.Json;

namespace Spendra.Gateway.Dialects.OpenAi;

/// <summary>What Google lets OpenAI's clients say beyond OpenAI's format: a part of its own, also inside <c>extra_body</c>.</summary>
internal ref partial struct OpenAiRequestReader
{
    /// <summary>Thinking is bounded by the output limit. Tools, caches and whatever is not known here are not.</summary>
    private void ReadGoogleExtras()
    {
        if (_json.TokenType != JsonTokenType.StartObject)
        {
            RefuseUnlessNull("what it holds beyond OpenAI's format is not known here");
            return;
        }
        while (_fault is null && _json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            var isNested = _json.ValueTextEquals("google"u8);
            var isKnown = _json.ValueTextEquals("thinking_config"u8) || _json.ValueTextEquals("thinkingConfig"u8)
                || _json.ValueTextEquals("safety_settings"u8) || _json.ValueTextEquals("safetySettings"u8)
                || _json.ValueTextEquals("thought_tag_marker"u8);
            _json.Read();
            if (isNested) ReadGoogleExtras();
            else if (isKnown) _json.Skip();
            else RefuseUnlessNull("what it asks for beyond OpenAI's format may cost what is not in the price book");
        }
    }
}
