using Spendra.Core.Ledger;
using Spendra.Model;
using Spendra.Simulation.Scheduling;
using Spendra.Simulation.Store;
using Spendra.Storage.Ledger;

namespace Spendra.Simulation.Engines;

/// <summary>
/// Plays one script on the simulated store and on a real engine, step by step, and holds the two against each other:
/// outcomes, and in the end every row. So the simulation speaks about the databases that it stands for.
/// </summary>
internal static class StoreComparison
{
    /// <summary>Where the two differ; empty when they agree.</summary>
    public static async Task<IReadOnlyList<string>> CompareAsync(RealLedger real, ulong seed, int steps)
    {
        var played = await PlayAsync(real, seed, steps);
        return
        [
            .. played.Differences,
            .. DifferencesBetween(StoreDump.Of(played.Store), await real.DumpAsync()),
            .. await SourceComparison.CompareAsync(real, played),
        ];
    }

    /// <summary>Plays the script on both; outcomes that differ are among what comes back.</summary>
    public static async Task<PlayedScript> PlayAsync(RealLedger real, ulong seed, int steps)
    {
        var rules = real.Rules.Rows;
        var differences = new List<string>();
        var loop = new SimLoop(new SimRandom(seed));
        var store = new SimStore(loop, new SimServer(loop, new SimRandom(seed)));
        var process = new SimProcess(loop, "script", 0);
        store.Rules[rules.OrganizationId] = rules;
        store.Tables.Organizations[rules.OrganizationId] = new OrganizationRow(rules.OrganizationId, rules.Epoch, 0, 0);
        foreach (var key in rules.Keys.Keys) store.KeyDirectory[key] = rules.OrganizationId;
        var commands = new List<LedgerCommand>();
        await using var engine = real.Database.CreateLedgerEngine();
        foreach (var step in new LedgerScript(rules, new SimRandom(seed)).Draw(steps))
        {
            if (step is ScriptStep.SetAmount change)
            {
                await real.SetAmountAsync(change.BudgetId, change.AmountNanos, new FixedTime(change.Now));
                store.ChangeRules(process, rules.OrganizationId, rows => SetAmount(rows, change), change.Now);
                continue;
            }
            var batch = (ScriptStep.Batch)step;
            commands.AddRange(batch.Commands);
            var expected = DecideOn(store, process, batch);
            var found = await DecideOnAsync(engine, batch);
            if (!expected.SequenceEqual(found)) differences.Add($"at {batch.Now}: simulated {string.Join(", ", expected)}; real {string.Join(", ", found)}");
        }
        return new PlayedScript(loop, store, process, commands, differences);
    }

    /// <summary>Rows that only one of the two has, and rows that one of them has twice.</summary>
    public static IReadOnlyList<string> DifferencesBetween(IReadOnlyCollection<string> simulated, IReadOnlyCollection<string> real) =>
    [
        .. simulated.Except(real).Select(line => $"only simulated: {line}"),
        .. real.Except(simulated).Select(line => $"only real: {line}"),
        .. simulated.Count == real.Count ? (string[])[] : [$"{simulated.Count} simulated rows, {real.Count} real ones"],
    ];

    private static Core.Governance.GovernanceRows SetAmount(Core.Governance.GovernanceRows rows, ScriptStep.SetAmount change) => rows with
    {
        Budgets = new Dictionary<Guid, Core.Budgets.Budget>(rows.Budgets)
        {
            [change.BudgetId] = rows.Budgets[change.BudgetId] with { Amount = new Core.Money.NanoUsd(change.AmountNanos) },
        },
    };

    private static List<string> DecideOn(SimStore store, SimProcess process, ScriptStep.Batch batch)
    {
        List<string> outcomes = [];
        var transaction = new SimTransaction(process, batch.Commands, [.. batch.Commands.Select(c => c.OrganizationId).Distinct()]);
        store.Begin(transaction, () =>
        {
            var decision = LedgerMachine.Decide(store.Load(batch.Commands, batch.IsRepeated), batch.Commands, batch.Now);
            new LedgerSeals().Apply(decision.Writes);
            store.TryCommit(transaction, decision.Writes, batch.Notes);
            outcomes = [.. decision.Outcomes.Select(LedgerModel.NameOf)];
        });
        return outcomes;
    }

    private static async Task<List<string>> DecideOnAsync(ILedgerEngine engine, ScriptStep.Batch batch)
    {
        var state = await engine.BeginAsync(batch.Commands, batch.IsRepeated);
        var decision = LedgerMachine.Decide(state, batch.Commands, batch.Now);
        new LedgerSeals().Apply(decision.Writes);
        if (decision.Writes.IsEmpty && batch.Notes.IsEmpty) await engine.AbandonAsync(reconnect: false);
        else await engine.CommitAsync(decision.Writes, batch.Notes);
        return [.. decision.Outcomes.Select(LedgerModel.NameOf)];
    }
}

/// <summary>A script that was played on the simulated store and on a real engine.</summary>
/// <param name="Loop">The thread of the simulated one.</param>
/// <param name="Store">As the script has left it.</param>
/// <param name="Process">Who played it there.</param>
/// <param name="Commands">Of all its batches.</param>
/// <param name="Differences">Outcomes that were not the same on both.</param>
internal sealed record PlayedScript(
    SimLoop Loop, SimStore Store, SimProcess Process, IReadOnlyList<LedgerCommand> Commands, IReadOnlyList<string> Differences);

/// <summary>A clock that stands.</summary>
internal sealed class FixedTime(long nowMicros) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => Storage.Micros.ToInstant(nowMicros);
}
