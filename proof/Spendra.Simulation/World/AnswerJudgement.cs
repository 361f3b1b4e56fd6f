using Spendra.Core.Governance;
using Spendra.Core.Money;
using Spendra.Model;
using Spendra.Simulation.Clients;
using Spendra.Simulation.Provider;

namespace Spendra.Simulation.World;

/// <summary>What a client was told is true, and no refusal is without reason.</summary>
internal sealed class AnswerJudgement(SimWorld world)
{
    private readonly Excuses _excuses = new(world);

    /// <summary>What is wrong with the answer, or null.</summary>
    public string? Judge(SimExchange exchange, ProviderRecord? record, ModelReservation? held)
    {
        // Reported as unrest.
        if (!exchange.IsOver) return null;
        if (!exchange.IsComplete && !_excuses.MayBreakOff(exchange)) return $"broke off, and nothing on its way explains it ({exchange.Broken})";
        // Of an error that broke off the client knows nothing but the status.
        if (exchange.Status is not { } status || (status >= 400 && !exchange.IsComplete)) return null;
        if (exchange.ErrorCode is { } code) return JudgeError(exchange, code) ? null : $"was refused as {code} without that reason; the model says {OutcomeOf(exchange)}";
        if (status is < 200 or >= 300) return HasNoBody(exchange) ? null : $"was answered {status}, which nobody said";
        if (exchange.IsComplete && !exchange.IsWhole) return "was told that it has everything, and the end is missing";
        if (record is null || held is null || (exchange.Call.Model.Length > 0 && !record.HasWorked)) return "was answered as done, and nothing was done or held";
        return !held.IsOpen && held.Events.Count == 0 ? "was acknowledged and is not booked" : null;
    }

    /// <summary>The provider said a status only: in no shape of its own, or in one that a gateway which slept did not read in time.</summary>
    private bool HasNoBody(SimExchange exchange) => _excuses.WasStruck(exchange, FaultKind.ProviderFails)
        || (_excuses.WasStruck(exchange, FaultKind.ProviderRefuses) && Excuses.StoodStill(exchange));

    /// <summary>The refusal has its reason.</summary>
    private bool JudgeError(SimExchange exchange, string code) => code switch
    {
        "budget_exceeded" => WasDecided(exchange, $"Refused {RefusalCode.BudgetExceeded}") || HadClosedBudget(exchange),
        "budget_held" => WasDecided(exchange, $"Refused {RefusalCode.BudgetHeld}"),
        "idempotency_in_progress" => WasDecided(exchange, $"Repeated {RefusalCode.IdempotencyInProgress}"),
        "idempotency_replay_unavailable" => WasDecided(exchange, $"Repeated {RefusalCode.IdempotencyReplayUnavailable}"),
        "idempotency_mismatch" => WasDecided(exchange, $"Repeated {RefusalCode.IdempotencyMismatch}"),
        "key_revoked" => WasRevoked(exchange),
        "ledger_unavailable" => _excuses.LedgerWasAway(exchange),
        "upstream_unreachable" => _excuses.WasStruck(exchange, FaultKind.ProviderUnreachable),
        "upstream_failed" => _excuses.WasStruck(exchange, FaultKind.ProviderResets, FaultKind.ResponseBreaksOff) || Excuses.StoodStill(exchange),
        // A response that breaks off may do so by silence.
        "upstream_timeout" => _excuses.WasStruck(exchange, FaultKind.ProviderHangs, FaultKind.ResponseBreaksOff) || Excuses.StoodStill(exchange),
        // What the simulated provider says itself.
        "no" => _excuses.WasStruck(exchange, FaultKind.ProviderRefuses, FaultKind.ProviderFails),
        // A record that could not be written in time: the object is found once it is.
        "not_found" => exchange.Call.ObjectId is not null && _excuses.WasNotRecorded(exchange),
        _ => false,
    };

    private string? OutcomeOf(SimExchange exchange) => world.Watch.Outcomes.GetValueOrDefault(exchange.RequestId);

    private bool WasDecided(SimExchange exchange, string outcome) =>
        OutcomeOf(exchange) == outcome || world.Store.Unordered.Contains(exchange.RequestId);

    /// <summary>A budget of zero is closed by the rules themselves: the ledger is not asked.</summary>
    private bool HadClosedBudget(SimExchange exchange) => RulesDuring(exchange).Any(rows =>
        exchange.Call.Key.HardBudgets.Any(id => rows.Budgets[id].Amount == NanoUsd.Zero));

    private bool WasRevoked(SimExchange exchange) => RulesDuring(exchange).Any(rows => rows.Keys[exchange.Call.Key.KeyId].RevokedAt is not null);

    /// <summary>Every version of the rules that was in force at some time while the request ran.</summary>
    private IEnumerable<GovernanceRows> RulesDuring(SimExchange exchange)
    {
        var all = world.Watch.Changes.Where(c => c.Rows.OrganizationId == exchange.Call.Key.OrganizationId && c.At <= exchange.EndedAt).ToList();
        var first = all.FindLastIndex(c => c.At <= exchange.BeganAt);
        return all.Skip(Math.Max(0, first)).Select(c => c.Rows);
    }
}
