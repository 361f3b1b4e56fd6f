using Spendra.Gateway.Recordings;

namespace Spendra.Gateway.Tests.Media;

/// <summary>A page that decoders drop, and in which they search for others, leaves no known length.</summary>
public sealed class OggDoubtTests
{
    private static readonly byte[] Frame20Ms = [0xF8, 1, 2, 3];

    // 120 ms in two bytes
    private static readonly byte[] Frame120Ms = [0x1B, 2];

    private static byte[] With(byte[] file, int at, params byte[] bytes)
    {
        bytes.CopyTo(file, at);
        return file;
    }

    [Fact]
    public void Pages_that_a_decoder_drops_hide_nothing()
    {
        var inner = Enumerable.Repeat(Sounds.Page(0, Frame120Ms), 1_000).SelectMany(p => p).ToArray();
        var decoy = Sounds.Page(0, inner);
        var sound = Sounds.Page(0, Frame20Ms);

        RecordingLength.MaxSeconds([.. Sounds.Opus(), .. decoy]).Should().Be(1, "one packet, whatever stands in it");
        foreach (var bad in new[]
        {
            With(decoy[..], 22, (byte)~decoy[22]), With(decoy[..], decoy.Length - 1, 9), With(decoy[..], 14, 9),
            Sounds.Sealed(With(decoy[..], 4, 1)), Sounds.Sealed(With(decoy[..], 5, 8)),
        })
        {
            RecordingLength.MaxSeconds([.. Sounds.Opus(Frame20Ms), .. bad, .. sound]).Should().BeNull();
        }
        RecordingLength.MaxSeconds([.. Sounds.Opus(Frame20Ms), .. Sounds.Opus(Frame20Ms)]).Should().BeNull("a stream begins once");
    }
}
