using Npgsql;
using Spendra.Core.Ledger;
using Spendra.Storage.Ledger;

namespace Spendra.Storage.Postgres;

/// <summary>
/// What a batch decided, as one statement per table. Insert-only tables and upserts through the primary key: forms
/// whose plan cannot go wrong. Nothing big is ever updated in bulk.
/// </summary>
internal static class PostgresLedgerWrites
{
    private const string UpdateOrganization =
        "UPDATE organizations SET entry_sequence = $2, outbox_sequence = $3, ledger_seal = $4 WHERE organization_id = $1";

    private const string UpsertWindows =
        """
        INSERT INTO windows (organization_id, window_id, budget_id, starts_at, ends_at, limit_nanos, reserved_nanos, settled_nanos)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])
        ON CONFLICT (organization_id, window_id) DO UPDATE
        SET reserved_nanos = excluded.reserved_nanos, settled_nanos = excluded.settled_nanos
        """;

    private const string InsertOpen =
        """
        INSERT INTO open_reservations (organization_id, reservation_id, key_id, scope_ids, policy_ids, window_ids,
            provider, account_id, model, route, environment, price_id, tier_percent, amount_nanos, bound_input,
            bound_output, epoch, reserved_at, expires_at, gateway_id, idempotency_digest, bound_others,
            seal)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bytea[], $5::bytea[], $6::bytea[], $7::text[],
            $8::uuid[], $9::text[], $10::text[], $11::text[], $12::uuid[], $13::integer[], $14::bigint[], $15::bigint[],
            $16::bigint[], $17::bigint[], $18::bigint[], $19::bigint[], $20::uuid[], $21::bytea[], $22::text[], $23::bytea[])
        """;

    // Index probes give the row addresses; the delete then goes straight to the rows.
    private const string DeleteClosed =
        """
        DELETE FROM open_reservations WHERE ctid = ANY (ARRAY (
            SELECT o.ctid FROM unnest($1::uuid[], $2::uuid[]) AS v (organization_id, id) CROSS JOIN LATERAL (
                SELECT r.ctid FROM open_reservations r
                WHERE r.organization_id = v.organization_id AND r.reservation_id = v.id FOR UPDATE) o))
        """;

    private const string InsertSpend =
        """
        INSERT INTO spend_events (organization_id, reservation_id, key_id, scope_ids, policy_ids, window_ids, provider,
            account_id, model, route, environment, price_id, tier_percent, reserved_nanos, bound_input, bound_output, epoch,
            reserved_at, expires_at, event_number, kind, occurred_at, cost_nanos, input_units, cached_input_units,
            cache_write_units, output_units, reasoning_units, is_estimated, served_model, served_tier,
            upstream_request_id, upstream_status, entry_sequence, reason, bound_others, other_units, is_billed,
            served_price_id)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bytea[], $5::bytea[], $6::bytea[], $7::text[],
            $8::uuid[], $9::text[], $10::text[], $11::text[], $12::uuid[], $13::integer[], $14::bigint[], $15::bigint[],
            $16::bigint[], $17::bigint[], $18::bigint[], $19::bigint[], $20::integer[], $21::smallint[], $22::bigint[],
            $23::bigint[], $24::bigint[], $25::bigint[], $26::bigint[], $27::bigint[], $28::bigint[], $29::boolean[],
            $30::text[], $31::text[], $32::text[], $33::integer[], $34::bigint[], $35::text[], $36::text[], $37::text[], $38::boolean[],
            $39::uuid[])
        """;

    private const string InsertReleased =
        """
        INSERT INTO released_reservations (organization_id, reservation_id, key_id, scope_ids, policy_ids, window_ids,
            provider, account_id, model, route, environment, price_id, amount_nanos, bound_input, bound_output, epoch,
            reserved_at, released_at, reason, bound_others)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bytea[], $5::bytea[], $6::bytea[], $7::text[],
            $8::uuid[], $9::text[], $10::text[], $11::text[], $12::uuid[], $13::bigint[], $14::bigint[], $15::bigint[],
            $16::bigint[], $17::bigint[], $18::bigint[], $19::text[], $20::text[])
        """;

