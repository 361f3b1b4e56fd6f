using System.Buffers;

namespace Spendra.Control.Shell;

/// <summary>Time zones by their IANA names.</summary>
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

    /// <summary>When a day begins: at midnight, or at the first time after it where clocks are put forward over midnight.</summary>
    public static DateTimeOffset StartOf(DateOnly day, TimeZoneInfo zone)
    {
        var local = day.ToDateTime(TimeOnly.MinValue);
        while (zone.IsInvalidTime(local)) local = local.AddMinutes(1);
        return new DateTimeOffset(TimeZoneInfo.ConvertTimeToUtc(local, zone), TimeSpan.Zero);
    }
}
