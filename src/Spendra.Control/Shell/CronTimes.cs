using System.ComponentModel.DataAnnotations;
using Cronos;
using Spendra.Storage;

namespace Spendra.Control.Shell;

/// <summary>Instants of cron expressions of five fields, in UTC.</summary>
internal static class CronTimes
{
    public static bool IsCron(string text) => CronExpression.TryParse(text, out _);

    /// <summary>The next instant after one; null when there is none any more.</summary>
    public static long? NextAfter(string cron, long micros) =>
        CronExpression.Parse(cron).GetNextOccurrence(Micros.ToInstant(micros), TimeZoneInfo.Utc) is { } next ? Micros.Of(next) : null;
}

/// <summary>A cron expression of five fields.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class CronAttribute() : ValidationAttribute("expected a cron expression of five fields such as 15 2 * * *")
{
    private const int Longest = 100;

    public override bool IsValid(object? value) => value is null || (value is string { Length: <= Longest } text && CronTimes.IsCron(text));
}
