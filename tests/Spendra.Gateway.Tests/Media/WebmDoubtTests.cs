using Spendra.Gateway.Recordings;

namespace Spendra.Gateway.Tests.Media;

/// <summary>A WebM in which decoders may find blocks elsewhere has no known length.</summary>
public sealed class WebmDoubtTests
{
    private static readonly byte[] Frame20Ms = [0xF8, 1, 2, 3];

    // 120 ms in two bytes
    private static readonly byte[] Frame120Ms = [0x1B, 2];

    private static byte[] WithBlockFirst(byte[] file)
    {
        var tracks = file.AsSpan().IndexOf((byte[])[0x16, 0x54, 0xAE, 0x6B]);
        return [.. file[..tracks], .. Sounds.Block(0, 0, Frame20Ms), .. file[tracks..]];
    }

    [Fact]
    public void An_element_ends_within_what_is_around_it()
    {
        byte[] clusterOf20 = [0x1F, 0x43, 0xB6, 0x75, 0x80 | 20];
        byte[] hidden = [0x1F, 0x43, 0xB6, 0x75, 0xFF, .. Sounds.Element([0xE7], [0]), .. Enumerable.Repeat(Sounds.Block(0, 0, Frame120Ms), 500).SelectMany(b => b)];
        var file = Sounds.Webm("A_OPUS", Frame20Ms);
        foreach (var bad in new[]
        {
            [.. file, .. clusterOf20, .. Sounds.Element([0xEC], new byte[5_000])], [.. file, .. clusterOf20, .. Sounds.Element([0xEC], hidden)],
            // Sound that is found by whoever searches for the next cluster
            [.. file, .. Sounds.Element([0xEC], hidden)], [.. file, .. Sounds.Block(0, 0, hidden)],
            // A block before the description of its track
            WithBlockFirst(file),
        })
        {
            RecordingLength.MaxSeconds(bad).Should().BeNull();
        }
        // As FFmpeg writes it: every length known
        var block = Sounds.Block(0, 0, Frame20Ms);
        var cluster = Sounds.Element([0x1F, 0x43, 0xB6, 0x75], [.. Sounds.Element([0xE7], [0]), .. block, .. Sounds.Element([0xA0], Sounds.Element([0xA1], [0x81, 0, 0, 0, .. Frame20Ms]))]);
        RecordingLength.MaxSeconds([.. Sounds.Webm("A_OPUS")[..^9], .. cluster, .. cluster, .. Sounds.Element([0x1C, 0x53, 0xBB, 0x6B], new byte[40])]).Should().Be(1);
    }
}
