using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Spendra.Control.Shell;
using Spendra.Core.Reconciliation;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Reconciliation;

namespace Spendra.Control.Reconciliation;

/// <summary>A schedule by which a bill is fetched.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Account">The provider account whose bill it is.</param>
/// <param name="CredentialOf">The account whose credential may see it.</param>
/// <param name="Cron">When, UTC.</param>
/// <param name="Days">How many of the last whole days are fetched each time.</param>
/// <param name="IsCompared">Their months are compared with the ledger afterwards.</param>
/// <param name="NextAt">The instant that waits; null when there is none any more.</param>
/// <param name="FetchedAt">When it was fetched the last time; null when it never was.</param>
/// <param name="FetchedTo">The last day that was fetched.</param>
/// <param name="ImportId">What was imported then, or was there already with the same content.</param>
/// <param name="Failure">Why the last attempt failed; null when it did not.</param>
/// <param name="FailedAt">When that was.</param>
/// <param name="FailedAttempts">How many have failed since it went well.</param>
/// <param name="RetryAt">When it is tried again; null without a failure.</param>
/// <param name="CreatedAt">When the schedule was made.</param>
/// <param name="CreatedBy">By whom.</param>
internal sealed record BillScheduleView(
    Guid Id, string Account, string CredentialOf, string Cron, int Days, bool IsCompared, DateTime? NextAt, DateTime? FetchedAt, DateOnly? FetchedTo,
    Guid? ImportId, string? Failure, DateTime? FailedAt, int FailedAttempts, DateTime? RetryAt, DateTime CreatedAt, string CreatedBy)
{
    public static BillScheduleView Of(BillSchedule row) => new(row.ScheduleId, row.Account, row.CredentialAccount, row.Cron, row.DayCount, row.IsCompared,
        Utc(row.NextAt), Utc(row.FetchedAt), row.FetchedEndDay is { } end ? BilledDay.ToDate(end - 1) : null, row.ImportId, row.Failure, Utc(row.FailedAt),
        row.Attempts, row.Failure is null ? null : Utc(row.RetryAt), Utc(row.CreatedAt)!.Value, row.CreatedBy);

    /// <summary>As audit records tell it.</summary>
    public static Description Describe(BillSchedule row) => new(
    [
        ("account", row.Account), ("credentialOf", row.CredentialAccount), ("cron", row.Cron), ("days", Text(row.DayCount)), ("isCompared", row.IsCompared ? "true" : "false"),
        ("next", row.NextAt is { } at ? InstantText.Of(at) : null), ("import", row.ImportId?.ToString()), ("version", Text(row.Version)),
    ]);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static DateTime? Utc(long? micros) => micros is { } at ? Micros.ToInstant(at).UtcDateTime : null;
}

/// <summary>A schedule to make.</summary>
public sealed record NewBillSchedule
{
    public const int DefaultDays = 3;

    /// <summary>The slug of the provider account whose bill it is.</summary>
    [Slug]
    public required string Account { get; init; }

    /// <summary>The account whose credential may see bills; the account itself when absent.</summary>
    [Slug]
    public string? CredentialOf { get; init; }

    /// <summary>When: a cron expression of five fields, UTC.</summary>
    [Cron]
    public required string Cron { get; init; }

    /// <summary>How many of the last whole days are fetched each time, for providers correct what they said; 3 when absent.</summary>
    [Range(1, BillFetchJob.MostDays)]
    public int? Days { get; init; }

    /// <summary>Compares their months with the ledger afterwards; no when absent.</summary>
    public bool? IsCompared { get; init; }
}
