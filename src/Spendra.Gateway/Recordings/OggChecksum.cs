using System.Buffers.Binary;

namespace Spendra.Gateway.Recordings;

/// <summary>The checksum of a page of Ogg (RFC 3533 §6): a CRC of 32 bits, the highest first, with its own field zero.</summary>
internal static class OggChecksum
{
    private const int At = 22;
    private const uint Polynomial = 0x04C11DB7;

    private static readonly uint[] Table = [.. Enumerable.Range(0, 256).Select(b => Remainder((uint)b << 24))];

    /// <param name="page">The page, whole.</param>
    public static bool IsRight(ReadOnlySpan<byte> page)
    {
        var sum = Add(0, page[..At]);
        sum = Add(sum, [0, 0, 0, 0]);
        sum = Add(sum, page[(At + 4)..]);
        return sum == BinaryPrimitives.ReadUInt32LittleEndian(page[At..]);
    }

    private static uint Add(uint sum, ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes) sum = sum << 8 ^ Table[sum >> 24 ^ b];
        return sum;
    }

    private static uint Remainder(uint sum)
    {
        for (var bit = 0; bit < 8; bit++) sum = (sum & 0x8000_0000) != 0 ? sum << 1 ^ Polynomial : sum << 1;
        return sum;
    }
}
