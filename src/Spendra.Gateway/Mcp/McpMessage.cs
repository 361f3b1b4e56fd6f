namespace Spendra.Gateway.Mcp;

/// <summary>What a message to a server of tools asks for.</summary>
internal enum McpKind
{
    /// <summary>Free and passed as it is: the handshake, notifications, answers to the server's own requests, resources, prompts.</summary>
    Passed,
    /// <summary>Free; the answer is cut down to the tools that the key may call.</summary>
    ToolList,
    /// <summary>Has a price.</summary>
    ToolCall,
}

/// <summary>One message to a server of tools, as far as governance must know it.</summary>
/// <param name="Server">The name of the server: its account's slug.</param>
internal sealed record McpMessage(string Server)
{
    public McpKind Kind { get; init; }

    public string Method { get; init; } = "";

    /// <summary>The JSON-RPC id, byte for byte; empty when the message wants no answer.</summary>
    public ReadOnlyMemory<byte> Id { get; init; }

    public bool WantsAnswer => !Id.IsEmpty;

    /// <summary>The tool that is called, without its server; empty otherwise.</summary>
    public string Tool { get; init; } = "";

    /// <summary>The arguments of a call that came without JSON-RPC around it, byte for byte.</summary>
    public ReadOnlyMemory<byte> Arguments { get; init; }

    /// <summary>The JSON-RPC code of what is wrong with the message.</summary>
    public int FaultCode { get; init; } = RpcCodes.InvalidRequest;
}

/// <summary>Codes of JSON-RPC 2.0 §5.1, and Spendra's own from the range that is left to servers.</summary>
internal static class RpcCodes
{
    public const int Unreadable = -32700;
    public const int InvalidRequest = -32600;
    public const int UnknownMethod = -32601;
    public const int InvalidParams = -32602;

    /// <summary>The headers that repeat method and tool contradict the body.</summary>
    public const int HeaderMismatch = -32020;

    /// <summary>A rule refuses the message.</summary>
    public const int Refused = -32001;

    /// <summary>The gateway or the server behind it is in trouble.</summary>
    public const int Failed = -32002;

    /// <summary>A server that answers so has not begun to work.</summary>
    public static bool IsBeforeWork(int? code) => code is Unreadable or InvalidRequest or UnknownMethod or InvalidParams;
}
