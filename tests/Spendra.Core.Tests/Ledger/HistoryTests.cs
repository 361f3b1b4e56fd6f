using CsCheck;
using Spendra.Core.Ledger;
using static Spendra.Core.Tests.Ledger.LedgerLane;

namespace Spendra.Core.Tests.Ledger;

/// <summary>Random histories, checked after every batch against the ledger's promises and an independent model.</summary>
public sealed class HistoryTests
{
    private const int Reservations = 14;
    private static readonly long[] Limits = [100, 60, 30];
    private static readonly bool[] IsHard = [true, true, false];

    private sealed record Batch(Step[] Steps, bool IsRepeated, int CutWindow, long CutTo);

    private sealed record History(ReservationSpec[] Specs, Batch[] Batches);

    private static readonly Gen<ReservationSpec[]> Specs = Gen.Select(
            Gen.Long[0, 45], Gen.Int[0, 7], Gen.Byte[0, 4], Gen.Byte[1, 2],
            (amount, mask, key, body) => (amount, mask, key, body))
        .Array[Reservations]
        .Select(all => all.Select((s, i) => new ReservationSpec(
            100 + i, s.amount, [.. Enumerable.Range(0, 3).Where(w => (s.mask >> w & 1) == 1)], s.key, s.body)).ToArray());

    private static readonly Gen<Step> AnyStep = Gen.Select(
        Gen.Frequency(
            (8, Gen.Const(Verb.Reserve)), (1, Gen.Const(Verb.ReserveStale)), (5, Gen.Const(Verb.Settle)),
            (2, Gen.Const(Verb.Release)), (2, Gen.Const(Verb.Expire)), (3, Gen.Const(Verb.Adjust))),
        Gen.Int[0, Reservations - 1],
        Gen.Long[-20, 60],
        (verb, reservation, amount) => new Step(verb, reservation, amount));

    private static readonly Gen<History> Histories = Gen.Select(
        Specs,
        Gen.Select(AnyStep.Array[1, 7], Gen.Bool, Gen.Int[0, 12], Gen.Long[0, 140],
            (steps, repeated, window, to) => new Batch(steps, repeated, window, to)).Array[1, 14],
        (specs, batches) => new History(specs, batches));

    [Fact]
    public void Every_history_keeps_the_promises_of_the_ledger() =>
        Histories.Sample(history => new Player(history.Specs).Play(history.Batches), iter: 3_000, print: Print);

    [Fact]
    public void Histories_reach_every_outcome()
    {
        // A property that never meets a case proves nothing about it.
        var seen = new System.Collections.Concurrent.ConcurrentDictionary<string, int>();
        Histories.Sample(history => new Player(history.Specs) { Seen = seen }.Play(history.Batches), iter: 300);
        seen.Keys.Select(k => string.Join(' ', k.Split(' ').Take(2))).Distinct().Should().Contain(
        [
            "Admitted", "AlreadyEnded", "Stale", "Unknown", "Failed", "Refused BudgetExceeded", "Refused BudgetHeld",
            "Repeated IdempotencyInProgress", "Repeated IdempotencyReplayUnavailable", "Repeated IdempotencyMismatch",
            "Ended Settled", "Ended Expired", "Ended Late", "Ended Adjusted", "Ended ",
        ]);
    }

    private static string Print(History h) => string.Join("\n",
    [
        .. h.Specs.Select(s => $"{s.Id}: {s.Amount} on [{string.Join(',', s.Windows)}] key {s.Key} body {s.Body}"),
        .. h.Batches.Select(b => string.Join("; ", b.Steps.Select(s => $"{s.Verb} {100 + s.Reservation} {s.Amount}"))
            + (b.IsRepeated ? " (twice)" : "") + (b.CutWindow < 3 ? $", then window {b.CutWindow} to {b.CutTo}" : "")),
    ]);

    private sealed class Player(ReservationSpec[] specs)
    {
        private readonly LedgerLane _lane = new();
        private readonly LedgerModel _model = new([.. Limits], IsHard);
        private readonly long[] _cuts = new long[3];
        private readonly HashSet<Guid> _opened = [];
        private int _endings;

        public System.Collections.Concurrent.ConcurrentDictionary<string, int>? Seen { get; init; }

        public void Play(Batch[] batches)
        {
            foreach (var batch in batches)
            {
                Play(batch);
                CheckWindows();
                CheckEndings();
                CheckJournal();
                Cut(batch);
            }
        }

        private void Play(Batch batch)
        {
            var after = batch.Steps.Select(s => s.Verb == Verb.Adjust ? _model.LastEvent(specs[s.Reservation].Id) : null).ToArray();
            var commands = batch.Steps.Select((s, i) => Command(s, after[i])).ToArray();
            var mayRepeat = batch.IsRepeated && batch.Steps.All(IsSettledBefore);
            var isReserveOfEnded = batch.Steps.Any(s => s.Verb <= Verb.ReserveStale && HasEnded(specs[s.Reservation].Id));

            var outcomes = _lane.Run(isReserveOfEnded, commands).Select(Name).ToArray();
            foreach (var opened in _lane.Written.Opened) _opened.Add(opened.ReservationId).Should().BeTrue("an id is opened once");
            _endings += _lane.Written.Closed.Count;

            var expected = new string[commands.Length];
            foreach (var i in Enumerable.Range(0, commands.Length).OrderBy(i => commands[i].Reserves))
                expected[i] = _model.Play(batch.Steps[i], specs[batch.Steps[i].Reservation], after[i]);
            if (!outcomes.SequenceEqual(expected)) outcomes.Should().Equal(expected);
            foreach (var outcome in outcomes) Seen?.AddOrUpdate(outcome, 1, (_, n) => n + 1);

            if (!mayRepeat) return;
            _lane.Run(isRepeated: true, commands);
            _lane.NothingWritten();
        }

