using System.Collections.Immutable;

namespace Spendra.Core.Alerts;

/// <summary>An alert whose condition held when it was last looked at.</summary>
public sealed record KnownAlert(Guid AlertId, AlertKind Kind, string Key);

/// <summary>What a look at conditions changes: alerts to raise, and alerts whose condition is gone.</summary>
public sealed record AlertComparison(ImmutableArray<StandingAlert> Raised, ImmutableArray<Guid> Cleared)
{
    public bool IsEmpty => Raised.IsEmpty && Cleared.IsEmpty;

    /// <summary>Compares what stands now with what stood before. Applied, a second comparison of the same is empty.</summary>
    /// <param name="looked">The kinds that were looked at: alerts of others are left as they are.</param>
    /// <param name="standing">Every condition of these kinds that holds now; of two with one key the first counts.</param>
    /// <param name="known">Alerts that stood until now, of any kind.</param>
    public static AlertComparison Of(ImmutableHashSet<AlertKind> looked, IReadOnlyList<StandingAlert> standing, IReadOnlyList<KnownAlert> known)
    {
        var open = known.Select(k => k.Key).ToHashSet(StringComparer.Ordinal);
        var held = new HashSet<string>(StringComparer.Ordinal);
        var raised = ImmutableArray.CreateBuilder<StandingAlert>();
        foreach (var alert in standing)
        {
            if (!looked.Contains(alert.Kind)) throw new ArgumentException($"'{alert.Key}' is of a kind that was not looked at", nameof(standing));
            if (held.Add(alert.Key) && !alert.OpensNothing && !open.Contains(alert.Key)) raised.Add(alert);
        }
        return new AlertComparison(raised.ToImmutable(), [.. known.Where(k => looked.Contains(k.Kind) && !held.Contains(k.Key)).Select(k => k.AlertId)]);
    }
}
