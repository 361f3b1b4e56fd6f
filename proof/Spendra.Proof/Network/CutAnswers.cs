using Spendra.Proof.Worlds;

namespace Spendra.Proof.Network;

/// <summary>What a call may be told whose exchange was cut, by the link and the direction of the cut.</summary>
internal static class CutAnswers
{
    private static readonly string[] NotRead = ["invalid_request"];
    private static readonly string[] Lost = ["upstream_unreachable", "upstream_failed"];
    private static readonly string[] TooLate = ["upstream_timeout"];
    private static readonly string[] LedgerAway = ["ledger_unavailable"];

    /// <summary>In words; none when the cut explains what the client was told.</summary>
    /// <param name="attempt">Over, one way or the other.</param>
    /// <param name="link">That was cut.</param>
    /// <param name="cut">Where, and how.</param>
    /// <param name="hasStruck">The exchange was long enough.</param>
    public static IReadOnlyList<string> ViolationsOf(Attempt attempt, Link link, Cut cut, bool hasStruck)
    {
        if (ExpectedAnswers.MayBeTold(attempt) && (attempt.HasEnded || (hasStruck && MayBreakOff(link)))) return [];
        // New connections are had by ending the old ones, whatever the cut does: a request may find one that has just ended.
        if ((hasStruck || link == Link.FreshDatabase) && IsExplained(attempt, link, cut)) return [];
        return [$"{attempt.Id} was told {attempt.Status} {attempt.ErrorCode}{(attempt.HasEnded ? "" : " and no end")}, which the cut does not explain"];
    }

    /// <summary>The answer runs over it, or comes from beyond it.</summary>
    private static bool MayBreakOff(Link link) => link is Link.Client or Link.Provider;

    private static bool IsExplained(Attempt attempt, Link link, Cut cut) => link switch
    {
        // Half a request may be answered with a refusal: by the gateway, or without a body by the server that reads it.
        Link.Client => attempt.Status == 0
            || (cut.Direction == Direction.Request && attempt.Status == 400 && (attempt.ErrorCode is null || ExpectedAnswers.Is(attempt, 400, NotRead))),
        // A stream that breaks off is reset, which may take its head from a client that has not read it yet. A provider that has
        // read half a request may refuse it.
        Link.Provider => (attempt is { Status: 0, Call.Kind: CallKind.Stream } && cut.Direction == Direction.Answer) || ExpectedAnswers.Is(attempt, 502, Lost)
            || ExpectedAnswers.Is(attempt, 504, TooLate)
            || (cut.Direction == Direction.Request && attempt.Status == 400),
        Link.Database or Link.FreshDatabase => ExpectedAnswers.Is(attempt, 503, LedgerAway),
    };
}
