using Spendra.Core.Money;

namespace Spendra.Core.Ledger;

/// <summary>
/// The state of one transaction while its commands are decided: what was loaded, overlaid with what the commands
/// before have changed, and the writes that follow from it.
/// </summary>
internal sealed class LedgerBatch(LedgerState state, long nowMicros)
{
    private readonly LedgerWrites _writes = new(nowMicros);
    private readonly HashSet<Guid> _changedOrganizations = [];
    private readonly HashSet<RowKey> _changedWindows = [];

    public OrganizationRow Organization(Guid organizationId) =>
        state.Organizations.TryGetValue(organizationId, out var row)
            ? row
            : throw new LedgerInvariantException($"organization {organizationId} does not exist");

    /// <summary>Whether the reservation behind an idempotency key has not ended.</summary>
    public bool IsRunning(IdempotencyRow earlier)
    {
        var key = new RowKey(earlier.OrganizationId, earlier.ReservationId);
        return state.Open.ContainsKey(key)
            || (state.StillOpen.Contains(key) && !state.Spent.ContainsKey(key) && !state.Released.Contains(key));
    }

    /// <summary>The instant of the decision, in microseconds since the Unix epoch.</summary>
    public long NowMicros => nowMicros;

    public Reservation? FindOpen(LedgerCommand command) => state.Open.GetValueOrDefault(KeyOf(command));

    public SpentReservation? FindSpent(LedgerCommand command) => state.Spent.GetValueOrDefault(KeyOf(command));

    public bool HasEnded(LedgerCommand command) =>
        state.Spent.ContainsKey(KeyOf(command)) || state.Released.Contains(KeyOf(command));

    public bool IsRefusalKept(LedgerCommand command) => state.Refused.Contains(KeyOf(command));

    public IdempotencyRow? FindIdempotency(Reservation reservation, IdempotencyClaim claim) =>
        state.Idempotency.GetValueOrDefault(
            IdempotencyKey.Of(reservation.OrganizationId, reservation.KeyId, claim.KeyDigest));

    /// <summary>The window of a claim. One that has no row yet begins empty, with the budget's amount as limit.</summary>
    public WindowRow Window(Guid organizationId, WindowClaim claim)
    {
        if (state.Windows.TryGetValue(new RowKey(organizationId, claim.WindowId), out var row)) return row;
        var budget = claim.Window.Budget;
        return new WindowRow
        {
            OrganizationId = organizationId,
            WindowId = claim.WindowId,
            BudgetId = budget.BudgetId,
            Span = claim.Window.Span,
            Limit = budget.Amount,
            Reserved = NanoUsd.Zero,
            Settled = NanoUsd.Zero,
        };
    }

    public void Put(WindowRow window)
    {
        var key = new RowKey(window.OrganizationId, window.WindowId);
        state.Windows[key] = window;
        _changedWindows.Add(key);
    }

    public void Open(Reservation reservation)
    {
        state.Open.Add(new RowKey(reservation.OrganizationId, reservation.ReservationId), reservation);
        _writes.Opened.Add(reservation);
    }

    public void UseIdempotencyKey(IdempotencyRow row)
    {
        state.Idempotency[IdempotencyKey.Of(row.OrganizationId, row.KeyId, row.KeyDigest)] = row;
        _writes.IdempotencyUsed.Add(row);
    }

    /// <summary>Changes every window of a reservation by the same amounts, or none when one of them would break.</summary>
    public void Move(Reservation reservation, NanoUsd reserved, NanoUsd settled)
    {
        _ = Organization(reservation.OrganizationId);
        var moved = new WindowRow[reservation.WindowIds.Length];
        for (var i = 0; i < moved.Length; i++)
        {
            var key = new RowKey(reservation.OrganizationId, reservation.WindowIds[i]);
            if (!state.Windows.TryGetValue(key, out var window))
                throw new LedgerInvariantException($"window {key.Id} of reservation {reservation.ReservationId} is missing");
            moved[i] = window with { Reserved = window.Reserved + reserved, Settled = window.Settled + settled };
        }
        foreach (var window in moved) Put(window);
    }

    public void CloseReleased(Reservation open, string reason)
    {
        var key = Close(open);
        state.Released.Add(key);
        _writes.Released.Add((open, reason, nowMicros));
        Announce(Organization(open.OrganizationId), OutboxTopic.Release, open.ReservationId, eventNumber: 0);
        if (open.IdempotencyDigest is not { } digest) return;
        var forgotten = new IdempotencyRow(open.OrganizationId, open.KeyId, digest, [], open.ReservationId);
        state.Idempotency.Remove(IdempotencyKey.Of(open.OrganizationId, open.KeyId, digest));
        _writes.IdempotencyForgotten.Add(forgotten);
    }

