using System.Collections.Frozen;
using Spendra.Core.Metering;

namespace Spendra.Gateway.Dialects.Anthropic;

/// <summary>A kind of tool that Anthropic defines.</summary>
internal sealed record AnthropicTool
{
    /// <summary>The tokens of instructions that the provider adds for it.</summary>
    public long TokensAdded { get; init; }

    /// <summary>The client runs it, but how long its instructions are is not documented.</summary>
    public bool IsUnseen { get; init; }

    /// <summary>The name in a key's tool scope of a tool that the provider runs; null when the client runs it.</summary>
    public string? ServerTool { get; init; }

    /// <summary>What a use of it is charged as beside its tokens, or null.</summary>
    public UnitClass? Fee { get; init; }

    /// <summary>The model may call it from code that the provider runs, as often as that code likes.</summary>
    public bool MayBeCalledFromCode { get; init; }
}

/// <summary>
/// The tools whose cost has a bound, by exact type. Any other type is refused: what it costs is not in the usage
/// (code execution by the hour, an advisor's tokens), or has no limit (a search for tools, MCP servers).
/// </summary>
internal static class AnthropicTools
{
    public const string WebSearch = "web_search";
    public const string WebFetch = "web_fetch";

    /// <summary>
    /// The most that the mere presence of tools adds: Anthropic's table reaches from 264 to 804 tokens, by model and by how
    /// free the choice is (platform.claude.com, "Tool use", November 2026). One figure for all, since the table changes with
    /// each model; a request for which it is too much is counted by the provider.
    /// </summary>
    public const long TokensOfPresence = 804;

    /// <summary>The provider describes the format of the answer to the model; the schema itself is in the body.</summary>
    public const long TokensOfFormat = 512;

    // 244 before Claude 4.7.
    private static readonly AnthropicTool Bash = new() { TokensAdded = 325 };
    private static readonly AnthropicTool TextEditor = new() { TokensAdded = 700 };
    private static readonly AnthropicTool Computer = new() { TokensAdded = 735 + 499 };
    private static readonly AnthropicTool Unseen = new() { IsUnseen = true };
    private static readonly AnthropicTool Search = new() { ServerTool = WebSearch, Fee = UnitClass.WebSearches };
    private static readonly AnthropicTool Fetch = new() { ServerTool = WebFetch };

    private static readonly FrozenDictionary<string, AnthropicTool> Known = new Dictionary<string, AnthropicTool>
    {
        ["custom"] = new(),
        ["bash_20241022"] = Bash,
        ["bash_20250124"] = Bash,
        ["text_editor_20241022"] = TextEditor,
        ["text_editor_20250124"] = TextEditor,
        ["text_editor_20250429"] = TextEditor,
        ["text_editor_20250728"] = TextEditor,
        ["computer_20241022"] = Computer,
        ["computer_20250124"] = Computer,
        ["computer_20251124"] = Computer,
        ["memory_20250818"] = Unseen,
        ["computer_toolset_20260801"] = Unseen,
        ["browser_toolset_20260801"] = Unseen,
        ["web_search_20250305"] = Search,
        ["web_search_20260209"] = Search with { MayBeCalledFromCode = true },
        ["web_search_20260318"] = Search with { MayBeCalledFromCode = true },
        ["web_fetch_20250910"] = Fetch,
        ["web_fetch_20260209"] = Fetch with { MayBeCalledFromCode = true },
        ["web_fetch_20260309"] = Fetch with { MayBeCalledFromCode = true },
        ["web_fetch_20260318"] = Fetch with { MayBeCalledFromCode = true },
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static AnthropicTool? Find(string type) => Known.GetValueOrDefault(type);

    /// <summary>The name of a type in a key's tool scope; null when the client runs the tool.</summary>
    public static string? ServerNameOf(string type) => Find(type) is { } tool ? tool.ServerTool : NameOf(type);

    /// <summary>The type without its date: what a key's tool scope would have to name.</summary>
    public static string NameOf(string type)
    {
        var end = type.LastIndexOf('_');
        return end > 0 && type.Length - end == 9 && type.AsSpan(end + 1).IndexOfAnyExceptInRange('0', '9') < 0 ? type[..end] : type;
    }
}
