using Spendra.Core.Governance;
using Spendra.Core.Ledger;

namespace Spendra.Model;

/// <summary>
/// The ledger of one organization told a second time: no counters, no batches, no storage. Every sum is taken over
/// the reservations anew. Slow, obvious, and sharing nothing with the code under test but the words in which
/// commands are given. Played in the order in which the commands were committed, it names the outcome that each must
/// have had.
/// </summary>
public sealed class LedgerModel
{
    private readonly Dictionary<Guid, ModelReservation> _reservations = [];
    private readonly Dictionary<Guid, ModelWindow> _windows = [];
    private readonly Dictionary<(Guid KeyId, string Digest), ModelReservation> _keys = [];
    private long _epoch;

    public IReadOnlyDictionary<Guid, ModelReservation> Reservations => _reservations;

    public IReadOnlyDictionary<Guid, ModelWindow> Windows => _windows;

    /// <summary>
    /// The rules as a change leaves them: windows that have not ended follow their budget, and what then stands above
    /// a hard cap is explained from now on.
    /// </summary>
    public void ChangeRules(long epoch, IReadOnlyDictionary<Guid, long> budgetAmounts, IReadOnlySet<Guid> hardCapped, long nowMicros)
    {
        _epoch = epoch;
        foreach (var window in _windows.Values)
        {
            if (window.EndsAt > nowMicros && budgetAmounts.TryGetValue(window.BudgetId, out var amount)) window.Limit = amount;
            window.IsHard = hardCapped.Contains(window.BudgetId);
            if (window.IsHard) window.Explained += Math.Max(0, Taken(window) - window.Limit - window.Explained);
        }
    }

    /// <summary>Plays one command and names its outcome, for example <c>Refused BudgetHeld</c> or <c>Ended Settled 120</c>.</summary>
    public string Play(LedgerCommand command)
    {
        var held = _reservations.GetValueOrDefault(command.ReservationId);
        return command switch
        {
            ReserveCommand reserve => held is null ? Reserve(reserve) : held.IsOpen ? "Admitted" : "AlreadyEnded",
            RefuseCommand => "Kept",
            SettleCommand { Settlement.Cost.IsNegative: true } => "Failed",
            AdjustCommand adjust => Adjust(held, adjust),
            _ when held is null => "Unknown",
            ReleaseCommand => held.IsOpen ? Release(held) : Correct(held, 0),
            SettleCommand settle => held.IsOpen ? Spend(held, SpendKind.Settled, settle.Settlement.Cost.Value) : Correct(held, settle.Settlement.Cost.Value),
            ExpireCommand => held.IsOpen ? Spend(held, SpendKind.Expired, held.Amount) : "AlreadyEnded",
            _ => throw new ArgumentException("unknown command", nameof(command)),
        };
    }

    public static string NameOf(LedgerOutcome outcome) => outcome switch
    {
        LedgerOutcome.Refused r => $"Refused {r.Refusal.Code}",
        LedgerOutcome.Repeated r => $"Repeated {r.Code}",
        LedgerOutcome.Ended { Kind: { } kind } e => $"Ended {kind} {e.Cost.Value}",
        LedgerOutcome.Ended => "Ended Released 0",
        _ => outcome.GetType().Name,
    };

    public long Reserved(Guid windowId) => _reservations.Values.Where(r => r.IsOpen && r.Holds(windowId)).Sum(r => r.Amount);

    public long Settled(Guid windowId) => _reservations.Values.Where(r => r.Holds(windowId)).Sum(r => r.Total);

    /// <summary>Hard windows that stand above their limit by more than is explained. Always empty, or the promise is broken.</summary>
    public IEnumerable<ModelWindow> Overspent() =>
        _windows.Values.Where(w => w.IsHard && Taken(w) > w.Limit + w.Explained);

    private long Taken(ModelWindow window) => Reserved(window.WindowId) + Settled(window.WindowId);

