using System.Text.Json;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects.Anthropic;

/// <summary>The tools of a request: what the provider adds for them, and how often it may run its own.</summary>
internal ref partial struct AnthropicRequestReader
{
    private const int MaxTools = 1_000;
    private const int MaxTotalUses = 200;

    private void ReadTools()
    {
        if (_json.TokenType == JsonTokenType.Null) return;
        if (_json.TokenType != JsonTokenType.StartArray)
        {
            Fail("must be a list", "tools");
            return;
        }
        var count = 0;
        while (_fault is null && _json.Read() && _json.TokenType == JsonTokenType.StartObject)
        {
            if (++count > MaxTools) Fail($"may have at most {MaxTools} entries", "tools");
            ReadTool();
        }
        if (_fault is null && _json.TokenType != JsonTokenType.EndArray) Fail("must be a list of objects", "tools");
        if (count > 0) _facts.TokensAdded += AnthropicTools.TokensOfPresence;
        if (_facts.ToolUses.Sum(u => u.Max ?? 0) > MaxTotalUses) Fail($"may be used at most {MaxTotalUses} times together", "tools");
    }

    private void ReadTool()
    {
        // A limit that is not there is put at the beginning of the object, which has at least a type.
        var uses = new ByteSpan((int)_json.BytesConsumed, 0);
        string? type = null;
        long? maxUses = null;
        bool hasType = false, hasUses = false, isDirect = false;
        while (_fault is null && _json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            if (_json.ValueTextEquals("type"u8))
            {
                if (hasType) Fail("is given twice in a tool: send it once", "type");
                hasType = true;
                _json.Read();
                if (_json.TokenType != JsonTokenType.Null) type = ReadText("tools.type");
            }
            else if (_json.ValueTextEquals("max_uses"u8))
            {
                if (hasUses) Fail("is given twice in a tool: send it once", "max_uses");
                hasUses = true;
                _json.Read();
                maxUses = ReadMaxUses(ref uses);
            }
            else if (_json.ValueTextEquals("allowed_callers"u8))
            {
                _json.Read();
                isDirect = ReadsDirectOnly();
            }
            else
            {
                var isCache = _json.ValueTextEquals("cache_control"u8);
                _json.Read();
                if (isCache) ReadCacheControl();
                else _json.Skip();
            }
        }
        if (_fault is null) JudgeTool(type ?? "custom", maxUses, uses, isDirect);
    }

    private long? ReadMaxUses(ref ByteSpan span)
    {
        if (_json.TokenType == JsonTokenType.Null)
        {
            span = new ByteSpan((int)_json.TokenStartIndex, "null".Length);
            return null;
        }
        if (_json.TokenType == JsonTokenType.Number && _json.TryGetInt64(out var max) && max is >= 1 and <= MaxTotalUses) return max;
        Fail($"must be a whole number from 1 to {MaxTotalUses}", "max_uses");
        return null;
    }

    private bool ReadsDirectOnly()
    {
        if (_json.TokenType != JsonTokenType.StartArray)
        {
            _json.Skip();
            return false;
        }
        var isDirect = true;
        while (_json.Read() && _json.TokenType != JsonTokenType.EndArray)
        {
            isDirect &= IsText("direct"u8);
            _json.Skip();
        }
        return isDirect;
    }

    private readonly void JudgeTool(string type, long? maxUses, ByteSpan uses, bool isDirect)
    {
        if (AnthropicTools.Find(type) is not { } tool)
        {
            var name = AnthropicTools.NameOf(type);
            if (!_facts.Tools.Contains(name)) _facts.Tools = _facts.Tools.Add(name);
            RefuseCost($"what the tool '{type}' costs has no bound. Remove it from 'tools'");
            return;
        }
        _facts.TokensAdded += tool.TokensAdded;
        _facts.HasUnseenContent |= tool.IsUnseen;
        if (tool.ServerTool is not { } server) return;
        if (tool.MayBeCalledFromCode && !isDirect)
            RefuseCost($"how often code may call the tool '{type}' has no bound. Give it \"allowed_callers\":[\"direct\"]");
        if (!_facts.Tools.Contains(server)) _facts.Tools = _facts.Tools.Add(server);
        _facts.ToolUses.Add(new ToolUse(server, maxUses, uses) { Fee = tool.Fee });
    }
}
