using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Storage;
using Spendra.Storage.Ledger;

namespace Spendra.Proof.Worlds;

/// <summary>
/// Lays three books beside each other once a world has come to rest: what the clients were told, what the provider
/// saw, and what the ledger says. Whatever happened between them, they must agree.
/// </summary>
internal sealed class Inspection
{
    private readonly World _world;
    private readonly LedgerRows _ledger;
    private readonly Dictionary<string, Attempt> _attempts;
    private readonly List<(string AttemptId, Guid ReservationId)> _arrivals;
    private readonly HashSet<Guid> _arrived;
    private readonly NanoUsd _boundOfCarl;
    private readonly ILookup<string, Attempt> _deletions;
    private readonly List<string> _violations = [];

    private Inspection(World world, LedgerRows ledger)
    {
        _world = world;
        _ledger = ledger;
        _attempts = world.Journal.Attempts.ToDictionary(a => a.Id);
        _arrivals = [.. world.Sandbox.Journal.Requests.Select(r => (
            r.Headers.GetValueOrDefault("x-client-request-id", "none"),
            Guid.TryParse(r.Headers.GetValueOrDefault(TracingIds.Header), out var id) ? id : Guid.Empty))];
        _boundOfCarl = _attempts.Values.Where(a => a.Call.Kind == CallKind.Capped).Max(a => a.Reserved) ?? NanoUsd.Zero;
        _arrived = [.. _arrivals.Select(a => a.ReservationId)];
        _deletions = _attempts.Values.Where(a => a.Call.Kind == CallKind.Delete).ToLookup(a => a.Call.ObjectId!, StringComparer.Ordinal);
    }

    /// <summary>Every promise that is broken, in words. To be called when no server works on a call.</summary>
    public static async Task<IReadOnlyList<string>> RunAsync(World world)
    {
        await using var database = world.Open();
        var inspection = new Inspection(world, await LedgerRows.ReadAsync(database, world.OrganizationId));
        inspection.CheckNothingIsHeld();
        inspection.CheckCaps();
        foreach (var attempt in inspection._attempts.Values) inspection.CheckAnswer(attempt);
        inspection.CheckArrivals();
        inspection.CheckBilledOnce();
        var report = await new LedgerVerifier(database).VerifyAsync(
            [world.OrganizationId], Micros.Now(TimeProvider.System), CancellationToken.None);
        inspection._violations.AddRange(report.Violations.Select(v => $"verifier: {v}"));
        return inspection._violations;
    }

    private void CheckNothingIsHeld()
    {
        foreach (var id in _ledger.Open) Add($"reservation {id} never ended");
        foreach (var window in _ledger.Windows.Where(w => w.Reserved != NanoUsd.Zero))
            Add($"window {window.WindowId} still holds {window.Reserved}");
    }

    private void CheckCaps()
    {
        foreach (var (id, _, limit, _, settled, excess) in _ledger.Windows.Where(w => w.Settled > w.Limit + w.Excess))
            Add($"window {id} settled {settled} of {limit}, and only {excess} is explained");
    }

    private void CheckAnswer(Attempt attempt)
    {
        if (attempt is { HasEnded: true, IsComplete: false }) Add($"{attempt.Id} ended like a whole answer and is none: {attempt}");
        if (ExpectedAnswers.ViolationOf(attempt, _world.Disturbances, IsGone(attempt)) is { } unexpected) Add(unexpected);
        CheckRefusalAtCap(attempt);
        foreach (var broken in RuleCheck.ViolationsOf(_world.Administrator.Book, attempt)) Add(broken);
        if (attempt.Call.Kind == CallKind.OverCap && attempt.Status == 200) Add($"{attempt.Id} was admitted over its cap");
        if (!attempt.IsAcknowledged || attempt.Call.IsListing) return;
        if (attempt.RequestId is not { } id)
        {
            Add($"{attempt.Id} was answered without a request id");
            return;
        }
        if (_ledger.Open.Contains(id)) return;
        if (!_ledger.Spent.TryGetValue(id, out var story))
        {
            var what = _ledger.Released.TryGetValue(id, out var reason) ? $"released ({reason})" : "not in the ledger";
            Add($"{attempt.Id} was acknowledged, and its reservation {id} is {what}");
            return;
        }
        CheckStory(attempt, id, story);
    }