    private const string InsertRefusals =
        """
        INSERT INTO refusals (organization_id, request_id, key_id, refused_at, route, provider, model, code, message,
            policy_id, budget_id, limit_nanos, settled_nanos, reserved_nanos, needed_nanos, window_starts_at, window_ends_at,
            scope_ids, environment)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[],
            $9::text[], $10::uuid[], $11::uuid[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[],
            $17::bigint[], $18::bytea[], $19::text[])
        """;

    private const string InsertEntries =
        """
        INSERT INTO journal_entries (organization_id, entry_sequence, kind, reservation_id, event_number,
            corrects_sequence, booked_at)
        SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::smallint[], $4::uuid[], $5::integer[], $6::bigint[], $7::bigint[])
        """;

    private const string InsertPostings =
        """
        INSERT INTO postings (organization_id, entry_sequence, line, ledger_account, account_id, amount_nanos)
        SELECT e.organization_id, e.entry_sequence, l.line, l.line, e.account_id,
               CASE l.line WHEN 1 THEN e.amount ELSE -e.amount END
        FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::bigint[]) AS e (organization_id, entry_sequence, account_id, amount)
        CROSS JOIN (VALUES (1::smallint), (2::smallint)) AS l (line)
        """;

    private const string InsertExcesses =
        """
        INSERT INTO window_excesses (organization_id, window_id, cause_id, event_number, kind, amount_nanos, recorded_at)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::integer[], $5::smallint[], $6::bigint[], $7::bigint[])
        """;

    private const string InsertOutbox =
        """
        INSERT INTO outbox (organization_id, sequence, topic, subject_id, event_number, created_at, seal)
        SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::uuid[], $5::integer[], $6::bigint[], $7::bytea[])
        """;

    private const string ForgetIdempotency =
        """
        DELETE FROM idempotency_keys
        WHERE organization_id = $1 AND key_id = $2 AND key_digest = $3 AND reservation_id = $4
        """;

    private const string UseIdempotency =
        """
        INSERT INTO idempotency_keys (organization_id, key_id, key_digest, body_digest, reservation_id, created_at)
        SELECT v.*, $6 FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bytea[], $5::uuid[]) AS v
        """;

    public static void AddTo(NpgsqlBatch batch, LedgerWrites writes)
    {
        var commands = batch.BatchCommands;
        foreach (var row in writes.Organizations)
        {
            commands.Add(PostgresBulk.Command(UpdateOrganization)
                .Value(row.OrganizationId).Value(row.EntrySequence).Value(row.OutboxSequence)
                .Value(row.Seal.ToColumn()));
        }
        if (writes.Windows.Count > 0) commands.Add(Windows(writes.Windows));
        if (writes.Opened.Count > 0) commands.Add(Open(writes.Opened));
        if (writes.Closed.Count > 0)
        {
            commands.Add(PostgresBulk.Command(DeleteClosed)
                .Column(writes.Closed, r => r.OrganizationId).Column(writes.Closed, r => r.Id));
        }
        if (writes.SpendEvents.Count > 0) commands.Add(Spend(writes.SpendEvents));
        if (writes.Released.Count > 0) commands.Add(Released(writes.Released));
        if (writes.Refusals.Count > 0) commands.Add(Refusals(writes.Refusals));
        if (writes.Entries.Count > 0) AddEntries(commands, writes.Entries);
        if (writes.Excesses.Count > 0) commands.Add(Excesses(writes.Excesses));
        if (writes.Outbox.Count > 0) commands.Add(Outbox(writes.Outbox));
        // Forgotten before used: a released key may be taken again by the same batch.
        foreach (var row in writes.IdempotencyForgotten)
        {
            commands.Add(PostgresBulk.Command(ForgetIdempotency)
                .Value(row.OrganizationId).Value(row.KeyId).Value(row.KeyDigest).Value(row.ReservationId));
        }
        if (writes.IdempotencyUsed.Count > 0) commands.Add(Idempotency(writes.IdempotencyUsed, writes.DecidedAt));
    }

