namespace Spendra.Sandbox.Responses;

/// <summary>The tools that a provider runs by itself while it makes a response, and that of the client.</summary>
internal enum ToolKind
{
    WebSearch,

    /// <summary>The same tool that opens a page instead; only searches are charged.</summary>
    WebOpen,
    FileSearch,
    Code,
    Image,
    Mcp,

    /// <summary>The client's own, which it runs: its calls stand where the message would.</summary>
    Function,
}
