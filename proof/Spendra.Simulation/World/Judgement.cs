using Spendra.Core.Ledger;
using Spendra.Core.Ledger.Verification;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
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
    private readonly Excuses _excuses = new(world);
    private readonly AnswerJudgement _answers = new(world);

    public void Pass()
    {
        foreach (var exchange in world.Exchanges) Judge(exchange);
        JudgeIdempotency();
        foreach (var process in world.Processes) _violations.AddRange(process.Failures.Select(e => $"{process.Name} failed: {e}"));
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
        if (held is not null) JudgeBooking(exchange, record, held);
        else if (record is not null) Complain(exchange, "reached the provider, and nothing was ever held for it");
        if (_answers.Judge(exchange, record, held) is { } wrong) Complain(exchange, wrong);
    }

    /// <summary>What the provider did is what is booked.</summary>
    private void JudgeBooking(SimExchange exchange, ProviderRecord? record, ModelReservation held)
    {
        // Reported as unrest.
        if (held.IsOpen) return;
        if (held.Events.Count == 0)
        {
            if (record is { HasWorked: true }) Complain(exchange, "was released although the provider worked");
            return;
        }
        var key = new RowKey(exchange.Call.Key.OrganizationId, exchange.RequestId);
        if (world.Store.Tables.FindSpent(key) is not { } spent)
        {
            Complain(exchange, "was spent, and no row says so");
            return;
        }
        if (record is null or { HasRefused: true }) JudgeUnused(exchange, key, spent);
        if (spent.Reservation.PriceId is not { } priceId)
        {
            if (spent.TotalCost.Value != 0) Complain(exchange, "costs something although nothing was to pay");
            return;
        }
        JudgeCost(exchange, record, key, spent, world.Watch.PriceOf(key.OrganizationId, priceId));
    }

    /// <summary>
    /// The request never reached the provider, or was refused before any work: what was held is given back, unless the
    /// gateway could not say so before the sweep took it for lost.
    /// </summary>
    private void JudgeUnused(SimExchange exchange, RowKey key, SpentReservation spent)
    {
        // Swept first, corrected to nothing later.
        if (spent is { FirstKind: SpendKind.Expired, HasLate: true } && spent.TotalCost == NanoUsd.Zero) return;
        var life = world.Watch.Lives[exchange.RequestId];
        var isExcused = spent.FirstKind == SpendKind.Expired
            ? _excuses.MayBeSwept(exchange, spent, world.Store.Tables.Events[(key, 0)].OccurredAt, life)
            : Excuses.Overslept(exchange, life);
        if (!isExcused) Complain(exchange, $"was booked ({spent.FirstKind}, {spent.TotalCost.Value}) although the provider did nothing; it should be released");
    }

    private void JudgeCost(SimExchange exchange, ProviderRecord? record, RowKey key, SpentReservation spent, PriceVersion price)
    {
        var last = world.Store.Tables.Events[(key, spent.LastEventNumber)];
        var bound = spent.Reservation.Amount.Value;
        if (bound < LedgerWatch.BoundOf(price, exchange.Call.Body.Length, exchange.Call.MaxTokens))
            Complain(exchange, "was bounded below what it may cost");
        if (!last.Settlement.IsEstimated)
        {
            var bill = record is { HasWorked: true } ? LedgerWatch.CostOf(price, record.InputTokens, record.CachedTokens, record.OutputTokens) : 0;
            if (spent.TotalCost.Value != bill) Complain(exchange, $"was settled at {spent.TotalCost.Value}, the provider bills {bill}");
        }
        else if (spent.TotalCost.Value != bound)
        {
            Complain(exchange, $"was estimated at {spent.TotalCost.Value} and not at its bound {bound}");
        }
        else if (record is { WasUsageRead: true } && !_excuses.CouldNotBook(exchange, record))
        {
            Complain(exchange, "was booked as an estimate although its usage was read");
        }
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
