using Spendra.Gateway.Metering;

namespace Spendra.Gateway.Mcp;

/// <summary>The answer to <c>initialize</c>.</summary>
internal sealed class SessionAnswer : McpAnswer
{
    private const int MaxVersionLength = 32;

    private bool _isGiven;

    public override bool IsGiven => _isGiven;

    /// <summary>The version that the server speaks; null when it opened no session.</summary>
    public string? Version { get; private set; }

    public override ReadOnlyMemory<byte>? Take(ReadOnlyMemory<byte> message, MeterReading reading)
    {
        var bytes = message.Span;
        if (JsonMembers.Read(bytes, out _) is not { } envelope || envelope.Find("method") is not null) return null;
        _isGiven = envelope.Find("result") is not null || envelope.Find("error") is not null;
        if (envelope.Find("result") is not { } result || JsonMembers.Read(bytes, result, out _) is not { } members) return null;
        // It goes into a header.
        if (JsonValues.Text(bytes, members.Find("protocolVersion")) is { Length: > 0 and <= MaxVersionLength } version
            && version.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.')) Version = version;
        return null;
    }
}
