using Spendra.Control.Shell;
using Spendra.Core.Ledger;
using Spendra.Storage;
using Spendra.Storage.Exports;
using Spendra.Storage.Governance;

namespace Spendra.Control.Exports;

/// <summary>When schedules are due, and what they ask for then.</summary>
internal static class ScheduleDesk
{
    public const string Hour = "hour";
    public const string Day = "day";
    public const string Month = "month";

    private const long HourMicros = 3_600_000_000;
    private const long DayMicros = 24 * HourMicros;

    // Who books has a clock of their own: what belongs to a period is there a while after its end.
    private const long GraceMicros = 60_000_000;

    /// <summary>The first instant at which all that belongs to a span is there.</summary>
    /// <param name="endsAt">The first instant behind the span, in microseconds since the Unix epoch.</param>
    /// <param name="asked">Not before this.</param>
    public static long WholeAt(long endsAt, long asked) => Math.Max(asked, endsAt + GraceMicros);

    /// <summary>The last whole period that ends at an instant or before.</summary>
    public static (long StartsAt, long EndsAt) SpanBefore(string period, long micros)
    {
        if (period == Month)
        {
            var running = AccountingPeriod.Of(micros);
            return (running.Previous.StartsAt, running.StartsAt);
        }
        var length = period == Hour ? HourMicros : DayMicros;
        var end = micros - micros % length;
        return (end - length, end);
    }

    /// <summary>
    /// Asks for the export of the schedule's instant, and moves it to the next, in one transaction under the organization's lock:
    /// whoever comes second finds it moved.
    /// </summary>
    public static async Task AskAsync(
        Database database, ExportOptions options, Guid organizationId, Guid scheduleId, TimeProvider time, CancellationToken cancel)
    {
        await using var transaction = await GovernanceTransaction.BeginAsync(database, organizationId, time, cancel);
        if (await ExportReader.FindScheduleAsync(transaction, scheduleId, cancel) is not { NextAt: { } due } schedule || due > transaction.NowMicros) return;
        var (startsAt, endsAt) = SpanBefore(schedule.Period, due);
        var run = new ExportRun
        {
            OrganizationId = organizationId, RunId = Guid.CreateVersion7(), Dataset = schedule.Dataset, Format = schedule.Format, StartsAt = startsAt,
            EndsAt = endsAt, RowsPerPart = options.RowsPerPart, ScheduleId = scheduleId, DueAt = due, RetryAt = WholeAt(endsAt, due),
        };
        var next = schedule with { NextAt = CronTimes.NextAfter(schedule.Cron, due), Version = schedule.Version + 1 };
        await transaction.ApplyAsync(
        [
            new GovernanceChange(new GovernanceWrite.RequestExport(run), new ChangeNote("create", "export", run.RunId.ToString(), null, ExportView.Describe(run).ToJson())),
            new GovernanceChange(new GovernanceWrite.PutExportSchedule(next),
                new ChangeNote("update", "export_schedule", scheduleId.ToString(), ScheduleView.Describe(schedule).ToJson(), ScheduleView.Describe(next).ToJson())),
        ], new ChangeAuthor($"schedule {scheduleId}", "worker"), cancel);
    }
}
