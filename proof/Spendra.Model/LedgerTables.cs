using Spendra.Core.Ledger;
using Spendra.Core.Money;

namespace Spendra.Model;

/// <summary>
/// Keeps what the ledger writes as a database would: rows under unique keys. A duplicate key throws, and so does
/// closing what is not open. Loads for a batch only what its commands name.
/// </summary>
public sealed class LedgerTables
{
    public Dictionary<Guid, OrganizationRow> Organizations { get; } = [];

    public Dictionary<RowKey, WindowRow> Windows { get; } = [];

    public Dictionary<RowKey, Reservation> Open { get; } = [];

    public Dictionary<(RowKey Reservation, int Number), SpendEvent> Events { get; } = [];

    public Dictionary<RowKey, (Reservation Reservation, string Reason, long At)> Released { get; } = [];

    public Dictionary<RowKey, RefusalRecord> Refusals { get; } = [];

    public Dictionary<(Guid Organization, long Sequence), JournalEntry> Entries { get; } = [];

    /// <summary>The two lines of every entry.</summary>
    public Dictionary<(Guid Organization, long Sequence, int Line), Posting> Postings { get; } = [];

    public Dictionary<(RowKey Window, Guid Cause, int Number), WindowExcess> Excesses { get; } = [];

    public Dictionary<(Guid Organization, long Sequence), OutboxRow> Outbox { get; } = [];

    public Dictionary<IdempotencyKey, IdempotencyRow> Idempotency { get; } = [];

    /// <summary>When each of them was used.</summary>
    public Dictionary<IdempotencyKey, long> IdempotencyUsedAt { get; } = [];

    public LedgerState Load(IEnumerable<LedgerCommand> commands, bool isRepeated)
    {
        var state = new LedgerState();
        foreach (var command in commands)
        {
            var key = new RowKey(command.OrganizationId, command.ReservationId);
            if (Organizations.TryGetValue(command.OrganizationId, out var organization))
                state.Organizations[command.OrganizationId] = organization;
            foreach (var id in command.WindowIds)
            {
                var window = new RowKey(command.OrganizationId, id);
                if (Windows.TryGetValue(window, out var row)) state.Windows[window] = row;
            }
            if (command is RefuseCommand)
            {
                if (Refusals.ContainsKey(key)) state.Refused.Add(key);
                continue;
            }
            if (Open.TryGetValue(key, out var open)) state.Open[key] = open;
            else if (isRepeated || !command.Reserves) LoadEnded(state, key);
            if (command is ReserveCommand { Idempotency: { KeyDigest.Length: 32 } claim } reserve)
                LoadIdempotency(state, IdempotencyKey.Of(command.OrganizationId, reserve.Reservation.KeyId, claim.KeyDigest));
        }
        return state;
    }

    /// <summary>Which key or reference the writes would break, or null: then they can be applied whole.</summary>
    public static string? Broken(LedgerTables tables, LedgerWrites writes)
    {
        foreach (var key in writes.Closed)
        {
            if (!tables.Open.ContainsKey(key)) return $"{key.Id} is closed but was not open";
        }
        var closed = writes.Closed.ToHashSet();
        if (closed.Count != writes.Closed.Count) return "a reservation is closed twice";
        var forgotten = writes.IdempotencyForgotten.Select(KeyOf).ToHashSet();
        return Twice(writes.Opened.Select(KeyOf), k => tables.Open.ContainsKey(k) && !closed.Contains(k), "open reservation")
            ?? Twice(writes.SpendEvents.Select(e => (KeyOf(e.Reservation), e.EventNumber)), tables.Events.ContainsKey, "event")
            ?? Twice(writes.Released.Select(r => KeyOf(r.Reservation)), tables.Released.ContainsKey, "release")
            ?? Twice(writes.Refusals.Select(KeyOf), tables.Refusals.ContainsKey, "refusal")
            ?? Twice(writes.Entries.Select(e => (e.OrganizationId, e.Sequence)), tables.Entries.ContainsKey, "entry")
            ?? Twice(writes.Excesses.Select(KeyOf), tables.Excesses.ContainsKey, "excess")
            ?? Twice(writes.Outbox.Select(o => (o.OrganizationId, o.Sequence)), tables.Outbox.ContainsKey, "outbox row")
            ?? Twice(writes.IdempotencyUsed.Select(KeyOf), k => tables.Idempotency.ContainsKey(k) && !forgotten.Contains(k), "idempotency key");
    }

