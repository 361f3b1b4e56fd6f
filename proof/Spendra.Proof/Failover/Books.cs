using System.Diagnostics;
using Dapper;
using Spendra.Storage;

namespace Spendra.Proof.Failover;

/// <summary>A reservation that was spent.</summary>
/// <param name="ReservationId">Also the id of its request.</param>
/// <param name="ReservedAt">When it was decided, by the gateway's clock, in microseconds.</param>
/// <param name="CostNanos">The sum of its events.</param>
/// <param name="Events">How many: one, and a late one where the sweep came first.</param>
/// <param name="HasExpired">Whether the sweep booked it first.</param>
internal sealed record Spent(Guid ReservationId, long ReservedAt, long CostNanos, long Events, bool HasExpired);

/// <summary>How a budget stands in its window.</summary>
/// <param name="Budget">Its slug.</param>
/// <param name="LimitNanos">As it is now.</param>
/// <param name="SettledNanos">What was spent.</param>
/// <param name="ReservedNanos">What is held.</param>
/// <param name="CutNanos">What cuts of its cap account for above the limit.</param>
internal sealed record Standing(string Budget, long LimitNanos, long SettledNanos, long ReservedNanos, long CutNanos);

/// <summary>What the ledger holds when all has ended.</summary>
internal sealed record BookPage(
    Dictionary<Guid, Spent> Spent, HashSet<Guid> Released, List<Standing> Standings, long Open, long Overruns, long Expired);

/// <summary>The ledger's own rows, read past everything that decides.</summary>
internal sealed class Books(string address) : IAsyncDisposable
{
    private const string SpentRows =
        """
        SELECT reservation_id AS ReservationId, min(reserved_at) AS ReservedAt, sum(cost_nanos)::bigint AS CostNanos,
               count(*) AS Events, bool_or(kind = 1) AS HasExpired
        FROM spend_events GROUP BY reservation_id
        """;

    private const string Standings =
        """
        SELECT b.slug AS Budget, w.limit_nanos AS LimitNanos, w.settled_nanos AS SettledNanos, w.reserved_nanos AS ReservedNanos,
               coalesce((SELECT sum(e.amount_nanos) FROM window_excesses e
                         WHERE e.organization_id = w.organization_id AND e.window_id = w.window_id AND e.kind = 2), 0)::bigint AS CutNanos
        FROM windows w JOIN budgets b ON b.organization_id = w.organization_id AND b.budget_id = w.budget_id ORDER BY b.slug
        """;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly Database _database = Database.Open(DatabaseTarget.Address(address));

    /// <summary>What is still open when the limit has passed shows in the books.</summary>
    public async Task WaitUntilNothingIsReservedAsync(TimeSpan limit, CancellationToken cancel)
    {
        var waited = Stopwatch.StartNew();
        while (waited.Elapsed < limit && await CountAsync("SELECT count(*) FROM open_reservations", cancel) > 0)
            await Task.Delay(Pause, cancel);
    }

    public async Task<BookPage> ReadAsync(CancellationToken cancel)
    {
        await using var connection = await _database.ConnectAsync(cancel);
        var spent = await connection.QueryAsync<Spent>(SpentRows);
        var released = await connection.QueryAsync<Guid>("SELECT reservation_id FROM released_reservations");
        var standings = await connection.QueryAsync<Standing>(Standings);
        return new BookPage(
            spent.ToDictionary(s => s.ReservationId), released.ToHashSet(), standings.AsList(),
            await CountAsync("SELECT count(*) FROM open_reservations", cancel),
            await CountAsync("SELECT count(*) FROM window_excesses WHERE kind <> 2", cancel),
            await CountAsync("SELECT count(*) FROM spend_events WHERE kind = 1", cancel));
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    private async Task<long> CountAsync(string sql, CancellationToken cancel)
    {
        await using var connection = await _database.ConnectAsync(cancel);
        return await connection.ExecuteScalarAsync<long>(sql);
    }
}
