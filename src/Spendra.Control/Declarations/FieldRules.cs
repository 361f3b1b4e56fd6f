using System.Buffers;
using System.Globalization;

namespace Spendra.Control.Declarations;

/// <summary>Names that people type in addresses, files and commands.</summary>
internal static class SlugRule
{
    public const string Expected = "1 to 63 of a-z, 0-9, '-', '_' and '.', beginning with a letter or digit";

    private const int Longest = 63;
    private static readonly SearchValues<char> Allowed = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-_.");

    public static bool Matches(string text) =>
        text.Length is > 0 and <= Longest && char.IsAsciiLetterOrDigit(text[0])
        && !text.AsSpan().ContainsAnyExcept(Allowed);
}

internal static class ZoneName
{
    private const int Longest = 64;
    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_+-");

    /// <summary>The zone of an IANA name. The name becomes part of a file path on Unix, so only its letters are let through.</summary>
    public static TimeZoneInfo? Find(string name)
    {
        if (name.Length is 0 or > Longest || name.AsSpan().ContainsAnyExcept(Allowed) || !char.IsAsciiLetter(name[0])) return null;
        return TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : null;
    }
}

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
