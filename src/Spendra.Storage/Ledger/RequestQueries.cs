using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Ledger;

/// <summary>Explains one request id from the rows that it left, as of one moment.</summary>
public sealed class RequestQueries(Database database)
{
    /// <summary>Null when the organization knows no such id.</summary>
    public async Task<ExplainedRequest?> ExplainAsync(Guid organizationId, Guid requestId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var names = new NameRead(connection, transaction, organizationId, cancel);

        if (await names.FindAsync<StoredReservation>(RequestSql.Open, requestId) is { } open)
            return await DescribeAsync(names, open, "open");
        var events = await names.ListAsync<StoredEvent>(RequestSql.Events, requestId);
        if (events.Count > 0) return await DescribeSpentAsync(names, events);
        if (await names.FindAsync<StoredReservation>(RequestSql.Released, requestId) is { } released)
            return await DescribeAsync(names, released, "released");
        if (await names.FindAsync<StoredRefusal>(RequestSql.Refused, requestId) is { } refused)
            return await DescribeRefusalAsync(names, refused);
        return null;
    }

    private static async Task<ExplainedRequest> DescribeSpentAsync(NameRead names, List<StoredEvent> events)
    {
        var first = events[0];
        var isLate = events.Exists(e => e.Kind == (int)SpendKind.Late);
        var outcome = isLate ? "late" : first.Kind == (int)SpendKind.Expired ? "expired" : "settled";
        var described = await DescribeAsync(names, first, outcome);
        var explained = new List<ExplainedEvent>(events.Count);
        var cost = NanoUsd.Zero;
        foreach (var row in events)
        {
            cost += new NanoUsd(row.CostNanos);
            explained.Add(row.ToEvent(await ReadEntryAsync(names, row.EntrySequence)));
        }
        return described with
        {
            CostUsd = cost,
            IsEstimated = first.IsEstimated && !isLate,
            Events = explained,
            ServedPrice = await ReadServedPriceAsync(names, events),
            Tightness = isLate || !first.IsEstimated ? TightnessOf(events, cost) : null,
            Excesses = await ReadExcessesAsync(names, first),
        };
    }

    private static async Task<ExplainedServedPrice?> ReadServedPriceAsync(NameRead names, List<StoredEvent> events)
    {
        if (events.FindLast(e => e.ServedPriceId is not null) is not { ServedPriceId: { } servedId } served) return null;
        if (await names.FindAsync<StoredPrice>(RequestSql.Price, servedId) is not { } price) return null;
        return new ExplainedServedPrice(
            ExplainedPrice.Of(price.ToPrice(), served.ChargedTierPercent),
            $"'{served.Model}' was asked for and '{served.ServedModel}' served, which has a price of its own");
    }

    /// <summary>Null for what was held at nothing.</summary>
    private static ExplainedTightness? TightnessOf(List<StoredEvent> events, NanoUsd cost)
    {
        var first = events[0];
        if (first.AmountNanos <= 0) return null;
        var input = events.Sum(e => e.TotalInput);
        return new ExplainedTightness(
            new NanoUsd(first.AmountNanos), cost, Ratio(cost.Value, first.AmountNanos), first.BoundInput > 0 ? Ratio(input, first.BoundInput) : null);
    }

    private static decimal Ratio(long actual, long bound) => decimal.Round((decimal)actual / bound, 4);

    private static async Task<ExplainedRequest> DescribeAsync(NameRead names, StoredFacts facts, string outcome)
    {
        var (key, actor) = await names.KeyAsync(facts.KeyId);
        var price = facts.PriceId is { } priceId ? await names.FindAsync<StoredPrice>(RequestSql.Price, priceId) : null;
        return new ExplainedRequest
        {
            Id = facts.ReservationId,
            Outcome = outcome,
            Key = key,
            Actor = actor,
            Route = facts.Route,
            Provider = facts.Provider,
            Model = facts.Model,
            Account = await names.AccountAsync(facts.AccountId),
            Environment = facts.Environment,
            Epoch = facts.Epoch,
            Times = facts.Times,
            Scopes = await EachAsync(PackedIds.Unpack(facts.ScopeIds), names.ScopeAsync),
            Policies = await EachAsync(PackedIds.Unpack(facts.PolicyIds), id => ReadPolicyAsync(names, id)),
            Windows = await EachAsync(PackedIds.Unpack(facts.WindowIds), id => ReadWindowAsync(names, id)),
            StrippedTools = await ReadStrippedAsync(names, facts.ReservationId),
            Price = price is null ? null : ExplainedPrice.Of(price.ToPrice(), facts.ChargedTierPercent),
            Bound = facts.Bound,
            Reason = outcome == "released" ? facts.Reason : null,
        };
    }