        // Decided again is only what was decided once by its caller's knowledge: endings of what it had reserved.
        private bool IsSettledBefore(Step step) => step.Verb switch
        {
            Verb.Reserve or Verb.ReserveStale => true,
            Verb.Adjust => _model.LastEvent(specs[step.Reservation].Id) is not null,
            _ => _model.Exists(specs[step.Reservation].Id),
        };

        private bool HasEnded(int id) => _model.Exists(id) && !_model.IsOpen(id);

        private LedgerCommand Command(Step step, int? afterEvent)
        {
            var spec = specs[step.Reservation];
            var claims = spec.Windows.Select(w => IsHard[w] ? Hard(w, Limits[w]) : Observed(w, Limits[w])).ToArray();
            var reserve = spec.Key == 0
                ? _lane.Reserve(spec.Id, spec.Amount, claims)
                : _lane.Once(spec.Id, spec.Amount, spec.Key, spec.Body, claims);
            return step.Verb switch
            {
                Verb.Reserve => reserve,
                Verb.ReserveStale => reserve with { Reservation = reserve.Reservation with { Epoch = Epoch - 1 } },
                Verb.Settle => _lane.Settle(spec.Id, step.Amount),
                Verb.Release => _lane.Release(spec.Id),
                Verb.Expire => _lane.Expire(spec.Id),
                _ => _lane.Adjust(spec.Id, step.Amount) with { AfterEvent = afterEvent },
            };
        }

        private void CheckWindows()
        {
            for (var w = 0; w < 3; w++)
            {
                var id = Hard(w, 0).WindowId;
                if (!_lane.Store.Windows.TryGetValue(new RowKey(Org, id), out var row)) continue;
                var open = _lane.Store.Open.Values.Where(r => r.WindowIds.Contains(id)).Sum(r => r.Amount.Value);
                var spent = _lane.Store.Events.Values.Where(e => e.Reservation.WindowIds.Contains(id)).Sum(e => e.Settlement.Cost.Value);
                (row.Reserved.Value, row.Settled.Value).Should().Be((open, spent), "totals are the sums of their rows");
                (open, spent).Should().Be((_model.Reserved(w), _model.Settled(w)), "the model says so");
                var excess = _cuts[w] + _lane.Store.Excesses.Values.Where(e => e.WindowId == id).Sum(e => e.Amount.Value);
                if (IsHard[w]) (open + spent).Should().BeLessThanOrEqualTo(row.Limit.Value + excess, "every nano above a cap is explained");
            }
        }

        private void CheckEndings()
        {
            var ended = _lane.Store.Released.Keys.Select(k => k.Id)
                .Concat(_lane.Store.Events.Keys.Where(k => k.Number == 0).Select(k => k.Reservation.Id)).ToList();
            (ended.Count, ended.Distinct().Count()).Should().Be((_endings, _endings), "a reservation ends once, spent or released");
            _opened.SetEquals(ended.Concat(_lane.Store.Open.Keys.Select(k => k.Id))).Should().BeTrue("nothing is lost");
        }

        private void CheckJournal()
        {
            var store = _lane.Store;
            var organization = store.Organizations[Org];
            IsGapless(store.Entries.Keys.Select(k => k.Sequence)).Should().BeTrue();
            IsGapless(store.Outbox.Keys.Select(k => k.Sequence)).Should().BeTrue();
            (store.Entries.Count, store.Outbox.Count).Should().Be((store.Events.Count, store.Events.Count));
            (organization.EntrySequence, organization.OutboxSequence).Should().Be((store.Events.Count, store.Events.Count));
            store.Outbox.Values.Select(o => (o.SubjectId, o.EventNumber)).ToHashSet()
                .SetEquals(store.Events.Keys.Select(k => (k.Reservation.Id, k.Number))).Should().BeTrue();
            foreach (var spend in store.Events.Values)
            {
                var entry = store.Entries[(Org, spend.EntrySequence)];
                long? corrected = spend.EventNumber == 0 ? null : store.Events[(LedgerStore.KeyOf(spend.Reservation), 0)].EntrySequence;
                (entry.ReservationId, entry.EventNumber, entry.Amount, entry.Corrects).Should().Be(
                    (spend.Reservation.ReservationId, spend.EventNumber, spend.Settlement.Cost, corrected));
            }
        }

        /// <summary>An administrator changes a cap; what then stands above it is explained.</summary>
        private void Cut(Batch batch)
        {
            if (batch.CutWindow >= 3) return;
            var claim = Hard(batch.CutWindow, 0);
            if (!_lane.Store.Windows.ContainsKey(new RowKey(Org, claim.WindowId))) return;
            _lane.SetLimit(claim, batch.CutTo);
            _model.Limits[batch.CutWindow] = batch.CutTo;
            var (reserved, settled) = _lane.Totals(claim);
            var excess = _lane.Store.Excesses.Values.Where(e => e.WindowId == claim.WindowId).Sum(e => e.Amount.Value);
            _cuts[batch.CutWindow] = Math.Max(_cuts[batch.CutWindow], reserved + settled - batch.CutTo - excess);
        }

        private static bool IsGapless(IEnumerable<long> numbers) =>
            numbers.Order().Select((number, i) => number == i + 1).All(isNext => isNext);

        private static string Name(LedgerOutcome outcome) => outcome switch
        {
            LedgerOutcome.Refused r => $"Refused {r.Refusal.Code}",
            LedgerOutcome.Repeated r => $"Repeated {r.Code}",
            LedgerOutcome.Ended e => $"Ended {e.Kind} {e.Cost.Value}",
            _ => outcome.GetType().Name,
        };
    }
}
