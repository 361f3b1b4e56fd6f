using System.Data.Common;
using Dapper;
using Spendra.Core.Money;

namespace Spendra.Storage.Ledger;

/// <summary>A correction that somebody proposed, and what became of it. Times are microseconds since the Unix epoch.</summary>
public sealed record AdjustmentRow
{
    public required Guid AdjustmentId { get; init; }

    /// <summary>The request whose cost is corrected; null for a correction of the account alone.</summary>
    public Guid? ReservationId { get; init; }

    public required Guid AccountId { get; init; }

    /// <summary>The account's slug.</summary>
    public string Account { get; init; } = "";

    /// <summary>Positive for a charge, negative for a credit.</summary>
    public required NanoUsd Difference { get; init; }

    /// <summary>The last event of the reservation when the correction was proposed.</summary>
    public int? AfterEvent { get; init; }

    public required string Reason { get; init; }

    /// <summary>The month that it is meant for, such as <c>2026-10</c>: it is booked there as long as that is open, otherwise as of the day of its approval.</summary>
    public string? Month { get; init; }

    /// <summary>The month that it was booked into by name; null when it is of the month of its approval.</summary>
    public string? BookedMonth { get; init; }

    public required long ProposedAt { get; init; }

    public required string ProposedBy { get; init; }

    public required Guid ProposerId { get; init; }

    /// <summary><c>approved</c>, <c>rejected</c>, or null as long as it is open.</summary>
    public string? Decision { get; init; }

    public long? DecidedAt { get; init; }

    public string? DecidedBy { get; init; }

    public Guid? DeciderId { get; init; }

    /// <summary>The journal entry that books it.</summary>
    public long? EntrySequence { get; init; }

    public int? EventNumber { get; init; }

    public long Version { get; init; } = 1;
}

/// <summary>Reads proposed and decided corrections.</summary>
public static class AdjustmentReader
{
    private const string Rows = """
        SELECT a.adjustment_id, a.reservation_id, a.account_id, p.slug AS account, a.amount_nanos, a.after_event, a.reason,
            a.month, a.booked_month, a.proposed_at, a.proposed_by, a.proposer_id, a.decision, a.decided_at, a.decided_by, a.decider_id, a.entry_sequence, a.event_number,
            a.version
        FROM adjustments a
        LEFT JOIN provider_accounts p ON p.organization_id = a.organization_id AND p.account_id = a.account_id
        WHERE a.organization_id = @organizationId
        """;

    private const string Page = Rows + """

            AND (@isFirst OR a.adjustment_id < @before)
            AND (@state = '' OR coalesce(a.decision, 'open') = @state)
        ORDER BY a.adjustment_id DESC LIMIT @limit
        """;

    private const string One = Rows + "\nAND a.adjustment_id = @adjustmentId";

    /// <summary>The latest first.</summary>
    /// <param name="database">Where.</param>
    /// <param name="organizationId">Whose.</param>
    /// <param name="state"><c>open</c>, <c>approved</c>, <c>rejected</c>, or null for all.</param>
    /// <param name="before">Only those that were proposed before this one.</param>
    /// <param name="limit">Rows at most.</param>
    /// <param name="cancel">Stops reading.</param>
    public static async Task<IReadOnlyList<AdjustmentRow>> ListAsync(
        Database database, Guid organizationId, string? state, Guid? before, int limit, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var rows = await connection.QueryAsync<Stored>(new CommandDefinition(Page, new
        {
            organizationId, isFirst = before is null, before = before ?? Guid.Empty, state = state ?? "", limit,
        }, transaction, cancellationToken: cancel));
        return [.. rows.Select(r => r.ToRow())];
    }

    public static async Task<AdjustmentRow?> FindAsync(Database database, Guid organizationId, Guid adjustmentId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        return await FindAsync(connection, transaction, organizationId, adjustmentId, cancel);
    }

    internal static async Task<AdjustmentRow?> FindAsync(
        DbConnection connection, DbTransaction? transaction, Guid organizationId, Guid adjustmentId, CancellationToken cancel) =>
        (await connection.QuerySingleOrDefaultAsync<Stored>(new CommandDefinition(
            One, new { organizationId, adjustmentId }, transaction, cancellationToken: cancel)))?.ToRow();

    /// <summary>All of an organization, as of a moment that somebody else has chosen.</summary>
    internal static async Task<IReadOnlyList<AdjustmentRow>> ListAllAsync(LedgerSnapshot snapshot, Guid organizationId, CancellationToken cancel) =>
        [.. (await snapshot.ListAsync<Stored>(Rows, new { organizationId }, cancel)).Select(r => r.ToRow())];

    private sealed class Stored
    {
        public Guid AdjustmentId { get; set; }
        public Guid? ReservationId { get; set; }
        public Guid AccountId { get; set; }
        public string? Account { get; set; }
        public long AmountNanos { get; set; }
        public int? AfterEvent { get; set; }
        public string Reason { get; set; } = "";
        public string? Month { get; set; }
        public string? BookedMonth { get; set; }
        public long ProposedAt { get; set; }
        public string ProposedBy { get; set; } = "";
        public Guid ProposerId { get; set; }
        public string? Decision { get; set; }
        public long? DecidedAt { get; set; }
        public string? DecidedBy { get; set; }
        public Guid? DeciderId { get; set; }
        public long? EntrySequence { get; set; }
        public int? EventNumber { get; set; }
        public long Version { get; set; }

        public AdjustmentRow ToRow() => new()
        {
            AdjustmentId = AdjustmentId,
            ReservationId = ReservationId,
            AccountId = AccountId,
            // Test keys use an account that has no row.
            Account = Account ?? "sandbox",
            Difference = new NanoUsd(AmountNanos),
            AfterEvent = AfterEvent,
            Reason = Reason,
            Month = Month,
            BookedMonth = BookedMonth,
            ProposedAt = ProposedAt,
            ProposedBy = ProposedBy,
            ProposerId = ProposerId,
            Decision = Decision,
            DecidedAt = DecidedAt,
            DecidedBy = DecidedBy,
            DeciderId = DeciderId,
            EntrySequence = EntrySequence,
            EventNumber = EventNumber,
            Version = Version,
        };
    }
}