    /// <summary>Applies all of it or, when a key or reference would break, nothing.</summary>
    public void Apply(LedgerWrites writes)
    {
        if (Broken(this, writes) is { } broken) throw new InvalidOperationException(broken);
        foreach (var row in writes.Organizations) Organizations[row.OrganizationId] = row;
        foreach (var row in writes.Windows) Windows[new RowKey(row.OrganizationId, row.WindowId)] = row;
        foreach (var key in writes.Closed) Open.Remove(key);
        foreach (var row in writes.Opened) Open.Add(new RowKey(row.OrganizationId, row.ReservationId), row);
        foreach (var row in writes.SpendEvents) Events.Add((KeyOf(row.Reservation), row.EventNumber), row);
        foreach (var row in writes.Released) Released.Add(KeyOf(row.Reservation), row);
        foreach (var row in writes.Refusals) Refusals.Add(KeyOf(row), row);
        foreach (var row in writes.Entries) Add(row);
        foreach (var row in writes.Excesses) Excesses.Add(KeyOf(row), row);
        foreach (var row in writes.Outbox) Outbox.Add((row.OrganizationId, row.Sequence), row);
        foreach (var row in writes.IdempotencyForgotten)
        {
            var key = KeyOf(row);
            if (Idempotency.TryGetValue(key, out var used) && used.ReservationId == row.ReservationId) Forget(key);
        }
        foreach (var row in writes.IdempotencyUsed)
        {
            Idempotency.Add(KeyOf(row), row);
            IdempotencyUsedAt.Add(KeyOf(row), writes.DecidedAt);
        }
    }

    public void Forget(IdempotencyKey key)
    {
        Idempotency.Remove(key);
        IdempotencyUsedAt.Remove(key);
    }

    private void Add(JournalEntry entry)
    {
        Entries.Add((entry.OrganizationId, entry.Sequence), entry);
        Postings.Add((entry.OrganizationId, entry.Sequence, 1), new Posting(LedgerAccount.Expense, entry.AccountId, entry.Amount));
        Postings.Add((entry.OrganizationId, entry.Sequence, 2), new Posting(LedgerAccount.Payable, entry.AccountId, -entry.Amount));
    }

    public SpentReservation? FindSpent(RowKey key)
    {
        if (!Events.TryGetValue((key, 0), out var first)) return null;
        var (total, last, hasLate) = (NanoUsd.Zero, -1, false);
        while (Events.TryGetValue((key, last + 1), out var next))
        {
            total += next.Settlement.Cost;
            hasLate |= next.Kind == SpendKind.Late;
            last++;
        }
        return new SpentReservation(first.Reservation, first.Kind, total, last, first.EntrySequence) { HasLate = hasLate };
    }

    public static RowKey KeyOf(Reservation r) => new(r.OrganizationId, r.ReservationId);

    private static RowKey KeyOf(RefusalRecord r) => new(r.OrganizationId, r.RequestId);

    private static (RowKey, Guid, int) KeyOf(WindowExcess e) => (new RowKey(e.OrganizationId, e.WindowId), e.CauseId, e.EventNumber);

    private static IdempotencyKey KeyOf(IdempotencyRow row) => IdempotencyKey.Of(row.OrganizationId, row.KeyId, row.KeyDigest);

    private static string? Twice<T>(IEnumerable<T> keys, Func<T, bool> isThere, string what)
    {
        var seen = new HashSet<T>();
        foreach (var key in keys)
        {
            if (!seen.Add(key) || isThere(key)) return $"{what} {key} is written twice";
        }
        return null;
    }

    private void LoadEnded(LedgerState state, RowKey key)
    {
        if (FindSpent(key) is { } spent) state.Spent[key] = spent;
        if (Released.ContainsKey(key)) state.Released.Add(key);
    }

    private void LoadIdempotency(LedgerState state, IdempotencyKey key)
    {
        if (!Idempotency.TryGetValue(key, out var row)) return;
        state.Idempotency[key] = row;
        var earlier = new RowKey(row.OrganizationId, row.ReservationId);
        if (Open.ContainsKey(earlier)) state.StillOpen.Add(earlier);
    }
}

/// <summary>One line of a journal entry: debits are positive, credits negative.</summary>
public sealed record Posting(LedgerAccount Account, Guid AccountId, NanoUsd Amount);
