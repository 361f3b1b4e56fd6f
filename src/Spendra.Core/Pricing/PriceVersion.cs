using System.Collections.Immutable;
using Spendra.Core.Metering;
using Spendra.Core.Money;

namespace Spendra.Core.Pricing;

/// <summary>The rates of one context band: what a million units of each usage class cost.</summary>
public sealed record RateCard(Rate Input, Rate CachedInput, Rate CacheWrite, Rate Output)
{
    /// <summary>Rates of the classes beyond text tokens.</summary>
    public UnitMap<Rate> Others { get; init; }

    /// <summary>
    /// The rate of a class, or null when it has none: then it cannot be priced. Images and sound that come in as tokens
    /// are billed as text where the provider lists no rate of their own for the model.
    /// </summary>
    public Rate? RateOf(UnitClass unit) => unit switch
    {
        UnitClass.Input => Input,
        UnitClass.CachedInput => CachedInput,
        UnitClass.CacheWrite => CacheWrite,
        UnitClass.Output => Output,
        UnitClass.AudioInput or UnitClass.ImageInput => Others.Find(unit) ?? Input,
        // Where there is a rate for the kind and none for reading it from a cache, there is no discount.
        UnitClass.CachedAudioInput => Others.Find(unit) ?? Others.Find(UnitClass.AudioInput) ?? CachedInput,
        UnitClass.CachedImageInput => Others.Find(unit) ?? Others.Find(UnitClass.ImageInput) ?? CachedInput,
        UnitClass.ToolCharges => Rate.OfMoney,
        _ => Others.Find(unit),
    };

    /// <summary>
    /// The dearest rate that an input token may get, or null when one of the kinds has none. A cache write can happen
    /// without the client asking.
    /// </summary>
    public Rate? DearestInput(TokenKinds kinds)
    {
        var dearest = Rate.Max(Input, Rate.Max(CachedInput, CacheWrite));
        if (kinds.HasFlag(TokenKinds.LongCache))
        {
            if (RateOf(UnitClass.CacheWriteLong) is not { } written) return null;
            dearest = Rate.Max(dearest, written);
        }
        if (kinds.HasFlag(TokenKinds.AudioInput)) dearest = Dearest(dearest, UnitClass.AudioInput, UnitClass.CachedAudioInput);
        if (kinds.HasFlag(TokenKinds.ImageInput)) dearest = Dearest(dearest, UnitClass.ImageInput, UnitClass.CachedImageInput);
        return dearest;
    }

    /// <summary>The dearest rate that an output token may get, or null when one of the kinds has none.</summary>
    public Rate? DearestOutput(TokenKinds kinds)
    {
        var dearest = Output;
        if (kinds.HasFlag(TokenKinds.AudioOutput))
        {
            if (RateOf(UnitClass.AudioOutput) is not { } spoken) return null;
            dearest = Rate.Max(dearest, spoken);
        }
        if (kinds.HasFlag(TokenKinds.ImageOutput))
        {
            if (RateOf(UnitClass.ImageOutput) is not { } drawn) return null;
            dearest = Rate.Max(dearest, drawn);
        }
        return dearest;
    }

    /// <summary>The kinds of output besides text that are sold: what a model may answer with when nothing else is asked.</summary>
    public TokenKinds OutputKinds =>
        (Others.Find(UnitClass.AudioOutput) is null ? TokenKinds.Text : TokenKinds.AudioOutput)
        | (Others.Find(UnitClass.ImageOutput) is null ? TokenKinds.Text : TokenKinds.ImageOutput);

    /// <summary>The kinds of input besides text that have a rate of their own; without one they cost what text does.</summary>
    public TokenKinds InputKinds =>
        (HasRate(UnitClass.AudioInput, UnitClass.CachedAudioInput) ? TokenKinds.AudioInput : TokenKinds.Text)
        | (HasRate(UnitClass.ImageInput, UnitClass.CachedImageInput) ? TokenKinds.ImageInput : TokenKinds.Text);

