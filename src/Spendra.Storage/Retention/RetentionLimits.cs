using Spendra.Core.Ledger;

namespace Spendra.Storage.Retention;

/// <summary>How long detail is kept. Months are whole months in UTC, those before the running one; 0 keeps for ever.</summary>
public sealed record RetentionLimits
{
    /// <summary>Sums by the hour; their days are kept.</summary>
    public int HourlyRollupMonths { get; init; } = 13;

    /// <summary>Notices that were delivered or given up, of alerts whose condition is gone.</summary>
    public int DeliveryMonths { get; init; } = 13;

    /// <summary>What is noted of exports that have ended. Their files are nobody's but their owner's.</summary>
    public int ExportMonths { get; init; } = 13;

    /// <summary>Lines of bills for days that a later bill counts for.</summary>
    public int ReplacedBillMonths { get; init; } = 25;

    /// <summary>Answers to creations that carried an idempotency key.</summary>
    public int ReceiptDays { get; init; } = 30;

    /// <summary>The first instant that is kept; null when all is.</summary>
    internal static long? KeptFrom(int months, long nowMicros)
    {
        if (months == 0) return null;
        var period = AccountingPeriod.Of(nowMicros);
        for (var i = 0; i < months; i++) period = period.Previous;
        return Math.Max(0, period.StartsAt);
    }

    internal static long? KeptFromDays(int days, long nowMicros) => days == 0 ? null : nowMicros - days * 86_400_000_000L;
}
