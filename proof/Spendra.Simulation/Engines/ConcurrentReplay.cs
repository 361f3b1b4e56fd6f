using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Spendra.Core.Ledger;
using Spendra.Model;
using Spendra.Simulation.Scheduling;
using Spendra.Storage;
using Spendra.Storage.Ledger;

namespace Spendra.Simulation.Engines;

/// <summary>
/// Several lanes with many callers, and an administrator, against one real database over connections that break.
/// Afterwards the total order of what was kept is played through the model: every caller's answer and every window
/// must be what the model says.
/// </summary>
/// <param name="real">Where it happens.</param>
/// <param name="target">The same database: each lane has connections of its own.</param>
/// <param name="seed">Draws the traffic.</param>
/// <param name="tamper">Puts a bug between a lane and its engine, so that it can be seen that it is noticed.</param>
internal sealed class ConcurrentReplay(RealLedger real, DatabaseTarget target, ulong seed, Func<ILedgerEngine, ILedgerEngine>? tamper = null)
{
    private const int Lanes = 3;
    private const int CallersPerLane = 12;
    private const string TurnedAway = "Unavailable";

    // Three connections in a row must be lost before anybody is turned away. A lane that turned everybody away would agree
    // with every model.
    private const int MaxUnavailablePercent = 20;

    private readonly LedgerRecord _record = new();
    // By instance: two callers may give equal commands, and each is answered for its own.
    private readonly ConcurrentDictionary<LedgerCommand, string> _answers = new(ReferenceEqualityComparer.Instance);
    private readonly ConcurrentQueue<(long Order, long Epoch, Guid BudgetId, long Amount, long Now)> _changes = [];
    private readonly Lock _gate = new();
    private Core.Governance.GovernanceRows _rules = real.Rules.Rows;

    public int Losses { get; private set; }

    /// <summary>Commands that a caller was answered for.</summary>
    public int Answers => _answers.Count;

    /// <summary>Of those, endings: settlements, releases, expiries and adjustments.</summary>
    public int Endings => _answers.Keys.Count(c => !c.Reserves);

    /// <summary>Reservations that were turned away because the database seemed away: about these nothing is compared.</summary>
    public int Unavailable => _answers.Values.Count(a => a == TurnedAway);

    public int Decisions => _record.Decisions.Count;

    /// <summary>Commands in all decisions; how many share one depends on how fast the machine is.</summary>
    public int Commands => _record.Decisions.Sum(d => d.Commands.Count);

    /// <summary>Runs the traffic and returns what contradicts the model; empty is what is hoped for.</summary>
    public async Task<IReadOnlyList<string>> RunAsync(int callsPerCaller)
    {
        var random = new SimRandom(seed);
        var lanes = new List<(LedgerLane Lane, LossyEngine Engine, Database Database)>();
        for (var i = 0; i < Lanes; i++)
        {
            var database = Database.Open(target);
            var engine = new LossyEngine(new RecordingEngine(database.CreateLedgerEngine(), _record), random.Fork(), lossPerMille: 120);
            lanes.Add((new LedgerLane(tamper?.Invoke(engine) ?? engine, new LaneOptions { FirstRetryDelay = TimeSpan.FromMilliseconds(2) }, TimeProvider.System, NullLogger<LedgerLane>.Instance), engine, database));
        }
        var callers = lanes.SelectMany(l => Enumerable.Range(0, CallersPerLane).Select(_ =>
        {
            var own = random.Fork();
            return Task.Run(() => CallAsync(l.Lane, own, callsPerCaller));
        })).ToList();
        var administrator = AdministrateAsync(random.Fork(), Task.WhenAll(callers));
        await Task.WhenAll([.. callers, administrator]);
        foreach (var (lane, engine, database) in lanes)
        {
            await lane.DisposeAsync();
            Losses += engine.Losses;
            await database.DisposeAsync();
        }
        return [.. Replay(), .. await CompareWindowsAsync(), .. await real.VerifyAsync(Micros.Now(TimeProvider.System))];
    }

    private readonly LedgerModel _model = new();
    private readonly Dictionary<LedgerCommand, string> _expected = new(ReferenceEqualityComparer.Instance);

    private async Task CallAsync(LedgerLane lane, SimRandom random, int calls)
    {
        for (var i = 0; i < calls; i++)
        {
            var script = new LedgerScript(_rules, random.Fork());
            var reserve = script.DrawReserve(Micros.Now(TimeProvider.System));
            if (await ReserveAsync(lane, reserve) is not LedgerOutcome.Admitted) continue;
            // Two finishers at once, at times: one of them is too late.
            var ending = EndAsync(lane, script.DrawEnding(reserve));
            if (random.Chance(200)) await EndAsync(lane, script.DrawEnding(reserve));
            await ending;
            // What an adjustment could not end is released, so that nothing stays open.
            await EndAsync(lane, new ReleaseCommand(reserve.OrganizationId, reserve.ReservationId, reserve.WindowIds, "done"));
        }
    }

