using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Core.Ledger;
using Spendra.Storage;
using Spendra.Storage.Ledger;
using Spendra.Storage.Ledger.Lists;

namespace Spendra.Control.Ledger;

/// <summary>
/// The books: spend events, journal entries, open reservations, refusals, and everything about one request. Members of some
/// scopes see what belongs to these. Their pages may be shorter than asked for, and are the last only when no cursor comes along.
/// </summary>
internal static class LedgerEndpoints
{
    public static void Map(IEndpointRouteBuilder organization)
    {
        var group = organization.MapGroup("/ledger").WithTags("Ledger");
        group.MapGet("/events", ListEventsAsync).ForMembers("listSpendEvents", "List spend events, the newest first", Capability.LedgerRead);
        group.MapGet("/entries", ListEntriesAsync).ForMembers("listJournalEntries", "List journal entries with their postings", Capability.LedgerRead);
        group.MapGet("/reservations", ListOpenAsync).ForMembers("listOpenReservations", "List reservations that have not ended", Capability.LedgerRead);
        group.MapGet("/refusals", ListRefusalsAsync).ForMembers("listRefusals", "List refused requests, the newest first", Capability.LedgerRead);
        group.MapGet("/requests/{requestId:guid}", ExplainAsync).ForMembers("explainRequest", "Explain one request, allowed or refused", Capability.LedgerRead);
        AdjustmentEndpoints.Map(group);
    }

    private static async Task<Answer<Page<EventView>>> ListEventsAsync(
        [AsParameters] PageQuery page, [AsParameters] EventFilter filter, Caller caller, Database database, CancellationToken cancel)
    {
        var read = page.Read("-time");
        if (!read.IsDone) return read.Problem;
        var (from, wrongFrom) = LedgerWords.Instant("from", filter.From);
        if (wrongFrom is not null) return wrongFrom;
        var (to, wrongTo) = LedgerWords.Instant("to", filter.To);
        if (wrongTo is not null) return wrongTo;
        EventKey? before = null;
        if (read.Value.After is { } after)
        {
            if (after.Length != 2 || !Guid.TryParse(after[0], out var id) || !int.TryParse(after[1], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                return Problem.Field("cursor", PageQuery.NotACursor);
            before = new EventKey(id, number);
        }
        var step = await SpendEventLists.ReadAsync(database, caller.Coverage, new SpendEventQuery(read.Value.Limit)
        {
            Before = before,
            From = from,
            To = to,
            Provider = filter.Provider,
            Model = filter.Model,
            Key = filter.Key,
            Scope = filter.Scope,
            Kind = LedgerWords.Find<SpendKind>(filter.Kind, LedgerWords.Of),
            IsEstimated = filter.Estimated is { } estimated ? estimated == "true" : null,
        }, cancel);
        return Outcome<Page<EventView>>.Done(new Page<EventView>([.. step.Rows.Select(EventView.Of)], step.Next is { } next
            ? read.Value.WriteCursor([next.ReservationId.ToString(), next.Number.ToString(CultureInfo.InvariantCulture)]) : null));
    }

    private static async Task<Answer<Page<EntryView>>> ListEntriesAsync(
        [AsParameters] PageQuery page, [AsParameters] EntryFilter filter, Caller caller, Database database, CancellationToken cancel)
    {
        var read = page.Read("-sequence", "sequence");
        if (!read.IsDone) return read.Problem;
        var (from, wrongFrom) = LedgerWords.Instant("from", filter.From);
        if (wrongFrom is not null) return wrongFrom;
        var (to, wrongTo) = LedgerWords.Instant("to", filter.To);
        if (wrongTo is not null) return wrongTo;
        long? after = null;
        if (read.Value.After is { } keys)
        {
            if (keys.Length != 1 || !long.TryParse(keys[0], NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)) return Problem.Field("cursor", PageQuery.NotACursor);
            after = sequence;
        }
        var step = await JournalLists.ReadAsync(database, caller.Coverage, new JournalQuery(read.Value.Limit, read.Value.Sort == "sequence")
        {
            After = after,
            From = from,
            To = to,
            Kind = LedgerWords.Find<EntryKind>(filter.Kind, LedgerWords.Of),
            Account = filter.Account,
        }, cancel);
        return Outcome<Page<EntryView>>.Done(new Page<EntryView>([.. step.Rows.Select(EntryView.Of)],
            step.Next is { } next ? read.Value.WriteCursor([next.ToString(CultureInfo.InvariantCulture)]) : null));
    }

    private static async Task<Answer<Page<ReservationView>>> ListOpenAsync(
        [AsParameters] PageQuery page, [AsParameters] ReservationFilter filter, Caller caller, Database database, CancellationToken cancel)
    {
        var (read, before, problem) = page.ReadById("-time");
        if (problem is not null) return problem;
        var step = await RequestLists.ReadOpenAsync(database, caller.Coverage, before, read!.Limit, filter.Scope, cancel);
        return Outcome<Page<ReservationView>>.Done(new Page<ReservationView>([.. step.Rows.Select(ReservationView.Of)], Next(read, step.Next)));
    }

    private static async Task<Answer<Page<RefusalView>>> ListRefusalsAsync(
        [AsParameters] PageQuery page, [AsParameters] RefusalFilter filter, Caller caller, Database database, CancellationToken cancel)
    {
        var (read, before, problem) = page.ReadById("-time");
        if (problem is not null) return problem;
        var (from, wrongFrom) = LedgerWords.Instant("from", filter.From);
        if (wrongFrom is not null) return wrongFrom;
        var (to, wrongTo) = LedgerWords.Instant("to", filter.To);
        if (wrongTo is not null) return wrongTo;
        var step = await RequestLists.ReadRefusedAsync(database, caller.Coverage, new RefusalQuery(read!.Limit)
        {
            Before = before,
            From = from,
            To = to,
            Code = filter.Code,
            Key = filter.Key,
            Scope = filter.Scope,
        }, cancel);
        return Outcome<Page<RefusalView>>.Done(new Page<RefusalView>([.. step.Rows.Select(RefusalView.Of)], Next(read, step.Next)));
    }

    private static async Task<Answer<ExplainedRequest>> ExplainAsync(Guid requestId, Caller caller, Database database, CancellationToken cancel)
    {
        if (await new RequestQueries(database).ExplainAsync(caller.OrganizationId, requestId, cancel) is not { } request) return Problem.NotFound;
        var covered = await RequestLists.CoveredNamesAsync(database, caller.Coverage, cancel);
        // A refusal has no scopes of its own: it is whose its key is.
        var isSeen = covered is null || request.Scopes.Any(covered.Contains)
            || (request.Refusal is not null && await RequestLists.SeesRefusalAsync(database, caller.Coverage, requestId, cancel));
        return isSeen
            ? Outcome<ExplainedRequest>.Done(request)
            : Problem.NotFound;
    }

    private static string? Next(PageOf page, Guid? next) => next is { } id ? page.WriteCursor([id.ToString()]) : null;
}
