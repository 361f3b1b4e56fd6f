namespace Spendra.Gateway.Recordings;

/// <summary>
/// How long a recording can be at most, from its bytes. What a header claims is not believed where a decoder would count
/// what is really there: a claim of one second must not buy an hour.
/// </summary>
internal static class RecordingLength
{
    /// <summary>What is asked for when <see cref="MaxSeconds"/> knows nothing.</summary>
    public const string Formats = "WAV, MP3, M4A with AAC, or Ogg or WebM with Opus";

    /// <summary>Whole seconds, rounded up; null for a format whose length is not worked out here.</summary>
    public static long? MaxSeconds(ReadOnlySpan<byte> file) =>
        // Whoever claims a longer life than people have need not be counted to the end.
        LengthOf(file) is { } seconds ? Math.Min(seconds, int.MaxValue) : null;

    private static long? LengthOf(ReadOnlySpan<byte> file) =>
        Mp4Length.IsMp4(file) ? Mp4Length.MaxSeconds(file)
        // Decoders that look for boxes first find them there, and in them whatever sound they like.
        : Mp4Boxes.BeginIn(file) ? null
        : file.StartsWith("RIFF"u8) ? WaveLength.MaxSeconds(file)
        : file.StartsWith("OggS"u8) ? OggLength.MaxSeconds(file)
        : WebmLength.IsWebm(file) ? WebmLength.MaxSeconds(file)
        : MpegLength.MaxSeconds(file);
}
