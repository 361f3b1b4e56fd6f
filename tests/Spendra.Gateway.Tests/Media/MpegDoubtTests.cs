using Spendra.Gateway.Recordings;

namespace Spendra.Gateway.Tests.Media;

/// <summary>Bytes of an MP3 that only some decoders skip, or skip to, are counted at least as long as they could sound.</summary>
public sealed class MpegDoubtTests
{
    private static byte[] With(byte[] file, int at, params byte[] bytes)
    {
        bytes.CopyTo(file, at);
        return file;
    }

    private static byte[] Tag(int version, int length, byte flags = 0, byte revision = 0) =>
        [.. "ID3"u8, (byte)version, revision, flags, (byte)(length >> 21 & 0x7F), (byte)(length >> 14 & 0x7F), (byte)(length >> 7 & 0x7F), (byte)(length & 0x7F)];

    [Fact]
    public void Only_what_every_decoder_takes_for_a_tag_is_skipped()
    {
        var sound = Sounds.Mp3(2_297);
        const int hidden = 2_296 * 417;
        byte[] picture = [.. "APIC"u8, .. new byte[70_000]];

        foreach (var version in new[] { 2, 3, 4 })
            RecordingLength.MaxSeconds([.. Tag(version, picture.Length), .. picture, .. sound, .. "TAG"u8, .. new byte[125]]).Should().Be(61);
        RecordingLength.MaxSeconds([.. Tag(4, 0, flags: 0x10), .. "3DI"u8, .. new byte[7], .. sound]).Should().Be(60 + 1, "a tag of the fourth version may end with a footer");
        foreach (var tag in new[]
        {
            Tag(0xFF, hidden), Tag(4, hidden, revision: 0xFF), Tag(1, hidden), Tag(5, hidden), Tag(3, hidden - 10, flags: 0x10), With(Tag(4, hidden), 6, 0x80),
            With(Tag(4, hidden), 9, (byte)(0x80 | hidden & 0x7F)), [.. Tag(4, 0), .. Tag(4, hidden)],
        })
        {
            RecordingLength.MaxSeconds([.. tag, .. sound]).Should().BeNull();
        }
    }

    [Fact]
    public void Frames_inside_of_others_are_counted_when_a_decoder_might_prefer_them()
    {
        // 20 frames of 72 bytes, each 72 ms long (MPEG 2.5, 8 kbit/s at 8 kHz), over which frames of 1,440 and 960 bytes lie (320 kbit/s
        // at 32 and 48 kHz). No two of those agree, so that decoders which look for a second header like the first find the small ones.
        var file = new byte[2_400 * 50];
        for (var at = 60; at + 72 <= file.Length; at += 72) With(file, at, 0xFF, 0xE3, 0x18, 0);
        for (var at = 0; at < file.Length; at += 2_400) With(With(file, at, 0xFF, 0xFB, 0xE8, 0), at + 1_440, 0xFF, 0xFB, 0xE4, 0);

        RecordingLength.MaxSeconds(file).Should().BeGreaterThanOrEqualTo(119);
    }

    [Fact]
    public void A_variable_rate_after_its_table_is_measured()
    {
        // As FFmpeg and LAME write it: the frame with the table names another mode than those with the sound.
        var file = Sounds.Mp3(2_297);
        for (var i = 0; i < 2_297; i++) file[i * 417 + 3] = 0x44;
        With(With(file, 3, 0x00), 36, [.. "Xing"u8, 0, 0, 0, 1, 0, 0, 8, 0xF8]);

        RecordingLength.MaxSeconds(file).Should().Be(61);
        // Without the number of its frames it is no table: decoders may begin elsewhere.
        RecordingLength.MaxSeconds(With(file, 43, 0)).Should().BeGreaterThan(900);
    }
}
