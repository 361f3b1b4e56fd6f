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
        var rules = real.Rules.Rows;
        var differences = new List<string>();
        var loop = new SimLoop(new SimRandom(seed));
        var store = new SimStore(loop, new SimServer(loop, new SimRandom(seed)));
        var process = new SimProcess(loop, "script", 0);
        store.Rules[rules.OrganizationId] = rules;
        store.Tables.Organizations[rules.OrganizationId] = new OrganizationRow(rules.OrganizationId, rules.Epoch, 0, 0);
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
            var expected = DecideOn(store, process, batch);
            var found = await DecideOnAsync(engine, batch);
            if (!expected.SequenceEqual(found)) differences.Add($"at {batch.Now}: simulated {string.Join(", ", expected)}; real {string.Join(", ", found)}");
        }
        var simulated = StoreDump.Of(store);
        var dumped = await real.DumpAsync();
        differences.AddRange(simulated.Except(dumped).Select(line => $"only simulated: {line}"));
        differences.AddRange(dumped.Except(simulated).Select(line => $"only real: {line}"));
        if (simulated.Count != dumped.Count) differences.Add($"{simulated.Count} simulated rows, {dumped.Count} real ones");
        return differences;
    }

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
            store.TryCommit(transaction, decision.Writes, batch.Notes);
            outcomes = [.. decision.Outcomes.Select(LedgerModel.NameOf)];
        });
        return outcomes;
    }

    private static async Task<List<string>> DecideOnAsync(ILedgerEngine engine, ScriptStep.Batch batch)
    {
        var state = await engine.BeginAsync(batch.Commands, batch.IsRepeated);
        var decision = LedgerMachine.Decide(state, batch.Commands, batch.Now);
        if (decision.Writes.IsEmpty && batch.Notes.IsEmpty) await engine.AbandonAsync(reconnect: false);
        else await engine.CommitAsync(decision.Writes, batch.Notes);
        return [.. decision.Outcomes.Select(LedgerModel.NameOf)];
    }
}

/// <summary>A clock that stands.</summary>
internal sealed class FixedTime(long nowMicros) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => Storage.Micros.ToInstant(nowMicros);
}
