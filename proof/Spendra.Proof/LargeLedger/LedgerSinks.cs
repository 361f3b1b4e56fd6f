using Npgsql;
using Spendra.Core.Ledger;
using Spendra.Storage;
using Spendra.Storage.Ledger;
using Spendra.Storage.Postgres;
using Spendra.Storage.Sqlite;

namespace Spendra.Proof.LargeLedger;

/// <summary>Takes decided batches and makes them durable together, much faster than the lane would.</summary>
internal interface ILedgerSink : IAsyncDisposable
{
    Task WriteAsync(LedgerWrites writes, LaneNotes notes);
}

/// <summary>The lane's own statements, many batches in one transaction.</summary>
internal sealed class SqliteSink(SqliteLedgerSession session) : ILedgerSink
{
    private const int BatchesPerCommit = 500;

    private int _batches;

    public static async Task<ILedgerSink> OpenAsync(string folder)
    {
        var session = await SqliteLedgerSession.OpenAsync(Path.Combine(folder, SqliteDatabase.FileName));
        session.Begin.Run();
        return new SqliteSink(session);
    }

    public Task WriteAsync(LedgerWrites writes, LaneNotes notes)
    {
        session.Writer.Write(writes, notes);
        if (++_batches % BatchesPerCommit == 0)
        {
            session.Commit.Run();
            session.Begin.Run();
        }
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        session.Commit.Run();
        session.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>COPY for the tables that are only appended to, the lane's own statements for the rest.</summary>
internal sealed class PostgresSink : ILedgerSink
{
    // Each of them waits for a file sync.
    private const int NotesPerCommit = 5_000;

    private readonly NpgsqlConnection _rest;
    private readonly LaneNotes _notes = new();
    private readonly List<RefusalRecord> _refusals = [];
    private readonly Table _events;
    private readonly Table _released;
    private readonly Table _entries;
    private readonly Table _postings;
    private readonly Table _outbox;
    private readonly Table _excesses;

    private PostgresSink(NpgsqlConnection rest, Table[] tables)
    {
        _rest = rest;
        (_events, _released, _entries, _postings, _outbox, _excesses) = (tables[0], tables[1], tables[2], tables[3], tables[4], tables[5]);
    }

    private Table[] Tables => [_events, _released, _entries, _postings, _outbox, _excesses];

    public static async Task<ILedgerSink> OpenAsync(string connectionString)
    {
        const string facts = "organization_id, reservation_id, key_id, scope_ids, policy_ids, window_ids, provider, account_id, model, route, price_id, bound_input, bound_output, epoch, reserved_at";
        string[] columns =
        [
            $"spend_events ({facts}, tier_percent, reserved_nanos, expires_at, event_number, kind, occurred_at, cost_nanos, input_units, cached_input_units, cache_write_units, output_units, reasoning_units, is_estimated, served_model, served_tier, upstream_request_id, upstream_status, entry_sequence, reason)",
            $"released_reservations ({facts}, amount_nanos, released_at, reason)",
            "journal_entries (organization_id, entry_sequence, kind, reservation_id, event_number, corrects_sequence, booked_at)",
            "postings (organization_id, entry_sequence, line, ledger_account, account_id, amount_nanos)",
            "outbox (organization_id, sequence, topic, subject_id, event_number, created_at, seal)",
            "window_excesses (organization_id, window_id, cause_id, event_number, kind, amount_nanos, recorded_at)",
        ];
        var tables = new Table[columns.Length];
        for (var i = 0; i < columns.Length; i++) tables[i] = await Table.OpenAsync(connectionString, columns[i]);
        var rest = new NpgsqlConnection(connectionString);
        await rest.OpenAsync();
        return new PostgresSink(rest, tables);
    }

    public async Task WriteAsync(LedgerWrites writes, LaneNotes notes)
    {
        foreach (var row in writes.SpendEvents) Write(row);
        foreach (var (reservation, reason, at) in writes.Released)
            Facts(_released, reservation).Add(reservation.Amount.Value).Add(at).Add(reason);
        foreach (var row in writes.Entries) Write(row);
        foreach (var row in writes.Outbox)
        {
            _outbox.Row().Add(row.OrganizationId).Add(row.Sequence).Add(OutboxTopics.NameOf(row.Topic)).Add(row.SubjectId).Add(row.EventNumber)
                .Add(row.CreatedAt).Add(row.Seal.ToColumn());
        }
        foreach (var row in writes.Excesses)
        {
            _excesses.Row().Add(row.OrganizationId).Add(row.WindowId).Add(row.CauseId).Add(row.EventNumber).Add((short)row.Kind)
                .Add(row.Amount.Value).Add(row.RecordedAt);
        }
        writes.SpendEvents.Clear();
        writes.Released.Clear();
        writes.Entries.Clear();
        writes.Outbox.Clear();
        writes.Excesses.Clear();
        _notes.Objects.AddRange(notes.Objects);
        _refusals.AddRange(writes.Refusals);
        writes.Refusals.Clear();
        if (writes.IsEmpty && _notes.Objects.Count < NotesPerCommit) return;
        writes.Refusals.AddRange(_refusals);
        _refusals.Clear();
        await WriteRestAsync(writes);
    }

    private async Task WriteRestAsync(LedgerWrites writes)
    {
        await using var batch = new NpgsqlBatch(_rest) { Timeout = 0 };
        PostgresLedgerWrites.AddTo(batch, writes);
        PostgresNotesWrites.AddTo(batch, _notes);
        await batch.ExecuteNonQueryAsync();
        _notes.Objects.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var table in Tables) await table.DisposeAsync();
        await using (var vacuum = new NpgsqlCommand("VACUUM (ANALYZE)", _rest) { CommandTimeout = 0 }) await vacuum.ExecuteNonQueryAsync();
        await _rest.DisposeAsync();
    }

    private void Write(SpendEvent row)
    {
        var (reservation, settlement) = (row.Reservation, row.Settlement);
        Facts(_events, reservation).Add(settlement.TierPercent).Add(reservation.Amount.Value).Add(reservation.ExpiresAt)
            .Add(row.EventNumber).Add((short)row.Kind).Add(row.OccurredAt).Add(settlement.Cost.Value)
            .Add(settlement.Usage.Input).Add(settlement.Usage.CachedInput).Add(settlement.Usage.CacheWrite)
            .Add(settlement.Usage.Output).Add(settlement.Usage.ReasoningWithinOutput).Add(settlement.IsEstimated)
            .Add(settlement.ServedModel).Add(settlement.ServedTier).Add(settlement.UpstreamRequestId)
            .Add(settlement.UpstreamStatus).Add(row.EntrySequence).Add(row.Reason);
    }

    private void Write(JournalEntry row)
    {
        _entries.Row().Add(row.OrganizationId).Add(row.Sequence).Add((short)row.Kind).Add(row.ReservationId).Add(row.EventNumber);
        if (row.Corrects is { } corrects) _entries.Add(corrects);
        else _entries.AddNull();
        _entries.Add(row.BookedAt);
        foreach (var account in Enum.GetValues<LedgerAccount>())
        {
            _postings.Row().Add(row.OrganizationId).Add(row.Sequence).Add((short)account).Add((short)account).Add(row.AccountId)
                .Add(account == LedgerAccount.Expense ? row.Amount.Value : -row.Amount.Value);
        }
    }

    private static Table Facts(Table table, Reservation row) => table.Row()
        .Add(row.OrganizationId).Add(row.ReservationId).Add(row.KeyId).Add(PackedIds.Pack(row.ScopeIds))
        .Add(PackedIds.Pack(row.PolicyIds)).Add(PackedIds.Pack(row.WindowIds)).Add(row.Provider).Add(row.AccountId)
        .Add(row.Model).Add(row.Route).Add(row.PriceId!.Value).Add(row.BoundInput).Add(row.BoundOutput).Add(row.Epoch).Add(row.ReservedAt);

    private sealed class Table(NpgsqlConnection connection, NpgsqlBinaryImporter copy) : IAsyncDisposable
    {
        public static async Task<Table> OpenAsync(string connectionString, string columns)
        {
            var connection = new NpgsqlConnection(connectionString);
            await connection.OpenAsync();
            var copy = await connection.BeginBinaryImportAsync($"COPY {columns} FROM STDIN (FORMAT binary)");
            copy.Timeout = TimeSpan.Zero;
            return new Table(connection, copy);
        }

        public Table Row()
        {
            copy.StartRow();
            return this;
        }

        public Table Add<T>(T value)
        {
            if (value is null) copy.WriteNull();
            else copy.Write(value);
            return this;
        }

        public void AddNull() => copy.WriteNull();

        public async ValueTask DisposeAsync()
        {
            await copy.CompleteAsync();
            await copy.DisposeAsync();
            await connection.DisposeAsync();
        }
    }
}
