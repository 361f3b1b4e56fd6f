using System.Collections.Concurrent;
using Spendra.Core.Ledger;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Model;

namespace Spendra.Core.Tests.Ledger;

/// <summary>
/// Plays a history through the ledger and through the model. Reservations come to it as gateways ask for them: by
/// admission and prices of a snapshot, which is one change behind at times.
/// </summary>
internal sealed class HistoryPlayer
{
    public const int Reservations = 14;

    private const long DayMicros = 86_400_000_000;
    private static readonly Guid Org = LedgerLane.Org;

    private readonly HeldSpec[] _specs;
    private readonly ReserveCommand?[] _asked = new ReserveCommand?[Reservations];
    private readonly LedgerTables _tables = new();
    private readonly LedgerModel _model = new();
    private readonly HistoryProduct _product;
    private readonly HistoryRules _rules;
    private readonly HashSet<Guid> _opened = [];
    private long _now = 20_000 * DayMicros + 5;
    private int _endings;

    public HistoryPlayer(HeldSpec[] specs, HistoryProduct? product = null)
    {
        _specs = specs;
        _product = product ?? new HistoryProduct();
        _rules = new HistoryRules(_product);
        _tables.Organizations[Org] = new OrganizationRow(Org, _rules.Epoch, 0, 0);
        ChangeRules();
    }

    /// <summary>Counts what the history has met.</summary>
    public ConcurrentDictionary<string, int>? Seen { get; init; }

    public void Play(HistoryBatch[] batches)
    {
        foreach (var batch in batches)
        {
            Play(batch);
            CheckWindows();
            CheckEndings();
            CheckJournal();
            Happen(batch.Then);
            CheckWindows();
        }
    }

    private void Play(HistoryBatch batch)
    {
        // A retry is the same command again; a reservation that was never admitted is asked for anew, as gateways do.
        // What the rules refuse never comes to the ledger.
        var commands = batch.Steps.Select(Command).OfType<LedgerCommand>().ToArray();
        if (commands.Length < batch.Steps.Length) Note("denied by the rules");
        var mayRepeat = batch.IsRepeated && batch.Steps.All(IsSafeToRepeat);
        var looksAtEnded = batch.Steps.Any(s => s.Verb == Verb.Reserve && HasEnded(s.Reservation));

        var outcomes = Decide(commands, looksAtEnded, out var writes);
        foreach (var opened in writes.Opened) _opened.Add(opened.ReservationId).Should().BeTrue("an id is opened once");
        foreach (var reserve in commands.OfType<ReserveCommand>().Where(c => writes.Opened.Contains(c.Reservation)))
            _rules.CheckAdmitted(reserve, _specs[Array.FindIndex(_asked, a => a?.ReservationId == reserve.ReservationId)]);
        _endings += writes.Closed.Count;
        if (writes.Excesses.Count > 0) Note("overrun");

        var expected = new string[commands.Length];
        foreach (var i in Enumerable.Range(0, commands.Length).OrderBy(i => commands[i].Reserves)) expected[i] = _model.Play(commands[i]);
        if (!outcomes.SequenceEqual(expected)) outcomes.Should().Equal(expected);
        foreach (var outcome in outcomes) Note(string.Join(' ', outcome.Split(' ').Take(2)));

        if (mayRepeat) Repeat(commands);
    }

    /// <summary>After an ambiguous commit the same commands are decided again, and nothing more may happen.</summary>
    private void Repeat(LedgerCommand[] commands)
    {
        Note("repeated batch");
        Decide(commands, looksAtEnded: true, out var writes);
        writes.IsEmpty.Should().BeTrue("a repeated batch has been done already");
        (writes.Entries.Count + writes.Excesses.Count + writes.Outbox.Count + writes.Released.Count).Should().Be(0);
    }

    private string[] Decide(LedgerCommand[] commands, bool looksAtEnded, out LedgerWrites writes)
    {
        var state = _tables.Load(commands, looksAtEnded);
        _product.Loaded(state, commands);
        var decision = LedgerMachine.Decide(state, commands, _now);
        _tables.Apply(decision.Writes);
        writes = decision.Writes;
        return [.. decision.Outcomes.Select(LedgerModel.NameOf)];
    }

    /// <summary>Endings of what had been asked for when the batch began: nobody ends what is not known to him.</summary>
    private bool IsSafeToRepeat(Step step) => step.Verb switch
    {
        Verb.Adjust => false,
        Verb.Reserve => true,
        _ => _model.Reservations.ContainsKey(IdOf(step.Reservation)),
    };

    private bool HasEnded(int reservation) => _model.Reservations.GetValueOrDefault(IdOf(reservation)) is { IsOpen: false };

    private LedgerCommand? Command(Step step)
    {
        var id = IdOf(step.Reservation);
        var windows = _asked[step.Reservation]?.WindowIds ?? [];
        return step.Verb switch
        {
            Verb.Reserve => Reserve(step.Reservation),
            Verb.Settle => new SettleCommand(Org, id, windows, new Settlement { Cost = CostOf(step), Usage = new Usage { Input = 3 } }),
            Verb.Release => new ReleaseCommand(Org, id, windows, "not_sent"),
            Verb.Expire => new ExpireCommand(Org, id, windows),
            _ => new AdjustCommand(Org, id, windows, new NanoUsd(step.Amount), "provider credit")
            {
                AfterEvent = _model.Reservations.GetValueOrDefault(id) is { Events.Count: > 0 } held ? held.Events.Count - 1 : null,
            },
        };
    }

