using Spendra.Core.Ledger;
using Spendra.Storage.Ledger;

namespace Spendra.Storage.Sqlite;

/// <summary>Writes what a batch decided, row by row through prepared statements, inside the open transaction.</summary>
internal sealed class SqliteLedgerWriter(Func<string, SqliteStatement> prepare)
{
    private readonly SqliteStatement _organization = prepare(
        "UPDATE organizations SET entry_sequence = ?, outbox_sequence = ?, ledger_seal = ? WHERE organization_id = ?");

    private readonly SqliteStatement _window = prepare(
        """
        INSERT INTO windows (organization_id, window_id, budget_id, starts_at, ends_at, limit_nanos, reserved_nanos, settled_nanos)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (organization_id, window_id) DO UPDATE
        SET reserved_nanos = excluded.reserved_nanos, settled_nanos = excluded.settled_nanos
        """);

    private readonly SqliteStatement _open = prepare(
        """
        INSERT INTO open_reservations (organization_id, reservation_id, key_id, scope_ids, policy_ids, window_ids,
            provider, account_id, model, route, environment, price_id, tier_percent, amount_nanos, bound_input,
            bound_output, epoch, reserved_at, expires_at, gateway_id, idempotency_digest, bound_others, seal)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """);

    private readonly SqliteStatement _close = prepare(
        "DELETE FROM open_reservations WHERE organization_id = ? AND reservation_id = ?");

    private readonly SqliteStatement _spend = prepare(
        """
        INSERT INTO spend_events (organization_id, reservation_id, key_id, scope_ids, policy_ids, window_ids,
            provider, account_id, model, route, environment, price_id, tier_percent, reserved_nanos, bound_input,
            bound_output, epoch, reserved_at, expires_at, event_number, kind, occurred_at, cost_nanos, input_units,
            cached_input_units, cache_write_units, output_units, reasoning_units, is_estimated, served_model,
            served_tier, upstream_request_id, upstream_status, entry_sequence, reason,
            bound_others, other_units, is_billed, served_price_id)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """);

    private readonly SqliteStatement _released = prepare(
        """
        INSERT INTO released_reservations (organization_id, reservation_id, key_id, scope_ids, policy_ids, window_ids,
            provider, account_id, model, route, environment, price_id, amount_nanos, bound_input, bound_output, epoch,
            reserved_at, released_at, reason, bound_others)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """);

    private readonly SqliteStatement _refusal = prepare(
        """
        INSERT INTO refusals (organization_id, request_id, key_id, refused_at, route, provider, model, code, message,
            policy_id, budget_id, limit_nanos, settled_nanos, reserved_nanos, needed_nanos, window_starts_at, window_ends_at,
            scope_ids, environment)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """);

    private readonly SqliteStatement _entry = prepare(
        """
        INSERT INTO journal_entries (organization_id, entry_sequence, kind, reservation_id, event_number,
            corrects_sequence, booked_at)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """);

    private readonly SqliteStatement _postings = prepare(
        """
        INSERT INTO postings (organization_id, entry_sequence, line, ledger_account, account_id, amount_nanos)
        VALUES (?1, ?2, 1, 1, ?3, ?4), (?1, ?2, 2, 2, ?3, -?4)
        """);

    private readonly SqliteStatement _excess = prepare(
        """
        INSERT INTO window_excesses (organization_id, window_id, cause_id, event_number, kind, amount_nanos, recorded_at)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """);

    private readonly SqliteStatement _outbox = prepare(
        """
        INSERT INTO outbox (organization_id, sequence, topic, subject_id, event_number, created_at, seal)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """);

    private readonly SqliteStatement _useIdempotency = prepare(
        """
        INSERT INTO idempotency_keys (organization_id, key_id, key_digest, body_digest, reservation_id, created_at)
        VALUES (?, ?, ?, ?, ?, ?)
        """);

    private readonly SqliteStatement _forgetIdempotency = prepare(
        """
        DELETE FROM idempotency_keys
        WHERE organization_id = ? AND key_id = ? AND key_digest = ? AND reservation_id = ?
        """);

    private readonly SqliteNotesWriter _notes = new(prepare);

    public void Write(LedgerWrites writes, LaneNotes notes)
    {
        foreach (var row in writes.Organizations)
            _organization.Bind(row.EntrySequence).Bind(row.OutboxSequence).Bind(row.Seal.ToColumn()).Bind(row.OrganizationId).Run();
        foreach (var row in writes.Windows) Write(row);
        foreach (var row in writes.Opened) WriteOpen(row);
        foreach (var row in writes.Closed) _close.Bind(row.OrganizationId).Bind(row.Id).Run();
        foreach (var row in writes.SpendEvents) Write(row);
        foreach (var (reservation, reason, at) in writes.Released) WriteReleased(reservation, reason, at);
        foreach (var row in writes.Refusals) Write(row);
        foreach (var row in writes.Entries) Write(row);
        foreach (var row in writes.Excesses) Write(row);
        foreach (var row in writes.Outbox)
        {
            _outbox.Bind(row.OrganizationId).Bind(row.Sequence).Bind(OutboxTopics.NameOf(row.Topic)).Bind(row.SubjectId)
                .Bind(row.EventNumber).Bind(row.CreatedAt).Bind(row.Seal.ToColumn()).Run();
        }
        // Forgotten before used: a released key may be taken again by the same batch.
        foreach (var row in writes.IdempotencyForgotten)
            _forgetIdempotency.Bind(row.OrganizationId).Bind(row.KeyId).Bind(row.KeyDigest).Bind(row.ReservationId).Run();
        foreach (var row in writes.IdempotencyUsed)
        {
            _useIdempotency.Bind(row.OrganizationId).Bind(row.KeyId).Bind(row.KeyDigest).Bind(row.BodyDigest)
                .Bind(row.ReservationId).Bind(writes.DecidedAt).Run();
        }
        _notes.Write(notes);
    }