    private static NpgsqlBatchCommand Windows(List<WindowRow> rows) => PostgresBulk.Command(UpsertWindows)
        .Column(rows, r => r.OrganizationId).Column(rows, r => r.WindowId).Column(rows, r => r.BudgetId)
        .Column(rows, r => r.Span.StartsAt).Column(rows, r => r.Span.EndsAt).Column(rows, r => r.Limit.Value)
        .Column(rows, r => r.Reserved.Value).Column(rows, r => r.Settled.Value);

    private static NpgsqlBatchCommand Open(List<Reservation> rows) => Facts(InsertOpen, rows, r => r)
        .Column(rows, r => r.TierPercent).Column(rows, r => r.Amount.Value).Column(rows, r => r.BoundInput)
        .Column(rows, r => r.BoundOutput).Column(rows, r => r.Epoch).Column(rows, r => r.ReservedAt)
        .Column(rows, r => r.ExpiresAt).Column(rows, r => r.GatewayId).Column(rows, r => r.IdempotencyDigest)
        .Column(rows, UnitsJson.WriteBound).Column(rows, r => r.Seal.ToColumn());

    private static NpgsqlBatchCommand Spend(List<SpendEvent> rows) => Facts(InsertSpend, rows, r => r.Reservation)
        .Column(rows, r => r.Settlement.TierPercent).Column(rows, r => r.Reservation.Amount.Value)
        .Column(rows, r => r.Reservation.BoundInput).Column(rows, r => r.Reservation.BoundOutput)
        .Column(rows, r => r.Reservation.Epoch).Column(rows, r => r.Reservation.ReservedAt)
        .Column(rows, r => r.Reservation.ExpiresAt)
        .Column(rows, r => r.EventNumber).Column(rows, r => (short)r.Kind).Column(rows, r => r.OccurredAt)
        .Column(rows, r => r.Settlement.Cost.Value).Column(rows, r => r.Settlement.Usage.Input)
        .Column(rows, r => r.Settlement.Usage.CachedInput).Column(rows, r => r.Settlement.Usage.CacheWrite)
        .Column(rows, r => r.Settlement.Usage.Output).Column(rows, r => r.Settlement.Usage.ReasoningWithinOutput)
        .Column(rows, r => r.Settlement.IsEstimated).Column(rows, r => ForeignText.Storable(r.Settlement.ServedModel))
        .Column(rows, r => ForeignText.Storable(r.Settlement.ServedTier))
        .Column(rows, r => ForeignText.Storable(r.Settlement.UpstreamRequestId))
        .Column(rows, r => r.Settlement.UpstreamStatus).Column(rows, r => r.EntrySequence).Column(rows, r => r.Reason)
        .Column(rows, r => UnitsJson.WriteBound(r.Reservation)).Column(rows, r => UnitsJson.WriteSettled(r.Settlement))
        .Column(rows, r => r.Settlement.IsBilled).Column(rows, r => r.Settlement.ServedPriceId);

    private static NpgsqlBatchCommand Released(List<(Reservation Reservation, string Reason, long At)> rows) =>
        Facts(InsertReleased, rows, r => r.Reservation)
            .Column(rows, r => r.Reservation.Amount.Value).Column(rows, r => r.Reservation.BoundInput)
            .Column(rows, r => r.Reservation.BoundOutput).Column(rows, r => r.Reservation.Epoch)
            .Column(rows, r => r.Reservation.ReservedAt).Column(rows, r => r.At).Column(rows, r => r.Reason)
            .Column(rows, r => UnitsJson.WriteBound(r.Reservation));

