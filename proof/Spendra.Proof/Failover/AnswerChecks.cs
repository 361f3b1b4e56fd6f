using Spendra.Proof.Worlds;
using Spendra.Sandbox;

namespace Spendra.Proof.Failover;

/// <summary>
/// Compares what clients were told with what reached the provider and with the rules. It needs no ledger, so it is done
/// after every failover: what is broken is known when it has just happened.
/// </summary>
internal sealed class AnswerChecks(
    IEnumerable<Attempt> attempts, IReadOnlyList<SandboxRequest> requests, RuleBook rules, IReadOnlyList<Failover> failovers, Violations violations)
{
    // What a client may hear while a call of the same key runs or has been made, and while the ledger is out of reach.
    private static readonly int[] Expected = [0, 200, 409, 503];

    // Only carl can come to the end of a cap.
    private static readonly int[] ExpectedOfCarl = [.. Expected, 402, 429];

    // Her keys are revoked and her cap is cut.
    private static readonly int[] ExpectedOfDora = [.. ExpectedOfCarl, 401];

    // Those that are under way are not judged yet.
    private readonly List<Attempt> _attempts = [.. attempts.Where(a => a.EndedAt != default)];
    private readonly ILookup<string, SandboxRequest> _dispatches = DispatchesOf(requests);

    /// <summary>What was compared.</summary>
    public List<string> Facts { get; } = [];

    /// <summary>Calls that the provider was asked to make, by the attempt that asked.</summary>
    public static ILookup<string, SandboxRequest> DispatchesOf(IReadOnlyList<SandboxRequest> requests) => requests
        .Where(r => r.Route == SandboxRoute.ChatCompletions)
        .ToLookup(r => r.Headers.GetValueOrDefault("x-client-request-id", "none"), StringComparer.Ordinal);

    public void Run()
    {
        foreach (var attempt in _attempts) Answered(attempt);
        Repeated();
        Closed();
        Ruled();
    }

    private void Answered(Attempt attempt)
    {
        var calls = _dispatches[attempt.Id].Count();
        if (attempt.IsAcknowledged && calls != 1)
            violations.Add($"dispatch: {attempt.Id} was acknowledged once and reached the provider {calls} times");
        if (attempt.Status is 401 or 402 or 409 or 429 or 503 && calls > 0)
            violations.Add($"refused: {attempt.Id} was told {attempt.Status} and reached the provider");
        if (IsOdd(attempt)) violations.Add($"status: {attempt.Id} was told {attempt.Status} {attempt.ErrorCode}; it is a call of {attempt.Call.KeySlug}");
        if (attempt is { HasEnded: true, IsComplete: false }) violations.Add($"broken: {attempt.Id} ended like a whole answer and is none");
    }

    private static bool IsOdd(Attempt attempt) => !IsExpected(attempt) || (attempt.HasEnded && attempt.Status switch
    {
        409 => attempt.Call.IdempotencyKey is null || attempt.ErrorCode is not ("idempotency_in_progress" or "idempotency_replay_unavailable"),
        503 => attempt.ErrorCode != "ledger_unavailable",
        402 => attempt.ErrorCode != "budget_exceeded",
        429 => attempt.ErrorCode != "budget_held",
        401 => attempt.ErrorCode is not ("invalid_api_key" or "key_revoked"),
        _ => false,
    });

    private static bool IsExpected(Attempt attempt) => (attempt.Call.Kind switch
    {
        CallKind.Capped => ExpectedOfCarl,
        CallKind.Ruled => ExpectedOfDora,
        _ => Expected,
    }).Contains(attempt.Status);

    /// <summary>A key's call is made once, however often it is repeated and whoever hangs up.</summary>
    private void Repeated()
    {
        var keys = _attempts.Where(a => a.Call.IdempotencyKey is not null).GroupBy(a => a.Call.IdempotencyKey!, StringComparer.Ordinal).ToList();
        foreach (var key in keys)
        {
            var calls = key.Sum(a => _dispatches[a.Id].Count());
            if (calls > 1) violations.Add($"repeated: {calls} calls with one key reached the provider ({string.Join(", ", key.Select(a => $"{a.Id} {a.Status} {a.ErrorCode}"))})");
            if (key.Count(a => a.IsAcknowledged) > 1) violations.Add($"repeated: a key was acknowledged more than once ({string.Join(", ", key.Select(a => a.Id))})");
        }
        if (keys.Count == 0) return;
        Facts.Add($"idempotency keys: {keys.Count}, {keys.Count(k => k.Count() > 1)} of them repeated, up to {keys.Max(k => k.Count())} attempts; one call of the provider each");
    }

    /// <summary>Closed while there was no primary: nobody who asked then was served. Dora may be told what her rules were.</summary>
    private void Closed()
    {
        var asked = 0;
        foreach (var failover in failovers)
        {
            var inside = _attempts.Where(a => a.BegunAt > failover.OutageBegan && a.EndedAt < failover.OutageEnded).ToList();
            asked += inside.Count;
            foreach (var attempt in inside.Where(a => !(a.Status is 0 or 503 || (a.Call.Kind == CallKind.Ruled && a.Status is 401 or 402))))
                violations.Add($"open: {attempt.Id} was told {attempt.Status} {attempt.ErrorCode} while there was no primary (failover {failover.Number})");
        }
        Facts.Add($"asked and answered while there was no primary: {asked}, all of them refused or hung up unless told below");
    }

    private void Ruled()
    {
        var ruled = _attempts.Where(a => a.Call.Kind == CallKind.Ruled).ToList();
        foreach (var attempt in ruled)
        {
            foreach (var broken in RuleCheck.ViolationsOf(rules, attempt)) violations.Add($"rules: {broken}");
        }
        Facts.Add($"rules: {rules.Changes} changes, {rules.Unknown} of them not acknowledged; calls under them by status: "
            + string.Join(", ", ruled.GroupBy(a => a.Status).OrderBy(g => g.Key).Select(g => $"{g.Key}: {g.Count()}")));
    }
}
