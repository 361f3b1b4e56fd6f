using System.Data.Common;
using Spendra.Core.Ledger;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Ledger;

/// <summary>
/// Writes proposed corrections, decisions on them and, with an approval, what the ledger's own code decided for it: the rows that
/// the lane would write, in the transaction that says who approved them.
/// </summary>
internal sealed class AdjustmentWriter(
    Database database, DbConnection connection, DbTransaction transaction, WriteStamp stamp, CancellationToken cancel)
{
    private const string Add = """
        INSERT INTO adjustments (organization_id, adjustment_id, reservation_id, account_id, amount_nanos, after_event, reason,
            month, proposed_at, proposed_by, proposer_id, version)
        VALUES (@OrganizationId, @AdjustmentId, @ReservationId, @AccountId, @amount, @AfterEvent, @Reason, @Month, @NowMicros,
            @Actor, @ProposerId, 1)
        """;

    private const string Decide = """
        UPDATE adjustments SET decision = @Decision, decided_at = @NowMicros, decided_by = @Actor, decider_id = @DeciderId,
            entry_sequence = @EntrySequence, event_number = @EventNumber, booked_month = @BookedMonth, version = version + 1
        WHERE organization_id = @OrganizationId AND adjustment_id = @AdjustmentId AND decision IS NULL
        """;

    private const string Counters = """
        UPDATE organizations SET entry_sequence = @EntrySequence, outbox_sequence = @OutboxSequence, ledger_seal = @seal
        WHERE organization_id = @OrganizationId
        """;

    private const string Window = """
        UPDATE windows SET reserved_nanos = @reserved, settled_nanos = @settled
        WHERE organization_id = @OrganizationId AND window_id = @WindowId
        """;

    private const string Spend = """
        INSERT INTO spend_events (organization_id, reservation_id, key_id, scope_ids, policy_ids, window_ids, provider, account_id,
            model, route, environment, price_id, tier_percent, reserved_nanos, bound_input, bound_output, bound_others, epoch,
            reserved_at, expires_at, event_number, kind, occurred_at, cost_nanos, input_units, cached_input_units,
            cache_write_units, output_units, reasoning_units, is_estimated, upstream_status, entry_sequence, reason)
        VALUES (@OrganizationId, @ReservationId, @KeyId, @scopeIds, @policyIds, @windowIds, @Provider, @AccountId, @Model, @Route,
            @Environment, @PriceId, @tierPercent, @reserved, @BoundInput, @BoundOutput, @boundOthers, @Epoch, @ReservedAt,
            @ExpiresAt, @eventNumber, @kind, @occurredAt, @cost, 0, 0, 0, 0, 0, @isEstimated, 0, @entrySequence, @reason)
        """;

    private const string Entry = """
        INSERT INTO journal_entries (organization_id, entry_sequence, kind, reservation_id, event_number, corrects_sequence, booked_at)
        VALUES (@OrganizationId, @Sequence, @kind, @ReservationId, @EventNumber, @Corrects, @BookedAt)
        """;

    private const string Posting = """
        INSERT INTO postings (organization_id, entry_sequence, line, ledger_account, account_id, amount_nanos)
        VALUES (@OrganizationId, @Sequence, @line, @line, @AccountId, @amount)
        """;

    private const string Excess = """
        INSERT INTO window_excesses (organization_id, window_id, cause_id, event_number, kind, amount_nanos, recorded_at)
        VALUES (@OrganizationId, @WindowId, @CauseId, @EventNumber, @kind, @amount, @RecordedAt)
        """;

    private const string Outbox = """
        INSERT INTO outbox (organization_id, sequence, topic, subject_id, event_number, created_at, seal)
        VALUES (@OrganizationId, @Sequence, @topic, @SubjectId, @EventNumber, @CreatedAt, @seal)
        """;

    public async Task WriteAsync(List<GovernanceWrite> writes)
    {
        await EachAsync(Add, writes.OfType<GovernanceWrite.AddAdjustment>().Select(w => w.Row).Select(r => new
        {
            stamp.OrganizationId, r.AdjustmentId, r.ReservationId, r.AccountId, amount = r.Difference.Value, r.AfterEvent, r.Reason,
            r.Month, stamp.NowMicros, stamp.Actor, r.ProposerId,
        }));
        foreach (var decide in writes.OfType<GovernanceWrite.DecideAdjustment>())
        {
            await EachAsync(Decide,
            [
                new
                {
                    Decision = decide.Booking is null ? "rejected" : "approved", stamp.NowMicros, stamp.Actor, decide.DeciderId,
                    EntrySequence = decide.Booking?.Entries.Single().Sequence, EventNumber = decide.Booking?.Entries.Single().EventNumber,
                    decide.BookedMonth, stamp.OrganizationId, decide.Row.AdjustmentId,
                },
            ]);
            if (decide.Booking is not { } booking) continue;
            await database.EnterLedgerAsync(connection, transaction, true, cancel);
            await BookAsync(booking);
            await database.EnterLedgerAsync(connection, transaction, false, cancel);
        }
    }

    private async Task BookAsync(LedgerWrites booking)
    {
        if (booking.Opened.Count + booking.Closed.Count + booking.Released.Count + booking.IdempotencyUsed.Count > 0)
            throw new InvalidOperationException("an adjustment neither makes nor ends a reservation");
        new LedgerSeals().Apply(booking);
        await EachAsync(Counters, booking.Organizations.Select(o => new { o.EntrySequence, o.OutboxSequence, seal = o.Seal.ToColumn(), o.OrganizationId }));
        await EachAsync(Window, booking.Windows.Select(w => new
        {
            reserved = w.Reserved.Value, settled = w.Settled.Value, w.OrganizationId, w.WindowId,
        }));
        await EachAsync(Spend, booking.SpendEvents.Select(RowOf));
        await EachAsync(Entry, booking.Entries.Select(e => new
        {
            e.OrganizationId, e.Sequence, kind = (int)e.Kind, e.ReservationId, e.EventNumber, e.Corrects, e.BookedAt,
        }));
        await EachAsync(Posting, booking.Entries.SelectMany(e => new[] { LedgerAccount.Expense, LedgerAccount.Payable }.Select(account => new
        {
            e.OrganizationId, e.Sequence, line = (int)account, e.AccountId,
            amount = account == LedgerAccount.Expense ? e.Amount.Value : (-e.Amount).Value,
        })));
        await EachAsync(Excess, booking.Excesses.Select(x => new
        {
            x.OrganizationId, x.WindowId, x.CauseId, x.EventNumber, kind = (int)x.Kind, amount = x.Amount.Value, x.RecordedAt,
        }));
        await EachAsync(Outbox, booking.Outbox.Select(o => new
        {
            o.OrganizationId, o.Sequence, topic = OutboxTopics.NameOf(o.Topic), o.SubjectId, o.EventNumber, o.CreatedAt, seal = o.Seal.ToColumn(),
        }));
    }

    private static object RowOf(SpendEvent row)
    {
        var r = row.Reservation;
        return new
        {
            r.OrganizationId, r.ReservationId, r.KeyId, scopeIds = PackedIds.Pack(r.ScopeIds), policyIds = PackedIds.Pack(r.PolicyIds),
            windowIds = PackedIds.Pack(r.WindowIds), r.Provider, r.AccountId, r.Model, r.Route, r.Environment, r.PriceId,
            tierPercent = row.Settlement.TierPercent, reserved = r.Amount.Value, r.BoundInput, r.BoundOutput,
            boundOthers = UnitsJson.WriteBound(r), r.Epoch, r.ReservedAt, r.ExpiresAt, eventNumber = row.EventNumber,
            kind = (int)row.Kind, occurredAt = row.OccurredAt, cost = row.Settlement.Cost.Value,
            isEstimated = row.Settlement.IsEstimated, entrySequence = row.EntrySequence, reason = row.Reason,
        };
    }

    private Task EachAsync(string sql, IEnumerable<object> rows) => database.ExecuteEachAsync(connection, transaction, sql, rows, cancel);
}
