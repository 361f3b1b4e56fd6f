using System.Buffers.Binary;

namespace Spendra.Gateway.Recordings;

/// <summary>A frame of MPEG audio, by its header (ISO/IEC 11172-3 and 13818-3, and the lower rates that are known as 2.5).</summary>
/// <param name="Header">The four bytes.</param>
/// <param name="Bytes">Its length with its header; 0 when it does not name its rate.</param>
/// <param name="Picos">How long it sounds, in trillionths of a second.</param>
internal readonly record struct MpegFrame(uint Header, int Bytes, long Picos)
{
    private const int HeadBytes = 4;
    private const long PicosPerSecond = 1_000_000_000_000;

    // The version, the layer and the rate of samples; and with them the mode, the rights and the emphasis.
    private const uint Kind = 0xFFFE_0C00;
    private const uint Manner = 0xFFFE_0CCF;

    private static readonly int[] Layer1 = [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448];
    private static readonly int[] Layer2 = [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384];
    private static readonly int[] Layer3 = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
    private static readonly int[] LowLayer1 = [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256];
    private static readonly int[] LowLayers = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
    private static readonly int[] Rates = [44_100, 48_000, 32_000];

    private bool IsFull => Version == 3;

    private int Version => (int)(Header >> 19 & 3);

    private int Layer => (int)(4 - (Header >> 17 & 3));

    private bool IsMono => (Header >> 6 & 3) == 3;

    /// <summary>The frame whose header stands here, or null.</summary>
    public static MpegFrame? At(ReadOnlySpan<byte> file, int at)
    {
        if (at > file.Length - HeadBytes || file[at] != 0xFF || (file[at + 1] & 0xE0) != 0xE0) return null;
        var frame = new MpegFrame(BinaryPrimitives.ReadUInt32BigEndian(file[at..]), 0, 0);
        var bitRate = (int)(frame.Header >> 12 & 15);
        var rate = (int)(frame.Header >> 10 & 3);
        if (frame.Version == 1 || frame.Layer == 4 || bitRate == 15 || rate == 3) return null;
        long perSecond = Rates[rate] / (frame.IsFull ? 1 : frame.Version == 2 ? 2 : 4);
        var samples = frame.Layer == 1 ? 384 : frame.Layer == 3 && !frame.IsFull ? 576 : 1152;
        var picos = (samples * PicosPerSecond + perSecond - 1) / perSecond;
        if (bitRate == 0) return frame with { Picos = picos };
        var bits = 1000L * BitRatesOf(frame.IsFull, frame.Layer)[bitRate - 1];
        var padding = frame.Header >> 9 & 1;
        var bytes = frame.Layer == 1 ? (12 * bits / perSecond + padding) * 4 : samples / 8 * bits / perSecond + padding;
        return frame with { Bytes = (int)bytes, Picos = picos };
    }

    /// <summary>Of the same kind: an encoder does not change it within a file, and decoders search on when it changes.</summary>
    public bool IsLike(MpegFrame other) => (Header & Kind) == (other.Header & Kind);

    /// <summary>Alike in all that some decoders compare before they believe in the first header.</summary>
    public bool AgreesWith(MpegFrame other) => (Header & Manner) == (other.Header & Manner);

    /// <summary>It holds the table of a variable rate (Xing, or Info for a constant one) with the number of frames, and no sound.</summary>
    public bool HoldsTable(ReadOnlySpan<byte> frame)
    {
        if (Layer != 3) return false;
        // After what the two channels, or the one, would have beside their sound
        var at = HeadBytes + (IsFull, IsMono) switch { (true, false) => 32, (false, true) => 9, _ => 17 };
        if (Bytes < at + 12 || frame.Length < at + 12) return false;
        var table = frame[at..];
        return (table.StartsWith("Xing"u8) || table.StartsWith("Info"u8)) && (table[7] & 1) != 0 && BinaryPrimitives.ReadUInt32BigEndian(table[8..]) > 0;
    }

    private static int[] BitRatesOf(bool isFull, int layer) => (isFull, layer) switch
    {
        (true, 1) => Layer1,
        (true, 2) => Layer2,
        (true, _) => Layer3,
        (false, 1) => LowLayer1,
        (false, _) => LowLayers,
    };
}
