using System.Globalization;

namespace Spendra.Storage;

/// <summary>Times as files and commands spell them.</summary>
public static class InstantText
{
    private static readonly string[] Formats =
        ["yyyy-MM-dd'T'HH:mm:sszzz", "yyyy-MM-dd'T'HH:mmzzz", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFzzz"];

    /// <summary>ISO 8601 with an offset or <c>Z</c>, to microseconds since the Unix epoch.</summary>
    public static bool TryParse(string text, out long micros)
    {
        micros = 0;
        var zulu = text.EndsWith('Z') ? text[..^1] + "+00:00" : text;
        if (!DateTimeOffset.TryParseExact(zulu, Formats, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)) return false;
        micros = (time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        return micros >= 0;
    }

    /// <summary>Microseconds since the Unix epoch as ISO 8601 in UTC.</summary>
    public static string Of(long micros) =>
        DateTimeOffset.UnixEpoch.AddTicks(micros * TimeSpan.TicksPerMicrosecond)
            .ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture);
}
