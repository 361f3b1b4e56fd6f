namespace Spendra.Gateway.Recordings;

/// <summary>
/// How long a recording can be at most, from its bytes. What a header claims is not believed where a decoder would count
/// what is really there: a claim of one second must not buy an hour.
/// </summary>
internal static class RecordingLength
{
    /// <summary>What is asked for when <see cref="MaxSeconds"/> knows nothing.</summary>
    public const string Formats = "WAV, MP3, or Opus in Ogg";

    /// <summary>Whole seconds, rounded up; null for a format whose length is not worked out here.</summary>
    public static long? MaxSeconds(ReadOnlySpan<byte> file) =>
        file.StartsWith("RIFF"u8) ? WaveLength.MaxSeconds(file)
        : file.StartsWith("OggS"u8) ? OpusLength.MaxSeconds(file)
        : MpegLength.MaxSeconds(file);
}
