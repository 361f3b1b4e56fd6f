using System.Collections.Immutable;
using Spendra.Core.Ledger;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;

namespace Spendra.Storage.Tests.Ledger;

/// <summary>What each column of the ledger's tables must hold, spelled out a second time and in no other way.</summary>
internal static class LedgerColumns
{
    public static Dictionary<string, object?> Open(Reservation r) => With(Facts(r), new()
    {
        ["tier_percent"] = r.TierPercent, ["amount_nanos"] = r.Amount.Value, ["expires_at"] = r.ExpiresAt,
        ["gateway_id"] = r.GatewayId, ["idempotency_digest"] = r.IdempotencyDigest,
    });

    public static Dictionary<string, object?> Spend(SpendEvent e) => With(Facts(e.Reservation), new()
    {
        ["event_number"] = e.EventNumber, ["kind"] = e.Kind, ["tier_percent"] = e.Settlement.TierPercent,
        ["reserved_nanos"] = e.Reservation.Amount.Value, ["expires_at"] = e.Reservation.ExpiresAt,
        ["occurred_at"] = e.OccurredAt, ["cost_nanos"] = e.Settlement.Cost.Value,
        ["input_units"] = e.Settlement.Usage.Input, ["cached_input_units"] = e.Settlement.Usage.CachedInput,
        ["cache_write_units"] = e.Settlement.Usage.CacheWrite, ["output_units"] = e.Settlement.Usage.Output,
        ["reasoning_units"] = e.Settlement.Usage.ReasoningWithinOutput, ["other_units"] = OtherUnits(e.Settlement),
        ["is_estimated"] = e.Settlement.IsEstimated, ["is_billed"] = e.Settlement.IsBilled,
        ["served_model"] = e.Settlement.ServedModel, ["served_tier"] = e.Settlement.ServedTier,
        ["served_price_id"] = e.Settlement.ServedPriceId,
        ["upstream_request_id"] = e.Settlement.UpstreamRequestId, ["upstream_status"] = e.Settlement.UpstreamStatus,
        ["entry_sequence"] = e.EntrySequence, ["reason"] = e.Reason,
    });

    public static Dictionary<string, object?> Released(Reservation r, long at, string reason) => With(Facts(r), new()
    {
        ["amount_nanos"] = r.Amount.Value, ["released_at"] = at, ["reason"] = reason,
    });

    public static Dictionary<string, object?> Window(WindowRow w) => Of(new()
    {
        ["organization_id"] = w.OrganizationId, ["window_id"] = w.WindowId, ["budget_id"] = w.BudgetId,
        ["starts_at"] = w.Span.StartsAt, ["ends_at"] = w.Span.EndsAt, ["limit_nanos"] = w.Limit.Value,
        ["reserved_nanos"] = w.Reserved.Value, ["settled_nanos"] = w.Settled.Value,
    });

    public static Dictionary<string, object?> Idempotency(ReserveCommand c, long at) => Of(new()
    {
        ["organization_id"] = c.OrganizationId, ["key_id"] = c.Reservation.KeyId,
        ["key_digest"] = c.Idempotency!.KeyDigest, ["body_digest"] = c.Idempotency.BodyDigest,
        ["reservation_id"] = c.ReservationId, ["created_at"] = at,
    });

    public static Dictionary<string, object?> Entry(Reservation r, long sequence, EntryKind kind, int number, long? corrects, long at) =>
        Of(new()
        {
            ["organization_id"] = r.OrganizationId, ["entry_sequence"] = sequence, ["kind"] = kind,
            ["reservation_id"] = r.ReservationId, ["event_number"] = number, ["corrects_sequence"] = corrects,
            ["booked_at"] = at,
        });

    public static Dictionary<string, object?> Posting(Reservation r, long sequence, int line, NanoUsd amount) => Of(new()
    {
        ["organization_id"] = r.OrganizationId, ["entry_sequence"] = sequence, ["line"] = line,
        ["ledger_account"] = line == 1 ? LedgerAccount.Expense : LedgerAccount.Payable, ["account_id"] = r.AccountId,
        ["amount_nanos"] = amount.Value,
    });

