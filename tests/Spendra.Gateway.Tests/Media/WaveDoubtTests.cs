using Spendra.Gateway.Recordings;

namespace Spendra.Gateway.Tests.Media;

/// <summary>A WAV whose header says two things, or less than its samples, has no known length; what ordinary writers write is measured.</summary>
public sealed class WaveDoubtTests
{
    // Of a GUID of samples, all but the codec
    private static readonly byte[] SubFormat = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71];

    private static byte[] Short(int number) => [(byte)number, (byte)(number >> 8)];

    /// <summary>A WAV of one second at 8 kHz, if its samples are as large as it says.</summary>
    private static byte[] Wave(int tag, int bits, byte[]? more = null, byte[]? between = null) => Riff(
    [
        .. Chunk("fmt ", [.. Short(tag), 1, 0, 0x40, 0x1F, 0, 0, .. new byte[4], .. Short(bits / 8), .. Short(bits), .. more ?? []]),
        .. between ?? [], .. Chunk("data", new byte[1_000 * Math.Min(bits, 128)]),
    ]);

    private static byte[] Riff(byte[] chunks) => [.. "RIFF"u8, .. BitConverter.GetBytes(chunks.Length + 4), .. "WAVE"u8, .. chunks];

    private static byte[] Chunk(string name, byte[] content) =>
        [.. System.Text.Encoding.ASCII.GetBytes(name), .. BitConverter.GetBytes(content.Length), .. content, .. new byte[content.Length & 1]];

    private static byte[] Extension(int codec, int validBits, byte[]? subFormat = null) =>
        [22, 0, .. Short(validBits), 0, 0, 0, 0, .. Short(codec), .. subFormat ?? SubFormat];

    [Theory]
    [InlineData(1, 8)]
    [InlineData(1, 16)]
    [InlineData(1, 24)]
    [InlineData(1, 32)]
    [InlineData(3, 32)]
    [InlineData(3, 64)]
    [InlineData(6, 8)]
    [InlineData(7, 8)]
    public void Samples_have_the_sizes_that_their_codec_has(int tag, int bits)
    {
        RecordingLength.MaxSeconds(Wave(tag, bits)).Should().Be(1);
        RecordingLength.MaxSeconds(Wave(tag, bits, [0, 0])).Should().Be(1, "some write the length of an extension that is not there");
        // What stands between the format and the samples counts as if it were samples.
        RecordingLength.MaxSeconds(Wave(0xFFFE, bits, Extension(tag, bits), Chunk("fact", new byte[4]))).Should().Be(2);
        RecordingLength.MaxSeconds(Wave(0xFFFE, bits, Extension(tag, 0))).Should().Be(1);
    }

    [Theory]
    [InlineData(1, 40)]
    [InlineData(1, 64)]
    [InlineData(3, 8)]
    [InlineData(3, 16)]
    [InlineData(3, 128)]
    [InlineData(6, 16)]
    [InlineData(6, 0xFFF8)]
    [InlineData(7, 16)]
    [InlineData(7, 0xFFF8)]
    public void A_sample_size_that_no_codec_has_is_not_believed(int tag, int bits)
    {
        RecordingLength.MaxSeconds(Wave(tag, bits)).Should().BeNull();
        RecordingLength.MaxSeconds(Wave(0xFFFE, bits, Extension(tag, bits))).Should().BeNull();
    }

    [Fact]
    public void An_extension_may_not_contradict_the_format()
    {
        RecordingLength.MaxSeconds(Wave(0xFFFE, 32, Extension(1, 25))).Should().Be(1, "32 bits of which 25 are used");
        RecordingLength.MaxSeconds(Wave(0xFFFE, 24, Extension(1, 20))).Should().Be(1);
        foreach (var file in new[]
        {
            Wave(0xFFFE, 32, Extension(1, 24)), Wave(0xFFFE, 32, Extension(1, 8)), Wave(0xFFFE, 32, Extension(1, 33)), Wave(0xFFFE, 64, Extension(3, 32)),
            Wave(0xFFFE, 16, Extension(0x55, 16)), Wave(0xFFFE, 16, Extension(1, 16, [1, .. SubFormat[1..]])), Wave(0xFFFE, 16, Extension(1, 16, new byte[14])),
            Wave(0xFFFE, 16, [0, 0, .. Extension(1, 16)[2..]]), Wave(0xFFFE, 16, Extension(1, 16)[..20]), Wave(0xFFFE, 16),
        })
        {
            RecordingLength.MaxSeconds(file).Should().BeNull();
        }
    }

    [Fact]
    public void A_wave_has_one_format()
    {
        var slow = Chunk("fmt ", [1, 0, 1, 0, 0x40, 0x1F, 0, 0, 0, 0, 0, 0, 1, 0, 8, 0]);
        var plain = Wave(1, 16);
        foreach (var file in new[]
        {
            Wave(1, 16, between: slow), Wave(1, 16, between: Chunk("LIST", [.. slow])), Wave(1, 16, between: Chunk("XMA2", new byte[44])),
            Riff([.. Chunk("XMA2", new byte[44]), .. plain[12..]]), Riff([.. Chunk("JUNK", slow), .. plain[12..]]), Riff([.. Chunk("JUNK", new byte[3]), .. plain[12..]]),
            plain[..36],
        })
        {
            RecordingLength.MaxSeconds(file).Should().BeNull();
        }
        RecordingLength.MaxSeconds(Riff([.. Chunk("JUNK", new byte[28]), .. plain[12..]])).Should().Be(1);
    }

    [Fact]
    public void Frames_of_another_codec_among_samples_leave_no_known_length()
    {
        byte[] Row(int bytes, int count, params byte[] head) => [.. Enumerable.Repeat((byte[])[.. head, .. new byte[bytes - head.Length]], count).SelectMany(f => f)];
        byte[] Holding(params byte[] frames) => Riff([.. Wave(1, 16)[12..36], .. Chunk("data", [.. new byte[1_000], .. frames, .. new byte[16_000]])]);

        foreach (var frames in new[]
        {
            Sounds.Mp3(10), Row(11, 100, 0xFF, 0xF1, 0x6C, 0x40, 0x01, 0x7F, 0xFC), Row(20, 100, 0x56, 0xE0, 17), Row(128, 10, 0x0B, 0x77, 0, 0, 0, 0x40),
            Row(138, 10, 0x0B, 0x77, 0, 0, 0x40, 0x40), Row(192, 10, 0x0B, 0x77, 0, 0, 0x80, 0x40), Row(64, 10, 0x0B, 0x77, 0, 31, 0, 0x80), Row(40, 3, 0x72, 0xF8, 0x1F, 0x4E, 7, 0),
            Row(96, 9, 0x7F, 0xFE, 0x80, 0x01), Row(96, 9, 0xFE, 0x7F, 0x01, 0x80), Row(96, 9, 0x1F, 0xFF, 0xE8, 0x00), Row(96, 9, 0xFF, 0x1F, 0x00, 0xE8), Row(96, 9, 0, 0, 0, 0, 0xF8, 0x72, 0x6F, 0xBA),
        })
        {
            RecordingLength.MaxSeconds(Holding(frames)).Should().BeNull();
            RecordingLength.MaxSeconds(Holding(frames[..Math.Min(frames.Length, 38)])).Should().Be(2, "one frame is chance");
        }
        var act = Riff([.. Wave(1, 16)[12..36], .. Chunk("data", new byte[16_000])]);
        RecordingLength.MaxSeconds(act).Should().Be(1);
        act[256] = 0x84;
        RecordingLength.MaxSeconds(act).Should().BeNull();
    }

    [Fact]
    public void Noise_and_tones_are_no_frames()
    {
        var noise = new byte[4_000_000];
        new Random(7).NextBytes(noise);
        var square = Enumerable.Range(0, 400_000).SelectMany(i => Short(i / 50 % 2 == 0 ? -1 : 1)).ToArray();

        RecordingLength.MaxSeconds(Riff([.. Wave(1, 16)[12..36], .. Chunk("data", noise)])).Should().Be(250);
        RecordingLength.MaxSeconds(Riff([.. Wave(1, 16)[12..36], .. Chunk("data", square)])).Should().Be(50);
    }
}