    /// <summary>Nothing bills less than nothing, but somebody may say so.</summary>
    private NanoUsd CostOf(Step step) => _asked[step.Reservation] is { } asked && step.Amount >= 0
        ? _rules.CostOf(asked.Reservation, step.Amount)
        : new NanoUsd(step.Amount);

    private ReserveCommand? Reserve(int number)
    {
        if (_asked[number] is { } asked && (_model.Reservations.ContainsKey(asked.ReservationId) || number % 3 == 0)) return asked;
        if (_rules.Ask(_specs[number], IdOf(number), isBehind: number % 4 == 1, _now) is not { } command) return null;
        return _asked[number] = command;
    }

    private void Happen(Happening happening)
    {
        _now++;
        if (happening is not Happening.Nothing) Note(happening.GetType().Name);
        switch (happening)
        {
            case Happening.DayEnds:
                _now += DayMicros;
                break;
            case Happening.RevokeKey revoked:
                _rules.Revoke(revoked.Number, _now);
                ChangeRules();
                break;
            case Happening.SetPrice price:
                _rules.SetPrice(price.Halves, _now);
                ChangeRules();
                break;
            case Happening.SetCap cap:
                _rules.SetCap(cap.Budget, cap.To);
                ChangeRules();
                break;
        }
    }

    /// <summary>What the storage does when rules change: the new epoch, windows that follow their budget, cuts explained.</summary>
    private void ChangeRules()
    {
        var budgets = _rules.Budgets;
        _tables.Organizations[Org] = _tables.Organizations[Org] with { Epoch = _rules.Epoch };
        _model.ChangeRules(_rules.Epoch, budgets.ToDictionary(b => b.BudgetId, b => b.Amount.Value),
            budgets[..2].Select(b => b.BudgetId).ToHashSet(), _now);
        foreach (var stored in _tables.Windows.Values.ToArray())
        {
            var budget = budgets.Single(b => b.BudgetId == stored.BudgetId);
            var window = stored.Span.EndsAt > _now ? stored with { Limit = budget.Amount } : stored;
            var key = new RowKey(Org, window.WindowId);
            _tables.Windows[key] = window;
            if (budget == budgets[2] || CapCut.Unexplained(window, Explained(window.WindowId)) is not { } amount) continue;
            Note("cap cut");
            var cause = LedgerLane.Id(9_000 + (int)_rules.Epoch);
            _tables.Excesses.Add((key, cause, 0), new WindowExcess(Org, window.WindowId, ExcessKind.CapCut, cause, 0, amount, _now));
        }
    }

    private NanoUsd Explained(Guid windowId) =>
        new(_tables.Excesses.Values.Where(e => e.WindowId == windowId).Sum(e => e.Amount.Value));

    private void CheckWindows()
    {
        foreach (var (id, window) in _model.Windows)
        {
            var row = _tables.Windows[new RowKey(Org, id)];
            (row.Reserved.Value, row.Settled.Value, row.Limit.Value).Should().Be(
                (_model.Reserved(id), _model.Settled(id), window.Limit), "the model says so");
            if (window.IsHard) Explained(id).Value.Should().Be(window.Explained, "every nano above a cap has a row");
        }
        _model.Overspent().Should().BeEmpty();
        _tables.Windows.Should().HaveSameCount(_model.Windows);
    }

    private void CheckEndings()
    {
        var ended = _tables.Released.Keys.Select(k => k.Id)
            .Concat(_tables.Events.Keys.Where(k => k.Number == 0).Select(k => k.Reservation.Id)).ToList();
        (ended.Count, ended.Distinct().Count()).Should().Be((_endings, _endings), "a reservation ends once, spent or released");
        _opened.SetEquals(ended.Concat(_tables.Open.Keys.Select(k => k.Id))).Should().BeTrue("nothing is lost");
    }

    private void CheckJournal()
    {
        var organization = _tables.Organizations[Org];
        IsGapless(_tables.Entries.Keys.Select(k => k.Sequence)).Should().BeTrue();
        IsGapless(_tables.Outbox.Keys.Select(k => k.Sequence)).Should().BeTrue();
        (_tables.Entries.Count, _tables.Outbox.Count).Should().Be((_tables.Events.Count, _tables.Events.Count + _tables.Released.Count));
        (organization.EntrySequence, organization.OutboxSequence).Should().Be((_tables.Entries.Count, _tables.Outbox.Count));
        _tables.Outbox.Values.Select(o => (o.SubjectId, o.EventNumber)).ToHashSet()
            .SetEquals([.. _tables.Events.Keys.Select(k => (k.Reservation.Id, k.Number)), .. _tables.Released.Keys.Select(k => (k.Id, 0))])
            .Should().BeTrue();
        foreach (var spend in _tables.Events.Values)
        {
            var entry = _tables.Entries[(Org, spend.EntrySequence)];
            long? corrected = spend.EventNumber == 0 ? null : _tables.Events[(LedgerTables.KeyOf(spend.Reservation), 0)].EntrySequence;
            (entry.ReservationId, entry.EventNumber, entry.Amount, entry.Corrects).Should().Be(
                (spend.Reservation.ReservationId, spend.EventNumber, spend.Settlement.Cost, corrected));
        }
    }

    private void Note(string what) => Seen?.AddOrUpdate(what, 1, (_, n) => n + 1);

    private static Guid IdOf(int reservation) => LedgerLane.Id(100 + reservation);

    private static bool IsGapless(IEnumerable<long> numbers) =>
        numbers.Order().Select((number, i) => number == i + 1).All(isNext => isNext);
}
