using Spendra.Core.Ledger;
using Spendra.Simulation.Store;
using Spendra.Storage;

namespace Spendra.Simulation.Engines;

/// <summary>
/// Every row of the ledger's tables in words that all stores share: for the real ones by a statement, for the simulated
/// one by a line that says the same. The statements name every column but these: the organization, of which there is one;
/// units beyond tokens, which scripts do not draw; the cause of a cap cut, which the real ones take from the audit log.
/// </summary>
internal static class StoreDump
{
    private const string Facts = "reservation_id, key_id, scope_ids, policy_ids, window_ids, provider, account_id, model, route, environment, price_id";

    public static readonly IReadOnlyList<(string Name, string Sql)> Statements =
    [
        ("organization", "SELECT governance_epoch, entry_sequence, outbox_sequence, ledger_seal FROM organizations"),
        ("window", "SELECT window_id, budget_id, starts_at, ends_at, limit_nanos, reserved_nanos, settled_nanos FROM windows"),
        ("open", $"SELECT {Facts}, tier_percent, amount_nanos, bound_input, bound_output, epoch, reserved_at, expires_at, gateway_id, idempotency_digest FROM open_reservations"),
        ("event", $"""
            SELECT {Facts}, tier_percent, reserved_nanos, bound_input, bound_output, epoch, reserved_at, expires_at, event_number, kind,
                occurred_at, cost_nanos, input_units, cached_input_units, cache_write_units, output_units, reasoning_units, is_estimated,
                served_model, served_tier, upstream_request_id, upstream_status, entry_sequence, reason, is_billed
            FROM spend_events
            """),
        ("released", $"SELECT {Facts}, amount_nanos, bound_input, bound_output, epoch, reserved_at, released_at, reason FROM released_reservations"),
        ("entry", "SELECT entry_sequence, kind, reservation_id, event_number, corrects_sequence, booked_at FROM journal_entries"),
        ("posting", "SELECT entry_sequence, line, ledger_account, account_id, amount_nanos FROM postings"),
        ("excess", "SELECT window_id, CASE WHEN kind = 2 THEN NULL ELSE cause_id END AS cause_id, event_number, kind, amount_nanos, recorded_at FROM window_excesses"),
        ("outbox", "SELECT sequence, topic, subject_id, event_number, created_at, seal FROM outbox"),
        ("key", "SELECT key_id, key_digest, body_digest, reservation_id, created_at FROM idempotency_keys"),
        ("refusal", """
            SELECT request_id, key_id, refused_at, route, provider, model, code, message, policy_id, budget_id, limit_nanos,
                settled_nanos, reserved_nanos, needed_nanos, window_starts_at, window_ends_at, scope_ids, environment
            FROM refusals
            """),
        ("stripped", "SELECT request_id, tool, policy_id FROM stripped_tools"),
        ("object", "SELECT object_id, kind, account_id, key_id, reservation_id, created_at, deleted_at, bytes, file_name, purpose, expires_at, input_file_id FROM provider_objects"),
        ("gateway", "SELECT gateway_id, started_at, heartbeat_at FROM gateways"),
    ];

