using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using Spendra.Gateway.Metering;

namespace Spendra.Gateway.Requests;

/// <summary>Step 9's arithmetic: what a finished call cost, by the price version that its reservation pinned.</summary>
internal static class SettlementPricing
{
    /// <summary>
    /// The real cost when the usage is known; the bound, flagged as estimated, when it is not. Never zero for want
    /// of knowledge.
    /// </summary>
    public static Settlement Of(Reservation reservation, PriceVersion? price, MeterReading reading, int status, string? upstreamRequestId) =>
        Of(BoundTerms.Of(reservation), price, reading, status, upstreamRequestId);

    public static Settlement Of(BoundTerms bound, PriceVersion? price, MeterReading reading, int status, string? upstreamRequestId)
    {
        var known = new Settlement
        {
            Cost = NanoUsd.Zero,
            Usage = reading.Usage ?? default,
            ServedModel = reading.ServedModel,
            ServedTier = reading.ServedTier,
            UpstreamStatus = status,
            UpstreamRequestId = upstreamRequestId,
            TierPercent = bound.TierPercent,
        };
        // Routes without a price use nothing of their own: a fetched response tells the usage of the call that made it.
        if (price is null) return known with { Usage = default };
        // Test keys cost nothing, whatever was used.
        if (bound.PriceId is null) return known;
        if (reading.Usage is not { } usage) return Estimated(known, bound);
        // A tier without a price: what the provider charges is not known.
        if (TierPercent(price, reading.ServedTier, bound.TierPercent) is not { } tier) return Estimated(known, bound);
        try
        {
            return known with { Cost = Cost.Of(price, usage, tier), TierPercent = tier };
        }
        catch (OverflowException)
        {
            return Estimated(known, bound);
        }
    }

    private static Settlement Estimated(Settlement known, BoundTerms bound) => known with
    {
        Cost = bound.Amount,
        Usage = new() { Input = bound.Input, Output = bound.Output },
        IsEstimated = true,
    };

    /// <summary>The tier that served decides; null when it has no price.</summary>
    private static int? TierPercent(PriceVersion price, string? served, int reserved) => served switch
    {
        null => reserved,
        "default" or "standard" or "auto" => Cost.DefaultTierPercent,
        _ => price.TierPercents.TryGetValue(served, out var percent) ? percent : null,
    };
}
