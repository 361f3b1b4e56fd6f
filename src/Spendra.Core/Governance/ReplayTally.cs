using Spendra.Core.Money;

namespace Spendra.Core.Governance;

/// <summary>How many requests, and what they cost.</summary>
public readonly record struct ReplayCount(long Requests, Int128 CostNanos)
{
    /// <summary>No sum of a replay is near the end of the range; should one be, it stops there.</summary>
    public NanoUsd Cost => new((long)Int128.Clamp(CostNanos, long.MinValue, long.MaxValue));

    public ReplayCount With(PastRequest request) => new(Requests + 1, CostNanos + request.Cost.Value);
}

/// <summary>Adds up what a change would have done.</summary>
public sealed class ReplayTally
{
    public const int MostExamples = 20;

    private readonly SortedDictionary<string, ReplayCount> _byCode = new(StringComparer.Ordinal);
    private readonly List<(PastRequest Request, ReplayedEffect Effect)> _examples = [];

    /// <summary>Requests of the scopes that the changed rules bind.</summary>
    public ReplayCount Examined { get; private set; }

    public ReplayCount Refused { get; private set; }

    public ReplayCount Flagged { get; private set; }

    public IReadOnlyDictionary<string, ReplayCount> ByCode => _byCode;

    /// <summary>The first ones, in order of time.</summary>
    public IReadOnlyList<(PastRequest Request, ReplayedEffect Effect)> Examples => _examples;

    /// <param name="requests">In order of time.</param>
    /// <param name="replay">The changed rules.</param>
    public static ReplayTally Of(IEnumerable<PastRequest> requests, ChangeReplay replay)
    {
        var tally = new ReplayTally();
        foreach (var request in requests)
        {
            var said = replay.Next(request);
            // Others only fill the same windows, and are not for everybody to see.
            if (!replay.Concerns(request)) continue;
            tally.Examined = tally.Examined.With(request);
            if (said is not { } effect) continue;
            if (effect.IsRefused) tally.Refused = tally.Refused.With(request);
            else tally.Flagged = tally.Flagged.With(request);
            tally._byCode[effect.Code] = tally._byCode.GetValueOrDefault(effect.Code).With(request);
            if (tally._examples.Count < MostExamples) tally._examples.Add((request, effect));
        }
        return tally;
    }
}
