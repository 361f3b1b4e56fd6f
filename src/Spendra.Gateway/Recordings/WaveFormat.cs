using System.Buffers.Binary;

namespace Spendra.Gateway.Recordings;

/// <summary>What the format of a WAV (WAVEFORMATEX, WAVEFORMATEXTENSIBLE) says of its samples.</summary>
internal static class WaveFormat
{
    private const int LeastBytes = 16;
    private const int MostBytes = 64;
    private const int ExtensibleBytes = 40;
    private const int ExtensionBytes = 22;

    private const ushort Integers = 1;
    private const ushort Floats = 3;
    private const ushort ALaw = 6;
    private const ushort MuLaw = 7;
    private const ushort Extensible = 0xFFFE;

    /// <summary>What follows the codec's number in the GUID of every codec that has such a number.</summary>
    private static ReadOnlySpan<byte> SubFormatRest => [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71];

    /// <summary>
    /// How many bytes sound for a second, when the codec and all the sizes that are told agree; null otherwise. A decoder
    /// goes by one of them alone, and would find more samples by it than by another.
    /// </summary>
    public static long? BytesPerSecond(ReadOnlySpan<byte> format)
    {
        if (format.Length is < LeastBytes or > MostBytes || format.Length % 2 != 0) return null;
        var codec = BinaryPrimitives.ReadUInt16LittleEndian(format);
        long channels = BinaryPrimitives.ReadUInt16LittleEndian(format[2..]);
        long perSecond = BinaryPrimitives.ReadUInt32LittleEndian(format[4..]);
        long block = BinaryPrimitives.ReadUInt16LittleEndian(format[12..]);
        var bits = BinaryPrimitives.ReadUInt16LittleEndian(format[14..]);
        if (codec == Extensible)
        {
            if (SubCodec(format, bits) is not { } sub) return null;
            codec = sub;
        }
        if (!IsSampleSize(codec, bits) || block != channels * (bits / 8)) return null;
        return block > 0 && perSecond > 0 ? block * perSecond : null;
    }

    /// <summary>Other codecs pack more than one sample into their bytes.</summary>
    private static bool IsSampleSize(ushort codec, ushort bits) => codec switch
    {
        Integers => bits is 8 or 16 or 24 or 32,
        Floats => bits is 32 or 64,
        ALaw or MuLaw => bits is 8,
        _ => false,
    };

    private static ushort? SubCodec(ReadOnlySpan<byte> format, ushort bits)
    {
        if (format.Length < ExtensibleBytes || BinaryPrimitives.ReadUInt16LittleEndian(format[16..]) < ExtensionBytes) return null;
        var codec = BinaryPrimitives.ReadUInt16LittleEndian(format[24..]);
        if (!format[26..ExtensibleBytes].SequenceEqual(SubFormatRest)) return null;
        // Some decoders take these for the size of a sample: they must fill its bytes.
        var valid = BinaryPrimitives.ReadUInt16LittleEndian(format[18..]);
        var fills = codec == Integers ? valid <= bits && valid > bits - 8 : valid == bits;
        return valid == 0 || fills ? codec : null;
    }
}
