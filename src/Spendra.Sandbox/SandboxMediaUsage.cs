using System.Buffers.Binary;

namespace Spendra.Sandbox;

/// <summary>
/// The rule by which the sandbox counts images and audio, so that a test can predict what a call costs.
/// <para>A GPT image: input = ⌈UTF-8 bytes of the prompt / 4⌉ text tokens + <see cref="InputImageTokens"/> for each
/// image that is sent; output = <see cref="ImageTokens"/> for each image that is made, plus
/// <see cref="PartialImageTokens"/> for each partial one. DALL·E reports nothing.</para>
/// <para>Speech over events: input = ⌈UTF-8 bytes of the text / 4⌉, output = 16 or the knob <c>tokens</c>.</para>
/// <para>A transcription: input = <see cref="AudioTokensPerSecond"/> × <see cref="AudioSeconds"/> audio tokens +
/// ⌈UTF-8 bytes of the prompt / 4⌉ text tokens, output = 16 or the knob <c>tokens</c>; or the seconds alone.</para>
/// </summary>
public static class SandboxMediaUsage
{
    public const int InputImageTokens = 194;

    /// <summary>More for each image that is sent with <c>input_fidelity=high</c>.</summary>
    public const int HighFidelityTokens = 4_160;

    public const int PartialImageTokens = 100;
    public const int AudioTokensPerSecond = 10;

    /// <summary>How a recording that is no WAV is measured: 128 kbit/s.</summary>
    public const int CompressedBytesPerSecond = 16_000;

    private const int WavHeaderBytes = 44;
    private const int WavRateAt = 28;

    /// <summary>Output tokens of one image. A quality or size that is left open counts as medium and square.</summary>
    public static int ImageTokens(string size, string quality)
    {
        var (square, portrait, landscape) = quality switch
        {
            "low" => (272, 408, 400),
            "high" => (4_160, 6_240, 6_208),
            _ => (1_056, 1_584, 1_568),
        };
        return size switch
        {
            "1024x1536" => portrait,
            "1536x1024" => landscape,
            _ => square,
        };
    }

    /// <summary>Length of a recording in whole seconds, rounded up: by the header of a WAV, otherwise by its bytes.</summary>
    public static long AudioSeconds(ReadOnlySpan<byte> content)
    {
        var isWav = content.Length >= WavHeaderBytes && content[..4].SequenceEqual("RIFF"u8) && content[8..12].SequenceEqual("WAVE"u8);
        var rate = isWav ? BinaryPrimitives.ReadUInt32LittleEndian(content[WavRateAt..]) : 0;
        return rate == 0
            ? DividedUp(content.Length, CompressedBytesPerSecond)
            : DividedUp(content.Length - WavHeaderBytes, rate);
    }

    private static long DividedUp(long bytes, long bytesPerSecond) => (bytes + bytesPerSecond - 1) / bytesPerSecond;
}
