using System.Buffers.Binary;
using CsCheck;
using Spendra.Gateway.Recordings;
using Spendra.Gateway.Tests.Media.Decoders;

namespace Spendra.Gateway.Tests.Media;

/// <summary>
/// No decoder finds more sound in a file than was found for its bound, however the file was made: out of pieces that readers
/// take differently, and then with bytes of it changed, left out and put in.
/// </summary>
public sealed class RecordingBoundTests
{
    private static readonly byte[] Short = [0xF8, 1, 2, 3];
    private static readonly byte[] Long = [0x1B, 2];

    private static readonly Dictionary<string, Gen<byte[]>> Formats = new()
    {
        ["wav"] = Waves(), ["mp3"] = Mp3s(), ["ogg"] = Oggs(), ["mp4"] = Mp4s(), ["webm"] = Webms(),
    };

    public static TheoryData<string> Names() => new(Formats.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public void No_decoder_finds_more_than_the_bound(string format)
    {
        var measured = 0;
        Changed(Formats[format]).Sample(file =>
        {
            if (RecordingLength.MaxSeconds(file) is not { } bound) return;
            var plays = Decoder.Plays(file);
            if (plays > 0) Interlocked.Increment(ref measured);
            plays.Should().BeLessThanOrEqualTo(bound * Decoder.Second);
        }, iter: 4_000);
        measured.Should().BeGreaterThan(200, "files that nobody can measure show nothing");
    }

    [Fact]
    public void Of_what_ordinary_writers_write_the_bound_and_the_decoder_differ_little()
    {
        byte[] tag = [.. "ID3"u8, 3, 0, 0, 0, 0, 8, 0, .. new byte[1_024]];
        foreach (var file in new[]
        {
            Sounds.Wave(60_000), [.. tag, .. Sounds.Mp3(2_297), .. "TAG"u8, .. new byte[125]], Sounds.Opus([.. Enumerable.Repeat(Short, 3_000)]),
            Sounds.Webm("A_OPUS", [.. Enumerable.Repeat(Short, 1_600)]), Sounds.Mp4(2_584, claimedSeconds: 60, inTrack: Sounds.Edits((60_000, 1_024, Sounds.NormalRate))),
        })
        {
            var plays = Decoder.Plays(file) / Decoder.Second;
            plays.Should().BeGreaterThan(30);
            RecordingLength.MaxSeconds(file).Should().BeInRange(plays, plays + 2);
        }
    }

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    /// <summary>A list whose pieces are mostly of the first kind.</summary>
    private static Gen<byte[]> Pieces(Gen<byte[]> usual, Gen<byte[]> strange, int most) =>
        Gen.Frequency((8, usual), (1, strange)).Array[1, most].Select(pieces => pieces.SelectMany(p => p).ToArray());

    private static Gen<byte[]> Changed(Gen<byte[]> files)
    {
        var place = Gen.OneOf(Gen.Int[0, 60], Gen.Int[0, 400], Gen.Int[0, 20_000]);
        var change = Gen.Select(place, Gen.Int[0, 3], Gen.OneOf(Gen.Byte, OneOf<byte>(0, 1, 8, 0x7F, 0x80, 0xFF)).Array[1, 4]);
        return Gen.Select(files, Gen.OneOf(Gen.Const(0), Gen.Const(0), Gen.Int[1, 3]), change.Array[3], (file, count, changes) =>
        {
            foreach (var (at, kind, bytes) in changes.Take(count)) file = Change(file, at % (file.Length + 1), kind, bytes);
            return file;
        });
    }

    private static byte[] Change(byte[] file, int at, int kind, byte[] bytes) => kind switch
    {
        0 => [.. file[..at], .. bytes, .. file[at..]],
        1 => [.. file[..at], .. file[Math.Min(file.Length, at + bytes.Length)..]],
        _ => [.. file[..at], .. bytes.Take(file.Length - at), .. file[Math.Min(file.Length, at + bytes.Length)..]],
    };

    private static Gen<byte[]> Waves()
    {
        var sizes = OneOf(0, 1, 8, 12, 16, 20, 24, 25, 32, 40, 64, 0xFFF8);
        var format = Gen.Select(OneOf(1, 1, 3, 6, 7, 0x55, 0xFFFE, 0xFFFE), OneOf(1, 2, 200), OneOf(8, 8_000, 48_000), sizes, sizes, OneOf(1, 3, 6, 0x2000),
            (codec, channels, rate, bits, valid, sub) =>
            {
                var content = new byte[codec == 0xFFFE ? 40 : 16];
                foreach (var (at, value) in new[] { (0, codec), (2, channels), (12, channels * (bits / 8)), (14, bits) })
                    BinaryPrimitives.WriteUInt16LittleEndian(content.AsSpan(at), (ushort)value);
                BinaryPrimitives.WriteInt32LittleEndian(content.AsSpan(4), rate);
                if (codec != 0xFFFE) return Chunk("fmt ", content);
                content[16] = 22;
                BinaryPrimitives.WriteUInt16LittleEndian(content.AsSpan(18), (ushort)valid);
                BinaryPrimitives.WriteUInt16LittleEndian(content.AsSpan(24), (ushort)sub);
                ((byte[])[0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]).CopyTo(content, 26);
                return Chunk("fmt ", content);
            });
        var other = Gen.OneOf(format, OneOf(Chunk("LIST", new byte[26]), Chunk("JUNK", new byte[7]), Chunk("XMA2", new byte[40])));
        var none = Gen.Const(Array.Empty<byte>());
        return Gen.Select(Gen.Frequency((4, none), (1, other)), format, Gen.Frequency((4, none), (1, other)), Gen.Int[0, 20_000], (before, own, after, length) =>
            (byte[])[.. "RIFF"u8, 0, 0, 0, 0, .. "WAVE"u8, .. before, .. own, .. after, .. Chunk("data", new byte[length])]);
    }

    private static byte[] Chunk(string name, byte[] content) =>
        [.. System.Text.Encoding.ASCII.GetBytes(name), .. BitConverter.GetBytes(content.Length), .. content, .. new byte[content.Length & 1]];

    private static Gen<byte[]> Mp3s()
    {
        // Of 8 to 320 kbit/s in three rates and versions, in two layers; with frames of 72 bytes inside of the large ones
        var frame = Gen.Select(OneOf<byte>(0xFB, 0xFB, 0xF3, 0xE3, 0xFD), Gen.Int[1, 14], Gen.Int[0, 2], OneOf<byte>(0, 0x40, 0xC4), Gen.Bool, Frame);
        var same = Gen.Select(Gen.Int[1, 14], Gen.Bool).Array[1, 60].Select(frames => frames.SelectMany(f => Frame(0xFB, f.Item1, 0, 0x44, f.Item2)).ToArray());
        var stray = Gen.OneOf(Gen.Byte.Array[1, 40], OneOf<byte[]>([.. "TAG"u8, .. new byte[125]], [0xFF, 0xFB, 0x02, 0]));
        var tag = Gen.Select(OneOf<byte>(2, 3, 4, 5, 0xFF), OneOf<byte>(0, 0, 0xFF), OneOf<byte>(0, 0, 0x10), Gen.Int[0, 2_000], OneOf<byte>(0, 0, 0x80),
            (version, revision, flags, length, mark) => (byte[])[.. "ID3"u8, version, revision, flags, mark, 0, (byte)(length >> 7), (byte)(length & 0x7F)]);
        return Gen.Select(Gen.OneOf(Gen.Const(Array.Empty<byte>()), tag), Gen.OneOf(Gen.Const(Array.Empty<byte>()), Gen.Byte.Array[300]),
            Pieces(Gen.OneOf(same, frame), stray, 30), (head, content, sound) => (byte[])[.. head, .. content, .. sound]);
    }

    private static byte[] Frame(byte kind, int bitRate, int rate, byte last, bool hides)
    {
        byte[] head = [0xFF, kind, (byte)(bitRate << 4 | rate << 2), last];
        var hertz = new[] { 44_100, 48_000, 32_000 }[rate] / (kind switch { 0xF3 => 2, 0xE3 => 4, _ => 1 });
        int[] bits = kind switch
        {
            0xFD => [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
            0xFB => [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
            _ => [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
        };
        var frame = new byte[(kind is 0xF3 or 0xE3 ? 72 : 144) * bits[bitRate - 1] * 1_000 / hertz];
        head.CopyTo(frame, 0);
        for (var at = 12; hides && at + 72 <= frame.Length; at += 72) ((byte[])[0xFF, 0xE3, 0x18, 0]).CopyTo(frame, at);
        return frame;
    }

    private static Gen<byte[]> Oggs()
    {
        var packet = OneOf(Short, Long, [0xFB, 3], [.. Short, .. new byte[600]]);
        var page = packet.Select(p => Sounds.Page(0, p));
        var decoy = Gen.Select(page.Array[1, 40], Gen.Int[0, 40], (inner, at) =>
        {
            var outer = Sounds.Page(0, [.. inner.SelectMany(p => p)]);
            outer[at] ^= 1;
            return outer;
        });
        var strange = Gen.OneOf(decoy, page.Array[1, 40].Select(inner => Sounds.Page(0, [.. inner.SelectMany(p => p)])), packet.Select(p => Sounds.Page(1, p)), packet.Select(p => Sounds.Opus(p)));
        var plain = page.Array[1, 60].Select(pages => pages.SelectMany(p => p).ToArray());
        return Gen.Select(packet, Gen.Frequency((1, plain), (1, Pieces(page, strange, 12))), (first, pages) => (byte[])[.. Sounds.Opus(first), .. pages]);
    }

    private static Gen<byte[]> Mp4s()
    {
        var rate = OneOf(Sounds.NormalRate, Sounds.NormalRate, Sounds.NormalRate, 0x8000);
        var edit = Gen.Select(OneOf(0, 500, 60_000), OneOf(-1, 0, 1_024), rate);
        var edits = edit.Array[0, 4].Select(e => Sounds.Edits(e));
        var table = Sounds.Sizes(5_000);
        var slow = Sounds.Box("esds", Sounds.Description(11, 2));
        var none = Gen.Const(Array.Empty<byte>());
        var hidden = OneOf(Sounds.Box("udta", table), Sounds.Box("udta", Sounds.Box("trak", [.. slow, .. table])), [0, 0, 0, 0, .. "free"u8], Sounds.Box("free", table));
        var inFormat = Gen.Frequency((3, none), (1, OneOf(slow, Sounds.Box("wave", slow), Sounds.Box("btrt", new byte[12]))));
        var inTables = OneOf(1, 1_024, 1_024, 1_024).Select(ticks => Sounds.Box("stts", [0, 0, 0, 0, .. Sounds.Number(1), .. Sounds.Number(9), .. Sounds.Number(ticks)]));
        var inTrack = Gen.Frequency((2, none), (3, edits), (1, hidden));
        var fragment = Gen.Int[0, 900].Select(n => Sounds.Fragment(n));
        var after = Gen.Frequency((3, none), (2, fragment), (1, hidden));
        return Gen.Select(Gen.Int[0, 3_000], OneOf(0, 4, 7, 11), OneOf<byte>(2, 2, 5, 29), inTrack, inFormat, inTables, after, (frames, index, kind, track, format, tables, more) =>
            (byte[])[.. Sounds.Mp4(frames, index, kind, claimedSeconds: 0, inTrack: track, inFormat: format, inTables: tables), .. more]);
    }

    private static Gen<byte[]> Webms()
    {
        byte[] open = [0x1F, 0x43, 0xB6, 0x75, 0xFF, .. Sounds.Element([0xE7], [0])];
        var packet = OneOf(Short, Long, [0xFB, 3]);
        var block = Gen.Select(packet, OneOf<byte>(0, 0, 0, 4), (p, flags) => Sounds.Block(0, flags, flags == 0 ? p : [2, .. p, .. p, .. p]));
        var blocks = block.Array[1, 60].Select(b => b.SelectMany(x => x).ToArray());
        var cluster = Gen.Select(blocks, Gen.Frequency((5, Gen.Const(0)), (1, Gen.Int[-30, 30])), (content, wrong) =>
            (byte[])[0x1F, 0x43, 0xB6, 0x75, 0x40, (byte)Math.Clamp(content.Length % 256 + wrong, 0, 255), .. content]);
        var whole = blocks.Select(content => Sounds.Element([0x1F, 0x43, 0xB6, 0x75], content));
        var hidden = Gen.Select(OneOf<byte>(0xEC, 0xA3), blocks, (id, content) => Sounds.Element([id], [0x82, 0, 0, 0, .. open, .. content]));
        return Gen.Select(OneOf("A_OPUS", "A_OPUS", "A_OPUS", "A_OPUS", "V_VP8"), Pieces(Gen.OneOf(block, whole), Gen.OneOf(cluster, hidden, Gen.Const(open)), 12), (codec, more) =>
            (byte[])[.. Sounds.Webm(codec, Short), .. more]);
    }
}
