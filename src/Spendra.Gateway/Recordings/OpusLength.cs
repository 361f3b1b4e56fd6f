using System.Buffers.Binary;

namespace Spendra.Gateway.Recordings;

/// <summary>
/// Opus in Ogg: the sum of what each packet says of itself (RFC 6716 §3.1), however the pages number their samples. Several
/// streams in one file are added up.
/// </summary>
internal static class OpusLength
{
    private const int PageHeadBytes = 27;
    private const int FullSegment = 255;
    private const byte IsContinued = 1;
    private const byte Begins = 2;

    // Units of 2.5 milliseconds, of which every frame is a multiple.
    private const long UnitsPerSecond = 400;
    private const long MostOfPacket = 48;

    public static long? MaxSeconds(ReadOnlySpan<byte> file)
    {
        long units = 0;
        var isOpen = false;
        var streams = new HashSet<uint>();
        for (var at = 0; at < file.Length;)
        {
            var page = file[at..];
            if (page.Length < PageHeadBytes || !page.StartsWith("OggS"u8)) return null;
            var segments = page[26];
            if (page.Length < PageHeadBytes + segments) return null;
            if (((page[5] & IsContinued) != 0) != isOpen) return null;
            var table = page.Slice(PageHeadBytes, segments);
            var content = page[(PageHeadBytes + segments)..];
            // Another codec than Opus would begin its stream in another way.
            var begins = (page[5] & Begins) != 0 | streams.Add(BinaryPrimitives.ReadUInt32LittleEndian(page[14..]));
            if (begins && !content.StartsWith("OpusHead"u8)) return null;
            if (TakePackets(table, content, begins, ref isOpen, out var used) is not { } found) return null;
            units += found;
            at += PageHeadBytes + segments + used;
        }
        return (units + UnitsPerSecond - 1) / UnitsPerSecond;
    }

    /// <summary>How long the packets of a page last; null when it is cut short. The packet that begins a stream has no sound.</summary>
    private static long? TakePackets(ReadOnlySpan<byte> table, ReadOnlySpan<byte> content, bool isHead, ref bool isOpen, out int used)
    {
        long units = 0;
        used = 0;
        foreach (var length in table)
        {
            if (used + length > content.Length) return null;
            if (!isOpen && !isHead) units += UnitsOf(content.Slice(used, length));
            isHead = false;
            used += length;
            isOpen = length == FullSegment;
        }
        return units;
    }

    /// <summary>What a packet lasts, from its first bytes. That of the tags has no sound, and counts as if it had a little.</summary>
    private static long UnitsOf(ReadOnlySpan<byte> packet)
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
            // No packet lasts longer than 120 ms: one that says so is no sound to any decoder.
            _ => packet.Length > 1 ? Math.Min(MostOfPacket, frame * (packet[1] & 0x3F)) : MostOfPacket,
        };
    }
}
