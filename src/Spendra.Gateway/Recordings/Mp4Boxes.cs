using System.Buffers.Binary;

namespace Spendra.Gateway.Recordings;

/// <summary>Boxes of MP4 one after another (ISO/IEC 14496-12). Each ends within what is around it.</summary>
internal static class Mp4Boxes
{
    public const int HeadBytes = 8;

    private const int LongHeadBytes = 16;

    /// <summary>Cuts the first box off; false when it does not fit. Of the outermost, those of the file, the last may leave its length open.</summary>
    public static bool TryTake(ref ReadOnlySpan<byte> boxes, bool isOutermost, out ReadOnlySpan<byte> type, out ReadOnlySpan<byte> content)
    {
        type = content = default;
        if (boxes.Length < HeadBytes) return false;
        ulong length = BinaryPrimitives.ReadUInt32BigEndian(boxes);
        var head = HeadBytes;
        if (length == 1)
        {
            if (boxes.Length < LongHeadBytes) return false;
            head = LongHeadBytes;
            length = BinaryPrimitives.ReadUInt64BigEndian(boxes[HeadBytes..]);
        }
        if (length == 0 && isOutermost) length = (ulong)boxes.Length;
        if (length < (ulong)head || length > (ulong)boxes.Length) return false;
        type = boxes.Slice(4, 4);
        content = boxes[head..(int)length];
        boxes = boxes[(int)length..];
        return true;
    }

    /// <summary>The file may begin with a box, whatever else it may begin with: some decoders ask for no more than its name.</summary>
    public static bool BeginIn(ReadOnlySpan<byte> file)
    {
        if (file.Length < HeadBytes) return false;
        var type = file.Slice(4, 4);
        return HoldsOthers(type) || type.SequenceEqual("ftyp"u8) || type.SequenceEqual("styp"u8) || type.SequenceEqual("mdat"u8) || type.SequenceEqual("free"u8)
            || type.SequenceEqual("skip"u8) || type.SequenceEqual("wide"u8) || type.SequenceEqual("pnot"u8) || type.SequenceEqual("udta"u8)
            || type.SequenceEqual("junk"u8) || type.SequenceEqual("pict"u8) || type.SequenceEqual("uuid"u8) || type.SequenceEqual("prfl"u8)
            || type.SequenceEqual("sidx"u8) || type.SequenceEqual("cmov"u8);
    }

    public static bool HoldsOthers(ReadOnlySpan<byte> type) =>
        type.SequenceEqual("moov"u8) || type.SequenceEqual("trak"u8) || type.SequenceEqual("edts"u8) || type.SequenceEqual("mdia"u8)
        || type.SequenceEqual("minf"u8) || type.SequenceEqual("stbl"u8) || type.SequenceEqual("moof"u8) || type.SequenceEqual("traf"u8) || type.SequenceEqual("mvex"u8);

    /// <summary>
    /// Bytes that some decoders would take for boxes with sound in them, in a box that is skipped here: they differ in which
    /// ones they enter. What is a part of a word within text is none.
    /// </summary>
    public static bool MayHideSound(ReadOnlySpan<byte> content) =>
        Holds(content, "trak"u8) || Holds(content, "moof"u8) || Holds(content, "stsd"u8) || Holds(content, "stsz"u8)
        || Holds(content, "stz2"u8) || Holds(content, "trun"u8) || Holds(content, "elst"u8)
        || Holds(content, "trex"u8) || Holds(content, "tfhd"u8);

    private static bool Holds(ReadOnlySpan<byte> content, ReadOnlySpan<byte> type)
    {
        for (var at = 0; ; at++)
        {
            var next = content[at..].IndexOf(type);
            if (next < 0) return false;
            at += next;
            if (at < type.Length || !IsText(content.Slice(at - type.Length, type.Length)) || !IsText(content[(at + type.Length)..])) return true;
        }
    }

    private static bool IsText(ReadOnlySpan<byte> bytes) => !bytes[..Math.Min(bytes.Length, 4)].ContainsAnyInRange((byte)0, (byte)31);
}
