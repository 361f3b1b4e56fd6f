using Spendra.Control.Shell;
using Spendra.Core.Ledger;
using Spendra.Storage;

namespace Spendra.Control.Ledger;

/// <summary>How the ledger's enumerations and times are spelled, and read again.</summary>
internal static class LedgerWords
{
    public static string Of(SpendKind kind) => kind switch
    {
        SpendKind.Settled => "settled",
        SpendKind.Expired => "expired",
        SpendKind.Late => "late",
        SpendKind.Adjusted => "adjusted",
    };

    public static string Of(EntryKind kind) => kind switch
    {
        EntryKind.Settlement => "settlement",
        EntryKind.Expiry => "expiry",
        EntryKind.Late => "late",
        EntryKind.Adjustment => "adjustment",
    };

    public static string Of(LedgerAccount account) => account switch
    {
        LedgerAccount.Expense => "expense",
        LedgerAccount.Payable => "payable",
    };

    public static T? Find<T>(string? word, Func<T, string> nameOf) where T : struct, Enum
    {
        foreach (var value in Enum.GetValues<T>())
        {
            if (nameOf(value) == word) return value;
        }
        return null;
    }

    public static DateTime Utc(long micros) => Micros.ToInstant(micros).UtcDateTime;

    /// <summary>Reads an instant of a query; null and no problem where there is none.</summary>
    public static (long? Micros, Problem? Problem) Instant(string name, string? text)
    {
        if (text is null) return (null, null);
        return InstantText.TryParse(text, out var micros) ? (micros, null)
            : (null, Problem.Field(name, "is not an instant such as 2026-11-01T00:00:00Z"));
    }
}
