namespace Spendra.Sandbox.Directives;

/// <summary>
/// Reads knobs from text: <c>key=value</c> pairs parted by spaces. A key that is not known is an error, since a test
/// with a misspelt knob would pass for the wrong reason.
/// </summary>
internal static partial class KnobsText
{
    private const string Opening = "[[sandbox";
    private const string Closing = "]]";
    private const int MaxLineBytes = 64 * 1024 * 1024;
    private const int MaxWaitMs = 3_600_000;

    // 10^37: the sum of two reported numbers still fits.
    private static readonly Int128 s_maxReported = Int128.Parse("10000000000000000000000000000000000000");

    /// <summary>The inside of the first <c>[[sandbox …]]</c> in a text, or <see langword="null"/>.</summary>
    public static string? Directive(string text)
    {
        var start = text.IndexOf(Opening, StringComparison.Ordinal);
        if (start < 0)
            return null;
        start += Opening.Length;
        var end = text.IndexOf(Closing, start, StringComparison.Ordinal);
        return end < 0 ? null : text[start..end];
    }

    /// <summary>Lays the knobs of a text over a basis.</summary>
    /// <returns><see langword="null"/> when all is well, otherwise what is wrong.</returns>
    public static string? Apply(string? text, ref Knobs knobs)
    {
        if (string.IsNullOrWhiteSpace(text))
            return null;
        var laid = knobs with { };
        foreach (var range in text.AsSpan().Split(' '))
        {
            var pair = text.AsSpan(range).Trim();
            if (pair.IsEmpty)
                continue;
            var equals = pair.IndexOf('=');
            if (equals <= 0 || !Set(laid, pair[..equals], pair[(equals + 1)..]))
                return $"The sandbox does not understand '{pair}'.";
        }
        knobs = laid;
        return null;
    }

    private static bool Set(Knobs knobs, ReadOnlySpan<char> key, ReadOnlySpan<char> value)
    {
        switch (key)
        {
            case "latency_ms": return Within(value, MaxWaitMs, out var latency) && Done(knobs.LatencyMs = latency);
            case "chunk_ms": return Within(value, MaxWaitMs, out var pause) && Done(knobs.ChunkMs = pause);
            case "tokens": return Within(value, SandboxUsage.MaxOutputTokens, out var tokens) && Done(knobs.Tokens = tokens);
            case "break_after": return Within(value, int.MaxValue, out var chunks) && Done(knobs.BreakAfterChunks = chunks);
            case "break_after_bytes": return Within(value, int.MaxValue, out var bytes) && Done(knobs.BreakAfterBytes = bytes);
            case "line_bytes": return Within(value, MaxLineBytes, out var line) && Done(knobs.LineBytes = line);
            case "status": return Within(value, 599, out var status) && status >= 400 && Done(knobs.Status = status);
            case "redirect": return IsUrl(value) && Done(knobs.Redirect = value.ToString());
            case "service_tier": return Done(knobs.ServiceTier = value.ToString());
            case "model": return Done(knobs.Model = value.ToString());
            case "usage": return value is "string" && Done(knobs.UsageAsStrings = true);
            default:
                return SetFlag(knobs, key, value) || SetReported(knobs, key, value) || SetNative(knobs, key, value)
                    || ProviderKnobsText.Set(knobs, key, value);
        }
    }

    private static bool SetFlag(Knobs knobs, ReadOnlySpan<char> key, ReadOnlySpan<char> value)
    {
        if (!bool.TryParse(value, out var flag))
            return false;
        switch (key)
        {
            case "ignore_limit": return Done(knobs.IgnoreLimit = flag);
            case "no_usage": return Done(knobs.NoUsage = flag);
            case "no_done": return Done(knobs.NoDone = flag);
            case "hang": return Done(knobs.Hang = flag);
            case "error_midstream": return Done(knobs.ErrorMidstream = flag);
            case "garbage": return Done(knobs.Garbage = flag);
            case "gzip": return Done(knobs.Gzip = flag);
            default: return false;
        }
    }

    private static bool SetReported(Knobs knobs, ReadOnlySpan<char> key, ReadOnlySpan<char> value)
    {
        if (!Int128.TryParse(value, out var number) || !IsReportable(number))
            return false;
        switch (key)
        {
            case "input_tokens": return Done(knobs.InputTokens = number);
            case "output_tokens": return Done(knobs.OutputTokens = number);
            case "cached_tokens": return Done(knobs.CachedTokens = number);
            case "cache_write_tokens": return Done(knobs.CacheWriteTokens = number);
            case "reasoning_tokens": return Done(knobs.ReasoningTokens = number);
            case "total_tokens": return Done(knobs.TotalTokens = number);
            case "audio_tokens": return Done(knobs.AudioTokens = number);
            case "image_tokens": return Done(knobs.ImageTokens = number);
            case "output_audio_tokens": return Done(knobs.OutputAudioTokens = number);
            case "accepted_tokens": return Done(knobs.AcceptedTokens = number);
            case "rejected_tokens": return Done(knobs.RejectedTokens = number);
            case "seconds": return Done(knobs.Seconds = number);
            default: return false;
        }
    }

    internal static bool IsReportable(Int128 number) => number <= s_maxReported && number >= -s_maxReported;

    private static bool IsUrl(ReadOnlySpan<char> value) => Uri.IsWellFormedUriString(value.ToString(), UriKind.RelativeOrAbsolute);

    internal static bool Within(ReadOnlySpan<char> value, int max, out int number) =>
        int.TryParse(value, out number) && number >= 0 && number <= max;

    internal static bool Done<T>(T _) => true;
}