    private bool HasRate(UnitClass fresh, UnitClass cached) => Others.Find(fresh) is not null || Others.Find(cached) is not null;

    /// <summary>The card at so many per cent of its rates; null when one of them would have more than nine decimals.</summary>
    public RateCard? AtPercent(int percent)
    {
        if (Input.AtPercent(percent) is not { } input || CachedInput.AtPercent(percent) is not { } cached) return null;
        if (CacheWrite.AtPercent(percent) is not { } write || Output.AtPercent(percent) is not { } output) return null;
        var others = default(UnitMap<Rate>);
        foreach (var (unit, rate) in Others)
        {
            if (rate.AtPercent(percent) is not { } other) return null;
            others = others.With(unit, other);
        }
        return new RateCard(input, cached, write, output) { Others = others };
    }

    private Rate Dearest(Rate rate, UnitClass fresh, UnitClass cached) => Rate.Max(rate, Rate.Max(RateOf(fresh)!.Value, RateOf(cached)!.Value));
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
    /// <summary>The tier whose rates are listed, in every dialect's words for it.</summary>
    public const string DefaultTier = "default";

    /// <summary>The source of prices that an organization's own file declares: no list changes them, and no list may name it.</summary>
    public const string DeclaredSource = "declared";

    /// <summary>The source of prices that people agreed on and others approved: no list changes them, and no list may name it.</summary>
    public const string NegotiatedSource = "negotiated";

    /// <summary>Whether a source is an agreement of the organization, which outranks lists.</summary>
    public static bool IsContract(string source) => source is DeclaredSource or NegotiatedSource;

    /// <summary>The largest multiplier of a tier, in per cent.</summary>
    public const int MaxTierPercent = 10_000;

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

    /// <summary>
    /// The most output tokens that one choice can have in a request without a limit of its own, or null when unknown. Some
    /// models have more for whoever asks for it.
    /// </summary>
    public long? MaxOutput { get; init; }

    /// <summary>Microseconds since the Unix epoch; in force from this instant until a later version's.</summary>
    public required long EffectiveFrom { get; init; }

    /// <summary>From this instant on the version is not in force any more, or null: until a later one replaces it.</summary>
    public long? EffectiveTo { get; init; }

    /// <summary>When the row was written: between two versions of the same instant the later one wins.</summary>
    public required long RecordedAt { get; init; }

    /// <summary>Where it is from: a list and its day, or <see cref="DeclaredSource"/>.</summary>
    public required string Source { get; init; }

    /// <summary>
    /// The multiplier of what served a call, in per cent; null when it has no price. Several that apply at once are
    /// joined by <c>+</c> and multiplied: <c>fast+us</c>.
    /// </summary>
    public int? TierPercentOf(string? tier)
    {
        if (tier is null or DefaultTier) return Cost.DefaultTierPercent;
        if (!tier.Contains('+', StringComparison.Ordinal)) return TierPercents.TryGetValue(tier, out var alone) ? alone : null;
        long product = Cost.DefaultTierPercent;
        foreach (var part in tier.Split('+'))
        {
            if (!TierPercents.TryGetValue(part, out var percent) || percent > MaxTierPercent) return null;
            product *= percent;
            // Multipliers are kept in whole per cent; what is not whole would be rounded, and the cost would be wrong.
            if (product % Cost.DefaultTierPercent != 0) return null;
            product /= Cost.DefaultTierPercent;
            if (product > MaxTierPercent) return null;
        }
        return (int)product;
    }

    /// <summary>
    /// Only pieces have a price (seconds, characters, images): tokens would be bounded and settled at nothing.
    /// </summary>
    public bool IsByThePiece => !Rates.Others.IsEmpty && Rates.DearestInput(TokenKinds.Text) == default(Rate) && Rates.Output == default;

    public RateCard CardFor(long totalInputUnits) =>
        totalInputUnits > LongContext?.AboveInputUnits ? LongContext.Rates : Rates;
}
