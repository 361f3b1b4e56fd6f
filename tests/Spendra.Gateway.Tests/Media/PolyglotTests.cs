using Spendra.Gateway.Recordings;

namespace Spendra.Gateway.Tests.Media;

/// <summary>A file that is two recordings at once is not measured by the one that is looked for first here.</summary>
public sealed class PolyglotTests
{
    // MPEG 2.5, layer III, 8 kbit/s at 8 kHz: 72 bytes for 72 ms.
    private static readonly byte[] Slow = [0xFF, 0xE3, 0x18, 0, .. new byte[68]];

    public static TheoryData<string> Boxes => ["moov", "mdat", "free", "wide", "skip", "ftyp", "uuid", "pnot", "udta"];

    [Theory]
    [MemberData(nameof(Boxes))]
    public void What_begins_with_the_name_of_a_box_too_has_no_known_length(string box)
    {
        var name = System.Text.Encoding.ASCII.GetBytes(box);
        foreach (var file in new[] { Sounds.Mp3(100), Sounds.Wave(1_000), Sounds.Webm("A_OPUS", [0xF8, 1, 2, 3]) })
        {
            RecordingLength.MaxSeconds(file).Should().NotBeNull();
            name.CopyTo(file, 4);
            RecordingLength.MaxSeconds(file).Should().BeNull();
        }
    }

    [Fact]
    public void Frames_of_another_codec_between_those_of_an_mp3_leave_no_known_length()
    {
        // 11 bytes for 1,024 samples of 7,350: 139 ms
        byte[] adts = [0xFF, 0xF1, 0x70, 0x40, 0x01, 0x7F, 0xFC, 0, 0, 0, 0];
        byte[] loas = [0x56, 0xE0, 8, .. new byte[8]];
        byte[] ac3 = [0x0B, 0x77, 0, 9, 0x3F, 0x80, .. new byte[14]];
        foreach (var frame in new[] { adts, loas, ac3 })
        {
            byte[] row = [.. Enumerable.Repeat(frame, 150).SelectMany(b => b)];
            RecordingLength.MaxSeconds([.. Slow, .. row]).Should().BeNull();
            RecordingLength.MaxSeconds([.. Sounds.Mp3(20), .. row]).Should().BeNull();
        }
        RecordingLength.MaxSeconds([.. Slow, .. adts, .. adts, .. adts]).Should().NotBeNull("so few are chance");
    }
}
