namespace Spendra.Gateway.Recordings;

/// <summary>
/// MPEG audio (MP3 and its elder layers): the sum of its frames, as long as each follows the one before and is of its kind.
/// What comes then, or all of it when a decoder might begin with another frame, is counted as the slowest sound that there
/// is: no decoder finds more in as many bytes, whichever frames it takes.
/// </summary>
internal static class MpegLength
{
    private const long PicosPerSecond = 1_000_000_000_000;

    // Frames of 8 kbit/s, which are cut to whole bytes: 52 of them for 576 samples at 11,025 a second are 1.0047 ms each.
    private const long PicosPerStrayByte = 1_005_000_000;

    // The last of those frames need not be whole: 1,152 samples of 8,000 a second.
    private const long PicosOfLongestFrame = 144_000_000_000;

    // Decoders look for up to eleven headers that agree before they trust the first.
    private const int SureFrames = 12;

    public static long? MaxSeconds(ReadOnlySpan<byte> file)
    {
        if (AfterTag(file) is not { } start) return null;
        Int128 picos = 0;
        var at = start;
        var count = 0;
        MpegFrame? first = null;
        while (MpegFrame.At(file, at) is { } frame && frame.IsLike(first ??= frame))
        {
            // A rate that the header does not name may be lower than any that it could.
            if (frame.Bytes == 0) return null;
            picos += frame.Picos;
            at += frame.Bytes;
            count++;
        }
        if (first is null) return null;
        if (count < SureFrames || !BeginsForAll(file, start))
        {
            picos = 0;
            at = start;
        }
        var rest = file[Math.Min(at, file.Length)..];
        if (HoldsUnnamedRate(rest) || FramesAmongSamples.AreBesideMpeg(rest)) return null;
        if (!rest.IsEmpty) picos += (Int128)rest.Length * PicosPerStrayByte + PicosOfLongestFrame;
        return (long)((picos + PicosPerSecond - 1) / PicosPerSecond);
    }

    /// <summary>
    /// Where the sound begins: after a tag (ID3v2), which tells its length. Null for what only some decoders take for one,
    /// since the others find sound in it.
    /// </summary>
    private static int? AfterTag(ReadOnlySpan<byte> file)
    {
        const int headBytes = 10;
        const byte footer = 0x10;
        if (!file.StartsWith("ID3"u8)) return 0;
        if (file.Length < headBytes || file[3] is < 2 or > 4 || file[4] == 0xFF || file[6..headBytes].ContainsAnyInRange((byte)0x80, (byte)0xFF)) return null;
        var hasFooter = (file[5] & footer) != 0;
        // Earlier versions do not know it.
        if (hasFooter && file[3] != 4) return null;
        var length = file[6] << 21 | file[7] << 14 | file[8] << 7 | file[9];
        return Math.Min(headBytes + length + (hasFooter ? headBytes : 0), file.Length);
    }

    /// <summary>
    /// The first two frames with sound agree in all that a decoder compares; before them there may be one with the table of
    /// a variable rate, which encoders mark otherwise.
    /// </summary>
    private static bool BeginsForAll(ReadOnlySpan<byte> file, int start)
    {
        var first = MpegFrame.At(file, start)!.Value;
        if (first.HoldsTable(file[start..]))
        {
            start += first.Bytes;
            first = MpegFrame.At(file, start)!.Value;
        }
        return MpegFrame.At(file, start + first.Bytes) is { } second && second.AgreesWith(first);
    }

    private static bool HoldsUnnamedRate(ReadOnlySpan<byte> rest)
    {
        for (var at = 0; at < rest.Length; at++)
        {
            var next = rest[at..].IndexOf((byte)0xFF);
            if (next < 0) return false;
            at += next;
            if (MpegFrame.At(rest, at) is { Bytes: 0 }) return true;
        }
        return false;
    }
}
