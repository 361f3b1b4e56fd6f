using System.Globalization;
using System.Text;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Storage.Periods;

namespace Spendra.Control.Close;

/// <summary>The journal of a period as CSV for other systems: by ledger account, provider account and cost centre.</summary>
internal static class JournalFile
{
    public const string ContentType = "text/csv; charset=utf-8";

    private const string Head = "period,ledger_account,provider_account,team,project,kind,corrects_period,corrects_entry,entries,debit_usd,credit_usd\r\n";

    public static string Write(AccountingPeriod period, IReadOnlyList<JournalLine> lines)
    {
        var file = new StringBuilder(Head);
        foreach (var line in lines)
        {
            // Names are slugs: none of them needs quotation marks, and none begins a formula.
            var (debit, credit) = line.Amount.IsNegative ? ("", (-line.Amount).ToString()) : (line.Amount.ToString(), "");
            file.AppendJoin(',', period, Of(line.LedgerAccount), line.Account, line.Team, line.Project, Of(line.Kind), line.CorrectsPeriod,
                line.CorrectsEntry?.ToString(CultureInfo.InvariantCulture), line.Entries.ToString(CultureInfo.InvariantCulture), debit, credit).Append("\r\n");
        }
        return file.ToString();
    }

    /// <summary>What all lines leave: zero.</summary>
    public static NanoUsd Balance(IReadOnlyList<JournalLine> lines) => lines.Aggregate(NanoUsd.Zero, (sum, line) => sum + line.Amount);

    private static string Of(LedgerAccount account) => account switch
    {
        LedgerAccount.Expense => "expense",
        LedgerAccount.Payable => "payable",
    };

    private static string Of(EntryKind kind) => kind switch
    {
        EntryKind.Settlement => "settlement",
        EntryKind.Expiry => "expiry",
        EntryKind.Late => "late",
        EntryKind.Adjustment => "adjustment",
    };
}
