using Microsoft.Data.Sqlite;
using Spendra.Core.Budgets;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Storage.Ledger;

namespace Spendra.Storage.Sqlite;

/// <summary>
/// The ledger lane on SQLite: one connection, prepared statements, point look-ups by primary key.
/// <c>BEGIN IMMEDIATE</c> is the lock. Calls block for the length of a file sync.
/// </summary>
internal sealed class SqliteLedgerEngine(SqliteDatabase database) : ILedgerEngine
{
    private SqliteLedgerSession? _session;

    public async Task<LedgerState> BeginAsync(IReadOnlyList<LedgerCommand> commands, bool isRepeated)
    {
        _session ??= await SqliteLedgerSession.OpenAsync(database.FilePath);
        _session.Begin.Run();
        var state = new LedgerState();
        foreach (var command in commands) Load(_session, state, command, isRepeated);
        return state;
    }

    public Task CommitAsync(LedgerWrites writes, LaneNotes notes)
    {
        var session = _session ?? throw new InvalidOperationException("no transaction has begun");
        session.Writer.Write(writes, notes);
        session.Commit.Run();
        if (writes.Outbox.Count > 0) database.RingOutbox();
        return Task.CompletedTask;
    }

    public Task AbandonAsync(bool reconnect)
    {
        if (_session is not { } session) return Task.CompletedTask;
        if (reconnect || !session.TryRollback())
        {
            // Closing rolls back what the connection held.
            _session = null;
            session.Dispose();
        }
        return Task.CompletedTask;
    }

    public LaneFault Classify(Exception exception) => exception is SqliteException
        ? IsContentRefused(exception) ? LaneFault.Poison : LaneFault.Unavailable
        : exception is DatabaseUnavailableException ? LaneFault.Unavailable : LaneFault.Poison;

    internal static bool IsContentRefused(Exception exception) => exception is SqliteException
    {
        SqliteErrorCode: SQLitePCL.raw.SQLITE_CONSTRAINT or SQLitePCL.raw.SQLITE_TOOBIG or SQLitePCL.raw.SQLITE_MISMATCH,
    };

    public string Describe(Exception exception) => exception is SqliteException e
        ? SqliteFailure.Describe(e, database.FilePath).Message
        : exception.Message;

    public ValueTask DisposeAsync()
    {
        _session?.Dispose();
        _session = null;
        return ValueTask.CompletedTask;
    }

    private static void Load(SqliteLedgerSession session, LedgerState state, LedgerCommand command, bool isRepeated)
    {
        LoadOrganization(session, state, command.OrganizationId);
        foreach (var windowId in command.WindowIds) LoadWindow(session, state, command.OrganizationId, windowId);
        var key = new RowKey(command.OrganizationId, command.ReservationId);
        if (command is RefuseCommand)
        {
            if (Exists(session.SelectRefused, key)) state.Refused.Add(key);
            return;
        }
        if (command is ReserveCommand reserve)
        {
            if (reserve.Idempotency is { } claim) LoadIdempotency(session, state, reserve.Reservation, claim);
            if (!isRepeated) return;
        }
        if (LoadOpen(session, state, key)) return;
        LoadSpent(session, state, key);
        if (Exists(session.SelectReleased, key)) state.Released.Add(key);
    }

    private static bool Exists(SqliteStatement select, RowKey key)
    {
        if (!select.Bind(key.OrganizationId).Bind(key.Id).Step()) return false;
        select.Reset();
        return true;
    }

    private static void LoadOrganization(SqliteLedgerSession session, LedgerState state, Guid organizationId)
    {
        if (state.Organizations.ContainsKey(organizationId)) return;
        var select = session.SelectOrganization.Bind(organizationId);
        if (!select.Step()) return;
        state.Organizations.Add(organizationId, new OrganizationRow(
            organizationId, select.Int64(0), select.Int64(1), select.Int64(2)) { Seal = Seal.Read(select.Bytes(3)) });
        select.Reset();
    }

