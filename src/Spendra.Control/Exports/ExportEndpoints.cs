using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Storage;
using Spendra.Storage.Exports;
using Spendra.Storage.Governance;

namespace Spendra.Control.Exports;

/// <summary>
/// Exports are asked for here and written by workers, below a folder or in a bucket that the operator configured. Whoever asks may see everything
/// that is in them, of the whole organization.
/// </summary>
internal static class ExportEndpoints
{
    private const string NotConfigured = "There is nowhere to write exports: the operator sets Exports:Folder or Exports:Bucket.";

    public static void Map(IEndpointRouteBuilder organization)
    {
        var group = organization.MapGroup("/exports").WithTags("Exports");
        var export = new NewExport
        {
            Dataset = ExportNames.Focus, Format = ExportNames.Parquet,
            From = new DateTimeOffset(2026, 10, 1, 0, 0, 0, TimeSpan.Zero), To = new DateTimeOffset(2026, 11, 1, 0, 0, 0, TimeSpan.Zero),
        };
        var schedule = new NewExportSchedule { Dataset = ExportNames.SpendEvents, Format = ExportNames.Csv, Cron = "15 2 * * *", Period = ScheduleDesk.Day };
        group.MapGet("", ListAsync).ForMembers("listExports", "List exports, the newest first", Capability.LedgerRead);
        group.MapPost("", CreateAsync).ForMembers("createExport", "Ask for an export", Capability.ExportsWrite, export, ProblemKind.WrongState, ProblemKind.IdempotencyMismatch);
        group.MapGet("/{id:guid}", GetAsync).ForMembers("getExport", "Get an export and its files", Capability.LedgerRead);
        group.MapGet("/schedules", ListSchedulesAsync).ForMembers("listExportSchedules", "List schedules of exports, the newest first", Capability.ExportsWrite);
        group.MapPost("/schedules", CreateScheduleAsync).ForMembers("createExportSchedule", "Export again and again by a schedule", Capability.ExportsWrite, schedule,
            ProblemKind.WrongState, ProblemKind.IdempotencyMismatch);
        group.MapPost("/schedules/{id:guid}/end", EndScheduleAsync).ForMembers("endExportSchedule", "End a schedule of exports", Capability.ExportsWrite, null, ProblemKind.WrongState);
    }

    private static async Task<Answer<Page<ExportView>>> ListAsync([AsParameters] PageQuery query, Caller caller, Database database, CancellationToken cancel)
    {
        var (page, before, problem) = query.ReadById("-time");
        if (problem is not null) return problem;
        // An export is of the whole organization: whoever sees some scopes only sees none of it.
        if (!caller.Coverage.IsEverything) return Outcome<Page<ExportView>>.Done(new Page<ExportView>([], null));
        var rows = await ExportReader.ListAsync(database, caller.OrganizationId, before, caller.Authority.Holds(Capability.AuditRead), page!.Limit + 1, cancel);
        return Outcome<Page<ExportView>>.Done(page.Take(rows, r => ExportView.Of(r, caller.Organization, null), r => [r.RunId.ToString()]));
    }

    private static async Task<Answer<ExportView>> GetAsync(Guid id, Caller caller, Database database, CancellationToken cancel)
    {
        if (!caller.Coverage.IsEverything || await ExportReader.FindAsync(database, caller.OrganizationId, id, cancel) is not { } run) return Problem.NotFound;
        if (run.Dataset == ExportDataset.Audit && !caller.Authority.Holds(Capability.AuditRead)) return Problem.NotFound;
        return Outcome<ExportView>.Done(ExportView.Of(run, caller.Organization, await ExportReader.PartsAsync(database, caller.OrganizationId, id, cancel)));
    }

