using System.Collections.Frozen;
using Spendra.Core.Metering;

namespace Spendra.Gateway.Dialects.OpenAi;

/// <summary>A kind of tool that OpenAI defines.</summary>
internal sealed record OpenAiTool
{
    /// <summary>The name in a key's tool scope of a tool that the provider runs or bills for; null when the client runs it.</summary>
    public string? ServerTool { get; init; }

    /// <summary>What a use of it is charged as beside its tokens, or null.</summary>
    public UnitClass? Fee { get; init; }

    /// <summary>It brings instructions whose length is not documented.</summary>
    public bool IsUnseen { get; init; }

    /// <summary>The client makes its calls, so that each answer has one pass.</summary>
    public bool IsAnsweredByClient { get; init; }

    /// <summary>Why what it costs has no bound, or null.</summary>
    public string? Unbounded { get; init; }
}

/// <summary>
/// The tools of OpenAI's requests, by exact type. A type that is not listed counts as a tool of the provider's by that
/// name, whose cost is not known.
/// </summary>
internal static class OpenAiTools
{
    public const string WebSearch = "web_search";
    public const string FileSearch = "file_search";
    public const string CodeInterpreter = "code_interpreter";
    public const string ImageGeneration = "image_generation";
    public const string Shell = "shell";
    public const string ToolSearch = "tool_search";
    public const string Namespace = "namespace";

    private const string PreviewSearch = "web_search_preview";

    private static readonly OpenAiTool Clients = new();
    private static readonly OpenAiTool UnseenClients = new() { IsUnseen = true };
    private static readonly OpenAiTool Search = new() { ServerTool = WebSearch, Fee = UnitClass.WebSearches };
    private static readonly OpenAiTool Preview = new() { ServerTool = WebSearch, Fee = UnitClass.PreviewSearches };
    private static readonly OpenAiTool Computer = new() { ServerTool = "computer_use", IsUnseen = true, IsAnsweredByClient = true };

    private static readonly FrozenDictionary<string, OpenAiTool> Known = new Dictionary<string, OpenAiTool>
    {
        ["function"] = Clients,
        ["custom"] = Clients,
        [Namespace] = Clients,
        ["local_shell"] = UnseenClients,
        ["apply_patch"] = UnseenClients,
        [WebSearch] = Search,
        ["web_search_2025_08_26"] = Search,
        [PreviewSearch] = Preview,
        ["web_search_preview_2025_03_11"] = Preview,
        [FileSearch] = new() { ServerTool = FileSearch, Fee = UnitClass.FileSearches },
        [CodeInterpreter] = new() { ServerTool = CodeInterpreter, Fee = UnitClass.CodeSessions },
        ["computer"] = Computer,
        ["computer_use"] = Computer,
        ["computer_use_preview"] = Computer,
        [ImageGeneration] = new() { ServerTool = ImageGeneration, Fee = UnitClass.ToolCharges },
        ["mcp"] = new() { ServerTool = "mcp", Unbounded = "what MCP servers answer to the provider has no limit" },
        [Shell] = new() { ServerTool = Shell, Unbounded = "how long the container of a hosted shell runs is not in the usage. Give the tool 'shell' \"environment\":{\"type\":\"local\"}" },
        [ToolSearch] = new() { ServerTool = ToolSearch, Unbounded = "how often the provider searches for tools has no bound. Give the tool 'tool_search' \"execution\":\"client\"" },
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static OpenAiTool? Find(string type) => Known.GetValueOrDefault(type);

    /// <summary>The name of a type in a key's tool scope; null when the client runs the tool.</summary>
    public static string? ServerNameOf(string type) => Find(type) is { } tool ? tool.ServerTool : type;

    public static bool IsPreview(string type) => Find(type)?.Fee == UnitClass.PreviewSearches;

    /// <summary>
    /// Models that search before they answer, asked to or not. By a part of the name, because taking another model for one
    /// of them only holds more.
    /// </summary>
    public static bool SearchesAlways(string model) => model.Contains("-search-", StringComparison.Ordinal);
}
