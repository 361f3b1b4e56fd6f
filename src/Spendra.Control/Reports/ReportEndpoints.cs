using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Spendra.Control.Ledger;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Core.Rollups;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Outbox;
using Spendra.Storage.Rollups.Reports;

namespace Spendra.Control.Reports;

/// <summary>What the ledger adds up to, as workers keep it: read by who sees the scope that is asked for.</summary>
internal static class ReportEndpoints
{
    private const string ByTime = "time";
    private const string ByAmount = "-amount";
    private const string NotACursor = "is not a cursor of this report: take it from the field 'next', or leave it out";

    public static void Map(IEndpointRouteBuilder organization)
    {
        var group = organization.MapGroup("/reports").WithTags("Reports");
        group.MapGet("/usage", ([AsParameters] PageQuery page, [AsParameters] ReportFilter filter, Caller caller, Database database, TimeProvider time, CancellationToken cancel) =>
                ReadAsync(ReportTable.Usage, page, filter, caller, database, time, UsageSum.Of, cancel))
            .ForMembers("reportUsage", "Report what was spent, by time and by what it was spent on", Capability.LedgerRead);
        group.MapGet("/units", ([AsParameters] PageQuery page, [AsParameters] ReportFilter filter, Caller caller, Database database, TimeProvider time, CancellationToken cancel) =>
                ReadAsync(ReportTable.Units, page, filter, caller, database, time, UnitSum.Of, cancel))
            .ForMembers("reportUnits", "Report units beyond text tokens: audio, images, searches, calls of tools", Capability.LedgerRead);
        group.MapGet("/refusals", ([AsParameters] PageQuery page, [AsParameters] ReportFilter filter, Caller caller, Database database, TimeProvider time, CancellationToken cancel) =>
                ReadAsync(ReportTable.Refusals, page, filter, caller, database, time, RefusalSum.Of, cancel))
            .ForMembers("reportRefusals", "Report refused requests by their reason", Capability.LedgerRead);
        group.MapGet("/latency", LatencyAsync).ForMembers("reportLatency", "Report how long requests took", Capability.LedgerRead);
        group.MapGet("/uncounted", ListUncountedAsync).ForMembers("listUncounted", "List what was booked and could not be counted", Capability.LedgerRead);
        group.MapPost("/uncounted/{row:long:min(1)}/retry", RetryAsync)
            .ForMembers("retryUncounted", "Try once more to count something that was booked", Capability.AlertsHandle);
    }