    public void Keep(RefusalRecord refusal)
    {
        // Before anything is noted: an organization that is gone fails the command alone.
        var organization = Organization(refusal.OrganizationId);
        state.Refused.Add(new RowKey(refusal.OrganizationId, refusal.RequestId));
        _writes.Refusals.Add(refusal);
        Announce(organization, OutboxTopic.Refusal, refusal.RequestId, eventNumber: 0);
    }

    public void CloseSpent(Reservation open, SpendKind kind, Settlement settlement)
    {
        var key = Close(open);
        var entryKind = kind == SpendKind.Expired ? EntryKind.Expiry : EntryKind.Settlement;
        var entry = Book(open, entryKind, eventNumber: 0, settlement.Cost, corrects: null);
        _writes.SpendEvents.Add(new SpendEvent(open, 0, kind, settlement, entry, nowMicros));
        state.Spent.Add(key, new SpentReservation(open, kind, settlement.Cost, 0, entry));
    }

    /// <summary>Books a difference to what was spent and returns the number of the new event.</summary>
    public int Correct(SpentReservation spent, SpendKind kind, Settlement difference, string? reason)
    {
        var number = spent.LastEventNumber + 1;
        var entryKind = kind == SpendKind.Late ? EntryKind.Late : EntryKind.Adjustment;
        var entry = Book(spent.Reservation, entryKind, number, difference.Cost, corrects: spent.FirstEntry);
        _writes.SpendEvents.Add(
            new SpendEvent(spent.Reservation, number, kind, difference, entry, nowMicros) { Reason = reason });
        state.Spent[new RowKey(spent.Reservation.OrganizationId, spent.Reservation.ReservationId)] = spent with
        {
            TotalCost = spent.TotalCost + difference.Cost,
            LastEventNumber = number,
            HasLate = spent.HasLate || kind == SpendKind.Late,
        };
        return number;
    }

    public void Explain(Reservation cause, ExcessKind kind, int eventNumber, NanoUsd amount)
    {
        foreach (var windowId in cause.WindowIds)
        {
            _writes.Excesses.Add(new WindowExcess(
                cause.OrganizationId, windowId, kind, cause.ReservationId, eventNumber, amount, nowMicros));
        }
    }

    public LedgerWrites Complete()
    {
        foreach (var id in _changedOrganizations) _writes.Organizations.Add(state.Organizations[id]);
        foreach (var key in _changedWindows) _writes.Windows.Add(state.Windows[key]);
        return _writes;
    }

    private RowKey Close(Reservation open)
    {
        var key = new RowKey(open.OrganizationId, open.ReservationId);
        if (!state.Open.Remove(key)) throw new LedgerInvariantException($"reservation {key.Id} ended twice");
        _writes.Closed.Add(key);
        return key;
    }

    public void BookAccount(Guid organizationId, AccountAdjustment adjustment)
    {
        Book(organizationId, adjustment.AdjustmentId, adjustment.AccountId, EntryKind.Adjustment, eventNumber: 0, adjustment.Difference,
            corrects: null, OutboxTopic.Adjustment);
        _writes.AccountAdjustments.Add(adjustment);
    }

    private long Book(Reservation reservation, EntryKind kind, int eventNumber, NanoUsd amount, long? corrects) => Book(
        reservation.OrganizationId, reservation.ReservationId, reservation.AccountId, kind, eventNumber, amount, corrects, OutboxTopic.Spend);

    private long Book(
        Guid organizationId, Guid causeId, Guid accountId, EntryKind kind, int eventNumber, NanoUsd amount, long? corrects,
        OutboxTopic topic)
    {
        var before = Organization(organizationId);
        var after = before with { EntrySequence = before.EntrySequence + 1 };
        _writes.Entries.Add(new JournalEntry(
            organizationId, after.EntrySequence, kind, causeId, eventNumber, accountId, amount, nowMicros) { Corrects = corrects });
        Announce(after, topic, causeId, eventNumber);
        return after.EntrySequence;
    }

    private void Announce(OrganizationRow organization, OutboxTopic topic, Guid subjectId, int eventNumber)
    {
        var after = organization with { OutboxSequence = organization.OutboxSequence + 1 };
        state.Organizations[after.OrganizationId] = after;
        _changedOrganizations.Add(after.OrganizationId);
        _writes.Outbox.Add(new OutboxRow(after.OrganizationId, after.OutboxSequence, topic, subjectId, eventNumber, nowMicros));
    }

    private static RowKey KeyOf(LedgerCommand command) => new(command.OrganizationId, command.ReservationId);
}
