using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using Spendra.Control.Shell;
using Spendra.Core.Money;
using Spendra.Core.Reconciliation;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Reconciliation;

namespace Spendra.Control.Reconciliation;

/// <summary>An imported bill.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Account">The provider account.</param>
/// <param name="Format">What it came as.</param>
/// <param name="From">The first day that it is the bill of, UTC.</param>
/// <param name="To">The last day.</param>
/// <param name="Lines">How many lines it has.</param>
/// <param name="Skipped">Lines about something else than models, which were left out.</param>
/// <param name="AmountUsd">Their sum.</param>
/// <param name="CurrentDays">How many of its days count; later imports superseded the others.</param>
/// <param name="ImportedAt">When.</param>
/// <param name="ImportedBy">Who.</param>
internal sealed record ImportView(
    Guid Id, string Account, string Format, DateOnly From, DateOnly To, int Lines, int Skipped, NanoUsd AmountUsd, long CurrentDays,
    DateTime ImportedAt, string ImportedBy)
{
    public static ImportView Of(BillImport row) => new(row.ImportId, row.Account, row.Format, BilledDay.ToDate(row.FirstDay), BilledDay.ToDate(row.EndDay - 1),
        row.LineCount, row.SkippedCount, row.Amount, row.CurrentDays, Micros.ToInstant(row.ImportedAt).UtcDateTime, row.ImportedBy);

    /// <summary>As audit records tell it.</summary>
    public static Description Describe(BillImport row) => new(
    [
        ("account", row.Account), ("format", row.Format), ("from", Iso(row.FirstDay)), ("to", Iso(row.EndDay - 1)),
        ("lines", row.LineCount.ToString(CultureInfo.InvariantCulture)), ("amountUsd", row.Amount.ToString()), ("sha256", Convert.ToHexStringLower(row.Digest)),
    ]);

    private static string Iso(long day) => BilledDay.ToDate(day).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}

/// <summary>A bill to import.</summary>
public sealed record NewImport
{
    /// <summary>The slug of the provider account whose bill it is.</summary>
    [Slug]
    public required string Account { get; init; }

    /// <summary>What the content is.</summary>
    [AllowedTexts(BillFormats.OpenAiCosts, BillFormats.AnthropicCosts, BillFormats.OpenRouterActivity, BillFormats.OpenRouterGenerations,
        BillFormats.AzureCsv, BillFormats.GoogleCsv, BillFormats.GoogleJsonLines, BillFormats.FocusCsv, BillFormats.Csv)]
    public required string Format { get; init; }

    /// <summary>The file's text, or pages of the interface one after the other.</summary>
    [MinLength(1)]
    public required string Content { get; init; }

    /// <summary>How it is read where the format leaves that open.</summary>
    public BillMapping? Mapping { get; init; }

    /// <summary>The first day that it is the bill of; the first one that it names when absent.</summary>
    public DateOnly? From { get; init; }

    /// <summary>The last day; the last one that it names when absent.</summary>
    public DateOnly? To { get; init; }
}

/// <summary>Days of a bill to fetch from the provider.</summary>
public sealed record NewFetch
{
    /// <summary>The slug of the provider account whose bill it is.</summary>
    [Slug]
    public required string Account { get; init; }

    /// <summary>The account whose credential may see bills; the account itself when absent.</summary>
    [Slug]
    public string? CredentialOf { get; init; }

    /// <summary>The first day, UTC.</summary>
    public required DateOnly From { get; init; }

    /// <summary>The last day.</summary>
    public required DateOnly To { get; init; }
}

/// <summary>A comparison to make.</summary>
public sealed record NewRun
{
    /// <summary>The slug of the provider account.</summary>
    [Slug]
    public required string Account { get; init; }

    /// <summary>The month, UTC: <c>2026-10</c>.</summary>
    [Month]
    public required string Month { get; init; }

    /// <summary>The most that rounding of the bill makes in one line; a millionth of a dollar when absent.</summary>
    public NanoUsd? RoundingUsd { get; init; }
}

/// <summary>Which differences to propose corrections for.</summary>
public sealed record NewProposals
{
    /// <summary>Kinds of differences; all when absent.</summary>
    [Names(7)]
    public IReadOnlyList<string>? Kinds { get; init; }
}

/// <summary>What became of the differences of one kind.</summary>
/// <param name="Kind">Why they are.</param>
/// <param name="Count">How many.</param>
/// <param name="DifferenceUsd">Their sum: billed minus booked.</param>
/// <param name="BookedUsd">What was approved and booked for them.</param>
/// <param name="ProposedUsd">What is proposed and waits for a decision.</param>
internal sealed record StandingView(string Kind, int Count, NanoUsd DifferenceUsd, NanoUsd BookedUsd, NanoUsd ProposedUsd)
{
    public static StandingView Of(KindStanding s) => new(DifferenceKinds.NameOf(s.Kind), s.Count, s.Needed, s.Booked, s.Proposed);
}

