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

    /// <summary>One page of Ogg with one packet.</summary>
    public static byte[] Page(byte flags, byte[] packet, byte serial = 7)
    {
        var full = packet.Length / 255;
        byte[] lacing = [.. Enumerable.Repeat((byte)255, full), (byte)(packet.Length % 255)];
        return [.. "OggS"u8, 0, flags, .. new byte[8], serial, 0, 0, 0, .. new byte[8], (byte)lacing.Length, .. lacing, .. packet];
    }
}
