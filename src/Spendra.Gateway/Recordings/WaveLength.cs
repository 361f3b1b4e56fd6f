using System.Buffers.Binary;

namespace Spendra.Gateway.Recordings;

/// <summary>
/// WAV with samples of a fixed size: every byte after the format is counted as sound, whatever lengths the header claims.
/// </summary>
internal static class WaveLength
{
    private const int FirstChunkAt = 12;
    private const int ChunkHeadBytes = 8;

    public static long? MaxSeconds(ReadOnlySpan<byte> file)
    {
        if (file.Length < FirstChunkAt || !file[8..].StartsWith("WAVE"u8)) return null;
        if (FindChunk(file, FirstChunkAt, "fmt "u8) is not { } formatAt) return null;
        var format = ContentOf(file[formatAt..]);
        if (WaveFormat.BytesPerSecond(format) is not { } rate) return null;
        var afterFormat = formatAt + ChunkHeadBytes + format.Length;
        if (FindChunk(file, afterFormat, "data"u8) is not { } soundAt) return null;
        // Another format somewhere before the sound: decoders differ in which they take.
        if (HoldsFormat(file[FirstChunkAt..formatAt]) || HoldsFormat(file[afterFormat..soundAt])) return null;
        if (FramesAmongSamples.AreIn(file[(soundAt + ChunkHeadBytes)..])) return null;
        // Sound cannot begin before the next chunk's content.
        var sound = Math.Max(0, file.Length - (afterFormat + ChunkHeadBytes));
        return (sound + rate - 1) / rate;
    }

    /// <summary>Where the chunk of this name begins; null when the samples, or nothing, come before it.</summary>
    private static int? FindChunk(ReadOnlySpan<byte> file, int from, ReadOnlySpan<byte> name)
    {
        for (long at = from; at + ChunkHeadBytes <= file.Length;)
        {
            var chunk = file[(int)at..];
            if (chunk.StartsWith(name)) return (int)at;
            // Sound before its format: decoders differ in what they make of it.
            if (chunk.StartsWith("data"u8)) return null;
            var length = BinaryPrimitives.ReadUInt32LittleEndian(chunk[4..]);
            // After an odd length some go on at once, and others at the next even byte.
            if ((length & 1) != 0 && name.SequenceEqual("fmt "u8)) return null;
            at += ChunkHeadBytes + length + (length & 1);
        }
        return null;
    }

    private static ReadOnlySpan<byte> ContentOf(ReadOnlySpan<byte> chunk)
    {
        var length = BinaryPrimitives.ReadUInt32LittleEndian(chunk[4..]);
        return length <= chunk.Length - ChunkHeadBytes ? chunk.Slice(ChunkHeadBytes, (int)length) : default;
    }

    private static bool HoldsFormat(ReadOnlySpan<byte> chunks) => chunks.IndexOf("fmt "u8) >= 0 || chunks.IndexOf("XMA2"u8) >= 0;
}