    private static async Task<CreationAnswer<ExportView>> CreateAsync(
        NewExport body, Repetition repetition, Caller caller, ChangeDesk desk, ExportOptions options, CancellationToken cancel) =>
        await desk.CreateAsync<ExportView>(caller, repetition, StateParts.Scopes, draft =>
        {
            var (from, to) = (Micros.Of(body.From), Micros.Of(body.To));
            if (from < 0) return Problem.Field("from", "is before 1970");
            if (to <= from) return Problem.Field("to", "is not after 'from'");
            if (to > draft.NowMicros) return Problem.Field("to", "has not come yet");
            var run = new ExportRun
            {
                OrganizationId = caller.OrganizationId, RunId = Guid.CreateVersion7(), Dataset = ExportNames.FindDataset(body.Dataset)!.Value,
                Format = ExportNames.FindFormat(body.Format)!.Value, StartsAt = from, EndsAt = to, RowsPerPart = options.RowsPerPart,
                RequestedAt = draft.NowMicros, RequestedBy = caller.Actor, RetryAt = ScheduleDesk.WholeAt(to, draft.NowMicros),
            };
            draft.About(new GovernanceWrite.RequestExport(run));
            if (!options.HasPlace) return new Problem(ProblemKind.WrongState, NotConfigured);
            draft.Change(new GovernanceWrite.RequestExport(run), "create", "export", run.RunId.ToString(), null, ExportView.Describe(run));
            return Outcome<ExportView>.Done(ExportView.Of(run, caller.Organization, []), location: $"/api/v1/organizations/{caller.Organization}/exports/{run.RunId}");
        }, cancel);

    private static async Task<Answer<Page<ScheduleView>>> ListSchedulesAsync([AsParameters] PageQuery query, Caller caller, Database database, CancellationToken cancel)
    {
        var (page, before, problem) = query.ReadById("-time");
        if (problem is not null) return problem;
        if (!caller.Coverage.IsEverything) return Outcome<Page<ScheduleView>>.Done(new Page<ScheduleView>([], null));
        var rows = await ExportReader.ListSchedulesAsync(database, caller.OrganizationId, before, page!.Limit + 1, cancel);
        return Outcome<Page<ScheduleView>>.Done(page.Take(rows, ScheduleView.Of, r => [r.ScheduleId.ToString()]));
    }

    private static async Task<CreationAnswer<ScheduleView>> CreateScheduleAsync(
        NewExportSchedule body, Repetition repetition, Caller caller, ChangeDesk desk, ExportOptions options, CancellationToken cancel) =>
        await desk.CreateAsync<ScheduleView>(caller, repetition, StateParts.Scopes, draft =>
        {
            var row = new ExportSchedule
            {
                ScheduleId = Guid.CreateVersion7(), Dataset = ExportNames.FindDataset(body.Dataset)!.Value, Format = ExportNames.FindFormat(body.Format)!.Value,
                Cron = body.Cron, Period = body.Period, NextAt = CronTimes.NextAfter(body.Cron, draft.NowMicros), CreatedAt = draft.NowMicros,
                CreatedBy = caller.Actor, Version = 1,
            };
            if (row.NextAt is null) return Problem.Field("cron", "never comes");
            draft.About(new GovernanceWrite.PutExportSchedule(row));
            if (!options.HasPlace) return new Problem(ProblemKind.WrongState, NotConfigured);
            draft.Change(new GovernanceWrite.PutExportSchedule(row), "create", "export_schedule", row.ScheduleId.ToString(), null, ScheduleView.Describe(row));
            return Outcome<ScheduleView>.Done(ScheduleView.Of(row), location: $"/api/v1/organizations/{caller.Organization}/exports/schedules/{row.ScheduleId}");
        }, cancel);

    private static async Task<Answer<ScheduleView>> EndScheduleAsync(Guid id, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
        await desk.RunAsync<ScheduleView>(caller, StateParts.Scopes, async draft =>
        {
            if (!draft.Authority.CoversEverything || await ExportReader.FindScheduleAsync(draft.Transaction, id, cancel) is not { } row) return Problem.NotFound;
            var ended = row with { NextAt = null, Version = row.Version + 1 };
            draft.About(new GovernanceWrite.PutExportSchedule(ended));
            if (row.EndedAt is not null) return new Problem(ProblemKind.WrongState, "This schedule has been ended before.");
            draft.Change(new GovernanceWrite.PutExportSchedule(ended), "end", "export_schedule", id.ToString(), ScheduleView.Describe(row), ScheduleView.Describe(ended));
            return Outcome<ScheduleView>.Done(ScheduleView.Of(ended));
        }, cancel);
}
