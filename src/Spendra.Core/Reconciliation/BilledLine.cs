using Spendra.Core.Metering;
using Spendra.Core.Money;

namespace Spendra.Core.Reconciliation;

/// <summary>One line of what a provider says that it billed to an account.</summary>
public sealed record BilledLine
{
    /// <summary>The largest amount of a line that is believed: a million dollars.</summary>
    public static readonly NanoUsd MostAmount = NanoUsd.FromUsd(1_000_000);

    /// <summary>The largest quantity of a line that is believed.</summary>
    public const long MostQuantity = 1_000_000_000_000_000;

    public required Guid AccountId { get; init; }

    /// <summary>Days since the Unix epoch, UTC; see <see cref="BilledDay"/>.</summary>
    public required long Day { get; init; }

    /// <summary>The model as the bill names it; empty for a charge that names none.</summary>
    public required string Model { get; init; }

    /// <summary>What was counted; null where the bill has one amount for everything that a model did.</summary>
    public UnitClass? Class { get; init; }

    /// <summary>Units; null where the bill has only money. Never negative.</summary>
    public long? Quantity { get; init; }

    /// <summary>Never negative: a credit is booked as an adjustment.</summary>
    public required NanoUsd Amount { get; init; }

    /// <summary>Where it stands in what was imported, from 1.</summary>
    public required int SourceLine { get; init; }
}

/// <summary>What the ledger holds for one day, model and class of an account.</summary>
public sealed record SettledLine
{
    public required long Day { get; init; }

    /// <summary>The model that served.</summary>
    public required string Model { get; init; }

    /// <summary>Null for money that no class can be named for: what a provider billed itself, corrections, estimates.</summary>
    public UnitClass? Class { get; init; }

    public long Quantity { get; init; }

    /// <summary>May be negative where corrections outweigh what they correct.</summary>
    public required NanoUsd Amount { get; init; }

    /// <summary>How many events stand behind it; each was rounded by half a nano-dollar at most.</summary>
    public long Requests { get; init; }

    /// <summary>Booked at a bound because no usage was known; such a line has no class.</summary>
    public bool IsEstimated { get; init; }
}

/// <summary>Days of bills: whole days since the Unix epoch, UTC.</summary>
public static class BilledDay
{
    public const long MicrosPerDay = 86_400_000_000;

    public static long Of(long micros) => micros / MicrosPerDay;

    public static long StartMicros(long day) => day * MicrosPerDay;

    public static long OfDate(DateOnly date) => date.DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber;

    public static DateOnly ToDate(long day) => DateOnly.FromDateTime(DateTime.UnixEpoch).AddDays((int)day);
}

/// <summary>How bills, tables and documents name classes.</summary>
public static class BilledClasses
{
    private static readonly (UnitClass Class, string Name)[] Text =
    [
        (UnitClass.Input, "input"), (UnitClass.CachedInput, "cached_input"), (UnitClass.CacheWrite, "cache_write"), (UnitClass.Output, "output"),
    ];

    public static IEnumerable<string> Names => Text.Concat(UnitClasses.Others).Select(c => c.Name);

    public static string NameOf(UnitClass unit)
    {
        foreach (var (known, name) in Text)
        {
            if (known == unit) return name;
        }
        return UnitClasses.NameOf(unit);
    }

    public static UnitClass? Find(string name)
    {
        foreach (var (unit, known) in Text)
        {
            if (known == name) return unit;
        }
        return UnitClasses.Find(name);
    }
}
