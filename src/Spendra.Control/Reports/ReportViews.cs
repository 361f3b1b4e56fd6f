using Spendra.Control.Ledger;
using Spendra.Core.Money;
using Spendra.Core.Rollups;
using Spendra.Storage.Outbox;
using Spendra.Storage.Rollups.Reports;

namespace Spendra.Control.Reports;

/// <summary>A page of a report.</summary>
/// <param name="Items">By time and group; of the whole time the largest first.</param>
/// <param name="Next">The cursor of the next page; null on the last one.</param>
/// <param name="CountedTo">Everything that was booked before this instant is in the sums.</param>
/// <param name="IsRebuilding">The sums are being made anew: some are missing.</param>
internal sealed record Report<T>(IReadOnlyList<T> Items, string? Next, DateTime CountedTo, bool IsRebuilding);

/// <summary>What was spent. Everything is counted at the time at which its money was held.</summary>
/// <param name="StartsAt">When the hour or day begins.</param>
/// <param name="Group">What it is of; null where there is none, or where rows are not split.</param>
/// <param name="CostUsd">What it cost, with later corrections.</param>
/// <param name="CorrectedUsd">How much of that was booked later.</param>
/// <param name="Requests">Requests that were paid for.</param>
/// <param name="Releases">Requests that cost nothing, as the provider did nothing.</param>
/// <param name="EstimatedRequests">Those that were booked at their bound, as their usage was not known.</param>
/// <param name="EstimatedUsd">What was booked for them then.</param>
/// <param name="HeldUsd">What was held for requests whose usage was known, beside what they cost: how tight bounds are.</param>
/// <param name="MeasuredUsd">What these cost.</param>
/// <param name="InputTokens">Neither read from a cache nor written to one.</param>
/// <param name="CachedInputTokens">Read from a cache.</param>
/// <param name="CacheWriteTokens">Written to a cache.</param>
/// <param name="OutputTokens">Reasoning included.</param>
/// <param name="ReasoningTokens">Those among the output.</param>
internal sealed record UsageSum(
    DateTime StartsAt, string? Group, NanoUsd CostUsd, NanoUsd CorrectedUsd, long Requests, long Releases, long EstimatedRequests,
    NanoUsd EstimatedUsd, NanoUsd HeldUsd, NanoUsd MeasuredUsd, long InputTokens, long CachedInputTokens, long CacheWriteTokens,
    long OutputTokens, long ReasoningTokens)
{
    public static UsageSum Of(ReportRow row) => row.Sums is [var cost, var requests, var releases, var corrected, var estimated, var estimatedNanos,
        var held, var measured, var input, var cached, var written, var output, var reasoning]
        ? new UsageSum(LedgerWords.Utc(row.StartsAt), ReportNames.Of(row.Group), new NanoUsd(cost), new NanoUsd(corrected), requests, releases, estimated,
            new NanoUsd(estimatedNanos), new NanoUsd(held), new NanoUsd(measured), input, cached, written, output, reasoning)
        : throw new ArgumentException("a row of usage has other sums");
}

/// <summary>Units beyond text tokens.</summary>
/// <param name="StartsAt">When the hour or day begins.</param>
/// <param name="Group">As in a report of usage.</param>
/// <param name="Unit">The class, as the price book names it.</param>
/// <param name="Units">How many.</param>
internal sealed record UnitSum(DateTime StartsAt, string? Group, string Unit, long Units)
{
    public static UnitSum Of(ReportRow row) => new(LedgerWords.Utc(row.StartsAt), ReportNames.Of(row.Group), row.Detail, row.Sums[0]);
}

/// <summary>Refused requests.</summary>
/// <param name="StartsAt">When the hour or day begins.</param>
/// <param name="Group">As in a report of usage; a request that was refused before an account was chosen has none.</param>
/// <param name="Code">Why, as errors name it.</param>
/// <param name="Refusals">How many.</param>
internal sealed record RefusalSum(DateTime StartsAt, string? Group, string Code, long Refusals)
{
    public static RefusalSum Of(ReportRow row) => new(LedgerWords.Utc(row.StartsAt), ReportNames.Of(row.Group), row.Detail, row.Sums[0]);
}

/// <summary>How long requests took from reservation to settlement, of those whose usage was known.</summary>
/// <param name="Group">What they have in common.</param>
/// <param name="Requests">How many.</param>
/// <param name="MeanMs">On average.</param>
/// <param name="P50Ms">Half took no longer, as far as classes that double tell: 1, 2, 4 … ms. Null above the last.</param>
/// <param name="P95Ms">95 of 100 likewise.</param>
/// <param name="P99Ms">99 of 100 likewise.</param>
internal sealed record LatencySum(string? Group, long Requests, long MeanMs, long? P50Ms, long? P95Ms, long? P99Ms)
{
    public static LatencySum Of(LatencyRow row) => new(ReportNames.Of(row.Group), row.Requests, row.TotalMicros / 1_000 / Math.Max(1, row.Requests),
        LatencyClasses.PercentileMs(row.Classes, 500), LatencyClasses.PercentileMs(row.Classes, 950), LatencyClasses.PercentileMs(row.Classes, 990));
}

/// <summary>Something that was booked and could not be counted.</summary>
/// <param name="Sequence">Its row of the outbox.</param>
/// <param name="Topic">What it announces: <c>spend</c>, <c>release</c>, <c>refusal</c> or <c>adjustment</c>.</param>
/// <param name="SubjectId">The request or adjustment.</param>
/// <param name="Attempts">How often it was tried.</param>
/// <param name="Reason">What went wrong the last time.</param>
/// <param name="FailedAt">When that was.</param>
/// <param name="RetryAt">When it is tried again; null when it is given up.</param>
internal sealed record UncountedView(long Sequence, string? Topic, Guid? SubjectId, int Attempts, string Reason, DateTime FailedAt, DateTime? RetryAt)
{
    public static UncountedView Of(OutboxFailure row) => new(row.Sequence, row.Topic, row.SubjectId, row.Attempts, row.Reason,
        LedgerWords.Utc(row.FailedAt), row.IsDead ? null : LedgerWords.Utc(row.RetryAt));
}

internal static class ReportNames
{
    public static string? Of(string group) => group.Length == 0 ? null : group;
}
