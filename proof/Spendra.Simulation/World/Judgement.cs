using Spendra.Core.Ledger;
using Spendra.Core.Ledger.Verification;
using Spendra.Core.Money;
using Spendra.Model;
using Spendra.Simulation.Clients;
using Spendra.Simulation.Provider;

namespace Spendra.Simulation.World;

/// <summary>
/// When the world has come to rest: what the provider did and what the clients were told, held against the ledger,
/// call by call; and every invariant over the rows.
/// </summary>
internal sealed class Judgement(SimWorld world)
{
    private readonly List<string> _violations = world.Watch.Violations;

    public void Pass()
    {
        foreach (var exchange in world.Exchanges) Judge(exchange);
        JudgeIdempotency();
        foreach (var exchange in world.Retired.SelectMany(g => g.LeftBehind)) Complain(exchange, "was not waited for by an orderly stop");
        foreach (var organization in world.Organizations) Verify(organization.Rows.OrganizationId);
    }

    private void Judge(SimExchange exchange)
    {
        var record = world.Provider.Records.GetValueOrDefault(exchange.Number);
        var organizationId = exchange.Call.Key.OrganizationId;
        var held = world.Watch.ModelOf(organizationId).Reservations.GetValueOrDefault(exchange.RequestId);
        if (exchange.Escaped is { } escaped) Complain(exchange, $"an exception left the gateway: {escaped}");
        if (record is { Arrivals: > 1 }) Complain(exchange, $"was dispatched {record.Arrivals} times");
        if (record is not null) JudgeBooking(exchange, record, held!);
        JudgeAnswer(exchange, record, held);
    }

    /// <summary>What the provider did is what is booked.</summary>
    private void JudgeBooking(SimExchange exchange, ProviderRecord record, ModelReservation held)
    {
        // Reported as unrest.
        if (held.IsOpen) return;
        var isReleased = held.Events.Count == 0;
        if (isReleased)
        {
            if (record.HasWorked) Complain(exchange, "was released although the provider worked");
            return;
        }
        var key = new RowKey(exchange.Call.Key.OrganizationId, exchange.RequestId);
        var spent = world.Store.Tables.FindSpent(key)!;
        var last = world.Store.Tables.Events[(key, spent.LastEventNumber)];
        if (spent.Reservation.PriceId is not { } priceId)
        {
            if (spent.TotalCost.Value != 0) Complain(exchange, "costs something although nothing was to pay");
            return;
        }
        var price = world.Watch.PriceOf(key.OrganizationId, priceId);
        var bill = record.HasWorked ? LedgerWatch.CostOf(price, record.InputTokens, record.CachedTokens, record.OutputTokens) : 0;
        if (held.Amount < LedgerWatch.BoundOf(price, exchange.Call.Body.Length, exchange.Call.MaxTokens))
            Complain(exchange, "was bounded below what it may cost");
        if (!last.Settlement.IsEstimated)
        {
            if (spent.TotalCost.Value != bill) Complain(exchange, $"was settled at {spent.TotalCost.Value}, the provider bills {bill}");
        }
        else if (spent.TotalCost.Value != held.Amount)
        {
            Complain(exchange, $"was estimated at {spent.TotalCost.Value} and not at its bound {held.Amount}");
        }
        else if (record.WasUsageRead && MustKnowUsage(exchange))
        {
            Complain(exchange, "was booked as an estimate although its usage was read");
        }
    }

    /// <summary>The gateway that read it was not killed, so that it had all the time to settle what it knew.</summary>
    private bool MustKnowUsage(SimExchange exchange) =>
        !(exchange.Call.IsBackground && world.Plan.Faults.Overlaps([FaultKind.StoreRequestLost, FaultKind.StoreAnswerLost])) &&
        !world.Plan.Has(FaultKind.GatewayCrash) && !world.Plan.Has(FaultKind.GatewayStop) && !world.Plan.Has(FaultKind.StoreOutage)
        && !world.Plan.Has(FaultKind.ClockSkew) && exchange.Escaped is null;

