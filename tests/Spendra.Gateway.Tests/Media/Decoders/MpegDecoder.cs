namespace Spendra.Gateway.Tests.Media.Decoders;

/// <summary>
/// Begins where two headers agree, or where eleven do, and then goes from frame to frame, or through all bytes where there is none.
/// </summary>
internal static class MpegDecoder
{
    private static readonly int[][] Kilobits =
    [
        [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448], [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
        [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320], [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
        [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ];

    public static long Plays(byte[] file)
    {
        var start = 0;
        while (start + 10 <= file.Length && file[start] == 'I' && file[start + 1] == 'D' && file[start + 2] == '3'
            && file[start + 3] != 0xFF && file[start + 4] != 0xFF && file.Skip(start + 6).Take(4).All(b => b < 0x80))
        {
            start += 10 + (file[start + 6] << 21) + (file[start + 7] << 14) + (file[start + 8] << 7) + file[start + 9] + (file[start + 3] == 4 && (file[start + 5] & 16) != 0 ? 10 : 0);
        }
        return Math.Max(Follow(file, AfterTable(file, start)), Search(file, start));
    }

    /// <summary>As FFmpeg does it: what comes after the beginning is not compared with it.</summary>
    private static long Follow(byte[] file, int start)
    {
        for (var i = 0; i < 65_536; i++)
        {
            if (Frame(file, start + i) is not { } frame || Frame(file, start + i + frame.Bytes) is null || !Agree(file, start + i, start + i + frame.Bytes, last: 0xCF)) continue;
            start += i;
            break;
        }
        long nanos = 0;
        for (var at = start; at < file.Length;)
        {
            var frame = Frame(file, at);
            nanos += frame?.Nanos ?? 0;
            at += frame?.Bytes ?? 1;
        }
        return nanos;
    }

    /// <summary>As decoders do it that search anew whenever a header differs.</summary>
    private static long Search(byte[] file, int start)
    {
        long nanos = 0;
        var before = -1;
        for (var at = start; at < file.Length;)
        {
            if (Frame(file, at) is { } frame && (before >= 0 && Agree(file, before, at, last: 0) || IsFollowed(file, at)))
            {
                nanos += frame.Nanos;
                before = at;
                at += frame.Bytes;
            }
            else
            {
                before = -1;
                at++;
            }
        }
        return nanos;
    }

    private static bool IsFollowed(byte[] file, int at)
    {
        var next = at;
        for (var count = 0; count < 11; count++)
        {
            if (next >= file.Length) return count > 1;
            if (Frame(file, next) is not { } frame || !Agree(file, at, next, last: 0)) return false;
            next += frame.Bytes;
        }
        return true;
    }

    private static bool Agree(byte[] file, int one, int other, int last) =>
        ((file[one + 1] ^ file[other + 1]) & 0xFE) == 0 && ((file[one + 2] ^ file[other + 2]) & 0x0C) == 0 && ((file[one + 3] ^ file[other + 3]) & last) == 0;

    private static int AfterTable(byte[] file, int at)
    {
        if (Frame(file, at) is not { } frame || (file[at + 1] & 6) != 2) return at;
        var isMono = file[at + 3] >= 0xC0;
        var table = at + 4 + ((file[at + 1] & 8) != 0 ? isMono ? 17 : 32 : isMono ? 9 : 17);
        if (table + 12 > file.Length || !(file.AsSpan(table).StartsWith("Xing"u8) || file.AsSpan(table).StartsWith("Info"u8))) return at;
        return (file[table + 7] & 1) != 0 && file.AsSpan(table + 8, 4).ContainsAnyExcept((byte)0) ? at + frame.Bytes : at;
    }

    private static (int Bytes, long Nanos)? Frame(byte[] file, int at)
    {
        if (at < 0 || at + 4 > file.Length || file[at] != 255 || file[at + 1] < 0xE0) return null;
        int version = file[at + 1] / 8 % 4, layer = 4 - file[at + 1] / 2 % 4, kilobits = file[at + 2] / 16, rate = file[at + 2] / 4 % 4, padding = file[at + 2] / 2 % 2;
        if (version == 1 || layer == 4 || rate == 3 || kilobits is 0 or 15) return null;
        var hertz = (rate switch { 0 => 44_100, 1 => 48_000, _ => 32_000 }) >> (version switch { 3 => 0, 2 => 1, _ => 2 });
        var bits = Kilobits[version == 3 ? layer - 1 : layer == 1 ? 3 : 4][kilobits - 1] * 1_000;
        var samples = layer == 1 ? 384 : layer == 3 && version != 3 ? 576 : 1_152;
        var bytes = layer == 1 ? (12 * bits / hertz + padding) * 4 : samples * bits / 8 / hertz + padding;
        return (bytes, samples * Decoder.Second / hertz);
    }
}
