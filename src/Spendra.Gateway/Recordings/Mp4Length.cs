using System.Buffers.Binary;

namespace Spendra.Gateway.Recordings;

/// <summary>
/// AAC in MP4 (M4A): as many frames as its tables list, each of 1,024 samples at the rate by which a decoder plays them, or
/// what the file claims if that is longer. A sample that is larger than a frame can be leaves no known length. Boxes (ISO/IEC
/// 14496-12) that hold others are entered, the rest is skipped.
/// </summary>
internal sealed class Mp4Length
{
    private const int MostDepth = 12;
    private const long FrameSamples = 1_024;

    // ISO/IEC 14496-3, table 1.18.
    private static readonly int[] Rates = [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];

    private long _frames;
    private long _claimed;
    private ulong _silence;
    private uint _ticksPerSecond;
    private int _rate = int.MaxValue;

    // Of fragments, which are of any track, and of tables that stand in none: decoders take them for the track before.
    private readonly Mp4Samples _fragments = new();
    private readonly Mp4Samples _strays = new();

    // Of the track that is read.
    private Mp4Samples _samples;
    private bool _isUnknown;

    private Mp4Length() => _samples = _strays;

    public static bool IsMp4(ReadOnlySpan<byte> file) => file.Length >= Mp4Boxes.HeadBytes && file[4..].StartsWith("ftyp"u8);

    public static long? MaxSeconds(ReadOnlySpan<byte> file)
    {
        var reader = new Mp4Length();
        reader.TakeBoxes(file, depth: 0);
        return reader.Seconds();
    }

    private long? Seconds()
    {
        if (_isUnknown || !_strays.AreFrames || !_fragments.AreFrames || _rate == int.MaxValue || _silence > 0 && _ticksPerSecond == 0) return null;
        var silence = _silence > 0 ? (long)Math.Min((_silence - 1) / _ticksPerSecond + 1, int.MaxValue) : 0;
        return Math.Max((_frames * FrameSamples + _rate - 1) / _rate + silence, _claimed);
    }

    private void TakeBoxes(ReadOnlySpan<byte> boxes, int depth)
    {
        while (!_isUnknown && !boxes.IsEmpty)
        {
            if (!Mp4Boxes.TryTake(ref boxes, isOutermost: depth == 0, out var type, out var content)) Unknown();
            else if (!Mp4Boxes.HoldsOthers(type)) TakeContent(type, content);
            else if (depth == MostDepth) Unknown();
            else if (type.SequenceEqual("trak"u8)) TakeTrack(content, depth + 1);
            else TakeBoxes(content, depth + 1);
        }
    }

    private void TakeTrack(ReadOnlySpan<byte> boxes, int depth)
    {
        var around = _samples;
        _samples = new Mp4Samples();
        TakeBoxes(boxes, depth);
        if (!_samples.AreFrames) Unknown();
        _samples = around;
    }

    private void TakeContent(ReadOnlySpan<byte> type, ReadOnlySpan<byte> content)
    {
        // Decoders find its bytes by the tables alone.
        if (type.SequenceEqual("mdat"u8)) return;
        if (type.SequenceEqual("mdhd"u8)) TakeDuration(content, isOfAll: false);
        else if (type.SequenceEqual("mvhd"u8)) TakeDuration(content, isOfAll: true);
        else if (type.SequenceEqual("elst"u8)) TakeEdits(content);
        else if (type.SequenceEqual("stsd"u8)) TakeFormats(content);
        else if (type.SequenceEqual("stts"u8)) TakeDurations(content);
        else if (type.SequenceEqual("stsz"u8) || type.SequenceEqual("stz2"u8)) TakeSamples(type, content);
        else if (type.SequenceEqual("trun"u8)) TakeRun(content);
        else if (type.SequenceEqual("trex"u8)) _fragments.TakeDefaults(content);
        else if (type.SequenceEqual("tfhd"u8)) _fragments.TakeFragment(content);
        // A header that is packed hides all of these.
        else if (type.SequenceEqual("cmov"u8) || Mp4Boxes.MayHideSound(content)) Unknown();
    }

    private void TakeSamples(ReadOnlySpan<byte> type, ReadOnlySpan<byte> content)
    {
        AddFrames(CountAt(content, 8));
        if (type.SequenceEqual("stsz"u8)) _samples.TakeSizes(content);
        else _samples.TakePackedSizes(content);
    }

