using System.Collections.Immutable;
using Spendra.Core.Money;

namespace Spendra.Core.Pricing;

/// <summary>The rates of one context band: what a million units of each usage class cost.</summary>
public sealed record RateCard(Rate Input, Rate CachedInput, Rate CacheWrite, Rate Output)
{
    /// <summary>The dearest rate an input unit may get: a cache write can happen without the client asking.</summary>
    public Rate DearestInput => Rate.Max(Input, Rate.Max(CachedInput, CacheWrite));
}

/// <summary>
/// Rates that replace the base card for the whole request once its input exceeds a threshold
/// (providers reprice every token, not only those above the line).
/// </summary>
public sealed record ContextBand(long AboveInputUnits, RateCard Rates);

/// <summary>
/// One effective-dated, immutable row of an organization's price book. A reservation pins the version it was
/// bounded with and is settled with it, whatever the book says later.
/// </summary>
public sealed record PriceVersion
{
    public required Guid PriceId { get; init; }

    public required string Provider { get; init; }

    /// <summary>Exact model id; never a prefix or a family.</summary>
    public required string Model { get; init; }

    public required RateCard Rates { get; init; }

    public ContextBand? LongContext { get; init; }

    /// <summary>
    /// Service tiers that the provider sells beside the default one, with their multiplier in per cent of the
    /// base rates (flex 50, priority 200). A tier that is not listed cannot be priced.
    /// </summary>
    public ImmutableSortedDictionary<string, int> TierPercents { get; init; } = NoTiers;

    public static ImmutableSortedDictionary<string, int> NoTiers { get; } =
        ImmutableSortedDictionary.Create<string, int>(StringComparer.Ordinal);

    /// <summary>Tokens that fit the model's context, or null when unknown.</summary>
    public long? ContextWindow { get; init; }

    /// <summary>The most output tokens one choice can have, or null when unknown.</summary>
    public long? MaxOutput { get; init; }

    /// <summary>Microseconds since the Unix epoch; in force from this instant until a later version's.</summary>
    public required long EffectiveFrom { get; init; }

    /// <summary>When the row was written: between two versions of the same instant the later one wins.</summary>
    public required long RecordedAt { get; init; }

    public required string Source { get; init; }

    public RateCard CardFor(long totalInputUnits) =>
        totalInputUnits > LongContext?.AboveInputUnits ? LongContext.Rates : Rates;
}
