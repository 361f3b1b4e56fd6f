namespace Spendra.Proof.Worlds;

/// <summary>Holds what a client was told against the rules that its administrator knew to be in force.</summary>
internal static class RuleCheck
{
    /// <summary>What the administrator had been told held, and what he had not asked for yet did not.</summary>
    public static IEnumerable<string> ViolationsOf(RuleBook book, Attempt attempt)
    {
        if (attempt.Call.Kind != CallKind.Ruled || attempt.Status == 0) yield break;
        var key = book.During(attempt.Call.KeySlug, attempt.BegunAt, attempt.EndedAt);
        var cap = book.During(Administrator.Budget, attempt.BegunAt, attempt.EndedAt);
        if (attempt.Status == 200 && key == false) yield return $"{attempt.Id} was admitted under {attempt.Call.KeySlug}, which had been revoked";
        if (attempt.Status == 200 && cap == false) yield return $"{attempt.Id} was admitted under a cap that had been cut";
        if (attempt.Status == 401 && key == true) yield return $"{attempt.Id} was refused with 401, and {attempt.Call.KeySlug} was in force";
        if (attempt.Status is 402 or 429 && cap == true) yield return $"{attempt.Id} was refused with {attempt.Status} {attempt.ErrorCode}, and its cap had been raised";
    }

    /// <summary>
    /// What a call must be told that meets healthy servers while nobody changes anything; null when that is not known.
    /// </summary>
    public static int? StatusOf(RuleBook book, Attempt attempt) => (
        book.During(attempt.Call.KeySlug, attempt.BegunAt, attempt.EndedAt),
        book.During(Administrator.Budget, attempt.BegunAt, attempt.EndedAt)) switch
    {
        (true, true) => 200,
        (false, _) => 401,
        (true, false) => 402,
        _ => null,
    };
}
