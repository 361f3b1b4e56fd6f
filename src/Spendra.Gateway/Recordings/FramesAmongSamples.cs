namespace Spendra.Gateway.Recordings;

/// <summary>
/// Frames of another codec in the place of samples. Decoders look for them, since the sound of films is kept so, and play them
/// for what they are: then the samples do not tell how long it is.
/// </summary>
internal static class FramesAmongSamples
{
    // Decoders look at the beginning alone, and believe in no fewer frames than these that follow each other.
    private const int SearchedBytes = 4 << 20;
    private const int FramesInRow = 5;
    private const int HeadBytes = 7;

    private static readonly int[] Ac3Kilobits = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640];

    // How long the frame is whose header stands there; 0 when there is none.
    private static readonly Func<ReadOnlySpan<byte>, int>[] BesideMpeg = [AdtsBytes, LoasBytes, Ac3Bytes];
    private static readonly Func<ReadOnlySpan<byte>, int>[] Codecs = [MpegBytes, .. BesideMpeg];

    public static bool AreIn(ReadOnlySpan<byte> sound)
    {
        sound = sound[..Math.Min(sound.Length, SearchedBytes)];
        return HoldsWords(sound) || HoldsRow(sound, Codecs) || BeginsAsAct(sound);
    }

    /// <summary>The same beside or between frames of MPEG, which decoders leave for the other codec when it has more of them.</summary>
    public static bool AreBesideMpeg(ReadOnlySpan<byte> file) => HoldsRow(file[..Math.Min(file.Length, SearchedBytes)], BesideMpeg);

    /// <summary>Bursts (IEC 61937) and frames (DTS in its four ways of writing, TrueHD) that are known by a word of four bytes.</summary>
    private static bool HoldsWords(ReadOnlySpan<byte> sound) =>
        sound.Count((ReadOnlySpan<byte>)[0x72, 0xF8, 0x1F, 0x4E]) >= 2 || sound.Count((ReadOnlySpan<byte>)[0xF8, 0x72, 0x6F, 0xBA]) >= 2
        || sound.Count((ReadOnlySpan<byte>)[0x7F, 0xFE, 0x80, 0x01]) >= 2 || sound.Count((ReadOnlySpan<byte>)[0xFE, 0x7F, 0x01, 0x80]) >= 2
        || sound.Count((ReadOnlySpan<byte>)[0x1F, 0xFF, 0xE8, 0x00]) >= 2 || sound.Count((ReadOnlySpan<byte>)[0xFF, 0x1F, 0x00, 0xE8]) >= 2;

    private static bool HoldsRow(ReadOnlySpan<byte> sound, Func<ReadOnlySpan<byte>, int>[] codecs)
    {
        for (var at = 0; at < sound.Length; at++)
        {
            // The first bytes of the four codecs
            var next = sound[at..].IndexOfAny((byte)0xFF, (byte)0x0B, (byte)0x56);
            if (next < 0) return false;
            at += next;
            foreach (var codec in codecs)
            {
                if (IsRow(sound, at, codec)) return true;
            }
        }
        return false;
    }

    private static bool IsRow(ReadOnlySpan<byte> sound, int at, Func<ReadOnlySpan<byte>, int> codec)
    {
        for (var count = 0; count < FramesInRow; count++)
        {
            var length = at <= sound.Length - HeadBytes ? codec(sound[at..]) : 0;
            if (length == 0) return false;
            at += length;
        }
        return true;
    }

    private static int MpegBytes(ReadOnlySpan<byte> head) => MpegFrame.At(head, 0)?.Bytes ?? 0;

    /// <summary>AAC with a header for each frame.</summary>
    private static int AdtsBytes(ReadOnlySpan<byte> head)
    {
        if (head[0] != 0xFF || (head[1] & 0xF6) != 0xF0) return 0;
        var length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5;
        return length >= HeadBytes ? length : 0;
    }

    /// <summary>AAC as it is broadcast.</summary>
    private static int LoasBytes(ReadOnlySpan<byte> head) =>
        head[0] == 0x56 && (head[1] & 0xE0) == 0xE0 ? 3 + ((head[1] & 0x1F) << 8 | head[2]) : 0;

    /// <summary>AC-3 and its successor (ATSC A/52, annexes D and E).</summary>
    private static int Ac3Bytes(ReadOnlySpan<byte> head)
    {
        const int lastOfFirst = 10;
        if (head[0] != 0x0B || head[1] != 0x77) return 0;
        if (head[5] >> 3 > lastOfFirst) return 2 * (((head[2] & 7) << 8 | head[3]) + 1);
        var code = head[4] & 0x3F;
        if (code >= 2 * Ac3Kilobits.Length) return 0;
        var kilobits = Ac3Kilobits[code >> 1];
        return (head[4] >> 6) switch
        {
            0 => 4 * kilobits,
            1 => 2 * (kilobits * 960 / 441 + (code & 1)),
            2 => 6 * kilobits,
            _ => 0,
        };
    }

    /// <summary>What voice recorders write behind the header of a WAV: G.729 after zeros with one mark in them.</summary>
    private static bool BeginsAsAct(ReadOnlySpan<byte> sound) =>
        sound.Length >= 468 && sound[212] == 0x84 && !sound[..212].ContainsAnyExcept((byte)0) && !sound[220..468].ContainsAnyExcept((byte)0);
}
