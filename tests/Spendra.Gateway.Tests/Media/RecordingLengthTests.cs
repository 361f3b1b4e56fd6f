using System.Buffers.Binary;
using CsCheck;
using Spendra.Gateway.Recordings;

namespace Spendra.Gateway.Tests.Media;

/// <summary>How long a recording can be, from its bytes and not from what it claims.</summary>
public sealed class RecordingLengthTests
{
    // Configuration 31: one frame of 20 ms; the code says how many.
    private static readonly byte[] Frame20Ms = [0xF8, 1, 2, 3];

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static byte[] With(byte[] file, int at, params byte[] bytes)
    {
        bytes.CopyTo(file, at);
        return file;
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(1_000, 1)]
    [InlineData(1_001, 2)]
    [InlineData(3_600_000, 3_600)]
    public void A_wave_lasts_as_long_as_it_has_samples(int milliseconds, long seconds) =>
        RecordingLength.MaxSeconds(Sounds.Wave(milliseconds, samplesPerSecond: 1_000)).Should().Be(seconds);

    [Fact]
    public void What_a_wave_claims_of_its_length_is_not_believed()
    {
        var file = Sounds.Wave(60_000);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(4), 8);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(40), 2);
        // The bytes that it claims to have a second
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(28), int.MaxValue);

        RecordingLength.MaxSeconds(file).Should().Be(60);
    }

    [Fact]
    public void A_wave_in_a_codec_or_with_contradicting_sizes_has_no_known_length()
    {
        foreach (var file in new[]
        {
            With(Sounds.Wave(1_000), 20, 0x55), With(Sounds.Wave(1_000), 20, 0x02), With(Sounds.Wave(1_000), 32, 4), With(Sounds.Wave(1_000), 34, 4),
            With(Sounds.Wave(1_000), 34, 8), With(Sounds.Wave(1_000), 22, 0), With(Sounds.Wave(1_000), 24, 0, 0, 0, 0), With(Sounds.Wave(1_000), 16, 0xFF, 0xFF),
            With(Sounds.Wave(1_000), 12, "data"u8.ToArray()), With(Sounds.Wave(1_000), 8, "AVI "u8.ToArray()), Sounds.Wave(0)[..20],
        })
        {
            RecordingLength.MaxSeconds(file).Should().BeNull();
        }
    }

    [Theory]
    // 1,152 samples of 44,100 are 26.1 ms
    [InlineData(1, 1)]
    [InlineData(38, 1)]
    [InlineData(39, 2)]
    [InlineData(2_297, 61)]
    public void An_mp3_lasts_as_long_as_its_frames(int frames, long seconds)
    {
        byte[] tag = [.. "ID3"u8, 4, 0, 0, 0, 0, 1, 0, .. new byte[128]];

        RecordingLength.MaxSeconds(Sounds.Mp3(frames)).Should().Be(seconds);
        RecordingLength.MaxSeconds([.. tag, .. Sounds.Mp3(frames)]).Should().Be(seconds, "a tag is no sound");
    }

    [Fact]
    public void Bytes_between_frames_count_as_the_slowest_sound()
    {
        // 5,000 bytes of 8 kbit/s are 5 seconds.
        RecordingLength.MaxSeconds([.. Sounds.Mp3(38), .. new byte[5_000], .. Sounds.Mp3(1)]).Should().Be(7);
    }

    [Fact]
    public void Slow_frames_are_long()
    {
        // MPEG 2.5, layer III, 8 kbit/s at 8 kHz: 72 bytes for 72 ms.
        var file = new byte[72 * 1_000];
        for (var at = 0; at < file.Length; at += 72) With(file, at, 0xFF, 0xE3, 0x18, 0);

        RecordingLength.MaxSeconds(file).Should().Be(72);
    }

    [Fact]
    public void A_frame_that_does_not_name_its_rate_has_no_known_length() =>
        RecordingLength.MaxSeconds(With(Sounds.Mp3(3), 417, 0xFF, 0xFB, 0x00, 0)).Should().BeNull();

    [Fact]
    public void Opus_lasts_as_long_as_its_packets_say()
    {
        RecordingLength.MaxSeconds(Sounds.Opus([.. Enumerable.Repeat(Frame20Ms, 100)])).Should().Be(3, "two seconds, and 120 ms for the tags");
        // Three frames of 20 ms in each
        RecordingLength.MaxSeconds(Sounds.Opus([.. Enumerable.Repeat<byte[]>([0xFB, 3, 0], 100)])).Should().Be(7);
        // 60 ms in two bytes
        RecordingLength.MaxSeconds(Sounds.Opus([.. Enumerable.Repeat<byte[]>([0x18, 0], 100)])).Should().Be(7);
        // A long packet is one packet
        RecordingLength.MaxSeconds(Sounds.Opus([.. Enumerable.Repeat<byte[]>([.. Frame20Ms, .. new byte[600]], 40)])).Should().Be(1);
    }

    [Fact]
    public void Another_codec_in_ogg_or_a_broken_page_has_no_known_length()
    {
        var file = Sounds.Opus(Frame20Ms);
        foreach (var bad in new[]
        {
            file[..^1], [.. file, 0], Sounds.Page(2, [.. "\u0001vorbis"u8]), [.. file, .. Sounds.Page(2, [1], serial: 8)], [.. file, .. Sounds.Page(2, [1])],
            [.. file, .. Sounds.Page(0, [1], serial: 8)], [.. file, .. Sounds.Page(1, [1])],
        })
        {
            RecordingLength.MaxSeconds(bad).Should().BeNull();
        }
    }

    [Fact]
    public void Ogg_lasts_at_least_to_where_its_last_page_stands()
    {
        RecordingLength.MaxSeconds([.. Sounds.Opus(Frame20Ms), .. Sounds.Page(0, Frame20Ms, samples: 48_000 * 7 + 1)]).Should().Be(8);
    }

    [Fact]
    public void A_recording_of_a_browser_lasts_as_long_as_its_packets_and_blocks_say()
    {
        byte[][] Packets(int count) => [.. Enumerable.Repeat(Frame20Ms, count)];

        // 99 · 20 ms are two seconds, begun, and the last packet ends after its time
        RecordingLength.MaxSeconds(Sounds.Webm("A_OPUS", Packets(100))).Should().Be(3);
        // All at one time, but each lasts
        RecordingLength.MaxSeconds([.. Sounds.Webm("A_OPUS"), .. Enumerable.Repeat(Sounds.Block(0, 0, Frame20Ms), 500).SelectMany(b => b)]).Should().Be(10);
        // Four packets in one block, of which each may last 120 ms
        RecordingLength.MaxSeconds([.. Sounds.Webm("A_OPUS"), .. Enumerable.Repeat(Sounds.Block(0, 0x04, 3, 0xF8), 100).SelectMany(b => b)]).Should().Be(48);
        // A gap
        RecordingLength.MaxSeconds([.. Sounds.Webm("A_OPUS"), .. Sounds.Block(1_500, 0, Frame20Ms)]).Should().Be(31);
    }

    [Fact]
    public void Another_codec_in_webm_or_a_broken_element_has_no_known_length()
    {
        var file = Sounds.Webm("A_OPUS", Frame20Ms);
        foreach (var bad in new[]
        {
            Sounds.Webm("A_VORBIS", Frame20Ms), Sounds.Webm("V_VP8", Frame20Ms), file[..^1], [.. file, 0], [.. file, 0xA3], [.. file, 0xA3, 0xFF],
            [.. file, .. Sounds.Element([0xA3], [0x81, 0])], [.. file, .. Sounds.Element([0x6D, 0x80], [])], [.. file, .. Sounds.Element([0x2A, 0xD7, 0xB1], new byte[8])],
            [.. file, .. Sounds.Element([0x86], "A_AAC"u8.ToArray())],
        })
        {
            RecordingLength.MaxSeconds(bad).Should().BeNull();
        }
    }

    [Theory]
    // 1,024 samples of 44,100 are 23.2 ms
    [InlineData(43, 4, 1)]
    [InlineData(44, 4, 2)]
    [InlineData(2_584, 4, 61)]
    [InlineData(100, 11, 13)]
    public void An_m4a_lasts_as_long_as_the_frames_of_its_tables(int frames, int rateIndex, long seconds) =>
        RecordingLength.MaxSeconds(Sounds.Mp4(frames, rateIndex, claimedSeconds: 0)).Should().Be(seconds);

    [Fact]
    public void An_m4a_lasts_at_least_as_long_as_it_claims_and_its_fragments_add_up()
    {
        RecordingLength.MaxSeconds(Sounds.Mp4(10, claimedSeconds: 90)).Should().Be(91);
        // 43 + 2 · 500 frames
        var fragment = Sounds.Fragment(500);
        RecordingLength.MaxSeconds([.. Sounds.Mp4(43), .. fragment, .. fragment]).Should().Be(25);
    }

    [Fact]
    public void Another_codec_in_mp4_or_a_broken_box_has_no_known_length()
    {
        var file = Sounds.Mp4(10);
        foreach (var bad in new[]
        {
            Sounds.Mp4(10, rateIndex: 13), Sounds.Mp4(10, rateIndex: 15), Sounds.Mp4(10, kind: 42), Sounds.Mp4(10, format: "alac"), Sounds.Mp4(10, format: "avc1"),
            file[..^1], [.. file, 0, 0], [.. file, 0, 0, 0, 7, .. "free"u8], [.. file, 0, 0, 0, 1, .. "free"u8], [.. file, .. Sounds.Box("stsz", [])],
            [.. file, .. Sounds.Box("mdhd", [])], [.. file, .. Sounds.Box("cmov", [])], [.. file, .. Sounds.Box("stsd", [0, 0, 0, 0, .. Sounds.Number(1)])],
        })
        {
            RecordingLength.MaxSeconds(bad).Should().BeNull();
        }
    }

    [Fact]
    public void Anything_else_has_no_known_length()
    {
        foreach (var file in new[] { [], "fLaC"u8.ToArray(), [0x1A, 0x45, 0xDF, 0xA3], "\0\0\0 ftypM4A "u8.ToArray(), [0xFF, 0xF1, 0x50, 0x80, 0, 0, 0], "ID3"u8.ToArray() })
            RecordingLength.MaxSeconds(file).Should().BeNull();
    }

    [Fact]
    public void No_bytes_are_too_strange() =>
        Gen.Select(OneOf(Sounds.Wave(100), Sounds.Mp3(3), Sounds.Opus(Frame20Ms), Sounds.Webm("A_OPUS", Frame20Ms), Sounds.Mp4(3)), Gen.Int[0, 400], Gen.Byte.Array[0, 40]).Sample((file, at, bytes) =>
        {
            var strange = file.ToArray();
            bytes.AsSpan(0, Math.Min(bytes.Length, Math.Max(0, strange.Length - at))).CopyTo(strange.AsSpan(Math.Min(at, strange.Length)));
            (RecordingLength.MaxSeconds(strange) ?? 0).Should().BeGreaterThanOrEqualTo(0);
        }, iter: 20_000);
}