    private void TakeRun(ReadOnlySpan<byte> content)
    {
        AddFrames(CountAt(content, 4));
        _fragments.TakeRun(content);
    }

    // More frames than a file of any size has bytes are claimed, not there: their sum need not be exact.
    private void AddFrames(long count) => _frames = Math.Min(_frames + count, int.MaxValue);

    private void TakeDuration(ReadOnlySpan<byte> content, bool isOfAll)
    {
        var isLong = content is [1, ..];
        if (content.Length < (isLong ? 32 : 20))
        {
            Unknown();
            return;
        }
        var perSecond = BinaryPrimitives.ReadUInt32BigEndian(content[(isLong ? 20 : 12)..]);
        var claimed = isLong ? BinaryPrimitives.ReadUInt64BigEndian(content[24..]) : BinaryPrimitives.ReadUInt32BigEndian(content[16..]);
        // All ones stand for a duration that is not known.
        var isClaimed = isLong ? claimed != ulong.MaxValue : claimed != uint.MaxValue;
        if (isClaimed && perSecond > 0) _claimed = Math.Max(_claimed, (long)Math.Min(claimed / perSecond + 1, int.MaxValue));
        if (isOfAll && perSecond > 0) _ticksPerSecond = _ticksPerSecond == 0 ? perSecond : Math.Min(_ticksPerSecond, perSecond);
    }

    private void TakeEdits(ReadOnlySpan<byte> content)
    {
        if (Mp4Edits.Silence(content) is { } silence) _silence = Math.Max(_silence, silence);
        else Unknown();
    }

    /// <summary>Samples that last one tick are single samples of sound to some decoders, which then read by the chunk and not by the frame.</summary>
    private void TakeDurations(ReadOnlySpan<byte> content)
    {
        const int firstAt = 12;
        if (content.Length >= firstAt + 4 && CountAt(content, firstAt) <= 1) Unknown();
    }

    private void TakeFormats(ReadOnlySpan<byte> content)
    {
        const int headBytes = 8;
        var count = CountAt(content, 4);
        var entries = _isUnknown ? default : content[headBytes..];
        for (; count > 0 && !_isUnknown; count--)
        {
            if (Mp4Boxes.TryTake(ref entries, isOutermost: false, out var type, out var entry)) TakeFormat(type, entry);
            else Unknown();
        }
    }

    private void TakeFormat(ReadOnlySpan<byte> type, ReadOnlySpan<byte> entry)
    {
        const int versionAt = 8;
        const int afterVersion0 = 28;
        // Pictures beside the sound are counted as if they were sound.
        if (type.SequenceEqual("avc1"u8) || type.SequenceEqual("hvc1"u8) || type.SequenceEqual("hev1"u8) || type.SequenceEqual("mp4v"u8))
        {
            _isUnknown |= Mp4Boxes.MayHideSound(entry);
            return;
        }
        // Of two descriptions, wherever they stand, some decoders take the first and some the last.
        if (!type.SequenceEqual("mp4a"u8) || Mp4Boxes.MayHideSound(entry) || entry.Count("esds"u8) != 1
            || entry.Length < afterVersion0 || BinaryPrimitives.ReadUInt16BigEndian(entry[versionAt..]) != 0)
        {
            Unknown();
            return;
        }
        for (var boxes = entry[afterVersion0..]; Mp4Boxes.TryTake(ref boxes, isOutermost: false, out var inner, out var content);)
        {
            if (!inner.SequenceEqual("esds"u8)) continue;
            if (Mp4Codec.FormatOf(content) is { } format && format.RateIndex < Rates.Length) TakeSound(format);
            else Unknown();
            return;
        }
        Unknown();
    }

    private void TakeSound(AacFormat format)
    {
        _rate = Math.Min(_rate, Rates[format.RateIndex]);
        _samples.NoteChannels(format.Channels);
        _fragments.NoteChannels(format.Channels);
        _strays.NoteChannels(format.Channels);
    }

    private long CountAt(ReadOnlySpan<byte> content, int at)
    {
        if (content.Length >= at + 4) return BinaryPrimitives.ReadUInt32BigEndian(content[at..]);
        Unknown();
        return 0;
    }

    private void Unknown() => _isUnknown = true;
}
