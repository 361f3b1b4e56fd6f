using System.Buffers.Binary;

namespace Spendra.Gateway.Recordings;

/// <summary>
/// The list of edits of a track (<c>elst</c>). Writers put one entry there, to leave out what only primes the decoder,
/// and before it perhaps an empty one. Others play the sound again, or slowly.
/// </summary>
internal static class Mp4Edits
{
    private const int CountAt = 4;
    private const int HeadBytes = 8;
    private const int NormalRate = 0x10000;
    private const long Nothing = -1;

    /// <summary>How much silence they put before the sound, in ticks of the whole file; null when the sound may be played for longer than it is.</summary>
    public static ulong? Silence(ReadOnlySpan<byte> content)
    {
        var isLong = content is [1, ..];
        var numberBytes = isLong ? 8 : 4;
        var entryBytes = 2 * numberBytes + 4;
        if (content.Length < HeadBytes) return null;
        var count = BinaryPrimitives.ReadUInt32BigEndian(content[CountAt..]);
        if (content.Length - HeadBytes != (long)count * entryBytes) return null;
        ulong silence = 0;
        var played = 0;
        for (var entry = content[HeadBytes..]; !entry.IsEmpty; entry = entry[entryBytes..])
        {
            var lasts = isLong ? BinaryPrimitives.ReadUInt64BigEndian(entry) : BinaryPrimitives.ReadUInt32BigEndian(entry);
            var begins = isLong ? BinaryPrimitives.ReadInt64BigEndian(entry[numberBytes..]) : BinaryPrimitives.ReadInt32BigEndian(entry[numberBytes..]);
            if (lasts > uint.MaxValue) return null;
            if (begins == Nothing) silence += lasts;
            else if (begins < 0 || ++played > 1 || BinaryPrimitives.ReadInt32BigEndian(entry[(2 * numberBytes)..]) != NormalRate) return null;
        }
        return silence;
    }
}
