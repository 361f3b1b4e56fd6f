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
    public void Anything_else_has_no_known_length()
    {
        foreach (var file in new[] { [], "fLaC"u8.ToArray(), "\u001aE\u00df\u00a3"u8.ToArray(), "\0\0\0 ftypM4A "u8.ToArray(), [0xFF, 0xF1, 0x50, 0x80, 0, 0, 0], "ID3"u8.ToArray() })
            RecordingLength.MaxSeconds(file).Should().BeNull();
    }

    [Fact]
    public void No_bytes_are_too_strange() =>
        Gen.Select(OneOf(Sounds.Wave(100), Sounds.Mp3(3), Sounds.Opus(Frame20Ms)), Gen.Int[0, 400], Gen.Byte.Array[0, 40]).Sample((file, at, bytes) =>
        {
            var strange = file.ToArray();
            bytes.AsSpan(0, Math.Min(bytes.Length, Math.Max(0, strange.Length - at))).CopyTo(strange.AsSpan(Math.Min(at, strange.Length)));
            (RecordingLength.MaxSeconds(strange) ?? 0).Should().BeGreaterThanOrEqualTo(0);
        }, iter: 20_000);
}
