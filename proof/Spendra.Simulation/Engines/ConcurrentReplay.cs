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
internal sealed class ConcurrentReplay(RealLedger real, DatabaseTarget target, ulong seed)
{
    private const int Lanes = 3;
    private const int CallersPerLane = 12;

    private readonly LedgerRecord _record = new();
    private readonly ConcurrentDictionary<Guid, string> _answers = new();
    private readonly ConcurrentQueue<(long Order, long Epoch, Guid BudgetId, long Amount, long Now)> _changes = [];
    private readonly Lock _gate = new();
    private Core.Governance.GovernanceRows _rules = real.Rules.Rows;

    public int Losses { get; private set; }

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
            lanes.Add((new LedgerLane(engine, new LaneOptions { FirstRetryDelay = TimeSpan.FromMilliseconds(2) }, TimeProvider.System, NullLogger<LedgerLane>.Instance), engine, database));
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
    private readonly Dictionary<Guid, string> _expected = [];

    private async Task CallAsync(LedgerLane lane, SimRandom random, int calls)
    {
        for (var i = 0; i < calls; i++)
        {
            var script = new LedgerScript(_rules, random.Fork());
            var reserve = script.DrawReserve(Micros.Now(TimeProvider.System));
            try
            {
                var outcome = await lane.ReserveAsync(reserve);
                _answers[reserve.ReservationId] = LedgerModel.NameOf(outcome);
                if (outcome is not LedgerOutcome.Admitted) continue;
                // Two finishers at once, at times: one of them is too late.
                var ending = lane.EndAsync(script.DrawEnding(reserve));
                if (random.Chance(200)) await lane.EndAsync(script.DrawEnding(reserve));
                await ending;
                // What an adjustment could not end is released, so that nothing stays open.
                await lane.EndAsync(new ReleaseCommand(reserve.OrganizationId, reserve.ReservationId, reserve.WindowIds, "done"));
            }
            catch (LedgerUnavailableException)
            {
                // Turned away: whether it is held is between the lane and the database; the replay knows.
                _answers[reserve.ReservationId] = "Unavailable";
            }
        }
    }

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
        wrong.AddRange(_model.Reservations.Where(r => r.Value.IsOpen).Select(r => $"{r.Key} is still open"));
        return wrong;
    }

    private void ChangeRules(Core.Governance.GovernanceRows rules, long now) => _model.ChangeRules(
        rules.Epoch, rules.Budgets.ToDictionary(b => b.Key, b => b.Value.Amount.Value), Store.SimStore.HardCapped(rules), now);

    private void Play(RecordedDecision decision)
    {
        foreach (var command in decision.Commands.OrderBy(c => c.Reserves))
        {
            var outcome = _model.Play(command);
            if (command is ReserveCommand) _expected[command.ReservationId] = outcome;
        }
    }

    /// <summary>
    /// A caller heard what the model says of the last time that its command was decided (after an ambiguous commit it is
    /// decided again), unless the lane told it that the ledger is away.
    /// </summary>
    private IEnumerable<string> CompareAnswers() =>
        from answer in _answers
        where answer.Value != "Unavailable" && answer.Value != _expected.GetValueOrDefault(answer.Key)
        select $"{answer.Key} was answered {answer.Value}; the model says {_expected.GetValueOrDefault(answer.Key)}";

    private async Task<IReadOnlyList<string>> CompareWindowsAsync()
    {
        var stored = (await real.DumpAsync()).Where(l => l.StartsWith("window", StringComparison.Ordinal));
        var modelled = _model.Windows.Values.Select(w => $"window {w.WindowId} {w.Limit} {_model.Reserved(w.WindowId)} {_model.Settled(w.WindowId)}");
        return [.. stored.Except(modelled).Select(l => $"only real: {l}"), .. modelled.Except(stored).Select(l => $"only modelled: {l}")];
    }
}