    /// <summary>What the client was told is true, and no refusal is without reason.</summary>
    private void JudgeAnswer(SimExchange exchange, ProviderRecord? record, ModelReservation? held)
    {
        // Of an error that broke off the client knows nothing but the status.
        if (exchange.Status is not { } status || (status >= 400 && !exchange.IsComplete)) return;
        var outcome = world.Watch.Outcomes.GetValueOrDefault(exchange.RequestId);
        var isUnordered = world.Store.Unordered.Contains(exchange.RequestId);
        switch (exchange.ErrorCode)
        {
            case null when status is >= 200 and < 300:
                if (record is null || held is null || (exchange.Call.Model.Length > 0 && !record.HasWorked)) Complain(exchange, "was answered as done, and nothing was done or held");
                else if (!held.IsOpen && held.Events.Count == 0) Complain(exchange, "was acknowledged and is not booked");
                break;
            case "budget_exceeded":
                if (outcome != "Refused BudgetExceeded" && !isUnordered && !HadClosedBudget(exchange)) Complain(exchange, $"was refused as {exchange.ErrorCode}; the model says {outcome}");
                break;
            case "budget_held":
                if (outcome != "Refused BudgetHeld" && !isUnordered) Complain(exchange, $"was refused as {exchange.ErrorCode}; the model says {outcome}");
                break;
            case "idempotency_in_progress" or "idempotency_replay_unavailable" or "idempotency_key_mismatch" or "idempotency_mismatch":
                if (outcome?.StartsWith("Repeated", StringComparison.Ordinal) != true && !isUnordered) Complain(exchange, $"was refused as {exchange.ErrorCode}; the model says {outcome}");
                break;
            case "key_revoked":
                if (!WasRevoked(exchange)) Complain(exchange, "was refused for a key that was not revoked");
                break;
            case "ledger_unavailable":
                if (!HasStoreTrouble()) Complain(exchange, "was told that the ledger is away, and it was not");
                break;
            case "upstream_unreachable" or "upstream_failed" or "upstream_timeout" or "no":
                if (world.Plan.Faults.Count == 0) Complain(exchange, $"was answered {status} {exchange.ErrorCode} in a calm world");
                break;
            case "not_found":
                // A record that could not be written in time: the object is found once it is.
                if (!HasStoreTrouble()) Complain(exchange, "does not find what was made");
                break;
            case "internal_error":
                Complain(exchange, "met an internal error");
                break;
            default:
                if (record is null) Complain(exchange, $"was answered {status} {exchange.ErrorCode}, which nobody said");
                break;
        }
    }

    private bool HasStoreTrouble() => world.Plan.Faults.Overlaps(
        [FaultKind.StoreRequestLost, FaultKind.StoreAnswerLost, FaultKind.StoreOutage, FaultKind.StoreConflict, FaultKind.SlowStore,
         FaultKind.GatewayStop, FaultKind.Pause, FaultKind.LongPause]);

    /// <summary>A budget of zero is closed by the rules themselves: the ledger is not asked.</summary>
    private bool HadClosedBudget(SimExchange exchange) => RulesDuring(exchange).Any(rows =>
        exchange.Call.Key.HardBudgets.Any(id => rows.Budgets[id].Amount == NanoUsd.Zero));

    private bool WasRevoked(SimExchange exchange) => RulesDuring(exchange).Any(rows => rows.Keys[exchange.Call.Key.KeyId].RevokedAt is not null);

    /// <summary>Every version of the rules that was in force at some time while the request ran.</summary>
    private IEnumerable<Core.Governance.GovernanceRows> RulesDuring(SimExchange exchange)
    {
        var all = world.Watch.Changes.Where(c => c.Rows.OrganizationId == exchange.Call.Key.OrganizationId && c.At <= exchange.EndedAt).ToList();
        var first = all.FindLastIndex(c => c.At <= exchange.BeganAt);
        return all.Skip(Math.Max(0, first)).Select(c => c.Rows);
    }

    /// <summary>One idempotency key buys one piece of work.</summary>
    private void JudgeIdempotency()
    {
        var works = world.Exchanges
            .Where(e => e.Call.IdempotencyKey is not null && world.Provider.Records.GetValueOrDefault(e.Number) is { HasWorked: true })
            .GroupBy(e => (e.Call.Key.KeyId, e.Call.IdempotencyKey));
        foreach (var work in works.Where(w => w.Count() > 1))
            _violations.Add($"idempotency key {work.Key} was worked on {work.Count()} times");
    }

    /// <summary>The production verification over the rows of the simulated store.</summary>
    private void Verify(Guid organizationId)
    {
        var report = new VerificationReport();
        TableVerification.Verify(world.Store, organizationId, report);
        foreach (var violation in report.Violations)
            _violations.Add($"{violation.Invariant}: {violation.Subject}, expected {violation.Expected}, found {violation.Found}");
    }

    private void Complain(SimExchange exchange, string what) =>
        _violations.Add($"attempt {exchange.Number} ({exchange.RequestId}, {exchange.Status} {exchange.ErrorCode}) {what}");
}