    private static void LoadWindow(SqliteLedgerSession session, LedgerState state, Guid organizationId, Guid windowId)
    {
        var key = new RowKey(organizationId, windowId);
        if (state.Windows.ContainsKey(key)) return;
        var select = session.SelectWindow.Bind(organizationId).Bind(windowId);
        if (!select.Step()) return;
        state.Windows.Add(key, new WindowRow
        {
            OrganizationId = organizationId,
            WindowId = windowId,
            BudgetId = select.Id(0),
            Span = new WindowSpan(select.Int64(1), select.Int64(2)),
            Limit = new NanoUsd(select.Int64(3)),
            Reserved = new NanoUsd(select.Int64(4)),
            Settled = new NanoUsd(select.Int64(5)),
        });
        select.Reset();
    }

    private static bool LoadOpen(SqliteLedgerSession session, LedgerState state, RowKey key)
    {
        if (state.Open.ContainsKey(key)) return true;
        var select = session.SelectOpen.Bind(key.OrganizationId).Bind(key.Id);
        if (!select.Step()) return false;
        state.Open.Add(key, ReadReservation(select));
        select.Reset();
        return true;
    }

    private static void LoadSpent(SqliteLedgerSession session, LedgerState state, RowKey key)
    {
        if (state.Spent.ContainsKey(key)) return;
        var select = session.SelectSpent.Bind(key.OrganizationId).Bind(key.Id);
        SpentReservation? spent = null;
        while (select.Step())
        {
            var kind = (SpendKind)select.Int64(22);
            var cost = new NanoUsd(select.Int64(23));
            spent = spent is null
                ? new SpentReservation(ReadReservation(select), kind, cost, 0, select.Int64(25))
                : spent with
                {
                    TotalCost = spent.TotalCost + cost,
                    LastEventNumber = (int)select.Int64(24),
                    HasLate = spent.HasLate || kind == SpendKind.Late,
                };
        }
        if (spent is not null) state.Spent.Add(key, spent);
    }

    private static void LoadIdempotency(SqliteLedgerSession session, LedgerState state, Reservation reservation, IdempotencyClaim claim)
    {
        var select = session.SelectIdempotency
            .Bind(reservation.OrganizationId).Bind(reservation.KeyId).Bind(claim.KeyDigest);
        if (!select.Step()) return;
        var row = new IdempotencyRow(
            reservation.OrganizationId, reservation.KeyId, claim.KeyDigest, select.Bytes(0).ToArray(), select.Id(1));
        select.Reset();
        state.Idempotency[IdempotencyKey.Of(row.OrganizationId, row.KeyId, row.KeyDigest)] = row;
        // Whether the earlier request still runs decides what the caller is told.
        if (!session.SelectIsOpen.Bind(row.OrganizationId).Bind(row.ReservationId).Step()) return;
        session.SelectIsOpen.Reset();
        state.StillOpen.Add(new RowKey(row.OrganizationId, row.ReservationId));
    }

    private static Reservation ReadReservation(SqliteStatement row)
    {
        var bound = row.IsNull(21) ? default : UnitsJson.ReadBound(row.Bytes(21));
        return new()
        {
            OrganizationId = row.Id(0),
            ReservationId = row.Id(1),
            KeyId = row.Id(2),
            ScopeIds = PackedIds.Unpack(row.Bytes(3)),
            PolicyIds = PackedIds.Unpack(row.Bytes(4)),
            WindowIds = PackedIds.Unpack(row.Bytes(5)),
            Provider = row.Text(6),
            AccountId = row.Id(7),
            Model = row.Text(8),
            Route = row.Text(9),
            Environment = row.TextOrNull(10),
            PriceId = row.IdOrNull(11),
            TierPercent = (int)row.Int64(12),
            Amount = new NanoUsd(row.Int64(13)),
            BoundInput = row.Int64(14),
            BoundOutput = row.Int64(15),
            Epoch = row.Int64(16),
            ReservedAt = row.Int64(17),
            ExpiresAt = row.Int64(18),
            GatewayId = row.IdOrNull(19),
            IdempotencyDigest = row.IsNull(20) ? null : row.Bytes(20).ToArray(),
            BoundKinds = bound.Kinds,
            BoundPieces = bound.Pieces,
            BoundBasis = bound.Basis,
        };
    }
}