    private static async Task<Answer<Report<T>>> ReadAsync<T>(
        ReportTable table, PageQuery page, ReportFilter filter, Caller caller, Database database, TimeProvider time, Func<ReportRow, T> view, CancellationToken cancel)
    {
        var read = page.Read(ReportFilter.SpanOf(filter.Span) == ReportSpan.Whole ? ByAmount : ByTime);
        if (!read.IsDone) return read.Problem;
        ReportKey? after = null;
        if (read.Value.After is { } keys)
        {
            if (keys.Length != 3 || !long.TryParse(keys[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var order)) return Problem.Field("cursor", NotACursor);
            after = new ReportKey(order, keys[1], keys[2]);
        }
        var query = filter.Read(table, read.Value.Limit, after, Micros.Now(time));
        if (!query.IsDone) return query.Problem;
        if (await RollupReports.ReadAsync(database, caller.Coverage, query.Value, cancel) is not { } report) return NotSeen(filter);
        if (HoursGone(query.Value, report.State) is { } gone) return gone;
        var shown = read.Value.Take(report.Rows, view, row =>
            [(query.Value.Span == ReportSpan.Whole ? row.Sums[0] : row.StartsAt).ToString(CultureInfo.InvariantCulture), row.Group, row.Detail]);
        return Outcome<Report<T>>.Done(new Report<T>(shown.Items, shown.Next, CountedTo(report.State, time), report.State.IsRebuilding));
    }

    private static async Task<Answer<Report<LatencySum>>> LatencyAsync(
        [AsParameters] PageQuery page, [AsParameters] LatencyFilter filter, Caller caller, Database database, TimeProvider time, CancellationToken cancel)
    {
        var read = page.Read("group");
        if (!read.IsDone) return read.Problem;
        if (read.Value.After is { Length: not 1 }) return Problem.Field("cursor", NotACursor);
        var query = filter.ToReport().Read(ReportTable.Usage, read.Value.Limit, after: null, Micros.Now(time));
        if (!query.IsDone) return query.Problem;
        // Times are kept for the organization alone.
        if (!caller.Coverage.IsEverything) return Problem.NotFound;
        var (rows, state) = await RollupReports.ReadLatencyAsync(database, caller.Coverage, query.Value, cancel);
        if (HoursGone(query.Value, state) is { } gone) return gone;
        var after = read.Value.After?[0];
        var wanted = rows.Where(r => after is null || string.CompareOrdinal(r.Group, after) > 0).OrderBy(r => r.Group, StringComparer.Ordinal).Take(read.Value.Limit + 1).ToList();
        var shown = read.Value.Take(wanted, LatencySum.Of, row => [row.Group]);
        return Outcome<Report<LatencySum>>.Done(new Report<LatencySum>(shown.Items, shown.Next, CountedTo(state, time), state.IsRebuilding));
    }

    private static async Task<Answer<Page<UncountedView>>> ListUncountedAsync([AsParameters] PageQuery page, Caller caller, Database database, CancellationToken cancel)
    {
        var read = page.Read("sequence");
        if (!read.IsDone) return read.Problem;
        var after = 0L;
        if (read.Value.After is { } keys && (keys.Length != 1 || !long.TryParse(keys[0], NumberStyles.None, CultureInfo.InvariantCulture, out after)))
            return Problem.Field("cursor", NotACursor);
        if (!caller.Coverage.IsEverything) return Outcome<Page<UncountedView>>.Done(new Page<UncountedView>([], null));
        var rows = await OutboxFailures.ListAsync(database, caller.OrganizationId, after, read.Value.Limit + 1, cancel);
        return Outcome<Page<UncountedView>>.Done(read.Value.Take(rows, UncountedView.Of, r => [r.Sequence.ToString(CultureInfo.InvariantCulture)]));
    }

    private static async Task<Answer<UncountedView>> RetryAsync(long row, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
        await desk.RunAsync<UncountedView>(caller, StateParts.Scopes, async draft =>
        {
            var write = new GovernanceWrite.RetryUncounted(row);
            draft.About(write);
            if (!draft.Authority.CoversEverything || await OutboxFailures.FindAsync(draft.Transaction, row, cancel) is not { } before) return Problem.NotFound;
            draft.Change(write, "retry", "uncounted", row.ToString(CultureInfo.InvariantCulture),
                new Description([("attempts", before.Attempts.ToString(CultureInfo.InvariantCulture)), ("reason", before.Reason)]), null);
            return Outcome<UncountedView>.Done(UncountedView.Of(before with { Attempts = 1, IsDead = false, RetryAt = draft.NowMicros }));
        }, cancel);

    // Zeros would be wrong.
    private static Problem? HoursGone(ReportQuery query, ReportState state) => query.Read == RollupSpan.Hour && query.From < state.HoursFrom
        ? Problem.Field("from", $"is before {LedgerWords.Utc(state.HoursFrom):yyyy-MM-ddTHH:mm:ssZ}, and hours before that are gone: ask for whole days")
        : null;

    private static Problem NotSeen(ReportFilter filter) => filter is { Scope: null, Key: null }
        ? Problem.Field("scope", "is needed: your role does not hold one scope, but none or several")
        : Problem.NotFound;

    private static DateTime CountedTo(ReportState state, TimeProvider time) =>
        state.WaitingSince is { } since ? LedgerWords.Utc(since) : time.GetUtcNow().UtcDateTime;
}