    public static List<string> Of(SimStore store)
    {
        var tables = store.Tables;
        return
        [
            .. tables.Organizations.Values.Select(o => Line("organization", o.Epoch, o.EntrySequence, o.OutboxSequence, o.Seal.ToColumn())),
            .. tables.Windows.Values.Select(w => Line("window", w.WindowId, w.BudgetId, w.Span.StartsAt, w.Span.EndsAt, w.Limit.Value, w.Reserved.Value, w.Settled.Value)),
            .. tables.Open.Values.Select(r => Line("open", [.. FactsOf(r), r.TierPercent, r.Amount.Value, r.BoundInput, r.BoundOutput, r.Epoch, r.ReservedAt, r.ExpiresAt, r.GatewayId, r.IdempotencyDigest])),
            .. tables.Events.Values.Select(EventLine),
            .. tables.Released.Values.Select(r => Line("released", [.. FactsOf(r.Reservation), r.Reservation.Amount.Value, r.Reservation.BoundInput, r.Reservation.BoundOutput, r.Reservation.Epoch, r.Reservation.ReservedAt, r.At, r.Reason])),
            .. tables.Entries.Values.Select(e => Line("entry", e.Sequence, (int)e.Kind, e.ReservationId, e.EventNumber, e.Corrects, e.BookedAt)),
            .. tables.Postings.Select(p => Line("posting", p.Key.Sequence, p.Key.Line, (int)p.Value.Account, p.Value.AccountId, p.Value.Amount.Value)),
            .. tables.Excesses.Values.Select(e => Line("excess", e.WindowId, e.Kind == ExcessKind.CapCut ? null : e.CauseId, e.EventNumber, (int)e.Kind, e.Amount.Value, e.RecordedAt)),
            .. tables.Outbox.Values.Select(o => Line("outbox", o.Sequence, OutboxTopics.NameOf(o.Topic), o.SubjectId, o.EventNumber, o.CreatedAt, o.Seal.ToColumn())),
            .. tables.Idempotency.Values.Select(k => Line("key", k.KeyId, k.KeyDigest, k.BodyDigest, k.ReservationId, tables.IdempotencyUsedAt[IdempotencyKey.Of(k.OrganizationId, k.KeyId, k.KeyDigest)])),
            .. tables.Refusals.Values.Select(RefusalLine),
            .. store.Stripped.Values.Select(t => Line("stripped", t.RequestId, t.Tool, t.PolicyId)),
            .. store.Objects.Select(o => ObjectLine(o.Value, store.Deleted.TryGetValue(o.Key, out var at) ? at : null)),
            .. store.Heartbeats.Select(h => Line("gateway", h.Key, h.Value.StartedAt, h.Value.At)),
        ];
    }

    private static string EventLine(SpendEvent e)
    {
        var (r, s) = (e.Reservation, e.Settlement);
        return Line("event",
        [
            .. FactsOf(r), s.TierPercent, r.Amount.Value, r.BoundInput, r.BoundOutput, r.Epoch, r.ReservedAt, r.ExpiresAt, e.EventNumber, (int)e.Kind,
            e.OccurredAt, s.Cost.Value, s.Usage.Input, s.Usage.CachedInput, s.Usage.CacheWrite, s.Usage.Output, s.Usage.ReasoningWithinOutput,
            s.IsEstimated, s.ServedModel, s.ServedTier, s.UpstreamRequestId, s.UpstreamStatus, e.EntrySequence, e.Reason, s.IsBilled,
        ]);
    }

    private static string RefusalLine(RefusalRecord r)
    {
        var window = r.Refusal.Window;
        return Line("refusal", r.RequestId, r.KeyId, r.RefusedAt, r.Route, r.Provider, r.Model, r.Refusal.CodeName, r.Refusal.Message,
            r.Refusal.PolicyId, window?.BudgetId, window?.Limit.Value, window?.Settled.Value, window?.Reserved.Value, window?.Needed.Value,
            window?.StartsAt, window?.EndsAt, PackedIds.Pack(r.ScopeIds), r.Environment);
    }

    private static string ObjectLine(ProviderObject o, long? deletedAt) => Line("object", o.ObjectId, (int)o.Kind, o.AccountId, o.KeyId,
        o.ReservationId, o.CreatedAt, deletedAt, o.Bytes, o.FileName, o.Purpose, o.ExpiresAt, o.InputFileId);

    private static object?[] FactsOf(Reservation r) =>
    [
        r.ReservationId, r.KeyId, PackedIds.Pack(r.ScopeIds), PackedIds.Pack(r.PolicyIds), PackedIds.Pack(r.WindowIds), r.Provider, r.AccountId,
        r.Model, r.Route, r.Environment, r.PriceId,
    ];

    /// <summary>One row: its table, then its values.</summary>
    public static string Line(string name, params ReadOnlySpan<object?> values)
    {
        var words = new List<string>(values.Length + 1) { name };
        foreach (var value in values) words.Add(Plain(value));
        return string.Join(' ', words);
    }

    private static string Plain(object? value) => value switch
    {
        byte[] bytes => Convert.ToHexString(bytes),
        bool yes => yes ? "1" : "0",
        null or DBNull => "-",
        _ => $"{value}",
    };
}
