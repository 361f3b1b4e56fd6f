using System.Buffers.Binary;

namespace Spendra.Gateway.Tests.Media.Decoders;

/// <summary>
/// Enters every box that may hold others, cuts what is too long, takes the last of several descriptions, and plays the frames
/// of each track as often as its edits say.
/// </summary>
internal sealed class Mp4Decoder
{
    private static readonly int[] Rates = [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];

    private readonly List<Track> _tracks = [new()];
    private long _ticksPerSecond = 1;

    public long Plays(ReadOnlySpan<byte> file)
    {
        Enter(file, 0);
        return _tracks.Max(t => t.Plays(_ticksPerSecond));
    }

    private void Enter(ReadOnlySpan<byte> boxes, int depth)
    {
        while (boxes.Length >= 8 && depth < 50)
        {
            ulong length = BinaryPrimitives.ReadUInt32BigEndian(boxes);
            var head = 8;
            if (length == 1 && boxes.Length >= 16)
            {
                length = BinaryPrimitives.ReadUInt64BigEndian(boxes[8..]);
                head = 16;
            }
            if (length == 0) length = (ulong)boxes.Length;
            if (length < (ulong)head) return;
            var end = (int)Math.Min(length, (ulong)boxes.Length);
            Take(System.Text.Encoding.Latin1.GetString(boxes.Slice(4, 4)), boxes[head..end], depth);
            boxes = boxes[end..];
        }
    }

    private void Take(string type, ReadOnlySpan<byte> content, int depth)
    {
        var track = _tracks[^1];
        switch (type)
        {
            case "trak":
                _tracks.Add(new Track());
                Enter(content, depth + 1);
                break;
            case "moov" or "mdia" or "minf" or "stbl" or "edts" or "moof" or "traf" or "udta" or "wave" or "dinf" or "mvex":
                Enter(content, depth + 1);
                break;
            case "mvhd" when content.Length >= 24:
                _ticksPerSecond = Math.Max(1, BinaryPrimitives.ReadUInt32BigEndian(content[(content[0] == 1 ? 20 : 12)..]));
                break;
            case "stsd" when content.Length >= 8: Enter(content[8..], depth + 1); break;
            case "mp4a" when content.Length >= 28: Enter(content[28..], depth + 1); break;
            case "esds": track.Rate = RateOf(content) ?? track.Rate; break;
            case "stsz" or "stz2" when content.Length >= 12: track.Frames += BinaryPrimitives.ReadUInt32BigEndian(content[8..]); break;
            case "trun" when content.Length >= 8: track.Frames += BinaryPrimitives.ReadUInt32BigEndian(content[4..]); break;
            case "stts" when content.Length >= 16 && BinaryPrimitives.ReadUInt32BigEndian(content[12..]) == 1: track.IsByChunk = true; break;
            case "elst" when content.Length >= 8: track.Edits = [.. EditsOf(content[8..], content[0] == 1 ? 8 : 4)]; break;
        }
    }

    private static int? RateOf(ReadOnlySpan<byte> description)
    {
        const int versionBytes = 4, streamBytes = 3, decoderBytes = 13;
        if (description.Length < versionBytes) return null;
        var stream = Behind(description[versionBytes..], tag: 3);
        if (stream.Length < streamBytes) return null;
        var decoder = Behind(stream[streamBytes..], tag: 4);
        if (decoder.Length < decoderBytes || decoder[0] != 0x40) return null;
        var specific = Behind(decoder[decoderBytes..], tag: 5);
        if (specific.Length < 2) return null;
        var index = specific[0] % 8 * 2 + specific[1] / 128;
        return index < Rates.Length ? Rates[index] : null;
    }

    /// <summary>All that comes after a tag and its length of one to four bytes.</summary>
    private static ReadOnlySpan<byte> Behind(ReadOnlySpan<byte> bytes, byte tag)
    {
        if (bytes.IsEmpty || bytes[0] != tag) return default;
        for (var at = 1; at < Math.Min(bytes.Length, 5); at++)
        {
            if (bytes[at] < 0x80) return bytes[(at + 1)..];
        }
        return default;
    }

    private static List<(long Ticks, long At)> EditsOf(ReadOnlySpan<byte> entries, int width)
    {
        var edits = new List<(long, long)>();
        for (; entries.Length >= 2 * width + 4; entries = entries[(2 * width + 4)..])
        {
            edits.Add(width == 8
                ? (BinaryPrimitives.ReadInt64BigEndian(entries), BinaryPrimitives.ReadInt64BigEndian(entries[8..]))
                : (BinaryPrimitives.ReadUInt32BigEndian(entries), BinaryPrimitives.ReadInt32BigEndian(entries[4..])));
        }
        return edits;
    }

    private sealed class Track
    {
        public long Frames { get; set; }

        public int Rate { get; set; }

        public bool IsByChunk { get; set; }

        public List<(long Ticks, long At)> Edits { get; set; } = [];

        public long Plays(long ticksPerSecond)
        {
            if (Rate == 0 || Frames == 0) return 0;
            if (IsByChunk) return Decoder.Endless;
            var all = Frames * 1_024;
            var edits = Edits.Where(e => e.At >= 0).ToList();
            Int128 samples = edits.Count == 0 ? all : 0;
            foreach (var (ticks, at) in edits)
            {
                // At least so many samples come before it: the units of the media are not shorter.
                var rest = Int128.Max(0, (Int128)all - at);
                samples += ticks <= 0 ? rest : Int128.Min(rest, (Int128)ticks * Rate / ticksPerSecond);
            }
            return (long)Int128.Min(samples * Decoder.Second / Rate, Decoder.Endless);
        }
    }
}