    private static async Task<ExplainedRequest> DescribeRefusalAsync(NameRead names, StoredRefusal row)
    {
        var (key, actor) = await names.KeyAsync(row.KeyId);
        return new ExplainedRequest
        {
            Id = row.RequestId,
            Outcome = "refused",
            Key = key,
            Actor = actor,
            Route = row.Route,
            Provider = row.Provider,
            Model = row.Model,
            Times = new ExplainedTimes(null, null, StoredFacts.Utc(row.RefusedAt), null),
            Policies = row.PolicyId is { } policyId ? [await ReadPolicyAsync(names, policyId)] : [],
            Refusal = row.ToRefusal(
                row.PolicyId is { } policy ? (await ReadPolicyAsync(names, policy)).Slug : null,
                row.BudgetId is { } budget ? await names.BudgetAsync(budget) : null),
        };
    }

    private static async Task<IReadOnlyList<ExplainedStripping>> ReadStrippedAsync(NameRead names, Guid requestId)
    {
        var rows = await names.ListAsync<StoredStripping>(RequestSql.Stripped, requestId);
        var stripped = new List<ExplainedStripping>(rows.Count);
        foreach (var row in rows) stripped.Add(new ExplainedStripping(row.Tool, (await ReadPolicyAsync(names, row.PolicyId)).Slug));
        return stripped;
    }

    private static async Task<ExplainedPolicy> ReadPolicyAsync(NameRead names, Guid policyId) =>
        await names.FindAsync<StoredExplainedPolicy>(RequestSql.Policy, policyId) is { } row
            ? new ExplainedPolicy(row.Slug, row.Kind, await names.ScopeAsync(row.ScopeId), row.SetBy, StoredFacts.Utc(row.SetAt), row.ArchivedAt is not null)
            : new ExplainedPolicy($"{policyId}", "unknown", "unknown", "unknown", DateTime.UnixEpoch, true);

    private static async Task<ExplainedWindow> ReadWindowAsync(NameRead names, Guid windowId)
    {
        var row = await names.FindAsync<StoredNamedWindow>(RequestSql.Window, windowId)
            ?? throw new LedgerInvariantException($"window {windowId} is missing: run 'spendra verify'");
        return row.ToWindow(await names.ScopeAsync(row.ScopeId));
    }

    private static async Task<ExplainedEntry> ReadEntryAsync(NameRead names, long sequence)
    {
        var entry = await names.FindAsync<StoredEntry>(RequestSql.Entry, sequence)
            ?? throw new LedgerInvariantException($"journal entry {sequence} is missing: run 'spendra verify'");
        var postings = new List<ExplainedPosting>(2);
        foreach (var line in await names.ListAsync<StoredPosting>(RequestSql.Postings, sequence))
        {
            var name = line.LedgerAccount == (int)LedgerAccount.Expense ? "expense" : "payable";
            postings.Add(new ExplainedPosting(name, await names.AccountAsync(line.AccountId), new NanoUsd(line.AmountNanos)));
        }
        return new ExplainedEntry(sequence, entry.CorrectsSequence, StoredFacts.Utc(entry.BookedAt), postings);
    }

    private static async Task<IReadOnlyList<ExplainedExcess>> ReadExcessesAsync(NameRead names, StoredFacts facts)
    {
        var found = new List<ExplainedExcess>();
        foreach (var windowId in PackedIds.Unpack(facts.WindowIds))
        {
            var rows = await names.ListAsync<StoredCause>(RequestSql.Excesses, windowId, facts.ReservationId);
            found.AddRange(rows.Select(r => r.ToExcess()));
        }
        return found;
    }

    private static async Task<IReadOnlyList<T>> EachAsync<T>(IEnumerable<Guid> ids, Func<Guid, Task<T>> read)
    {
        var list = new List<T>();
        foreach (var id in ids) list.Add(await read(id));
        return list;
    }
}
