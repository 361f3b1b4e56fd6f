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
            Sounds.Mp4(100, inTrack: Sounds.Box("udta", Sounds.Box("trak", Sounds.Sizes(9_000)))),
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

    // A frame has at most 6,144 bits of each channel: 768 bytes.
    [Fact]
    public void A_sample_that_is_larger_than_a_frame_may_hold_several_and_leaves_no_known_length()
    {
        byte[] SizeOfAll(int bytes) => Sounds.Box("stsz", [0, 0, 0, 0, .. Sounds.Number(bytes), .. Sounds.Number(100)]);
        byte[] Packed(byte bits, params byte[] sizes) => Sounds.Box("stz2", [0, 0, 0, 0, 0, 0, 0, bits, .. Sounds.Number(2), .. sizes]);
        byte[] OneOf(int bytes) => [.. Sounds.Sizes(99), .. Sounds.Sizes(1, bytes)];

        foreach (var (largest, channels) in new[] { (768, 1), (1_536, 2), (6 * 768, 6), (8 * 768, 7) })
        {
            foreach (var (bytes, isKnown) in new[] { (largest, true), (largest + 1, false) })
            {
                foreach (var sizes in new[] { Sounds.Sizes(100, bytes), SizeOfAll(bytes), OneOf(bytes), Packed(16, 0, 1, (byte)(bytes >> 8), (byte)bytes) })
                    (RecordingLength.MaxSeconds(Sounds.Mp4(100, inSizes: sizes, channels: channels)) is not null).Should().Be(isKnown, $"{bytes} bytes of {channels}");
            }
        }
        foreach (var sizes in new[] { Packed(8, 200, 255), Packed(4, 0xFF) }) RecordingLength.MaxSeconds(Sounds.Mp4(100, inSizes: sizes)).Should().Be(2);
    }

    [Fact]
    public void Sizes_that_are_not_all_there_leave_no_known_length()
    {
        var sizes = Sounds.Sizes(100);
        foreach (var file in new[]
        {
            Sounds.Mp4(100, inSizes: Sounds.Box("stsz", sizes[8..^1])), Sounds.Mp4(100, inSizes: Sounds.Box("stz2", [.. new byte[7], 32, .. Sounds.Number(1), 0, 0, 0, 9])),
            Sounds.Mp4(100, inSizes: Sounds.Box("stz2", [.. new byte[7], 16, .. Sounds.Number(1), 0])), Sounds.Mp4(100, inSizes: Sounds.Box("stsz", new byte[11])),
            // Behind the track, where it is taken for the one before
            [.. Sounds.Mp4(100), .. Sounds.Sizes(1, 5_000)],
            // The frames tell how many channels there are, or nothing does
            Sounds.Mp4(100, channels: 0), Sounds.Mp4(100, channels: 8), Sounds.Mp4(100, channels: 15),
        })
        {
            RecordingLength.MaxSeconds(file).Should().BeNull();
        }
    }

    [Fact]
    public void Samples_of_pictures_are_of_any_size_and_those_of_sound_beside_them_are_not()
    {
        byte[] Track(string format, int bytes) => Sounds.Box("trak", Sounds.Box("mdia", Sounds.Box("minf", Sounds.Box("stbl",
        [
            .. Sounds.Box("stsd", [0, 0, 0, 0, .. Sounds.Number(1), .. Sounds.Box(format, new byte[78])]), .. Sounds.Sizes(10, bytes),
        ]))));

        RecordingLength.MaxSeconds([.. Sounds.Mp4(100), .. Track("avc1", 100_000)]).Should().NotBeNull();
        RecordingLength.MaxSeconds([.. Sounds.Mp4(100, inSizes: Sounds.Sizes(100, 100_000)), .. Track("avc1", 300)]).Should().BeNull();
    }

    [Fact]
    public void Fragments_are_bound_by_the_sizes_that_they_or_their_defaults_name()
    {
        byte[] Extends(int bytes) => Sounds.Box("mvex", Sounds.Box("trex", [.. new byte[16], .. Sounds.Number(bytes), 0, 0, 0, 0]));
        byte[] Fragment(byte flags, byte[] head, byte[] run) => Sounds.Box("moof", Sounds.Box("traf", [.. Sounds.Box("tfhd", [0, 0, 0, flags, .. Sounds.Number(1), .. head]), .. Sounds.Box("trun", run)]));
        byte[] silent = [0, 0, 0, 0, .. Sounds.Number(44)];
        // With the place of its bytes and what the first is; for each how long, how large, what and how much later
        byte[] Full(int bytes) => [0, 0, 0xF, 5, .. Sounds.Number(1), .. new byte[8], .. Sounds.Number(1_024), .. Sounds.Number(bytes), .. new byte[8]];

        RecordingLength.MaxSeconds([.. Sounds.Mp4(43), .. Sounds.Fragment(44, 1_536)]).Should().Be(3);
        RecordingLength.MaxSeconds([.. Sounds.Mp4(43), .. Extends(1_536), .. Fragment(0, [], silent)]).Should().Be(3);
        RecordingLength.MaxSeconds([.. Sounds.Mp4(43), .. Fragment(0x1B, [.. new byte[16], .. Sounds.Number(1_536)], silent)]).Should().Be(3);
        RecordingLength.MaxSeconds([.. Sounds.Mp4(43), .. Extends(90_000), .. Fragment(0, [], Full(1_536))]).Should().Be(2, "nothing takes the default");
        foreach (var more in new byte[][]
        {
            Sounds.Fragment(1, 1_537), [.. Extends(1_537), .. Fragment(0, [], silent)], [.. Fragment(0, [], silent), .. Extends(1_537)],
            Fragment(0x10, Sounds.Number(1_537), silent), Fragment(0x10, [], silent), Fragment(0, [], silent), Fragment(0, [], Full(1_537)), Fragment(0, [], Full(9)[..^1]),
            Fragment(0, [], [0, 0, 0, 0]), Sounds.Box("mvex", Sounds.Box("trex", new byte[19])), Sounds.Box("udta", Extends(1_537)),
        })
        {
            RecordingLength.MaxSeconds([.. Sounds.Mp4(43), .. more]).Should().BeNull();
        }
    }
}
