namespace Spendra.Proof.Worlds;

/// <summary>What a call may be told, by status and code. Anything else is a broken promise, whatever the books say.</summary>
internal static class ExpectedAnswers
{
    private static readonly string[] Earlier = ["idempotency_in_progress", "idempotency_replay_unavailable"];
    private static readonly string[] Revoked = ["invalid_api_key", "key_revoked"];
    private static readonly string[] Spent = ["budget_exceeded"];
    private static readonly string[] Held = ["budget_held"];
    private static readonly string[] LedgerAway = ["ledger_unavailable"];

    /// <summary>In words, or null when the answer is one that this call may be given.</summary>
    /// <param name="attempt">Over, one way or the other.</param>
    /// <param name="disturbances">What befell its world.</param>
    /// <param name="isGone">The object that it asks for may have been deleted.</param>
    public static string? ViolationOf(Attempt attempt, Disturbances disturbances, bool isGone)
    {
        if (attempt.EndedAt == default) return $"{attempt.Id} never came to an end";
        if (attempt.EndedAt - attempt.BegunAt >= Load.AnswerPatience) return $"{attempt.Id} was not answered within {Load.AnswerPatience.TotalSeconds:F0} s";
        if (disturbances.IsJudged(attempt)) return null;
        if (!attempt.HasEnded && !disturbances.ServersDie) return $"{attempt.Id} broke off with {attempt.Status}, and nothing was cut";
        if (attempt.Status == 0 || MayBeTold(attempt, isGone)) return null;
        if (Is(attempt, 503, LedgerAway) && disturbances.IsDatabaseAway(attempt)) return null;
        return $"{attempt.Id} ({attempt.Call.Kind}) was told {attempt.Status} {attempt.ErrorCode}, and nothing stood in its way";
    }

    /// <summary>By a server that works, whose database and provider work.</summary>
    public static bool MayBeTold(Attempt attempt, bool isGone = false)
    {
        var call = attempt.Call;
        // Whoever uses a key again may hear of the earlier call.
        var isAgain = call.IdempotencyKey is not null && (attempt.Number > 1 || call.Kind == CallKind.Repeat);
        if (isAgain && Is(attempt, 409, Earlier)) return true;
        return call.Kind switch
        {
            CallKind.Repeat => false,
            CallKind.OverCap => Is(attempt, 402, Spent),
            CallKind.ProviderRefuses => attempt.Status == 429 && !Held.Contains(attempt.ErrorCode),
            CallKind.Capped => attempt.Status == 200 || Is(attempt, 402, Spent) || Is(attempt, 429, Held),
            CallKind.Ruled => attempt.Status == 200 || Is(attempt, 401, Revoked) || Is(attempt, 402, Spent) || Is(attempt, 429, Held),
            CallKind.Fetch or CallKind.Delete => attempt.Status == 200 || (attempt.Status == 404 && isGone),
            _ => attempt.Status == 200,
        };
    }

    /// <summary>A refusal whose body broke off has no code.</summary>
    public static bool Is(Attempt attempt, int status, string[] codes) =>
        attempt.Status == status && (codes.Contains(attempt.ErrorCode) || (attempt.ErrorCode is null && !attempt.HasEnded));
}