    public static Dictionary<string, object?> Outbox(OutboxRow o) => Of(new()
    {
        ["organization_id"] = o.OrganizationId, ["sequence"] = o.Sequence, ["topic"] = OutboxTopics.NameOf(o.Topic),
        ["subject_id"] = o.SubjectId, ["event_number"] = o.EventNumber, ["created_at"] = o.CreatedAt,
    });

    public static Dictionary<string, object?> Excess(WindowExcess e) => Of(new()
    {
        ["organization_id"] = e.OrganizationId, ["window_id"] = e.WindowId, ["cause_id"] = e.CauseId,
        ["event_number"] = e.EventNumber, ["kind"] = e.Kind, ["amount_nanos"] = e.Amount.Value,
        ["recorded_at"] = e.RecordedAt,
    });

    public static Dictionary<string, object?> Of(Dictionary<string, object?> columns) =>
        columns.ToDictionary(c => c.Key, c => LedgerWorld.Plain(c.Value));

    private static Dictionary<string, object?> Facts(Reservation r) => new()
    {
        ["organization_id"] = r.OrganizationId, ["reservation_id"] = r.ReservationId, ["key_id"] = r.KeyId,
        ["scope_ids"] = Packed(r.ScopeIds), ["policy_ids"] = Packed(r.PolicyIds), ["window_ids"] = Packed(r.WindowIds),
        ["provider"] = r.Provider, ["account_id"] = r.AccountId, ["model"] = r.Model, ["route"] = r.Route,
        ["environment"] = r.Environment, ["price_id"] = r.PriceId, ["bound_input"] = r.BoundInput,
        ["bound_output"] = r.BoundOutput, ["epoch"] = r.Epoch, ["reserved_at"] = r.ReservedAt, ["bound_others"] = BoundOthers(r),
    };

    private static string? OtherUnits(Settlement s) => (s.TierHundredths, s.Usage.Others.IsEmpty) switch
    {
        (null, true) => null,
        (null, false) => $"{{{Members(s.Usage.Others)}}}",
        ({ } tier, true) => $"{{\"tier_hundredths\":{tier}}}",
        ({ } tier, false) => $"{{\"tier_hundredths\":{tier},{Members(s.Usage.Others)}}}",
    };

    private static string Members(UnitMap<long> units) =>
        string.Join(',', units.Select(u => $"\"{UnitClasses.NameOf(u.Class)}\":{u.Value}"));

    /// <summary>What is not told by a bound is the rule: text tokens at the listed rates.</summary>
    private static string? BoundOthers(Reservation r)
    {
        string[] members =
        [
            .. r.TierPercent == 100 ? [] : new[] { $"\"tier_percent\":{r.TierPercent}" },
            .. r.BoundBasis switch
            {
                BoundBasis.Bytes => [],
                BoundBasis.Tokenizer => new[] { "\"basis\":\"tokenizer\"" },
                _ => throw new NotSupportedException($"no test holds a bound by {r.BoundBasis}"),
            },
            .. r.BoundKinds switch
            {
                TokenKinds.Text => [],
                TokenKinds.LongCache | TokenKinds.AudioInput => new[] { "\"kinds\":[\"long_cache\",\"audio_input\"]" },
                _ => throw new NotSupportedException($"no test holds {r.BoundKinds}"),
            },
            .. r.BoundPieces.IsEmpty ? [] : new[] { Members(r.BoundPieces) },
        ];
        return members.Length == 0 ? null : $"{{{string.Join(',', members)}}}";
    }

    private static string Packed(ImmutableArray<Guid> ids) => string.Concat(ids.Select(id => (string)LedgerWorld.Plain(id)!));

    private static Dictionary<string, object?> With(Dictionary<string, object?> facts, Dictionary<string, object?> more) =>
        Of(facts.Concat(more).ToDictionary(c => c.Key, c => c.Value));
}
