using System.Buffers.Binary;

namespace Spendra.Gateway.Recordings;

/// <summary>
/// WAV with samples of a fixed size: every byte after the format is counted as sound, whatever lengths the header claims.
/// </summary>
internal static class WaveLength
{
    private const int FirstChunkAt = 12;
    private const int ChunkHeadBytes = 8;
    private const int FormatBytes = 16;
    private const int MostFormatBytes = 64;
    private const int ExtensibleBytes = 26;
    private const ushort Extensible = 0xFFFE;

    public static long? MaxSeconds(ReadOnlySpan<byte> file)
    {
        if (file.Length < FirstChunkAt || !file[8..].StartsWith("WAVE"u8)) return null;
        for (long at = FirstChunkAt; at + ChunkHeadBytes <= file.Length;)
        {
            var chunk = file[(int)at..];
            var length = BinaryPrimitives.ReadUInt32LittleEndian(chunk[4..]);
            if (chunk.StartsWith("fmt "u8))
            {
                if (length is < FormatBytes or > MostFormatBytes) return null;
                // Sound cannot begin before the next chunk's content.
                var sound = Math.Max(0, file.Length - (at + ChunkHeadBytes + length + ChunkHeadBytes));
                return BytesPerSecond(chunk[ChunkHeadBytes..]) is { } rate ? (sound + rate - 1) / rate : null;
            }
            // Sound before its format: decoders differ in what they make of it.
            if (chunk.StartsWith("data"u8)) return null;
            at += ChunkHeadBytes + length + (length & 1);
        }
        return null;
    }

    private static long? BytesPerSecond(ReadOnlySpan<byte> format)
    {
        if (format.Length < FormatBytes) return null;
        var tag = BinaryPrimitives.ReadUInt16LittleEndian(format);
        if (tag == Extensible && format.Length >= ExtensibleBytes) tag = BinaryPrimitives.ReadUInt16LittleEndian(format[24..]);
        long channels = BinaryPrimitives.ReadUInt16LittleEndian(format[2..]);
        long perSecond = BinaryPrimitives.ReadUInt32LittleEndian(format[4..]);
        long block = BinaryPrimitives.ReadUInt16LittleEndian(format[12..]);
        long bits = BinaryPrimitives.ReadUInt16LittleEndian(format[14..]);
        // Integers, floating point, A-law, mu-law: others pack more than one sample into their bytes.
        if (tag is not (1 or 3 or 6 or 7)) return null;
        var sampleBytes = bits / 8;
        // By one of two contradicting sizes a decoder would find more samples than by the other.
        return bits % 8 == 0 && block > 0 && block == channels * sampleBytes && perSecond > 0 ? block * perSecond : null;
    }
}