    private void Write(WindowRow row) => _window
        .Bind(row.OrganizationId).Bind(row.WindowId).Bind(row.BudgetId).Bind(row.Span.StartsAt).Bind(row.Span.EndsAt)
        .Bind(row.Limit.Value).Bind(row.Reserved.Value).Bind(row.Settled.Value).Run();

    private void WriteOpen(Reservation row) => BindFacts(_open, row)
        .Bind(row.TierPercent).Bind(row.Amount.Value).Bind(row.BoundInput).Bind(row.BoundOutput).Bind(row.Epoch)
        .Bind(row.ReservedAt).Bind(row.ExpiresAt).Bind(row.GatewayId).Bind(row.IdempotencyDigest)
        .Bind(UnitsJson.WriteBound(row)).Bind(row.Seal.ToColumn()).Run();

    private void Write(SpendEvent row)
    {
        var (reservation, settlement) = (row.Reservation, row.Settlement);
        BindFacts(_spend, reservation)
            .Bind(settlement.TierPercent).Bind(reservation.Amount.Value).Bind(reservation.BoundInput)
            .Bind(reservation.BoundOutput).Bind(reservation.Epoch).Bind(reservation.ReservedAt)
            .Bind(reservation.ExpiresAt)
            .Bind(row.EventNumber).Bind((int)row.Kind).Bind(row.OccurredAt).Bind(settlement.Cost.Value)
            .Bind(settlement.Usage.Input).Bind(settlement.Usage.CachedInput).Bind(settlement.Usage.CacheWrite)
            .Bind(settlement.Usage.Output).Bind(settlement.Usage.ReasoningWithinOutput)
            .Bind(settlement.IsEstimated ? 1 : 0).Bind(ForeignText.Storable(settlement.ServedModel))
            .Bind(ForeignText.Storable(settlement.ServedTier)).Bind(ForeignText.Storable(settlement.UpstreamRequestId))
            .Bind(settlement.UpstreamStatus).Bind(row.EntrySequence)
            .Bind(row.Reason).Bind(UnitsJson.WriteBound(reservation)).Bind(UnitsJson.WriteSettled(settlement))
            .Bind(settlement.IsBilled ? 1 : 0).Bind(settlement.ServedPriceId).Run();
    }

    private void WriteReleased(Reservation row, string reason, long at) => BindFacts(_released, row)
        .Bind(row.Amount.Value).Bind(row.BoundInput).Bind(row.BoundOutput).Bind(row.Epoch).Bind(row.ReservedAt)
        .Bind(at).Bind(reason).Bind(UnitsJson.WriteBound(row)).Run();

    private void Write(RefusalRecord row)
    {
        var window = row.Refusal.Window;
        _refusal.Bind(row.OrganizationId).Bind(row.RequestId).Bind(row.KeyId).Bind(row.RefusedAt).Bind(row.Route)
            .Bind(ForeignText.Storable(row.Provider)).Bind(ForeignText.Storable(row.Model)).Bind(row.Refusal.CodeName)
            .Bind(ForeignText.Storable(row.Refusal.Message))
            .Bind(row.Refusal.PolicyId).Bind(window?.BudgetId).Bind(window?.Limit.Value).Bind(window?.Settled.Value)
            .Bind(window?.Reserved.Value).Bind(window?.Needed.Value).Bind(window?.StartsAt).Bind(window?.EndsAt)
            .Bind(row.ScopeIds).Bind(row.Environment).Run();
    }

    private void Write(JournalEntry row)
    {
        _entry.Bind(row.OrganizationId).Bind(row.Sequence).Bind((int)row.Kind).Bind(row.ReservationId)
            .Bind(row.EventNumber).Bind(row.Corrects).Bind(row.BookedAt).Run();
        _postings.Bind(row.OrganizationId).Bind(row.Sequence).Bind(row.AccountId).Bind(row.Amount.Value).Run();
    }

    private void Write(WindowExcess row) => _excess
        .Bind(row.OrganizationId).Bind(row.WindowId).Bind(row.CauseId).Bind(row.EventNumber).Bind((int)row.Kind)
        .Bind(row.Amount.Value).Bind(row.RecordedAt).Run();

    private static SqliteStatement BindFacts(SqliteStatement statement, Reservation row) => statement
        .Bind(row.OrganizationId).Bind(row.ReservationId).Bind(row.KeyId).Bind(row.ScopeIds)
        .Bind(row.PolicyIds).Bind(row.WindowIds).Bind(row.Provider)
        .Bind(row.AccountId).Bind(row.Model).Bind(row.Route).Bind(row.Environment).Bind(row.PriceId);
}
