namespace Spendra.Sandbox.Responses;

/// <summary>The tools that a provider runs by itself while it makes a response.</summary>
internal enum ToolKind
{
    WebSearch,

    /// <summary>The same tool that opens a page instead; only searches are charged.</summary>
    WebOpen,
    FileSearch,
    Code,
    Image,
    Mcp,
}
