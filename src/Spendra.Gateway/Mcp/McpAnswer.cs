using Spendra.Gateway.Metering;

namespace Spendra.Gateway.Mcp;

/// <summary>Reads and changes the messages that a server answers with, whether they come as a body or as events.</summary>
internal abstract class McpAnswer
{
    /// <summary>What the client gets in a message's place: itself when nothing is to change, null when it must not pass.</summary>
    public abstract ReadOnlyMemory<byte>? Take(ReadOnlyMemory<byte> message, MeterReading reading);

    /// <summary>The answer itself has been seen; what may come after it is of no use.</summary>
    public virtual bool IsGiven => false;

    /// <summary>Whether a message too large to be read may pass.</summary>
    public virtual bool PassesUnread => true;
}

/// <summary>The answer to a message that costs nothing: it passes.</summary>
internal sealed class PassedAnswer : McpAnswer
{
    public static readonly PassedAnswer Instance = new();

    public override ReadOnlyMemory<byte>? Take(ReadOnlyMemory<byte> message, MeterReading reading) => message;
}
