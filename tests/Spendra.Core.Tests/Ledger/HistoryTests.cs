using System.Collections.Concurrent;
using CsCheck;

namespace Spendra.Core.Tests.Ledger;

/// <summary>
/// Random histories, played through the ledger and through the executable model, and compared after every batch.
/// A history that fails is shrunk to the shortest one that does.
/// </summary>
public sealed class HistoryTests
{
    private static readonly Gen<HeldSpec[]> Specs = Gen.Select(
            Gen.Long[0, 45], Gen.Int[0, 7], Gen.Byte[0, 4], Gen.Byte[1, 2], Gen.Int[0, 1],
            (amount, mask, key, body, who) => new HeldSpec(amount, mask, key, body, who))
        .Array[HistoryPlayer.Reservations];

    private static readonly Gen<Step> AnyStep = Gen.Select(
        Gen.Frequency(
            (8, Gen.Const(Verb.Reserve)), (5, Gen.Const(Verb.Settle)), (2, Gen.Const(Verb.Release)),
            (2, Gen.Const(Verb.Expire)), (3, Gen.Const(Verb.Adjust))),
        Gen.Int[0, HistoryPlayer.Reservations - 1],
        Gen.Long[-20, 60],
        (verb, reservation, amount) => new Step(verb, reservation, amount));

    private static readonly Gen<Happening> AnyHappening = Gen.Frequency(
        (9, Gen.Const((Happening)new Happening.Nothing())),
        (4, Gen.Select(Gen.Int[0, 2], Gen.Long[0, 140], (budget, to) => (Happening)new Happening.SetCap(budget, to))),
        (1, Gen.Int[0, 1].Select(number => (Happening)new Happening.RevokeKey(number))),
        (2, Gen.Int[0, 5].Select(halves => (Happening)new Happening.SetPrice(halves))),
        (2, Gen.Const((Happening)new Happening.DayEnds())));

    private static readonly Gen<History> Histories = Gen.Select(
        Specs,
        Gen.Select(AnyStep.Array[1, 7], Gen.Bool, AnyHappening,
            (steps, repeated, then) => new HistoryBatch(steps, repeated, then)).Array[1, 14],
        (specs, batches) => new History(specs, batches));

    [Fact]
    public void Every_history_is_what_the_model_says_and_keeps_the_promises_of_the_ledger() =>
        Histories.Sample(history => new HistoryPlayer(history.Specs).Play(history.Batches), iter: 3_000, print: Print);

    [Fact]
    public void Histories_reach_every_outcome_and_every_happening()
    {
        // A property that never meets a case proves nothing about it.
        var seen = new ConcurrentDictionary<string, int>();
        Histories.Sample(history => new HistoryPlayer(history.Specs) { Seen = seen }.Play(history.Batches), iter: 300);
        seen.Keys.Should().Contain(
        [
            "Admitted", "AlreadyEnded", "Stale", "Unknown", "Failed", "Refused BudgetExceeded", "Refused BudgetHeld",
            "Repeated IdempotencyInProgress", "Repeated IdempotencyReplayUnavailable", "Repeated IdempotencyMismatch",
            "Ended Settled", "Ended Expired", "Ended Late", "Ended Adjusted", "Ended Released",
            "SetCap", "RevokeKey", "SetPrice", "DayEnds", "denied by the rules", "cap cut", "overrun", "repeated batch",
        ]);
    }

    private static string Print(History h) => string.Join("\n",
    [
        .. h.Specs.Select((s, i) => $"{i}: {s.Amount} on mask {s.WindowMask} key {s.Key} body {s.Body} by {s.Who}"),
        .. h.Batches.Select(b => string.Join("; ", b.Steps.Select(s => $"{s.Verb} {s.Reservation} {s.Amount}"))
            + (b.IsRepeated ? " (twice)" : "") + (b.Then is Happening.Nothing ? "" : $", then {b.Then}")),
    ]);
}

internal enum Verb
{
    Reserve,
    Settle,
    Release,
    Expire,
    Adjust,
}

/// <summary>
/// One request of a history, as it is made every time: its tokens, which budgets it is for, its idempotency key (0 is
/// none) and body, and by which of the two scoped keys.
/// </summary>
internal sealed record HeldSpec(long Amount, int WindowMask, byte Key, byte Body, int Who);

/// <summary>One command. <c>Amount</c> is the tokens of a settlement or the difference of an adjustment.</summary>
internal sealed record Step(Verb Verb, int Reservation, long Amount);

/// <summary>What happens after a batch.</summary>
internal abstract record Happening
{
    public sealed record Nothing : Happening;

    public sealed record SetCap(int Budget, long To) : Happening;

    public sealed record RevokeKey(int Number) : Happening;

    /// <summary>In half nano-USD per token.</summary>
    public sealed record SetPrice(int Halves) : Happening;

    public sealed record DayEnds : Happening;
}

internal sealed record HistoryBatch(Step[] Steps, bool IsRepeated, Happening Then);

internal sealed record History(HeldSpec[] Specs, HistoryBatch[] Batches);