    private string Reserve(ReserveCommand command)
    {
        var reservation = command.Reservation;
        if (reservation.Epoch != _epoch) return "Stale";
        if (command.Idempotency is { } claim && _keys.TryGetValue(KeyOf(reservation.KeyId, claim.KeyDigest), out var earlier))
        {
            var code = earlier.BodyDigest != Convert.ToHexString(claim.BodyDigest) ? RefusalCode.IdempotencyMismatch
                : earlier.IsOpen ? RefusalCode.IdempotencyInProgress
                : RefusalCode.IdempotencyReplayUnavailable;
            return $"Repeated {code}";
        }
        var amount = reservation.Amount.Value;
        var hard = command.Claims.Where(c => c.Enforcement == Enforcement.Hard).ToList();
        if (hard.Any(c => (Int128)Settled(c.WindowId) + amount > LimitOf(c))) return $"Refused {RefusalCode.BudgetExceeded}";
        if (hard.Any(c => (Int128)Settled(c.WindowId) + Reserved(c.WindowId) + amount > LimitOf(c))) return $"Refused {RefusalCode.BudgetHeld}";
        foreach (var c in command.Claims)
        {
            if (!c.Window.Span.Contains(reservation.ReservedAt))
                throw new InvalidOperationException($"window {c.WindowId} does not hold the instant of reservation {command.ReservationId}");
            _windows.TryAdd(c.WindowId, new ModelWindow(c.WindowId, c.Window.Budget.BudgetId, c.Window.Span.EndsAt)
            {
                Limit = c.Window.Budget.Amount.Value,
                IsHard = c.Enforcement == Enforcement.Hard,
            });
        }
        var held = new ModelReservation(reservation.Amount.Value, [.. command.Claims.Select(c => c.WindowId)])
        {
            BodyDigest = command.Idempotency is { } used ? Convert.ToHexString(used.BodyDigest) : null,
            Key = command.Idempotency is { } key ? KeyOf(reservation.KeyId, key.KeyDigest) : null,
        };
        _reservations.Add(command.ReservationId, held);
        if (held.Key is { } remembered) _keys[remembered] = held;
        return "Admitted";
    }

    private string Release(ModelReservation held)
    {
        held.IsOpen = false;
        // What was never done may be asked for again.
        if (held.Key is { } key) _keys.Remove(key);
        return "Ended Released 0";
    }

    private string Spend(ModelReservation held, SpendKind kind, long cost)
    {
        held.IsOpen = false;
        Book(held, kind, cost, above: cost - held.Amount);
        return $"Ended {kind} {cost}";
    }

    /// <summary>What is known after expiry replaces what expiry booked; once.</summary>
    private string Correct(ModelReservation held, long cost)
    {
        if (held.FirstKind != SpendKind.Expired || held.Events.Any(e => e.Kind == SpendKind.Late)) return "AlreadyEnded";
        var difference = cost - held.Total;
        Book(held, SpendKind.Late, difference, above: difference);
        return $"Ended Late {cost}";
    }

    private string Adjust(ModelReservation? held, AdjustCommand command)
    {
        if (held is null) return "Unknown";
        if (held.Events.Count == 0) return "Failed";
        if (command.AfterEvent is { } seen && seen != held.Events.Count - 1) return seen < held.Events.Count - 1 ? "AlreadyEnded" : "Failed";
        if (held.Total + command.Difference.Value < 0) return "Failed";
        Book(held, SpendKind.Adjusted, command.Difference.Value, above: command.Difference.Value);
        return $"Ended Adjusted {held.Total}";
    }

    private void Book(ModelReservation held, SpendKind kind, long cost, long above)
    {
        held.Events.Add((kind, cost));
        foreach (var id in held.WindowIds) _windows[id].Explained += Math.Max(0, above);
    }

    private long LimitOf(WindowClaim claim) =>
        _windows.TryGetValue(claim.WindowId, out var window) ? window.Limit : claim.Window.Budget.Amount.Value;

    private static (Guid, string) KeyOf(Guid keyId, byte[] digest) => (keyId, Convert.ToHexString(digest));
}

/// <summary>One budget in one period, as the model knows it: its sums are taken when they are asked for.</summary>
public sealed class ModelWindow(Guid windowId, Guid budgetId, long endsAt)
{
    public Guid WindowId => windowId;

    public Guid BudgetId => budgetId;

    public long EndsAt => endsAt;

    public required long Limit { get; set; }

    public required bool IsHard { get; set; }

    /// <summary>Nano-USD above the limit that overruns, late settlements, adjustments and cap cuts account for.</summary>
    public long Explained { get; set; }
}

/// <summary>A reservation from admission to its end.</summary>
public sealed class ModelReservation(long amount, IReadOnlyList<Guid> windowIds)
{
    public long Amount => amount;

    public IReadOnlyList<Guid> WindowIds => windowIds;

    public bool IsOpen { get; internal set; } = true;

    /// <summary>Empty while it is open and when it was released.</summary>
    public List<(SpendKind Kind, long Cost)> Events { get; } = [];

    public SpendKind? FirstKind => Events.Count > 0 ? Events[0].Kind : null;

    public long Total => Events.Sum(e => e.Cost);

    internal string? BodyDigest { get; init; }

    internal (Guid, string)? Key { get; init; }

    public bool Holds(Guid windowId) => windowIds.Contains(windowId);
}
