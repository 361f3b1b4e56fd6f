using System.Collections.Immutable;
using System.Text.Json;

namespace Spendra.Gateway.Dialects.OpenAi;

/// <summary>
/// One entry of a list of tools. What the client runs costs nothing but tokens; whatever else a request offers, in its
/// own list or inside its input, is run by the provider and charged (openai-node 6.49, <c>Tool</c>).
/// </summary>
internal ref partial struct OpenAiRequestReader
{
    private const string Tools = "tools";

    /// <summary>From the start of an entry to its end.</summary>
    /// <param name="serverTools">Gets the types of the tools that the provider runs.</param>
    /// <param name="needsType">False for lists of what some other server has told, whose entries have no type.</param>
    private void ReadTool(ImmutableArray<string>.Builder serverTools, bool needsType)
    {
        var tool = default(ToolEntry);
        while (_fault is null && _json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            if (_json.ValueTextEquals("type"u8)) ReadToolType(ref tool);
            else if (_json.ValueTextEquals("tools"u8)) ReadInnerTools(serverTools);
            else if (_json.ValueTextEquals("execution"u8)) ReadPlace(ref tool, isAtClient: ReadsValue() && IsText("client"u8));
            else if (_json.ValueTextEquals("environment"u8)) ReadPlace(ref tool, isAtClient: ReadsLocalEnvironment());
            else _json.Skip();
        }
        if (_fault is null && needsType && tool.Type is null) Fail("must name the type of every tool", Tools);
        if (_fault is null && tool is { Type: { } type, IsRunByClient: false } && !serverTools.Contains(type)) serverTools.Add(type);
    }

    private void ReadToolType(ref ToolEntry tool)
    {
        _json.Read();
        if (tool.Type is not null || _json.TokenType != JsonTokenType.String) Fail("must name its type once", Tools);
        else if (ReadName() is not { Length: > 0 and <= MaxModelLength } type) Fail("must name the type of every tool", Tools);
        else tool.Type = type;
    }

    /// <summary>What a namespace holds. A list with another meaning in another kind of tool can only make more refused.</summary>
    private void ReadInnerTools(ImmutableArray<string>.Builder serverTools)
    {
        if (!ReadsValue()) return;
        if (_json.TokenType == JsonTokenType.StartArray) ReadToolList(serverTools, needsType: true);
        else Fail("must be a list", Tools);
    }

    /// <summary>
    /// Newer models are told of tools inside the input (<c>additional_tools</c>, and the answer to a search for tools).
    /// Items that repeat what a server has listed have entries without a type.
    /// </summary>
    private void ReadToolsOfItem()
    {
        if (!ReadsValue() || _json.TokenType != JsonTokenType.StartArray) return;
        var serverTools = _facts.Tools.ToBuilder();
        ReadToolList(serverTools, needsType: false);
        _facts.Tools = serverTools.ToImmutable();
    }

    private void ReadToolList(ImmutableArray<string>.Builder serverTools, bool needsType)
    {
        var count = 0;
        while (_fault is null && _json.Read() && _json.TokenType == JsonTokenType.StartObject)
        {
            if (++count > MaxTools) Fail($"may have at most {MaxTools} entries", Tools);
            ReadTool(serverTools, needsType);
        }
        if (_fault is null && _json.TokenType != JsonTokenType.EndArray) Fail("must be a list of objects", Tools);
    }

    /// <summary>Where the tool runs, said twice, is anywhere.</summary>
    private void ReadPlace(ref ToolEntry tool, bool isAtClient)
    {
        if (tool.HasPlace) Fail("must say once where a tool runs", Tools);
        tool.HasPlace = true;
        tool.IsAtClient = isAtClient;
        _json.Skip();
    }

    /// <summary>From the name of an environment to the end of its value.</summary>
    private bool ReadsLocalEnvironment()
    {
        if (!ReadsValue() || _json.TokenType != JsonTokenType.StartObject) return false;
        var depth = _json.CurrentDepth;
        var types = 0;
        var isLocal = false;
        while (_json.Read() && _json.CurrentDepth > depth)
        {
            if (_json.TokenType != JsonTokenType.PropertyName || _json.CurrentDepth != depth + 1 || !_json.ValueTextEquals("type"u8)) continue;
            types++;
            isLocal = ReadsValue() && IsText("local"u8);
        }
        return isLocal && types == 1;
    }

    private record struct ToolEntry
    {
        public string? Type { get; set; }
        public bool HasPlace { get; set; }
        public bool IsAtClient { get; set; }

        public readonly bool IsRunByClient => Type switch
        {
            "function" or "custom" or "namespace" or "local_shell" or "apply_patch" => true,
            // The provider runs these unless it is told that the client does.
            "tool_search" or "shell" => IsAtClient,
            _ => false,
        };
    }
}
