namespace Spendra.Gateway.Tests.Media.Decoders;

/// <summary>
/// How much sound a decoder plays of a file, whatever state the file is in: a second reading, as lenient as decoders are
/// (FFmpeg first of all). They go by one field where several say the same, search on behind what they cannot read, and play what
/// they are told to play as often as they are told. Times are in nanoseconds.
/// </summary>
internal static class Decoder
{
    /// <summary>The length of what cannot be played here, but by others perhaps for as long as they like.</summary>
    public const long Endless = long.MaxValue;

    public const long Second = 1_000_000_000;

    public static long Plays(byte[] file) =>
        file.AsSpan().StartsWith("RIFF"u8) ? WaveDecoder.Plays(file)
        : file.AsSpan().StartsWith("OggS"u8) ? OggDecoder.Plays(file)
        : file.AsSpan().StartsWith((byte[])[0x1A, 0x45, 0xDF, 0xA3]) ? new WebmDecoder(file).Plays()
        : file.Length >= 8 && file.AsSpan(4).StartsWith("ftyp"u8) ? new Mp4Decoder().Plays(file)
        : MpegDecoder.Plays(file);

    /// <summary>How long a packet of Opus is (RFC 6716, table 2); nothing when it is none.</summary>
    public static long Opus(ReadOnlySpan<byte> packet)
    {
        if (packet.IsEmpty) return 0;
        var micros = (packet[0] >> 3) switch
        {
            0 or 4 or 8 => 10_000,
            1 or 5 or 9 => 20_000,
            2 or 6 or 10 => 40_000,
            3 or 7 or 11 => 60_000,
            12 or 14 => 10_000,
            13 or 15 => 20_000,
            16 or 20 or 24 or 28 => 2_500,
            17 or 21 or 25 or 29 => 5_000,
            18 or 22 or 26 or 30 => 10_000,
            _ => 20_000,
        };
        var frames = (packet[0] & 3) switch { 0 => 1, 1 or 2 => 2, _ => packet.Length > 1 ? packet[1] & 63 : 0 };
        return micros * frames <= 120_000 ? micros * frames * 1_000L : 0;
    }
}
