using System.Data.Common;
using Dapper;
using Spendra.Core.Ledger;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using Spendra.Core.Reconciliation;
using Spendra.Storage.Governance;
using Spendra.Storage.Ledger;
using Spendra.Storage.Ledger.Lists;

namespace Spendra.Storage.Reconciliation;

/// <summary>
/// Reads what an account has spent, by day, model and class. Requests that were measured and priced by text tokens, which are
/// nearly all, are added up by the database; the rest is read one by one. Neither holds more than a day's models.
/// </summary>
public static class SettledReader
{
    // A request belongs to the day that it was made on, whenever its money was booked: that is the day a provider bills.
    private const string Of = """
        WHERE e.organization_id = @organizationId AND e.account_id = @accountId AND e.reservation_id >= @first AND e.reservation_id < @last
            AND e.reserved_at >= @from AND e.reserved_at < @to
        """;

    private const string IsPlain = """
        e.event_number = 0 AND e.is_estimated = @no AND e.is_billed = @no AND e.other_units IS NULL
            AND (e.bound_others IS NULL OR e.bound_others NOT LIKE '%many_calls%')
        """;

    private const string Sums = $"""
        SELECT day, model, price_id, tier_percent, is_long, count(*) AS requests, CAST(sum(cost_nanos) AS bigint) AS cost, CAST(sum(input_units) AS bigint) AS input,
            CAST(sum(cached_input_units) AS bigint) AS cached_input, CAST(sum(cache_write_units) AS bigint) AS cache_write,
            CAST(sum(output_units) AS bigint) AS output
        FROM (SELECT e.reserved_at / 86400000000 AS day, coalesce(e.served_model, e.model) AS model,
                coalesce(e.served_price_id, e.price_id) AS price_id, e.tier_percent,
                CASE WHEN p.long_context_above IS NOT NULL AND e.input_units + e.cached_input_units + e.cache_write_units > p.long_context_above
                    THEN 1 ELSE 0 END AS is_long,
                e.cost_nanos, e.input_units, e.cached_input_units, e.cache_write_units, e.output_units
            FROM spend_events e
            LEFT JOIN prices p ON p.organization_id = e.organization_id AND p.price_id = coalesce(e.served_price_id, e.price_id)
            {Of} AND {IsPlain}) plain
        GROUP BY day, model, price_id, tier_percent, is_long
        """;

    private const string Others = $"""
        SELECT e.reservation_id, e.event_number, e.kind, e.reserved_at / 86400000000 AS day, coalesce(e.served_model, e.model) AS model,
            coalesce(e.served_price_id, e.price_id) AS price_id, e.tier_percent, e.cost_nanos AS cost, e.input_units AS input,
            e.cached_input_units AS cached_input, e.cache_write_units AS cache_write, e.output_units AS output, e.other_units,
            e.is_estimated, e.is_billed
        FROM spend_events e
        {Of} AND NOT ({IsPlain})
        ORDER BY e.reservation_id, e.event_number
        """;

    private const string LastEntry = "SELECT entry_sequence FROM organizations WHERE organization_id = @organizationId";

    /// <summary>The lines of the days of a span and of those beside it, and the last journal entry that is in them.</summary>
    /// <exception cref="OverflowException">The sums exceed what amounts can hold.</exception>
    public static async Task<(IReadOnlyList<SettledLine> Lines, long EntrySequence)> ReadAsync(
        Database database, Guid organizationId, Guid accountId, ComparisonRules span, CancellationToken cancel)
    {
        var (from, to) = (BilledDay.StartMicros(span.FirstDay - 1), BilledDay.StartMicros(span.EndDay + 1));
        var parameters = new
        {
            organizationId, accountId, from, to, first = LedgerWalk.LowerBound(from), last = LedgerWalk.UpperBound(to), no = false,
        };
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var prices = (await connection.QueryAsync<StoredPrice>(new CommandDefinition(
                GovernanceQueries.ChangedPrices, new { organizationId, since = -1L }, transaction, cancellationToken: cancel)))
            .ToDictionary(p => p.PriceId, p => p.ToPrice());
        var sequence = await connection.ExecuteScalarAsync<long>(new CommandDefinition(LastEntry, parameters, transaction, cancellationToken: cancel));
        var tally = new SettledTally();
        await foreach (var sum in connection.QueryUnbufferedAsync<StoredEvent>(Sums, parameters, transaction, commandTimeout: 0).WithCancellation(cancel))
            tally.Add(new TalliedSum(sum.ToEvent(prices), sum.IsLong != 0, sum.Requests));
        await AddOthersAsync(tally, prices, connection, transaction, parameters, cancel);
        return (tally.Complete(), sequence);
    }

    private static async Task AddOthersAsync(
        SettledTally tally, Dictionary<Guid, PriceVersion> prices, DbConnection connection, DbTransaction transaction, object parameters,
        CancellationToken cancel)
    {
        var of = Guid.Empty;
        var events = new List<TalliedEvent>();
        await foreach (var row in connection.QueryUnbufferedAsync<StoredEvent>(Others, parameters, transaction, commandTimeout: 0).WithCancellation(cancel))
        {
            if (row.ReservationId != of && events.Count > 0)
            {
                tally.AddReservation(events);
                events.Clear();
            }
            of = row.ReservationId;
            events.Add(row.ToEvent(prices));
        }
        if (events.Count > 0) tally.AddReservation(events);
    }

    private sealed class StoredEvent
    {
        public Guid ReservationId { get; set; }
        public int EventNumber { get; set; }
        public int Kind { get; set; }
        public long Day { get; set; }
        public string Model { get; set; } = "";
        public Guid? PriceId { get; set; }
        public int TierPercent { get; set; }
        public int IsLong { get; set; }
        public long Requests { get; set; }
        public long Cost { get; set; }
        public long Input { get; set; }
        public long CachedInput { get; set; }
        public long CacheWrite { get; set; }
        public long Output { get; set; }
        public string? OtherUnits { get; set; }
        public bool IsEstimated { get; set; }
        public bool IsBilled { get; set; }

        public TalliedEvent ToEvent(Dictionary<Guid, PriceVersion> prices) => new()
        {
            EventNumber = EventNumber,
            Kind = (SpendKind)Kind,
            Day = Day,
            Model = Model,
            Price = PriceId is { } id ? prices.GetValueOrDefault(id) : null,
            TierHundredths = UnitsJson.ReadTier(OtherUnits) ?? TierPercent * Core.Pricing.Cost.HundredthsOfPercent,
            Usage = new Usage
            {
                Input = Input, CachedInput = CachedInput, CacheWrite = CacheWrite, Output = Output, Others = UnitsJson.ReadCounts(OtherUnits),
            },
            Cost = new NanoUsd(Cost),
            IsEstimated = IsEstimated,
            IsBilled = IsBilled,
        };
    }
}