    private static NpgsqlBatchCommand Refusals(List<RefusalRecord> rows) => PostgresBulk.Command(InsertRefusals)
        .Column(rows, r => r.OrganizationId).Column(rows, r => r.RequestId).Column(rows, r => r.KeyId)
        .Column(rows, r => r.RefusedAt).Column(rows, r => r.Route).Column(rows, r => ForeignText.Storable(r.Provider))
        .Column(rows, r => ForeignText.Storable(r.Model)).Column(rows, r => r.Refusal.CodeName)
        .Column(rows, r => ForeignText.Storable(r.Refusal.Message))
        .Column(rows, r => r.Refusal.PolicyId).Column(rows, r => r.Refusal.Window?.BudgetId)
        .Column(rows, r => r.Refusal.Window?.Limit.Value).Column(rows, r => r.Refusal.Window?.Settled.Value)
        .Column(rows, r => r.Refusal.Window?.Reserved.Value).Column(rows, r => r.Refusal.Window?.Needed.Value)
        .Column(rows, r => r.Refusal.Window?.StartsAt).Column(rows, r => r.Refusal.Window?.EndsAt)
        .Column(rows, r => PackedIds.Pack(r.ScopeIds)).Column(rows, r => r.Environment);

    private static void AddEntries(NpgsqlBatchCommandCollection commands, List<JournalEntry> rows)
    {
        commands.Add(PostgresBulk.Command(InsertEntries)
            .Column(rows, r => r.OrganizationId).Column(rows, r => r.Sequence).Column(rows, r => (short)r.Kind)
            .Column(rows, r => r.ReservationId).Column(rows, r => r.EventNumber).Column(rows, r => r.Corrects)
            .Column(rows, r => r.BookedAt));
        commands.Add(PostgresBulk.Command(InsertPostings)
            .Column(rows, r => r.OrganizationId).Column(rows, r => r.Sequence).Column(rows, r => r.AccountId)
            .Column(rows, r => r.Amount.Value));
    }

    private static NpgsqlBatchCommand Excesses(List<WindowExcess> rows) => PostgresBulk.Command(InsertExcesses)
        .Column(rows, r => r.OrganizationId).Column(rows, r => r.WindowId).Column(rows, r => r.CauseId)
        .Column(rows, r => r.EventNumber).Column(rows, r => (short)r.Kind).Column(rows, r => r.Amount.Value)
        .Column(rows, r => r.RecordedAt);

    private static NpgsqlBatchCommand Outbox(List<OutboxRow> rows) => PostgresBulk.Command(InsertOutbox)
        .Column(rows, r => r.OrganizationId).Column(rows, r => r.Sequence).Column(rows, r => OutboxTopics.NameOf(r.Topic))
        .Column(rows, r => r.SubjectId).Column(rows, r => r.EventNumber).Column(rows, r => r.CreatedAt)
        .Column(rows, r => r.Seal.ToColumn());

    private static NpgsqlBatchCommand Idempotency(List<IdempotencyRow> rows, long decidedAt) =>
        PostgresBulk.Command(UseIdempotency)
            .Column(rows, r => r.OrganizationId).Column(rows, r => r.KeyId).Column(rows, r => r.KeyDigest)
            .Column(rows, r => r.BodyDigest).Column(rows, r => r.ReservationId).Value(decidedAt);

    private static NpgsqlBatchCommand Facts<TRow>(string sql, List<TRow> rows, Func<TRow, Reservation> of) =>
        PostgresBulk.Command(sql)
            .Column(rows, r => of(r).OrganizationId).Column(rows, r => of(r).ReservationId)
            .Column(rows, r => of(r).KeyId).Column(rows, r => PackedIds.Pack(of(r).ScopeIds))
            .Column(rows, r => PackedIds.Pack(of(r).PolicyIds)).Column(rows, r => PackedIds.Pack(of(r).WindowIds))
            .Column(rows, r => of(r).Provider).Column(rows, r => of(r).AccountId).Column(rows, r => of(r).Model)
            .Column(rows, r => of(r).Route).Column(rows, r => of(r).Environment).Column(rows, r => of(r).PriceId);
}