    /// <summary>Carl's cap is never raised and nothing that he spent is taken back but by a late settlement: what does not fit in the end need not have fitted before.</summary>
    private void CheckRefusalAtCap(Attempt attempt)
    {
        if (attempt is not { Call.Kind: CallKind.Capped, Status: 402 or 429 }) return;
        if (attempt.ErrorCode != "budget_exceeded") return;
        var window = _ledger.Windows.SingleOrDefault(w => w.Budget == Company.CarlsBudget);
        var settled = (window?.Settled ?? NanoUsd.Zero) + _ledger.TakenBackFromCarl;
        if (window is null || settled + _boundOfCarl <= window.Limit)
            Add($"{attempt.Id} was refused as over its cap; {settled} of {window?.Limit} was settled at most, and a call holds {_boundOfCarl}");
    }

    /// <summary>Somebody else had asked for its deletion.</summary>
    private bool IsGone(Attempt attempt) => attempt.Call.ObjectId is { } id
        && _deletions[id].Any(d => d.Id != attempt.Id && d.BegunAt <= attempt.EndedAt);

    private void CheckStory(Attempt attempt, Guid id, Story story)
    {
        if (story.FirstEvents != 1) Add($"reservation {id} has {story.FirstEvents} ends");
        if (attempt.Reserved is { } reserved && reserved != story.Bound) Add($"{attempt.Id} was told that {reserved} is held, and {story.Bound} was");
        if (attempt.Call.ExactCost is not { } exact) return;
        var isAtBound = story.First == SpendKind.Expired && !story.HasLate;
        // An answer that its client has whole was read whole: its usage is known.
        var mayBeEstimated = isAtBound || !attempt.IsComplete;
        var isRight = story.Cost == exact && !story.IsEstimated || mayBeEstimated && story.Cost == story.Bound;
        if (!isRight) Add($"{attempt.Id} cost {story.Cost} ({story.First}, estimated: {story.IsEstimated}); exact is {exact}, the bound {story.Bound}");
        if (attempt.Cost is { } told && told != exact) Add($"{attempt.Id} was told it cost {told}; exact is {exact}");
        if (attempt.IsComplete && !_arrived.Contains(id)) Add($"{attempt.Id} was answered, and the provider knows nothing of {id}");
    }

    /// <summary>The provider's side: what it was asked is booked, unless it refused; and it was asked once.</summary>
    private void CheckArrivals()
    {
        foreach (var (attemptId, id) in _arrivals)
        {
            if (id == Guid.Empty || !_attempts.TryGetValue(attemptId, out var attempt))
            {
                Add($"the provider saw a request that nobody sent ({attemptId}, {id})");
                continue;
            }
            if (_ledger.Open.Contains(id)) continue;
            if (_ledger.Spent.TryGetValue(id, out var story))
            {
                if (attempt.Call.ExactCost is { } exact && story.Cost != exact && story.Cost != story.Bound)
                    Add($"the provider worked on {attemptId}; it cost {story.Cost}, which is neither {exact} nor the bound {story.Bound}");
                continue;
            }
            var isReleased = _ledger.Released.TryGetValue(id, out var reason);
            // A response may be gone from the provider when it is fetched: that is a refusal too.
            if (isReleased && !attempt.Call.IsBilled && reason!.StartsWith("the provider refused", StringComparison.Ordinal)) continue;
            var what = isReleased ? $"released ({reason})" : "not in the ledger";
            Add($"the provider worked on {attemptId}, and its reservation {id} is {what}");
        }
        foreach (var twice in _arrivals.GroupBy(a => a.ReservationId).Where(g => g.Count() > 1))
        {
            if (twice.Any(a => _attempts.TryGetValue(a.AttemptId, out var attempt) && attempt.Call.IsBilled))
                Add($"reservation {twice.Key} reached the provider {twice.Count()} times");
        }
    }

    /// <summary>However often a call is sent again under its idempotency key, the provider is asked once.</summary>
    private void CheckBilledOnce()
    {
        var byKey = _arrivals
            .Select(a => _attempts.GetValueOrDefault(a.AttemptId))
            .Where(a => a is { Call: { IsBilled: true, IdempotencyKey: not null } })
            .GroupBy(a => a!.Call.IdempotencyKey);
        foreach (var twice in byKey.Where(g => g.Count() > 1))
            Add($"idempotency key {twice.Key} was dispatched {twice.Count()} times: {string.Join(", ", twice.Select(a => a!.Id))}");
    }

    private void Add(string violation) => _violations.Add($"{_world.Journal.Name}: {violation}");
}