    private async Task<LedgerOutcome?> ReserveAsync(LedgerLane lane, ReserveCommand reserve)
    {
        try
        {
            var outcome = await lane.ReserveAsync(reserve);
            _answers[reserve] = LedgerModel.NameOf(outcome);
            return outcome;
        }
        catch (LedgerUnavailableException)
        {
            // Whether it is held is between the lane and the database; the replay knows.
            _answers[reserve] = TurnedAway;
            return null;
        }
    }

    private async Task EndAsync(LedgerLane lane, LedgerCommand ending) => _answers[ending] = LedgerModel.NameOf(await lane.EndAsync(ending));

    private async Task AdministrateAsync(SimRandom random, Task until)
    {
        while (!until.IsCompleted)
        {
            var budget = random.Pick([.. _rules.Budgets.Values.OrderBy(b => b.BudgetId)]);
            var amount = random.Between(500_000, 12_000_000);
            var time = new FixedTime(Micros.Now(TimeProvider.System));
            long place = 0;
            var epoch = await real.SetAmountAsync(budget.BudgetId, amount, time, () => place = _record.TakePlace());
            _changes.Enqueue((place, epoch, budget.BudgetId, amount, Micros.Now(time)));
            lock (_gate) _rules = With(_rules, epoch, budget.BudgetId, amount);
            await Task.WhenAny(until, Task.Delay(TimeSpan.FromMilliseconds(random.Between(5, 60))));
        }
    }

    private static Core.Governance.GovernanceRows With(Core.Governance.GovernanceRows rules, long epoch, Guid budgetId, long amount) => rules with
    {
        Epoch = epoch,
        Budgets = new Dictionary<Guid, Core.Budgets.Budget>(rules.Budgets)
        {
            [budgetId] = rules.Budgets[budgetId] with { Amount = new Core.Money.NanoUsd(amount) },
        },
    };

    private List<string> Replay()
    {
        var wrong = new List<string>();
        var rules = real.Rules.Rows;
        ChangeRules(rules, 0);
        var steps = _record.Decisions.Select(d => (d.Order, Play: (Action)(() => Play(d))))
            .Concat(_changes.Select(c => (c.Order, Play: (Action)(() => ChangeRules(rules = With(rules, c.Epoch, c.BudgetId, c.Amount), c.Now)))));
        foreach (var step in steps.OrderBy(s => s.Order))
        {
            step.Play();
            wrong.AddRange(_model.Overspent().Select(w => $"window {w.WindowId} stands above its limit and nothing explains it"));
        }
        wrong.AddRange(CompareAnswers());
        if (Unavailable * 100 > MaxUnavailablePercent * _answers.Keys.Count(c => c.Reserves))
            wrong.Add($"{Unavailable} of {_answers.Keys.Count(c => c.Reserves)} reservations were turned away; no more than {MaxUnavailablePercent} % may be");
        wrong.AddRange(_model.Reservations.Where(r => r.Value.IsOpen).Select(r => $"{r.Key} is still open"));
        return wrong;
    }

    private void ChangeRules(Core.Governance.GovernanceRows rules, long now) => _model.ChangeRules(
        rules.Epoch, rules.Budgets.ToDictionary(b => b.Key, b => b.Value.Amount.Value), Store.SimStore.HardCapped(rules), now);

    private void Play(RecordedDecision decision)
    {
        foreach (var command in decision.Commands.OrderBy(c => c.Reserves)) _expected[command] = _model.Play(command);
    }

    /// <summary>
    /// A caller heard, of a reservation as of an ending, what the model says of the last time that this very command was
    /// decided (after an ambiguous commit it is decided again), unless the lane told it that the ledger is away.
    /// </summary>
    private IEnumerable<string> CompareAnswers() =>
        from answer in _answers
        let expected = _expected.GetValueOrDefault(answer.Key)
        where answer.Value != TurnedAway && answer.Value != expected
        select $"{answer.Key.GetType().Name} of {answer.Key.ReservationId} was answered {answer.Value}; the model says {expected}";

    private async Task<IReadOnlyList<string>> CompareWindowsAsync()
    {
        var stored = await real.DumpWindowsAsync();
        var modelled = _model.Windows.Values.Select(w => StoreDump.Line("window", w.WindowId, w.Limit, _model.Reserved(w.WindowId), _model.Settled(w.WindowId)));
        return [.. stored.Except(modelled).Select(l => $"only real: {l}"), .. modelled.Except(stored).Select(l => $"only modelled: {l}")];
    }
}
