using System.Text.Json;
using Spendra.Core.Ledger;
using Spendra.Core.Pricing;

namespace Spendra.Gateway.Dialects.OpenAi;

/// <summary>
/// For how long prompts are cached. Since GPT-5.6 that is 30 minutes, an ordinary cache write, or 12 hours at twice its rate:
/// for the whole request, and for each block of its content.
/// </summary>
internal ref partial struct OpenAiRequestReader
{
    /// <summary>From the start of the value of <c>prompt_cache_options</c>, or of a block's <c>prompt_cache_breakpoint</c>.</summary>
    private void ReadPromptCache()
    {
        if (_json.TokenType != JsonTokenType.StartObject)
        {
            _json.Skip();
            return;
        }
        while (_fault is null && _json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            var isTime = _json.ValueTextEquals("ttl"u8);
            var isCompared = _json.ValueTextEquals("comparison_response_id"u8);
            if (ReadsValue())
            {
                if (isTime) ReadCacheTime();
                // Nothing of it is read by the model.
                else if (isCompared && _json.TokenType == JsonTokenType.String) Refer(ObjectKind.Response, "comparison_response_id", bringsContent: false);
            }
            _json.Skip();
        }
    }

    private readonly void ReadCacheTime()
    {
        if (IsText("12h"u8)) _facts.Kinds |= TokenKinds.LongCache;
        else if (!IsText("30m"u8)) Refuse("prompts are cached for '30m' or '12h'; other times have no known price");
    }

    /// <summary>When all fields are known.</summary>
    private readonly void ConcludeCaches()
    {
        // An answer may leave it open for how long it wrote; then the request decides.
        if (_facts.IsBackground && _facts.Kinds.HasFlag(TokenKinds.LongCache))
            Refuse("for how long a background response cached its prompt is not known when it is fetched. Leave out \"ttl\":\"12h\"");
    }
}
