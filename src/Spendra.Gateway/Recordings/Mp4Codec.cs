namespace Spendra.Gateway.Recordings;

/// <summary>What the description of an MP4 track (ISO/IEC 14496-1, ES_Descriptor) says of its codec.</summary>
internal static class Mp4Codec
{
    private const byte Stream = 0x03;
    private const byte Decoder = 0x04;
    private const byte Specific = 0x05;
    private const byte Aac = 0x40;

    // Low complexity, and with bandwidth replication and parametric stereo on top of it.
    private const int LowComplexity = 2;
    private const int Replicated = 5;
    private const int Parametric = 29;

    /// <summary>How frames of AAC are played; null for another codec, or one that plays other frames.</summary>
    public static AacFormat? FormatOf(ReadOnlySpan<byte> esds)
    {
        const int versionBytes = 4;
        const int streamHeadBytes = 3;
        const int decoderHeadBytes = 13;
        if (esds.Length < versionBytes) return null;
        var stream = Content(esds[versionBytes..], Stream);
        // Flags announce fields that nobody writes into these files.
        if (stream.Length < streamHeadBytes || (stream[2] & 0xE0) != 0) return null;
        var decoder = Content(stream[streamHeadBytes..], Decoder);
        if (decoder.Length < decoderHeadBytes || decoder[0] != Aac) return null;
        return FormatOfConfiguration(Content(decoder[decoderHeadBytes..], Specific));
    }

    /// <summary>The same from an AudioSpecificConfig (ISO/IEC 14496-3).</summary>
    private static AacFormat? FormatOfConfiguration(ReadOnlySpan<byte> specific)
    {
        const int explicitRate = 15;
        if (specific.Length < 2) return null;
        var kind = specific[0] >> 3;
        var index = (specific[0] & 7) << 1 | specific[1] >> 7;
        if (ChannelsOf(specific[1] >> 3 & 15) is not { } channels) return null;
        if (kind == LowComplexity) return new AacFormat(index, channels);
        if (kind is not (Replicated or Parametric) || specific.Length < 3 || index == explicitRate) return null;
        // After the channels and the rate on top: the kind below, whose frames are what is played.
        var upperIndex = (specific[1] & 7) << 1 | specific[2] >> 7;
        return upperIndex != explicitRate && (specific[2] >> 2 & 31) == LowComplexity ? new AacFormat(index, channels) : null;
    }

    /// <summary>How many channels a configuration has (ISO/IEC 14496-3, table 1.19); null where the frames tell, or nothing does.</summary>
    private static int? ChannelsOf(int configuration) => configuration switch
    {
        >= 1 and <= 6 => configuration,
        11 => 7,
        7 or 12 or 14 => 8,
        _ => null,
    };

    /// <summary>What stands in the descriptor at the beginning, if it is the one that is expected; nothing otherwise.</summary>
    private static ReadOnlySpan<byte> Content(ReadOnlySpan<byte> bytes, byte tag)
    {
        if (bytes.IsEmpty || bytes[0] != tag) return default;
        var length = 0;
        for (var at = 1; at < Math.Min(bytes.Length, 5); at++)
        {
            length = length << 7 | bytes[at] & 0x7F;
            if ((bytes[at] & 0x80) != 0) continue;
            return length <= bytes.Length - at - 1 ? bytes.Slice(at + 1, length) : default;
        }
        return default;
    }
}

/// <summary>How frames of AAC are played.</summary>
/// <param name="RateIndex">The index of the rate of samples.</param>
/// <param name="Channels">How many channels each has.</param>
internal readonly record struct AacFormat(int RateIndex, int Channels);
