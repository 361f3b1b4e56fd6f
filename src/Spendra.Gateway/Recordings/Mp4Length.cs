using System.Buffers.Binary;

namespace Spendra.Gateway.Recordings;

/// <summary>
/// AAC in MP4 (M4A): as many frames as its tables list, each of 1,024 samples at the rate by which a decoder plays them, or
/// what the track claims if that is longer. Boxes (ISO/IEC 14496-12) that hold others are entered, the rest is skipped.
/// </summary>
internal ref struct Mp4Length
{
    private const int BoxHeadBytes = 8;
    private const int LongBoxHeadBytes = 16;
    private const long FrameSamples = 1_024;

    // ISO/IEC 14496-3, table 1.18.
    private static readonly int[] Rates = [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];

    private readonly ReadOnlySpan<byte> _file;
    private long _frames;
    private long _claimed;
    private int _rate = int.MaxValue;
    private bool _isUnknown;

    private Mp4Length(ReadOnlySpan<byte> file) => _file = file;

    public static bool IsMp4(ReadOnlySpan<byte> file) => file.Length >= BoxHeadBytes && file[4..].StartsWith("ftyp"u8);

    public static long? MaxSeconds(ReadOnlySpan<byte> file)
    {
        var reader = new Mp4Length(file);
        long at = 0;
        while (!reader._isUnknown && at < file.Length) at = reader.TakeBox((int)at);
        if (reader._isUnknown || reader._rate == int.MaxValue) return null;
        return Math.Max((reader._frames * FrameSamples + reader._rate - 1) / reader._rate, reader._claimed);
    }

    /// <summary>Takes the box that begins here, or enters it; where the next one begins.</summary>
    private long TakeBox(int at)
    {
        var box = _file[at..];
        if (box.Length < BoxHeadBytes) return Unknown();
        long length = BinaryPrimitives.ReadUInt32BigEndian(box);
        var head = BoxHeadBytes;
        if (length == 1)
        {
            if (box.Length < LongBoxHeadBytes) return Unknown();
            head = LongBoxHeadBytes;
            length = (long)Math.Min(BinaryPrimitives.ReadUInt64BigEndian(box[8..]), long.MaxValue);
        }
        if (length == 0) length = box.Length;
        if (length < head || length > box.Length) return Unknown();
        var type = box.Slice(4, 4);
        if (IsContainer(type)) return at + head;
        TakeContent(type, box[head..(int)length]);
        return at + length;
    }

    private static bool IsContainer(ReadOnlySpan<byte> type) =>
        type.SequenceEqual("moov"u8) || type.SequenceEqual("trak"u8) || type.SequenceEqual("mdia"u8) || type.SequenceEqual("minf"u8)
        || type.SequenceEqual("stbl"u8) || type.SequenceEqual("moof"u8) || type.SequenceEqual("traf"u8);

    private void TakeContent(ReadOnlySpan<byte> type, ReadOnlySpan<byte> content)
    {
        if (type.SequenceEqual("mdhd"u8)) TakeDuration(content);
        else if (type.SequenceEqual("stsd"u8)) TakeFormats(content);
        else if (type.SequenceEqual("stsz"u8) || type.SequenceEqual("stz2"u8)) AddFrames(CountAt(content, 8));
        else if (type.SequenceEqual("trun"u8)) AddFrames(CountAt(content, 4));
        // A header that is packed hides all of these.
        else if (type.SequenceEqual("cmov"u8)) Unknown();
    }

    // More frames than a file of any size has bytes are claimed, not there: their sum need not be exact.
    private void AddFrames(long count) => _frames = Math.Min(_frames + count, int.MaxValue);

    private void TakeDuration(ReadOnlySpan<byte> content)
    {
        var isLong = content is [1, ..];
        if (content.Length < (isLong ? 32 : 20))
        {
            Unknown();
            return;
        }
        long perSecond = BinaryPrimitives.ReadUInt32BigEndian(content[(isLong ? 20 : 12)..]);
        var claimed = isLong ? BinaryPrimitives.ReadUInt64BigEndian(content[24..]) : BinaryPrimitives.ReadUInt32BigEndian(content[16..]);
        // All ones stand for a duration that is not known.
        var isClaimed = isLong ? claimed != ulong.MaxValue : claimed != uint.MaxValue;
        if (isClaimed && perSecond > 0) _claimed = Math.Max(_claimed, (long)Math.Min(claimed / (ulong)perSecond + 1, int.MaxValue));
    }

    private void TakeFormats(ReadOnlySpan<byte> content)
    {
        var count = CountAt(content, 4);
        for (var at = 8; count > 0 && !_isUnknown; count--)
        {
            if (content.Length < at + LongBoxHeadBytes)
            {
                Unknown();
                return;
            }
            var entry = content[at..];
            var length = BinaryPrimitives.ReadUInt32BigEndian(entry);
            if (length < LongBoxHeadBytes || length > entry.Length) Unknown();
            else TakeFormat(entry.Slice(4, 4), entry[..(int)length]);
            at += (int)Math.Min(length, (uint)entry.Length);
        }
    }

    private void TakeFormat(ReadOnlySpan<byte> type, ReadOnlySpan<byte> entry)
    {
        const int versionAt = 16;
        const int afterVersion0 = 36;
        // Pictures beside the sound are counted as if they were sound.
        if (type.SequenceEqual("avc1"u8) || type.SequenceEqual("hvc1"u8) || type.SequenceEqual("hev1"u8) || type.SequenceEqual("mp4v"u8)) return;
        if (!type.SequenceEqual("mp4a"u8) || entry.Length < afterVersion0 || BinaryPrimitives.ReadUInt16BigEndian(entry[versionAt..]) != 0)
        {
            Unknown();
            return;
        }
        var at = afterVersion0;
        while (entry.Length >= at + BoxHeadBytes)
        {
            var length = (int)Math.Min(BinaryPrimitives.ReadUInt32BigEndian(entry[at..]), int.MaxValue);
            if (length < BoxHeadBytes || length > entry.Length - at) break;
            if (entry[(at + 4)..].StartsWith("esds"u8))
            {
                if (Mp4Codec.RateIndexOf(entry[(at + BoxHeadBytes)..(at + length)]) is { } index && index < Rates.Length) _rate = Math.Min(_rate, Rates[index]);
                else Unknown();
                return;
            }
            at += length;
        }
        Unknown();
    }

    private long CountAt(ReadOnlySpan<byte> content, int at)
    {
        if (content.Length >= at + 4) return BinaryPrimitives.ReadUInt32BigEndian(content[at..]);
        Unknown();
        return 0;
    }

    private long Unknown()
    {
        _isUnknown = true;
        return long.MaxValue;
    }
}
