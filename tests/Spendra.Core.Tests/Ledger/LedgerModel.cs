using Spendra.Core.Governance;
using Spendra.Core.Ledger;

namespace Spendra.Core.Tests.Ledger;

/// <summary>What a history asks for: one reservation, as it is asked for every time.</summary>
internal sealed record ReservationSpec(int Id, long Amount, int[] Windows, byte Key, byte Body);

internal enum Verb
{
    Reserve,
    ReserveStale,
    Settle,
    Release,
    Expire,
    Adjust,
}

/// <summary>One command of a history. <c>Amount</c> is the cost of a settlement or the difference of an adjustment.</summary>
internal sealed record Step(Verb Verb, int Reservation, long Amount);

/// <summary>
/// The ledger's rules told a second time, without counters: every sum is taken over the reservations anew. Slow,
/// obvious, and not shared with the code under test.
/// </summary>
internal sealed class LedgerModel(long[] limits, bool[] isHard)
{
    private readonly Dictionary<int, Held> _held = [];
    private readonly Dictionary<byte, Held> _keys = [];

    public long[] Limits { get; } = limits;

    public long Reserved(int window) =>
        _held.Values.Where(h => h.IsOpen && h.Spec.Windows.Contains(window)).Sum(h => h.Spec.Amount);

    public long Settled(int window) => _held.Values.Where(h => h.Spec.Windows.Contains(window)).Sum(h => h.Events.Sum());

    public bool Exists(int id) => _held.ContainsKey(id);

    public bool IsOpen(int id) => _held.TryGetValue(id, out var held) && held.IsOpen;

    public int? LastEvent(int id) =>
        _held.TryGetValue(id, out var held) && held.Events.Count > 0 ? held.Events.Count - 1 : null;

    /// <summary>Plays one step and names the outcome that it must have.</summary>
    public string Play(Step step, ReservationSpec spec, int? afterEvent)
    {
        var held = _held.GetValueOrDefault(spec.Id);
        switch (step.Verb)
        {
            case Verb.Reserve or Verb.ReserveStale:
                if (held is not null) return held.IsOpen ? "Admitted" : "AlreadyEnded";
                return step.Verb == Verb.ReserveStale ? "Stale" : Reserve(spec);
            case Verb.Settle when step.Amount < 0:
                return "Failed";
            case Verb.Adjust:
                return Adjust(held, step.Amount, afterEvent);
        }
        if (held is null) return "Unknown";
        if (held.IsOpen) return End(held, step);
        if (step.Verb is not (Verb.Settle or Verb.Release) || !held.IsExpired || held.HasLate) return "AlreadyEnded";
        held.HasLate = true;
        var cost = step.Verb == Verb.Settle ? step.Amount : 0;
        held.Events.Add(cost - held.Events.Sum());
        return $"Ended Late {cost}";
    }

    private string Reserve(ReservationSpec spec)
    {
        if (spec.Key != 0 && _keys.TryGetValue(spec.Key, out var earlier))
        {
            var code = earlier.Spec.Body != spec.Body ? RefusalCode.IdempotencyMismatch
                : earlier.IsOpen ? RefusalCode.IdempotencyInProgress
                : RefusalCode.IdempotencyReplayUnavailable;
            return $"Repeated {code}";
        }
        var hard = spec.Windows.Where(w => isHard[w]).ToArray();
        if (hard.Any(w => Settled(w) + spec.Amount > Limits[w])) return $"Refused {RefusalCode.BudgetExceeded}";
        if (hard.Any(w => Settled(w) + Reserved(w) + spec.Amount > Limits[w])) return $"Refused {RefusalCode.BudgetHeld}";
        var held = new Held(spec);
        _held[spec.Id] = held;
        if (spec.Key != 0) _keys[spec.Key] = held;
        return "Admitted";
    }

    private string End(Held held, Step step)
    {
        held.IsOpen = false;
        if (step.Verb == Verb.Release)
        {
            if (held.Spec.Key != 0) _keys.Remove(held.Spec.Key);
            return "Ended  0";
        }
        held.IsExpired = step.Verb == Verb.Expire;
        held.Events.Add(held.IsExpired ? held.Spec.Amount : step.Amount);
        return $"Ended {(held.IsExpired ? SpendKind.Expired : SpendKind.Settled)} {held.Events[0]}";
    }

    private static string Adjust(Held? held, long difference, int? afterEvent)
    {
        if (held is null) return "Unknown";
        if (held.Events.Count == 0) return "Failed";
        if (afterEvent < held.Events.Count - 1) return "AlreadyEnded";
        if (held.Events.Sum() + difference < 0) return "Failed";
        held.Events.Add(difference);
        return $"Ended Adjusted {held.Events.Sum()}";
    }

    private sealed class Held(ReservationSpec spec)
    {
        public ReservationSpec Spec { get; } = spec;

        public bool IsOpen { get; set; } = true;

        public bool IsExpired { get; set; }

        public bool HasLate { get; set; }

        /// <summary>What each spend event cost.</summary>
        public List<long> Events { get; } = [];
    }
}
