using System.Buffers.Binary;

namespace Spendra.Gateway.Recordings;

/// <summary>
/// Opus in Ogg: the sum of its packets, or where its pages place its last sample if that is later. Several streams in one
/// file are added up. Decoders drop a page that is not whole and search for the next one inside of it: a file with one has
/// no known length.
/// </summary>
internal static class OggLength
{
    private const int PageHeadBytes = 27;
    private const int FullSegment = 255;
    private const byte IsContinued = 1;
    private const byte Begins = 2;
    private const byte MostFlags = 7;
    private const long SamplesPerSecond = 48_000;

    public static long? MaxSeconds(ReadOnlySpan<byte> file)
    {
        long units = 0;
        long samples = 0;
        var isOpen = false;
        var streams = new HashSet<uint>();
        for (var at = 0; at < file.Length;)
        {
            var page = file[at..];
            // Of the one version that there is
            if (page.Length < PageHeadBytes || !page.StartsWith("OggS\0"u8) || page[5] > MostFlags) return null;
            var segments = page[26];
            if (page.Length < PageHeadBytes + segments) return null;
            if (((page[5] & IsContinued) != 0) != isOpen) return null;
            var content = page[(PageHeadBytes + segments)..];
            var begins = streams.Add(BinaryPrimitives.ReadUInt32LittleEndian(page[14..]));
            if (((page[5] & Begins) != 0) != begins) return null;
            // Another codec than Opus would begin its stream in another way.
            if (begins && !content.StartsWith("OpusHead"u8)) return null;
            if (TakePackets(page.Slice(PageHeadBytes, segments), content, begins, ref isOpen, out var used) is not { } found) return null;
            var length = PageHeadBytes + segments + used;
            if (!OggChecksum.IsRight(page[..length])) return null;
            units += found;
            samples = Math.Max(samples, BinaryPrimitives.ReadInt64LittleEndian(page[6..]));
            at += length;
        }
        return Math.Max(OpusPacket.SecondsOf(units), samples / SamplesPerSecond + (samples % SamplesPerSecond == 0 ? 0 : 1));
    }

    /// <summary>
    /// How long the packets of a page last; null when it is cut short. The packet that begins a stream has no sound; the one
    /// after it, of the tags, counts as if it had a little.
    /// </summary>
    private static long? TakePackets(ReadOnlySpan<byte> table, ReadOnlySpan<byte> content, bool isHead, ref bool isOpen, out int used)
    {
        long units = 0;
        used = 0;
        foreach (var length in table)
        {
            if (used + length > content.Length) return null;
            if (!isOpen && !isHead) units += OpusPacket.UnitsOf(content.Slice(used, length));
            isHead = false;
            used += length;
            isOpen = length == FullSegment;
        }
        return units;
    }
}
