using System.Text.Json;
using Spendra.Core.Ledger;
using Spendra.Core.Metering;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects.OpenAi;

/// <summary>The tools of a request: which of them the provider runs, and what bounds how often and at what cost.</summary>
internal ref partial struct OpenAiRequestReader
{
    private const int MaxTools = 1_000;
    private const int MaxStores = 100;
    private const long LargestContainerGigabytes = 64;

    private void ReadTools()
    {
        if (_json.TokenType == JsonTokenType.Null) return;
        if (_json.TokenType != JsonTokenType.StartArray)
        {
            Fail("must be a list", "tools");
            return;
        }
        ReadToolList(needsType: true);
    }

    /// <summary>The older name of tools that the client runs, which some providers still take.</summary>
    private void ReadFunctions()
    {
        _facts.DefinesTools |= _json.TokenType != JsonTokenType.Null;
        _json.Skip();
    }

    /// <summary>
    /// Newer models are told of tools inside the input (<c>additional_tools</c>, and the answer to a search for tools).
    /// Items that repeat what a server has listed have entries without a type.
    /// </summary>
    private void ReadToolsOfItem()
    {
        if (ReadsValue() && _json.TokenType == JsonTokenType.StartArray) ReadToolList(needsType: false);
    }

    private void ReadToolList(bool needsType)
    {
        while (_fault is null && _json.Read() && _json.TokenType == JsonTokenType.StartObject)
        {
            _facts.DefinesTools = true;
            if (++_tools > MaxTools) Fail($"may have at most {MaxTools} entries", "tools");
            var start = _json;
            var type = ReadToolType(needsType);
            if (_fault is not null) return;
            var end = _json;
            _json = start;
            if (type is not null) TakeTool(type);
            _json = end;
        }
        if (_fault is null && _json.TokenType != JsonTokenType.EndArray) Fail("must be a list of objects", "tools");
    }

    private string? ReadToolType(bool needsType)
    {
        string? type = null;
        while (_fault is null && _json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            if (!_json.ValueTextEquals("type"u8))
            {
                _json.Skip();
                continue;
            }
            _json.Read();
            if (type is not null || _json.TokenType != JsonTokenType.String) Fail("must name its type once", "tools");
            else if ((type = ReadName()) is not { Length: > 0 and <= MaxModelLength }) Fail("must name the type of every tool", "tools");
        }
        if (_fault is null && needsType && type is null) Fail("must name the type of every tool", "tools");
        return type;
    }

    /// <summary>From the start of a tool's object.</summary>
    private void TakeTool(string type)
    {
        var known = OpenAiTools.Find(type);
        if (type == OpenAiTools.Namespace)
        {
            if (Enter("tools"u8)) ReadTools();
            return;
        }
        if (IsRunByClient(type, known))
        {
            _facts.HasUnseenContent |= known is { IsUnseen: true };
            return;
        }
        var name = known?.ServerTool ?? type;
        if (!_facts.Tools.Contains(name)) _facts.Tools = _facts.Tools.Add(name);
        if (_runsTools && known is not null) BoundTool(name, known);
    }

    private bool IsRunByClient(string type, OpenAiTool? known)
    {
        if (known is { ServerTool: null }) return true;
        var start = _json;
        var isLocal = type switch
        {
            OpenAiTools.Shell => Enter("environment"u8) && ReadsLocalEnvironment(),
            OpenAiTools.ToolSearch => Enter("execution"u8) && IsText("client"u8),
            _ => false,
        };
        _json = start;
        return isLocal;
    }

    /// <summary>From the start of an environment's value. One that says twice what it is could be either.</summary>
    private bool ReadsLocalEnvironment()
    {
        var types = 0;
        var isLocal = false;
        if (_json.TokenType != JsonTokenType.StartObject) return false;
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            var isType = _json.ValueTextEquals("type"u8);
            _json.Read();
            if (isType) types++;
            if (isType) isLocal = IsText("local"u8);
            _json.Skip();
        }
        return isLocal && types == 1;
    }

    private void BoundTool(string name, OpenAiTool tool)
    {
        if (tool.Unbounded is { } why)
        {
            Refuse(why);
            return;
        }
        _facts.HasUnseenContent |= tool.IsUnseen;
        if (tool.IsAnsweredByClient)
        {
            if (!_facts.BoundedTools.Contains(name)) _facts.BoundedTools = _facts.BoundedTools.Add(name);
            return;
        }
        if (name == OpenAiTools.WebSearch) OfferSearch(tool.Fee!.Value);
        else if (name == OpenAiTools.FileSearch) ReadStores();
        else if (name == OpenAiTools.CodeInterpreter) ReadContainer();
        else if (name == OpenAiTools.ImageGeneration) ReadImageTool();
        Limit(name, tool.Fee);
    }

    private readonly void Limit(string name, UnitClass? fee)
    {
        if (!_facts.ToolUses.Exists(u => u.Tool == name)) _facts.ToolUses.Add(new ToolUse(name, Max: null, default) { Fee = fee });
        _facts.SharesToolLimit = true;
        // OpenAI's limit is that of the response, however many passes it takes.
        _facts.LimitsOutputOfAllPasses = true;
    }

    private readonly void OfferSearch(UnitClass fee)
    {
        if (_facts.SearchFee is { } other && other != fee) Refuse("two versions of the web search have two prices, and the answer does not tell which one searched. Offer one");
        _facts.SearchFee = fee;
    }

    private void ReadStores()
    {
        if (!Enter("vector_store_ids"u8)) return;
        if (_json.TokenType != JsonTokenType.StartArray) Fail("must be a list", "vector_store_ids");
        while (_fault is null && _json.Read() && _json.TokenType != JsonTokenType.EndArray)
        {
            if (_json.TokenType != JsonTokenType.String || ReadName() is not { Length: > 0 and <= MaxIdLength } id) Fail("must be a list of ids", "vector_store_ids");
            else if (_facts.VectorStores.Count == MaxStores) Fail($"may have at most {MaxStores} entries", "vector_store_ids");
            else _facts.VectorStores.Add(id);
        }
    }

    /// <summary>Where code runs: in a container that is made for the response, whose size has a price.</summary>
    private void ReadContainer()
    {
        var gigabytes = 1L;
        if (Enter("container"u8))
        {
            if (_json.TokenType != JsonTokenType.StartObject)
            {
                Refuse("a container that the provider keeps may be somebody else's. Give the tool 'code_interpreter' \"container\":{\"type\":\"auto\"}");
                return;
            }
            var start = _json;
            if (!Enter("type"u8) || !IsText("auto"u8)) Refuse("a container of a kind other than 'auto' has no known price");
            _json = start;
            if (Enter("memory_limit"u8)) gigabytes = ReadGigabytes();
            _json = start;
            if (Enter("file_ids"u8)) ReadFilesOfContainer();
        }
        _facts.ContainerGigabytes = Math.Max(_facts.ContainerGigabytes, gigabytes);
    }

    private readonly long ReadGigabytes()
    {
        if (IsText("1g"u8)) return 1;
        if (IsText("4g"u8)) return 4;
        if (IsText("16g"u8)) return 16;
        if (IsText("64g"u8)) return LargestContainerGigabytes;
        Refuse("a container has '1g', '4g', '16g' or '64g'; other sizes have no known price");
        return 0;
    }

    private void ReadFilesOfContainer()
    {
        if (_json.TokenType != JsonTokenType.StartArray) Fail("must be a list", "file_ids");
        while (_fault is null && _json.Read() && _json.TokenType != JsonTokenType.EndArray)
        {
            if (_json.TokenType == JsonTokenType.String) Refer(ObjectKind.File, "file_ids");
            else Fail("must be a list of ids", "file_ids");
        }
    }

    private void ReadToolLimit()
    {
        var start = (int)_json.TokenStartIndex;
        _facts.ToolLimitSpan = new ByteSpan(start, (int)_json.BytesConsumed - start);
        if (_json.TokenType == JsonTokenType.Null) return;
        if (_json.TokenType != JsonTokenType.Number || !_json.TryGetInt32(out var limit) || limit < 1) Fail($"must be a whole number from 1 to {int.MaxValue}", "max_tool_calls");
        else _facts.ToolLimit = limit;
    }

    /// <summary>Chat: the only tool of the provider's is its web search, which the model makes once before it answers.</summary>
    private void ReadWebSearch()
    {
        if (_json.TokenType == JsonTokenType.Null) return;
        _json.Skip();
        SearchOnce();
    }

    private readonly void SearchOnce()
    {
        if (!_facts.Tools.Contains(OpenAiTools.WebSearch)) _facts.Tools = _facts.Tools.Add(OpenAiTools.WebSearch);
        _facts.SearchFee = UnitClass.WebSearches;
        _facts.UntoldSearches = 1;
    }

    /// <summary>When all fields are known.</summary>
    private readonly void ConcludeTools()
    {
        if (!_runsTools) return;
        if (OpenAiTools.SearchesAlways(_facts.Model))
        {
            if (_body == OpenAiBody.Chat) SearchOnce();
            else Refuse("this model searches by itself, and only chat completions say how often");
        }
        if (_facts.UntoldSearches > 0)
        {
            _facts.UntoldSearches = _facts.Choices;
            _facts.ToolUses.Add(new ToolUse(OpenAiTools.WebSearch, Max: _facts.Choices, default) { Fee = UnitClass.WebSearches });
            _facts.LimitsOutputOfAllPasses = true;
        }
        // A container of an earlier answer that still runs is used again, whatever size it was given then.
        if (_mayReuseContainer && _facts.ContainerGigabytes > 0) _facts.ContainerGigabytes = LargestContainerGigabytes;
        if (_facts is { IsBackground: true, ContainerGigabytes: > 0 }) Refuse("how long a container runs in the background is not in the usage");
        if (_facts is { IsBackground: true, ImageTool: not null }) Refuse("which model made the images of a background response is not known when it is fetched");
    }

    /// <summary>From the start of an object to the start of a member's value; false, anywhere, when it has none or null.</summary>
    private bool Enter(ReadOnlySpan<byte> name, string parameter = "tools")
    {
        var found = _json;
        var isThere = false;
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            var isIt = _json.ValueTextEquals(name);
            _json.Read();
            if (isIt && isThere) Fail("has a member twice: send it once", parameter);
            if (isIt)
            {
                found = _json;
                isThere = true;
            }
            _json.Skip();
        }
        if (isThere) _json = found;
        return isThere && _json.TokenType != JsonTokenType.Null;
    }
}
