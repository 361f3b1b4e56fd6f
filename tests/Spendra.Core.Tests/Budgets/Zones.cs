using CsCheck;
using Spendra.Core.Budgets;

namespace Spendra.Core.Tests.Budgets;

/// <summary>Time zones whose clocks do unusual things, and civil time as a plain reader of clocks sees it.</summary>
internal static class Zones
{
    /// <summary>
    /// Ordinary ones; half-hour offsets; half-hour and two-hour changes; clocks that skip or repeat midnight;
    /// one that skipped a whole day; one that moved its standard time by half an hour, twice.
    /// </summary>
    public static readonly string[] Ids =
    [
        "UTC", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Pacific/Apia", "America/Sao_Paulo", "Asia/Beirut",
        "Africa/Cairo", "America/Havana", "Antarctica/Troll", "Australia/Lord_Howe", "Asia/Pyongyang",
        "America/St_Johns", "Africa/Casablanca", "Pacific/Kwajalein", "Pacific/Kiritimati", "America/Scoresbysund",
    ];

    public static readonly Gen<TimeZoneInfo> Any = Gen.OneOf([.. Ids.Select(id => Gen.Const(Of(id)))]);

    /// <summary>1975 to 2100, half of them within 40 hours of a change of clocks.</summary>
    public static Gen<long> InstantIn(TimeZoneInfo zone)
    {
        var changes = Known.GetOrAdd(zone.Id, _ => [.. Changes(zone, 1975, 2100)]);
        var anywhere = Gen.Long[Utc(1975, 1, 1), Utc(2100, 1, 1)];
        if (changes.Length == 0) return anywhere;
        return Gen.OneOf(anywhere,
            Gen.Select(Gen.Int[0, changes.Length - 1].Select(i => changes[i]), Gen.Long[-40 * Hour, 40 * Hour], (at, by) => at + by),
            Gen.Select(Gen.Int[0, changes.Length - 1].Select(i => changes[i]), Gen.Long[-2, 2], (at, by) => at + by));
    }

    public const long Second = 1_000_000;
    public const long Minute = 60 * Second;
    public const long Hour = 60 * Minute;
    public const long Day = 24 * Hour;

    public static TimeZoneInfo Of(string id) => TimeZoneInfo.FindSystemTimeZoneById(id);

    public static long Utc(int year, int month, int day, int hour = 0, int minute = 0) =>
        Micros(new DateTime(year, month, day, hour, minute, 0, DateTimeKind.Utc));

    public static long Micros(DateTime utc) => (utc - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    public static DateTime Local(TimeZoneInfo zone, long micros) =>
        TimeZoneInfo.ConvertTimeFromUtc(DateTime.UnixEpoch.AddTicks(micros * TimeSpan.TicksPerMicrosecond), zone);

    public static DateOnly Date(TimeZoneInfo zone, long micros) => DateOnly.FromDateTime(Local(zone, micros));

    public static string Text(long micros) => micros == WindowSpan.Never
        ? "never"
        : DateTime.UnixEpoch.AddTicks(micros * TimeSpan.TicksPerMicrosecond).ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'");

    /// <summary>Instants at which the offset changes, found by asking day after day and halving.</summary>
    public static IEnumerable<long> Changes(TimeZoneInfo zone, int fromYear, int toYear)
    {
        var offset = Offset(zone, Utc(fromYear, 1, 1));
        for (var day = Utc(fromYear, 1, 1); day < Utc(toYear, 1, 1); day += Day)
        {
            var next = Offset(zone, day + Day);
            if (offset == next) continue;
            var (before, after) = (day, day + Day);
            while (after - before > 1)
            {
                var middle = before + (after - before) / 2;
                if (Offset(zone, middle) == offset) before = middle;
                else after = middle;
            }
            offset = next;
            yield return after;
        }
    }

    private static readonly System.Collections.Concurrent.ConcurrentDictionary<string, long[]> Known = new();

    private static TimeSpan Offset(TimeZoneInfo zone, long micros) =>
        zone.GetUtcOffset(DateTime.UnixEpoch.AddTicks(micros * TimeSpan.TicksPerMicrosecond));
}
