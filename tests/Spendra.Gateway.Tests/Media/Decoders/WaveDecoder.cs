using System.Buffers.Binary;

namespace Spendra.Gateway.Tests.Media.Decoders;

/// <summary>Takes the codec from its number and the size of a sample from the codec; by the first format or the last, whichever plays longer.</summary>
internal static class WaveDecoder
{
    private static ReadOnlySpan<byte> Guid => [0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71];

    public static long Plays(ReadOnlySpan<byte> file)
    {
        long longest = 0;
        var formats = new List<(long BytesPerFrame, long Rate)>();
        if (file.Length < 12 || !file[8..].StartsWith("WAVE"u8)) return 0;
        for (long at = 12; at + 8 <= file.Length; at += at & 1)
        {
            var chunk = file[(int)at..];
            var length = BinaryPrimitives.ReadUInt32LittleEndian(chunk[4..]);
            if (chunk.StartsWith("XMA2"u8) && formats.Count == 0) return Decoder.Endless;
            if (chunk.StartsWith("fmt "u8) && Format(chunk[8..(int)Math.Min(chunk.Length, 8L + length)]) is { } format) formats.Add(format);
            if (chunk.StartsWith("data"u8))
            {
                foreach (var (bytes, rate) in formats)
                    longest = Math.Max(longest, (long)((Int128)((chunk.Length - 8) / bytes) * Decoder.Second / rate));
                return longest;
            }
            at += 8L + length;
        }
        return 0;
    }

    private static (long, long)? Format(ReadOnlySpan<byte> format)
    {
        if (format.Length < 16) return null;
        uint codec = BinaryPrimitives.ReadUInt16LittleEndian(format);
        long channels = BinaryPrimitives.ReadUInt16LittleEndian(format[2..]);
        long rate = BinaryPrimitives.ReadUInt32LittleEndian(format[4..]);
        var bits = BinaryPrimitives.ReadUInt16LittleEndian(format[14..]);
        if (codec == 0xFFFE)
        {
            if (format.Length < 40 || BinaryPrimitives.ReadUInt16LittleEndian(format[16..]) < 22) return null;
            var valid = BinaryPrimitives.ReadUInt16LittleEndian(format[18..]);
            if (valid != 0) bits = valid;
            codec = format[28..].StartsWith(Guid) ? BinaryPrimitives.ReadUInt32LittleEndian(format[24..]) : 0;
        }
        long sample = codec switch
        {
            1 => bits is > 0 and <= 64 ? (bits + 7) / 8 : 0,
            3 => bits is 32 or 64 ? bits / 8 : 0,
            6 or 7 => 1,
            _ => 0,
        };
        return sample * channels > 0 && rate > 0 ? (sample * channels, rate) : null;
    }
}
