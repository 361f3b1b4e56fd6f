using Spendra.Gateway.Recordings;

namespace Spendra.Gateway.Tests.Media;

/// <summary>An MP4 that decoders may play for longer than its frames, or find more frames in, has no known length; what ordinary writers write is measured.</summary>
public sealed class Mp4DoubtTests
{
    private static byte[] With(byte[] file, int at, params byte[] bytes)
    {
        bytes.CopyTo(file, at);
        return file;
    }

    [Fact]
    public void Ordinary_edits_change_nothing()
    {
        var priming = Sounds.Edits((60_000, 2_112, Sounds.NormalRate));

        RecordingLength.MaxSeconds(Sounds.Mp4(2_584, inTrack: priming)).Should().Be(61);
        RecordingLength.MaxSeconds(Sounds.Mp4(2_584, inTrack: Sounds.Edits((0, 0, Sounds.NormalRate)))).Should().Be(61);
        RecordingLength.MaxSeconds(Sounds.Mp4(2_584, inTrack: Sounds.Edits((1_500, -1, Sounds.NormalRate), (60_000, 1_024, Sounds.NormalRate))))
            .Should().Be(63, "silence before the sound may be played");
    }

    [Fact]
    public void Edits_that_play_the_sound_again_or_slowly_leave_no_known_length()
    {
        (int, int, int) once = (60_000, 0, Sounds.NormalRate);
        foreach (var track in new[]
        {
            Sounds.Edits(once, once), Sounds.Edits([.. Enumerable.Repeat(once, 1_000)]), Sounds.Edits((60_000, 0, Sounds.NormalRate / 2)), Sounds.Edits((60_000, 0, 0)),
            Sounds.Edits((60_000, -2, Sounds.NormalRate)), Sounds.Box("edts", Sounds.Box("elst", [])), Sounds.Box("edts", Sounds.Box("elst", [0, 0, 0, 0, .. Sounds.Number(2), .. new byte[12]])),
            // Hidden where some read on
            Sounds.Box("udta", Sounds.Edits(once, once)),
        })
        {
            RecordingLength.MaxSeconds(Sounds.Mp4(2_584, inTrack: track)).Should().BeNull();
        }
    }

    [Fact]
    public void A_track_has_one_description_and_its_tables_stand_where_all_find_them()
    {
        var slow = Sounds.Box("esds", Sounds.Description(11, 2));
        byte[] nested = [.. Sounds.Number(0), .. "free"u8];
        foreach (var file in new[]
        {
            Sounds.Mp4(100, rateIndex: 0, inFormat: slow), Sounds.Mp4(100, rateIndex: 0, inFormat: Sounds.Box("wave", slow)),
            Sounds.Mp4(100, inTrack: Sounds.Box("udta", Sounds.Box("trak", Sounds.Box("stsz", [.. new byte[8], .. Sounds.Number(9_000)])))),
            // A box that goes on until the end of what is around it, or beyond
            [.. Sounds.Box("moov", nested), .. Sounds.Mp4(100)], Sounds.Mp4(100, inTrack: [.. Sounds.Number(5_000), .. "free"u8]),
            // Samples that last one tick are read by the chunk, whatever their table says
            Sounds.Mp4(100, inTables: Sounds.Box("stts", [0, 0, 0, 0, .. Sounds.Number(1), .. Sounds.Number(100), .. Sounds.Number(1)])),
        })
        {
            RecordingLength.MaxSeconds(file).Should().BeNull();
        }
        var deep = Sounds.Mp4(1);
        for (var i = 0; i < 50; i++) deep = Sounds.Box("trak", deep);
        RecordingLength.MaxSeconds([.. Sounds.Mp4(100), .. deep]).Should().BeNull();
        RecordingLength.MaxSeconds(Sounds.Mp4(100, inFormat: Sounds.Box("btrt", new byte[12]))).Should().Be(3);
    }

    [Fact]
    public void Replicated_sound_is_measured_when_what_is_below_has_the_same_frames()
    {
        RecordingLength.MaxSeconds(Sounds.Mp4(100, rateIndex: 7, kind: 5)).Should().Be(5);
        RecordingLength.MaxSeconds(Sounds.Mp4(100, rateIndex: 7, kind: 29)).Should().Be(5);
        var shorter = Sounds.Box("esds", Sounds.Description(7, 5, below: 23));
        var file = Sounds.Mp4(100, rateIndex: 7, kind: 5);
        With(file, file.AsSpan().IndexOf("esds"u8) - 4, shorter);
        RecordingLength.MaxSeconds(file).Should().BeNull();
    }
}