/// <summary>A comparison of a bill with the ledger, and how far it is explained.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Account">The provider account.</param>
/// <param name="Month">The month, UTC.</param>
/// <param name="BilledUsd">What the provider billed.</param>
/// <param name="LedgerUsd">What the ledger held for the requests of the month.</param>
/// <param name="DifferenceUsd">Billed minus the ledger: the sum of all differences.</param>
/// <param name="ExplainedPercent">How much of the bill the ledger and its corrections explain, with two decimals, rounded down.</param>
/// <param name="Differences">How many there are.</param>
/// <param name="Kinds">By kind.</param>
/// <param name="DaysWithoutBill">Days of the month that no import covers.</param>
/// <param name="RoundingUsd">What was taken for rounding in one line.</param>
/// <param name="IsLatest">False when the month was compared again since.</param>
/// <param name="CreatedAt">When.</param>
/// <param name="CreatedBy">Who.</param>
internal sealed record RunView(
    Guid Id, string Account, string Month, NanoUsd BilledUsd, NanoUsd LedgerUsd, NanoUsd DifferenceUsd, string ExplainedPercent, int Differences,
    IReadOnlyList<StandingView> Kinds, int DaysWithoutBill, NanoUsd RoundingUsd, bool IsLatest, DateTime CreatedAt, string CreatedBy)
{
    public static RunView Of(RunReport report) => new(report.Run.RunId, report.Run.Account, report.Run.Period.ToString(), report.Run.Billed, report.Run.Booked,
        report.Run.Billed - report.Run.Booked, Percent(report.Explained), report.Run.DifferenceCount, [.. report.Standings.Select(StandingView.Of)],
        report.Run.DaysWithoutBill, report.Run.Rounding, report.IsLatest, Micros.ToInstant(report.Run.CreatedAt).UtcDateTime, report.Run.CreatedBy);

    /// <summary>Basis points as per cent: <c>99.98</c>.</summary>
    public static string Percent(int basisPoints) => string.Create(CultureInfo.InvariantCulture, $"{basisPoints / 100}.{basisPoints % 100:D2}");

    public static Description Describe(ReconciliationRun run) => new(
    [
        ("account", run.Account), ("month", run.Period.ToString()), ("billedUsd", run.Billed.ToString()), ("ledgerUsd", run.Booked.ToString()),
        ("differences", run.DifferenceCount.ToString(CultureInfo.InvariantCulture)),
    ]);
}

/// <summary>A comparison as lists show it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Account">The provider account.</param>
/// <param name="Month">The month, UTC.</param>
/// <param name="BilledUsd">What the provider billed.</param>
/// <param name="LedgerUsd">What the ledger held.</param>
/// <param name="Differences">How many there are.</param>
/// <param name="CreatedAt">When.</param>
/// <param name="CreatedBy">Who.</param>
internal sealed record ListedRunView(
    Guid Id, string Account, string Month, NanoUsd BilledUsd, NanoUsd LedgerUsd, int Differences, DateTime CreatedAt, string CreatedBy)
{
    public static ListedRunView Of(ReconciliationRun run) => new(run.RunId, run.Account, run.Period.ToString(), run.Billed, run.Booked, run.DifferenceCount,
        Micros.ToInstant(run.CreatedAt).UtcDateTime, run.CreatedBy);
}

/// <summary>Why the bill of a day, model and class is not what the ledger holds.</summary>
/// <param name="Number">Its number within the comparison.</param>
/// <param name="Day">The day, UTC.</param>
/// <param name="Model">The model; empty for a charge that names none.</param>
/// <param name="Class">What was counted; null where only the model could be compared.</param>
/// <param name="Kind">Why.</param>
/// <param name="DifferenceUsd">Billed minus booked, as far as this reason goes.</param>
/// <param name="BilledUsd">What was billed.</param>
/// <param name="LedgerUsd">What the ledger holds.</param>
/// <param name="BilledUnits">Units billed.</param>
/// <param name="LedgerUnits">Units booked.</param>
/// <param name="SourceLine">The first line of the bill that it is about.</param>
internal sealed record DifferenceView(
    int Number, DateOnly Day, string Model, string? Class, string Kind, NanoUsd DifferenceUsd, NanoUsd BilledUsd, NanoUsd LedgerUsd,
    long? BilledUnits, long? LedgerUnits, int? SourceLine)
{
    public static DifferenceView Of((int Number, Difference Difference) row)
    {
        var d = row.Difference;
        return new DifferenceView(row.Number, BilledDay.ToDate(d.Day), d.Model, d.Class is { } unit ? BilledClasses.NameOf(unit) : null,
            DifferenceKinds.NameOf(d.Kind), d.Amount, d.Billed, d.Booked, d.BilledQuantity, d.BookedQuantity, d.SourceLine);
    }
}

/// <summary>Corrections that were proposed for a comparison's differences.</summary>
/// <param name="Proposals">By kind; empty where all was proposed before.</param>
internal sealed record ProposalsView(IReadOnlyList<ProposedView> Proposals);

/// <summary>A correction that was proposed.</summary>
/// <param name="AdjustmentId">Which one: somebody else approves it under the ledger's corrections.</param>
/// <param name="Kind">For which differences.</param>
/// <param name="DifferenceUsd">Positive for a charge, negative for a credit.</param>
internal sealed record ProposedView(Guid AdjustmentId, string Kind, NanoUsd DifferenceUsd);

/// <summary>Which differences.</summary>
public sealed class DifferenceFilter
{
    [FromQuery(Name = "kind"), Description("Only those of a kind."), AllowedTexts("outside_gateway", "price_drift", "cache_class", "late", "rounding", "estimated_settlement", "unknown")]
    public string? Kind { get; init; }
}
