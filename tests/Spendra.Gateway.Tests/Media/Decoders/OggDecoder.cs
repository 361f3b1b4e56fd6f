using System.Buffers.Binary;

namespace Spendra.Gateway.Tests.Media.Decoders;

/// <summary>Searches for pages, byte by byte, and drops those with a wrong version or checksum.</summary>
internal static class OggDecoder
{
    public static long Plays(byte[] file)
    {
        var streams = new Dictionary<uint, (List<byte> Open, int Packets)>();
        long nanos = 0;
        for (var at = 0; at + 27 <= file.Length;)
        {
            if (PageAt(file, at) is not { } page)
            {
                at++;
                continue;
            }
            var serial = BinaryPrimitives.ReadUInt32LittleEndian(page.AsSpan(14));
            var (open, packets) = streams.GetValueOrDefault(serial, ([], 0));
            var content = 27 + page[26];
            for (var i = 0; i < page[26]; i++)
            {
                open.AddRange(page.AsSpan(content, page[27 + i]));
                content += page[27 + i];
                if (page[27 + i] == 255) continue;
                // The head and the tags are no sound.
                if (packets++ >= 2) nanos += Decoder.Opus(open.ToArray());
                open = [];
            }
            streams[serial] = (open, packets);
            at += page.Length;
        }
        return nanos;
    }

    private static byte[]? PageAt(byte[] file, int at)
    {
        if (!file.AsSpan(at).StartsWith("OggS\0"u8) || at + 27 + file[at + 26] > file.Length) return null;
        var length = 27 + file[at + 26] + file.Skip(at + 27).Take(file[at + 26]).Sum(b => b);
        if (at + length > file.Length) return null;
        var page = file[at..(at + length)];
        return Sounds.Sealed([.. page]).AsSpan().SequenceEqual(page) ? page : null;
    }
}
