using System.Buffers.Binary;

namespace Spendra.Gateway.Tests.Media;

/// <summary>Recordings of silence, byte by byte as their formats want them.</summary>
internal static class Sounds
{
    /// <summary>A WAV of 16-bit samples, one channel.</summary>
    public static byte[] Wave(int milliseconds, int samplesPerSecond = 8_000)
    {
        var sound = (int)((long)milliseconds * samplesPerSecond / 1000) * 2;
        var file = new byte[44 + sound];
        "RIFF"u8.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(4), file.Length - 8);
        "WAVEfmt "u8.CopyTo(file.AsSpan(8));
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(16), 16);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(20), 1);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(22), 1);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(24), samplesPerSecond);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(28), samplesPerSecond * 2);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(32), 2);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(34), 16);
        "data"u8.CopyTo(file.AsSpan(36));
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(40), sound);
        return file;
    }

    /// <summary>MP3 frames of 128 kbit/s at 44.1 kHz: 417 bytes for 1152 samples each.</summary>
    public static byte[] Mp3(int frames)
    {
        var file = new byte[frames * 417];
        for (var i = 0; i < frames; i++) new byte[] { 0xFF, 0xFB, 0x90, 0x00 }.CopyTo(file, i * 417);
        return file;
    }

    /// <summary>Opus in Ogg: the page of the head, the page of the tags, and a page for every packet.</summary>
    public static byte[] Opus(params byte[][] packets) =>
        [.. Page(2, [.. "OpusHead"u8, 1, 1, 0, 0, 0x80, 0xBB, 0, 0, 0, 0, 0]), .. Page(0, [.. "OpusTags"u8, 0, 0, 0, 0, 0, 0, 0, 0]),
            .. packets.SelectMany(p => Page(0, p))];

    /// <summary>One page of Ogg with one packet, to be played until so many samples.</summary>
    public static byte[] Page(byte flags, byte[] packet, byte serial = 7, long samples = 0)
    {
        var full = packet.Length / 255;
        byte[] lacing = [.. Enumerable.Repeat((byte)255, full), (byte)(packet.Length % 255)];
        byte[] page = [.. "OggS"u8, 0, flags, .. new byte[8], serial, 0, 0, 0, .. new byte[8], (byte)lacing.Length, .. lacing, .. packet];
        BinaryPrimitives.WriteInt64LittleEndian(page.AsSpan(6), samples);
        return Sealed(page);
    }

    /// <summary>The page with the checksum that its bytes have: bit by bit, as RFC 3533 tells it.</summary>
    public static byte[] Sealed(byte[] page)
    {
        const uint polynomial = 0x04C11DB7;
        page.AsSpan(22, 4).Clear();
        uint sum = 0;
        foreach (var b in page)
        {
            sum ^= (uint)b << 24;
            for (var bit = 0; bit < 8; bit++) sum = (sum & 0x8000_0000) != 0 ? sum << 1 ^ polynomial : sum << 1;
        }
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(22), sum);
        return page;
    }

    /// <summary>Opus in WebM as a browser records it: segment and cluster of no known length, one block for each packet.</summary>
    public static byte[] Webm(string codec, params byte[][] packets) =>
    [
        .. Element([0x1A, 0x45, 0xDF, 0xA3], Element([0x42, 0x82], "webm"u8.ToArray())),
        0x18, 0x53, 0x80, 0x67, 0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        .. Element([0x15, 0x49, 0xA9, 0x66], Element([0x2A, 0xD7, 0xB1], [0x0F, 0x42, 0x40])),
        .. Element([0x16, 0x54, 0xAE, 0x6B], Element([0xAE], Element([0x86], System.Text.Encoding.ASCII.GetBytes(codec)))),
        0x1F, 0x43, 0xB6, 0x75, 0xFF,
        .. Element([0xE7], [0]),
        .. packets.SelectMany((p, i) => Block(i, flags: 0, p)),
    ];

    /// <summary>A block at so many twenties of milliseconds.</summary>
    public static byte[] Block(int twenties, byte flags, params byte[] packets) =>
        Element([0xA3], [0x81, (byte)(twenties * 20 >> 8), (byte)(twenties * 20), flags, .. packets]);

    /// <summary>An element of EBML with a length of two bytes.</summary>
    public static byte[] Element(byte[] id, byte[] content) => [.. id, (byte)(0x40 | content.Length >> 8), (byte)content.Length, .. content];

    /// <summary>
    /// AAC in MP4: as many frames as the tables list, at a rate by its index (4 is 44.1 kHz). Boxes can be put into the track
    /// before its media, into the format after its description, and in place of the tables of durations and of sizes.
    /// </summary>
    public static byte[] Mp4(int frames, int rateIndex = 4, byte kind = 2, string format = "mp4a", int claimedSeconds = 1,
        byte[]? inTrack = null, byte[]? inFormat = null, byte[]? inTables = null, byte[]? inSizes = null, int channels = 2) =>
    [
        .. Box("ftyp", [.. "M4A "u8, 0, 0, 0, 0]), .. Box("mdat", new byte[10]),
        .. Box("moov",
        [
            .. Box("mvhd", Claim(claimedSeconds)),
            .. Box("trak",
            [
                .. inTrack ?? [],
                .. Box("mdia",
                [
                    .. Box("mdhd", Claim(claimedSeconds)),
                    .. Box("minf", Box("stbl",
                    [
                        .. Box("stsd", [0, 0, 0, 0, .. Number(1), .. Box(format, [.. new byte[28], .. Box("esds", Description(rateIndex, kind, channels: channels)), .. inFormat ?? []])]),
                        .. inTables ?? Box("stts", [0, 0, 0, 0, .. Number(1), .. Number(frames), .. Number(1_024)]),
                        .. inSizes ?? Sizes(frames),
                    ])),
                ]),
            ]),
        ]),
    ];

    /// <summary>The table of the sizes of so many samples.</summary>
    public static byte[] Sizes(int samples, int bytes = FrameBytes) =>
        Box("stsz", [.. new byte[8], .. Number(samples), .. Enumerable.Repeat(Number(bytes), samples).SelectMany(n => n)]);

    /// <summary>A fragment of so many samples, with a table of their sizes.</summary>
    public static byte[] Fragment(int samples, int bytes = FrameBytes) =>
        Box("moof", Box("traf", Box("trun", [0, 0, 2, 0, .. Number(samples), .. Enumerable.Repeat(Number(bytes), samples).SelectMany(n => n)])));

    // Of 128 kbit/s at 44.1 kHz.
    private const int FrameBytes = 372;

    /// <summary>A list of edits of a track: thousandths of seconds of the whole, where in the media (-1: nothing is played), and how fast.</summary>
    public static byte[] Edits(params (int Milliseconds, int At, int Rate)[] edits) =>
        Box("edts", Box("elst", [0, 0, 0, 0, .. Number(edits.Length), .. edits.SelectMany(e => (byte[])[.. Number(e.Milliseconds), .. Number(e.At), .. Number(e.Rate)])]));

    public const int NormalRate = 0x10000;

    private static byte[] Claim(int seconds) => [.. new byte[12], .. Number(1_000), .. Number(seconds * 1_000), 0, 0, 0, 0];

    public static byte[] Box(string type, byte[] content) => [.. Number(content.Length + 8), .. System.Text.Encoding.ASCII.GetBytes(type), .. content];

    public static byte[] Number(int number)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, number);
        return bytes;
    }

    /// <summary>The description of a stream of AAC; one that is replicated names the plain kind that is below.</summary>
    public static byte[] Description(int rateIndex, byte kind, byte below = 2, int channels = 2)
    {
        byte[] specific = [0x05, 3, (byte)(kind << 3 | rateIndex >> 1), (byte)(rateIndex << 7 | channels << 3), (byte)(below << 2)];
        byte[] decoder = [0x04, 0x80, 0x80, 0x80, (byte)(13 + specific.Length), 0x40, .. new byte[12], .. specific];
        return [0, 0, 0, 0, 0x03, (byte)(3 + decoder.Length), 0, 0, 0, .. decoder];
    }
}
