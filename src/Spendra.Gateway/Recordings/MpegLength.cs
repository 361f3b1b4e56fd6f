namespace Spendra.Gateway.Recordings;

/// <summary>
/// MPEG audio (MP3 and its elder layers): the sum of its frames. Bytes between frames are counted as sound of the lowest
/// rate that there is, 8 kbit/s, since a decoder may find frames among them.
/// </summary>
internal static class MpegLength
{
    private const int HeadBytes = 4;
    private const int TagHeadBytes = 10;
    private const long PicosPerSecond = 1_000_000_000_000;
    private const long PicosPerStrayByte = PicosPerSecond / 1000;

    private static readonly int[] Layer1 = [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448];
    private static readonly int[] Layer2 = [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384];
    private static readonly int[] Layer3 = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
    private static readonly int[] LowLayer1 = [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256];
    private static readonly int[] LowLayers = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
    private static readonly int[] Rates = [44_100, 48_000, 32_000];

    public static long? MaxSeconds(ReadOnlySpan<byte> file)
    {
        var at = AfterTags(file);
        if (FrameAt(file, at) is null) return null;
        Int128 picos = 0;
        while (at < file.Length)
        {
            if (FrameAt(file, at) is { } frame)
            {
                // A rate that the header does not name may be lower than any that it could.
                if (frame.Bytes == 0) return null;
                picos += frame.Picos;
                at += frame.Bytes;
            }
            else
            {
                picos += PicosPerStrayByte;
                at++;
            }
        }
        return (long)((picos + PicosPerSecond - 1) / PicosPerSecond);
    }

    /// <summary>Where the sound begins: tags (ID3v2) tell their length, and every decoder skips them by it.</summary>
    private static int AfterTags(ReadOnlySpan<byte> file)
    {
        long at = 0;
        while (at + TagHeadBytes <= file.Length && file[(int)at..].StartsWith("ID3"u8))
        {
            var head = file[(int)at..];
            long length = ((head[6] & 0x7F) << 21) | ((head[7] & 0x7F) << 14) | ((head[8] & 0x7F) << 7) | (head[9] & 0x7F);
            var hasFooter = (head[5] & 0x10) != 0;
            at += TagHeadBytes + length + (hasFooter ? TagHeadBytes : 0);
        }
        return (int)Math.Min(at, file.Length);
    }

    /// <summary>The frame whose header stands here, or null; of no length when it does not name its rate.</summary>
    private static Frame? FrameAt(ReadOnlySpan<byte> file, int at)
    {
        if (at + HeadBytes > file.Length) return null;
        var head = file.Slice(at, HeadBytes);
        if (head[0] != 0xFF || (head[1] & 0xE0) != 0xE0) return null;
        var version = (head[1] >> 3) & 3;
        var layer = 4 - ((head[1] >> 1) & 3);
        var bitRate = head[2] >> 4;
        var rate = (head[2] >> 2) & 3;
        if (version == 1 || layer == 4 || bitRate == 15 || rate == 3) return null;
        var isFull = version == 3;
        long perSecond = Rates[rate] / (isFull ? 1 : version == 2 ? 2 : 4);
        var samples = layer == 1 ? 384 : layer == 3 && !isFull ? 576 : 1152;
        var picos = (samples * PicosPerSecond + perSecond - 1) / perSecond;
        if (bitRate == 0) return new Frame(0, picos);
        var bits = 1000L * BitRatesOf(isFull, layer)[bitRate - 1];
        var padding = (head[2] >> 1) & 1;
        var bytes = layer == 1 ? (12 * bits / perSecond + padding) * 4 : samples / 8 * bits / perSecond + padding;
        return new Frame((int)bytes, picos);
    }

    private static int[] BitRatesOf(bool isFull, int layer) => (isFull, layer) switch
    {
        (true, 1) => Layer1,
        (true, 2) => Layer2,
        (true, _) => Layer3,
        (false, 1) => LowLayer1,
        (false, _) => LowLayers,
    };

    private readonly record struct Frame(int Bytes, long Picos);
}
