namespace Spendra.Ledger;

/// <summary>Times as tables show them, in UTC.</summary>
internal static class Shown
{
    /// <summary>The minute, or only the day when it is midnight.</summary>
    public static string? Day(DateTime? instant) => instant is { } at
        ? at.ToString(at.TimeOfDay == TimeSpan.Zero ? "yyyy-MM-dd" : "yyyy-MM-dd HH:mm'Z'")
        : null;

    public static string Instant(DateTime at) => at.ToString("yyyy-MM-dd HH:mm:ss.fff'Z'");

    public static string Age(TimeSpan age) => age switch
    {
        { TotalMinutes: < 1 } => $"{(int)age.TotalSeconds} s",
        { TotalHours: < 1 } => $"{(int)age.TotalMinutes} min {age.Seconds} s",
        _ => $"{(int)age.TotalHours} h {age.Minutes} min",
    };
}
