namespace Spendra.Gateway.Recordings;

/// <summary>How long a packet of Opus lasts, from what it says of itself (RFC 6716 §3.1), in units of 2.5 milliseconds.</summary>
internal static class OpusPacket
{
    public const long UnitsPerSecond = 400;

    /// <summary>No packet lasts longer than 120 ms: one that says so is no sound to any decoder.</summary>
    public const long MostUnits = 48;

    /// <param name="packet">Its first two bytes at least, if it has them.</param>
    public static long UnitsOf(ReadOnlySpan<byte> packet)
    {
        if (packet.IsEmpty) return 0;
        var configuration = packet[0] >> 3;
        long frame = configuration switch
        {
            < 12 => (configuration & 3) switch { 0 => 4, 1 => 8, 2 => 16, _ => 24 },
            < 16 => (configuration & 1) == 0 ? 4 : 8,
            _ => 1L << (configuration & 3),
        };
        return (packet[0] & 3) switch
        {
            0 => frame,
            1 or 2 => 2 * frame,
            _ => packet.Length > 1 ? Math.Min(MostUnits, frame * (packet[1] & 0x3F)) : MostUnits,
        };
    }

    /// <summary>Whole seconds, rounded up.</summary>
    public static long SecondsOf(long units) => (units + UnitsPerSecond - 1) / UnitsPerSecond;
}
