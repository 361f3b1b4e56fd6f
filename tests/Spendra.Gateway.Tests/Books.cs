using Dapper;
using Spendra.Storage;
using Spendra.Storage.Ledger;

namespace Spendra.Gateway.Tests;

/// <summary>An organization's ledger at one moment, read from its tables.</summary>
internal sealed record Books(
    IReadOnlyList<Books.Window> Windows, IReadOnlyList<Books.Held> Open, IReadOnlyList<Books.Event> Events,
    IReadOnlyList<Books.Returned> Released, IReadOnlyList<Books.Refused> Refusals, IReadOnlyList<Books.Excess> Excesses)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public long Settled => Windows.Sum(w => w.SettledNanos);

    public long Reserved => Windows.Sum(w => w.ReservedNanos);

    /// <summary>Events of calls that have a price.</summary>
    public IEnumerable<Event> Paid => Events.Where(e => e.PriceId is not null);

    public static async Task<Books> ReadAsync(Database database, Guid organizationId)
    {
        await using var connection = await database.ConnectAsync(CancellationToken.None);
        await using var moment = await database.BeginSnapshotAsync(connection, CancellationToken.None);
        return new Books(
            await ListAsync<Window>("SELECT limit_nanos, reserved_nanos, settled_nanos FROM windows WHERE organization_id = @organizationId ORDER BY window_id"),
            await ListAsync<Held>("SELECT reservation_id, amount_nanos, route, expires_at FROM open_reservations WHERE organization_id = @organizationId ORDER BY reservation_id"),
            await ListAsync<Event>("SELECT * FROM spend_events WHERE organization_id = @organizationId ORDER BY reservation_id, event_number"),
            await ListAsync<Returned>("SELECT reservation_id, amount_nanos, route, reason FROM released_reservations WHERE organization_id = @organizationId ORDER BY reservation_id"),
            await ListAsync<Refused>("SELECT * FROM refusals WHERE organization_id = @organizationId ORDER BY request_id"),
            await ListAsync<Excess>("SELECT kind, amount_nanos, cause_id FROM window_excesses WHERE organization_id = @organizationId ORDER BY recorded_at"));

        async Task<IReadOnlyList<T>> ListAsync<T>(string sql) =>
            (await connection.QueryAsync<T>(sql, new { organizationId }, moment)).AsList();
    }

    /// <summary>
    /// Waits until nothing is held, since settlement is off the response path, and proves the whole ledger:
    /// reserved is the sum of what is open, settled the sum of all events, every excess explained.
    /// </summary>
    public static async Task<Books> SettledAsync(Database database, Guid organizationId)
    {
        using var patience = new CancellationTokenSource(Patience);
        var books = await ReadAsync(database, organizationId);
        while (books.Open.Count > 0)
        {
            patience.IsCancellationRequested.Should().BeFalse($"{books.Open.Count} reservations are still open: {string.Join(", ", books.Open)}");
            await Task.Delay(5, CancellationToken.None);
            books = await ReadAsync(database, organizationId);
        }
        await ProveAsync(database, organizationId);
        return books;
    }

    /// <summary>Nothing in the ledger contradicts anything else in it.</summary>
    public static async Task ProveAsync(Database database, Guid organizationId)
    {
        var report = await new LedgerVerifier(database).VerifyAsync(
            [organizationId], Micros.Now(TimeProvider.System), CancellationToken.None);
        report.Violations.Should().BeEmpty();
    }

    public sealed record Window
    {
        public long LimitNanos { get; init; }
        public long ReservedNanos { get; init; }
        public long SettledNanos { get; init; }
    }

    public sealed record Held
    {
        public Guid ReservationId { get; init; }
        public long AmountNanos { get; init; }
        public string Route { get; init; } = "";
        public long ExpiresAt { get; init; }
    }

    public sealed record Event
    {
        public Guid ReservationId { get; init; }
        public int EventNumber { get; init; }
        public int Kind { get; init; }
        public string Route { get; init; } = "";
        public Guid? PriceId { get; init; }
        public int TierPercent { get; init; }
        public long ReservedNanos { get; init; }
        public long BoundInput { get; init; }
        public long BoundOutput { get; init; }
        public string? BoundOthers { get; init; }
        public long CostNanos { get; init; }
        public long InputUnits { get; init; }
        public long CachedInputUnits { get; init; }
        public long CacheWriteUnits { get; init; }
        public long OutputUnits { get; init; }
        public long ReasoningUnits { get; init; }
        public string? OtherUnits { get; init; }
        public bool IsEstimated { get; init; }
        public bool IsBilled { get; init; }
        public Guid? ServedPriceId { get; init; }
        public string Provider { get; init; } = "";
        public string Model { get; init; } = "";
        public string? ServedModel { get; init; }
        public string? ServedTier { get; init; }
        public string? UpstreamRequestId { get; init; }
        public int UpstreamStatus { get; init; }
    }

    public sealed record Returned
    {
        public Guid ReservationId { get; init; }
        public long AmountNanos { get; init; }
        public string Route { get; init; } = "";
        public string Reason { get; init; } = "";
    }

    public sealed record Refused
    {
        public Guid RequestId { get; init; }
        public string Route { get; init; } = "";
        public string? Model { get; init; }
        public string Code { get; init; } = "";
        public long? LimitNanos { get; init; }
        public long? SettledNanos { get; init; }
        public long? ReservedNanos { get; init; }
        public long? NeededNanos { get; init; }
    }

    public sealed record Excess
    {
        public int Kind { get; init; }
        public long AmountNanos { get; init; }
        public Guid CauseId { get; init; }
    }
}
