using Spendra.Core.Money;
using Spendra.Sandbox;
using Spendra.Storage;

namespace Spendra.Proof.Failover;

/// <summary>Compares what clients were told with what the ledger holds and with what reached the provider.</summary>
internal sealed class Checks(
    IReadOnlyList<Attempt> attempts, IReadOnlyList<SandboxRequest> requests, BookPage books, IReadOnlyList<Failover> failovers)
{
    // What a client may hear while a call of the same key runs or has been made, and while the ledger is out of reach.
    private static readonly int[] ExpectedStatuses = [0, 200, 409, 503];

    // Only bob can come to the end of a cap.
    private static readonly int[] ExpectedOfBob = [.. ExpectedStatuses, 402, 429];

    private readonly ILookup<string, SandboxRequest> _dispatches = requests
        .Where(r => r.Route == SandboxRoute.ChatCompletions)
        .ToLookup(r => r.Headers.GetValueOrDefault("x-client-request-id", "none"), StringComparer.Ordinal);

    /// <summary>Each broken promise in one line.</summary>
    public List<string> Violations { get; } = [];

    /// <summary>What was compared.</summary>
    public List<string> Facts { get; } = [];

    public void Run()
    {
        Acknowledged();
        Dispatched();
        Refused();
        Repeated();
        Closed();
        Budgets();
    }

    /// <summary>Nothing lost: every 200 has its spend event, at the cost that the client was told.</summary>
    private void Acknowledged()
    {
        var acknowledged = attempts.Where(a => a.IsAcknowledged).ToList();
        foreach (var attempt in acknowledged)
        {
            if (attempt.RequestId is not { } id || !books.Spent.TryGetValue(id, out var spent))
                Violations.Add($"lost: {attempt.Id} was acknowledged as {attempt.RequestId} and has no spend event");
            else if (new NanoUsd(spent.CostNanos) != (attempt.Cost ?? Client.Cost) && !attempt.IsBroken)
                Violations.Add($"cost: {attempt.Id} ({id}) was told {attempt.Cost ?? Client.Cost}, the ledger has {new NanoUsd(spent.CostNanos)} USD");
            if (_dispatches[attempt.Id].Count() != 1)
                Violations.Add($"dispatch: {attempt.Id} was acknowledged once and reached the provider {_dispatches[attempt.Id].Count()} times");
        }
        var broken = attempts.Count(a => a.IsAcknowledged && a.IsBroken && a.IdempotencyKey is null);
        if (broken > 0) Violations.Add($"broken: {broken} answers broke off");
        foreach (var odd in attempts.Where(IsOdd).GroupBy(a => (a.Caller, a.Status, a.Code)))
            Violations.Add($"status: {odd.Count()} answers {odd.Key.Status} {odd.Key.Code} to {odd.Key.Caller}");
        foreach (var silent in attempts.Where(a => a.Status == 0 && a.IdempotencyKey is null))
            Violations.Add($"silent: {silent.Id} had no answer after {silent.EndedAt - silent.BegunAt}");
        Facts.Add($"acknowledged: {acknowledged.Count}, each in the ledger at its cost unless told below; spend events of {books.Spent.Count} reservations, "
            + $"{books.Released.Count} released, {books.Expired} booked by the sweep");
    }

    private static bool IsOdd(Attempt attempt) =>
        !(attempt.Caller == "bob" ? ExpectedOfBob : ExpectedStatuses).Contains(attempt.Status);

    /// <summary>Nothing unmetered: what reached the provider is in the ledger.</summary>
    private void Dispatched()
    {
        var byId = attempts.ToDictionary(a => a.Id, StringComparer.Ordinal);
        foreach (var dispatch in _dispatches)
        {
            if (!byId.TryGetValue(dispatch.Key, out var attempt)) Violations.Add($"dispatch: nobody made the call {dispatch.Key}");
            else if (attempt.RequestId is { } id && !books.Spent.ContainsKey(id))
                Violations.Add($"unmetered: {attempt.Id} ({id}) reached the provider and has no spend event; told {attempt.Status} {attempt.Code}");
        }
        var calls = _dispatches.Sum(d => d.Count());
        if (calls > books.Spent.Count) Violations.Add($"unmetered: {calls} calls reached the provider, {books.Spent.Count} were booked");
    }

    /// <summary>Who was told that nothing was sent: nothing was.</summary>
    private void Refused()
    {
        foreach (var attempt in attempts.Where(a => a.Status is 402 or 409 or 429 or 503))
        {
            if (_dispatches.Contains(attempt.Id)) Violations.Add($"refused: {attempt.Id} was told {attempt.Status} and reached the provider");
            if (attempt.RequestId is { } id && books.Spent.ContainsKey(id)) Violations.Add($"refused: {attempt.Id} ({id}) was told {attempt.Status} and was booked");
        }
    }

    /// <summary>A key's call is made once, however often it is repeated and whoever hangs up.</summary>
    private void Repeated()
    {
        var keys = attempts.Where(a => a.IdempotencyKey is not null).GroupBy(a => a.IdempotencyKey!, StringComparer.Ordinal).ToList();
        foreach (var key in keys)
        {
            var calls = key.Sum(a => _dispatches[a.Id].Count());
            if (calls > 1) Violations.Add($"repeated: {calls} calls with one key reached the provider ({string.Join(", ", key.Select(a => $"{a.Id} {a.Status} {a.Code}"))})");
            if (calls == 0) Violations.Add($"repeated: a key counts as used and nothing reached the provider ({string.Join(", ", key.Select(a => $"{a.Id} {a.Status} {a.Code}"))})");
            if (key.Count(a => a.IsAcknowledged) > 1) Violations.Add($"repeated: a key was acknowledged more than once ({string.Join(", ", key.Select(a => a.Id))})");
        }
        Facts.Add($"idempotency keys: {keys.Count}, {keys.Count(k => k.Count() > 1)} of them repeated, up to {keys.Max(k => k.Count())} attempts; one call of the provider each");
    }

    /// <summary>Closed while there was no primary: nobody who asked then was served, and nothing reserved then was sent.</summary>
    private void Closed()
    {
        var asked = 0;
        foreach (var failover in failovers)
        {
            var (began, ended) = (failover.OutageBegan, failover.OutageEnded);
            var inside = attempts.Where(a => a.BegunAt > began && a.EndedAt < ended).ToList();
            asked += inside.Count;
            foreach (var attempt in inside.Where(a => a.Status is not (0 or 503)))
                Violations.Add($"open: {attempt.Id} was told {attempt.Status} {attempt.Code} while there was no primary (failover {failover.Number})");
            var beganMicros = Micros.Of(began);
            var sent = _dispatches.SelectMany(d => d).Where(r => r.ReadAt > began && r.ReadAt < ended).ToList();
            var ids = attempts.Where(a => a.RequestId is not null).ToDictionary(a => a.Id, a => a.RequestId!.Value, StringComparer.Ordinal);
            foreach (var request in sent)
            {
                if (ids.TryGetValue(request.Headers["x-client-request-id"], out var id) && books.Spent.TryGetValue(id, out var spent) && spent.ReservedAt > beganMicros)
                    Violations.Add($"open: {id} was reserved and sent while there was no primary (failover {failover.Number})");
            }
        }
        Facts.Add($"asked and answered while there was no primary: {asked}, all of them refused or hung up unless told below");
    }

    private void Budgets()
    {
        foreach (var standing in books.Standings)
        {
            if (standing.ReservedNanos != 0) Violations.Add($"held: {standing.Budget} holds {new NanoUsd(standing.ReservedNanos)} USD and nothing is open");
            if (standing.SettledNanos > standing.LimitNanos) Violations.Add($"overspend: {standing.Budget} stands at {new NanoUsd(standing.SettledNanos)} of {new NanoUsd(standing.LimitNanos)} USD");
            Facts.Add($"budget {standing.Budget}: limit {new NanoUsd(standing.LimitNanos)}, settled {new NanoUsd(standing.SettledNanos)}, reserved {new NanoUsd(standing.ReservedNanos)} USD");
        }
        if (books.Open > 0) Violations.Add($"held: {books.Open} reservations are open");
        if (books.Excesses > 0) Violations.Add($"overspend: {books.Excesses} excesses were recorded, and no call cost more than its bound");
        var bound = attempts.Where(a => a.Caller == "bob").Max(a => a.Reserved) ?? NanoUsd.Zero;
        var left = books.Standings.Single(s => s.Budget == "bob-total") is var bob ? new NanoUsd(bob.LimitNanos - bob.SettledNanos) : NanoUsd.Zero;
        if (left >= bound) Violations.Add($"false denial: bob was refused with {left} USD left, and a call needs {bound}");
    }
}
