using Spendra.Core.Metering;
using Spendra.Core.Money;

namespace Spendra.Core.Reconciliation;

/// <summary>Why a bill and the ledger differ.</summary>
public enum DifferenceKind
{
    /// <summary>More units were billed than passed here: the credential was used beside the gateway, or a fee was charged.</summary>
    OutsideGateway,
    /// <summary>As many units, at another price.</summary>
    PriceDrift,
    /// <summary>As many input tokens, in other classes: the provider's cache did more or less than it told.</summary>
    CacheClass,
    /// <summary>Billed on the day before or after.</summary>
    Late,
    /// <summary>No more than rounding makes.</summary>
    Rounding,
    /// <summary>Booked at a bound because no usage was known; the bill knows it.</summary>
    EstimatedSettlement,
    /// <summary>None of these.</summary>
    Unknown,
}

public static class DifferenceKinds
{
    public static IReadOnlyList<DifferenceKind> All => Enum.GetValues<DifferenceKind>();

    public static string NameOf(DifferenceKind kind) => kind switch
    {
        DifferenceKind.OutsideGateway => "outside_gateway",
        DifferenceKind.PriceDrift => "price_drift",
        DifferenceKind.CacheClass => "cache_class",
        DifferenceKind.Late => "late",
        DifferenceKind.Rounding => "rounding",
        DifferenceKind.EstimatedSettlement => "estimated_settlement",
        DifferenceKind.Unknown => "unknown",
    };

    public static DifferenceKind? Find(string name)
    {
        foreach (var kind in All)
        {
            if (NameOf(kind) == name) return kind;
        }
        return null;
    }
}

/// <summary>One reason for which the bill of a day, model and class is not what the ledger holds.</summary>
/// <param name="Day">Days since the Unix epoch, UTC.</param>
/// <param name="Model">As both sides name it.</param>
/// <param name="Class">Null where the two could be compared by model only.</param>
/// <param name="Kind">Why.</param>
/// <param name="Amount">Billed minus booked, as far as this reason goes; never zero.</param>
public sealed record Difference(long Day, string Model, UnitClass? Class, DifferenceKind Kind, NanoUsd Amount)
{
    /// <summary>What was billed for the day, model and class.</summary>
    public NanoUsd Billed { get; init; }

    /// <summary>What the ledger holds for them.</summary>
    public NanoUsd Booked { get; init; }

    public long? BilledQuantity { get; init; }

    public long? BookedQuantity { get; init; }

    /// <summary>The first line of the bill that it is about; null where the bill has none.</summary>
    public int? SourceLine { get; init; }
}

/// <summary>Which days are compared, and how much rounding is believed.</summary>
/// <param name="FirstDay">The first day, in days since the Unix epoch.</param>
/// <param name="EndDay">The day after the last one. Lines of the days beside the span are looked at for what was billed late.</param>
/// <param name="Rounding">The most that rounding of the bill makes in one line.</param>
public sealed record ComparisonRules(long FirstDay, long EndDay, NanoUsd Rounding)
{
    /// <summary>A millionth of a dollar.</summary>
    public static readonly NanoUsd DefaultRounding = new(1_000);

    public bool Holds(long day) => day >= FirstDay && day < EndDay;
}

/// <summary>What a comparison found: the sum of the differences is the bill minus the ledger, to the nano-dollar.</summary>
public sealed record ComparisonResult(NanoUsd Billed, NanoUsd Booked, IReadOnlyList<Difference> Differences);
