using Spendra.Core.Money;
using Spendra.Proof.Worlds;
using Spendra.Sandbox;
using Spendra.Storage;

namespace Spendra.Proof.Failover;

/// <summary>When all has ended: compares what clients were told and what reached the provider with what the ledger holds.</summary>
internal sealed class LedgerChecks(
    IReadOnlyCollection<Attempt> attempts, IReadOnlyList<SandboxRequest> requests, BookPage books, IReadOnlyList<Failover> failovers, Violations violations)
{
    private readonly ILookup<string, SandboxRequest> _dispatches = AnswerChecks.DispatchesOf(requests);

    /// <summary>What was compared.</summary>
    public List<string> Facts { get; } = [];

    public void Run()
    {
        Acknowledged();
        Dispatched();
        Booked();
        Refused();
        Repeated();
        Closed();
        Budgets();
    }

    /// <summary>Nothing lost: every 200 has its spend event, at its exact cost, which is what the client was told.</summary>
    private void Acknowledged()
    {
        var acknowledged = attempts.Where(a => a.IsAcknowledged).ToList();
        foreach (var attempt in acknowledged)
        {
            if (attempt.RequestId is not { } id || !books.Spent.TryGetValue(id, out var spent))
            {
                violations.Add($"lost: {attempt.Id} was acknowledged as {attempt.RequestId} and has no spend event");
                continue;
            }
            var exact = attempt.Call.ExactCost!.Value;
            if (attempt.HasEnded && new NanoUsd(spent.CostNanos) != exact)
                violations.Add($"cost: {attempt.Id} ({id}) costs {exact}, the ledger has {new NanoUsd(spent.CostNanos)} USD");
            // A client that has hung up may have left its call to the sweep, which books the bound.
            else if (!attempt.HasEnded && new NanoUsd(spent.CostNanos) is var booked && booked != exact && booked != attempt.Reserved)
                violations.Add($"cost: {attempt.Id} ({id}) costs {exact} or its bound of {attempt.Reserved}, the ledger has {booked} USD");
            if (attempt.Cost is { } told && told != exact) violations.Add($"cost: {attempt.Id} ({id}) was told {told}, and costs {exact} USD");
        }
        foreach (var broken in attempts.Where(a => a is { IsAcknowledged: true, HasEnded: false, Call.IdempotencyKey: null }))
            violations.Add($"broken: the answer to {broken.Id} broke off");
        foreach (var silent in attempts.Where(a => a is { Status: 0, Call.IdempotencyKey: null }))
            violations.Add($"silent: {silent.Id} had no answer after {silent.EndedAt - silent.BegunAt}");
        Facts.Add($"acknowledged: {acknowledged.Count}, each in the ledger at its cost unless told below; spend events of {books.Spent.Count} reservations, "
            + $"{books.Released.Count} released, {books.Expired} booked by the sweep");
    }

    /// <summary>Nothing unmetered: what reached the provider is in the ledger.</summary>
    private void Dispatched()
    {
        var byId = attempts.ToDictionary(a => a.Id, StringComparer.Ordinal);
        foreach (var dispatch in _dispatches)
        {
            if (!byId.TryGetValue(dispatch.Key, out var attempt)) violations.Add($"dispatch: nobody made the call {dispatch.Key}");
            else if (attempt.RequestId is { } id && !books.Spent.ContainsKey(id))
                violations.Add($"unmetered: {attempt.Id} ({id}) reached the provider and has no spend event; told {attempt.Status} {attempt.ErrorCode}");
        }
        var calls = _dispatches.Sum(d => d.Count());
        if (calls > books.Spent.Count) violations.Add($"unmetered: {calls} calls reached the provider, {books.Spent.Count} were booked");
    }

    /// <summary>Every call ends once; what the sweep has ended may be corrected.</summary>
    private void Booked()
    {
        foreach (var spent in books.Spent.Values.Where(s => s.Events != 1 && !(s.HasExpired && s.Events == 2)))
            violations.Add($"booked: {spent.ReservationId} has {spent.Events} spend events");
        foreach (var id in books.Released.Where(books.Spent.ContainsKey)) violations.Add($"booked: {id} was spent and given back");
    }

    /// <summary>Who was told that nothing was sent: nothing was booked.</summary>
    private void Refused()
    {
        foreach (var attempt in attempts.Where(a => a.Status is 401 or 402 or 409 or 429 or 503))
        {
            if (attempt.RequestId is { } id && books.Spent.ContainsKey(id)) violations.Add($"refused: {attempt.Id} ({id}) was told {attempt.Status} and was booked");
        }
    }

    /// <summary>Clients repeat until they know that their call was made: then it was.</summary>
    private void Repeated()
    {
        foreach (var key in attempts.Where(a => a.Call.IdempotencyKey is not null).GroupBy(a => a.Call.IdempotencyKey!, StringComparer.Ordinal))
        {
            if (key.Any(a => _dispatches.Contains(a.Id))) continue;
            violations.Add($"repeated: a key counts as used and nothing reached the provider ({string.Join(", ", key.Select(a => $"{a.Id} {a.Status} {a.ErrorCode}"))})");
        }
    }

    /// <summary>Nothing was sent while there was no primary that had been reserved then.</summary>
    private void Closed()
    {
        var ids = attempts.Where(a => a.RequestId is not null).ToDictionary(a => a.Id, a => a.RequestId!.Value, StringComparer.Ordinal);
        foreach (var failover in failovers)
        {
            var beganMicros = Micros.Of(failover.OutageBegan);
            foreach (var request in _dispatches.SelectMany(d => d).Where(r => r.ReadAt > failover.OutageBegan && r.ReadAt < failover.OutageEnded))
            {
                if (ids.TryGetValue(request.Headers["x-client-request-id"], out var id) && books.Spent.TryGetValue(id, out var spent) && spent.ReservedAt > beganMicros)
                    violations.Add($"open: {id} was reserved and sent while there was no primary (failover {failover.Number})");
            }
        }
    }

    private void Budgets()
    {
        foreach (var standing in books.Standings)
        {
            var highest = standing.LimitNanos + standing.CutNanos;
            if (standing.ReservedNanos != 0) violations.Add($"held: {standing.Budget} holds {new NanoUsd(standing.ReservedNanos)} USD and nothing is open");
            if (standing.SettledNanos > highest) violations.Add($"overspend: {standing.Budget} stands at {new NanoUsd(standing.SettledNanos)} of {new NanoUsd(highest)} USD");
            if (standing.CutNanos > 0 && standing.Budget != Administrator.Budget) violations.Add($"overspend: {standing.Budget} has a cut that nobody made");
            Facts.Add($"budget {standing.Budget}: limit {new NanoUsd(standing.LimitNanos)}, settled {new NanoUsd(standing.SettledNanos)}, reserved {new NanoUsd(standing.ReservedNanos)} USD"
                + (standing.CutNanos > 0 ? $", above what it was cut to {new NanoUsd(standing.CutNanos)} USD" : ""));
        }
        if (books.Open > 0) violations.Add($"held: {books.Open} reservations are open");
        if (books.Overruns > 0) violations.Add($"overspend: {books.Overruns} overruns were recorded, and no call cost more than its bound");
        var bound = attempts.Where(a => a.Call.Kind == CallKind.Capped).Max(a => a.Reserved) ?? NanoUsd.Zero;
        var left = books.Standings.Single(s => s.Budget == Company.CarlsBudget) is var carl ? new NanoUsd(carl.LimitNanos - carl.SettledNanos) : NanoUsd.Zero;
        if (left >= bound) violations.Add($"false denial: carl was refused with {left} USD left, and a call needs {bound}");
    }
}
