using Spendra.Core.Governance;
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
    public static Settlement Of(GovernedCall call, Reservation reservation, MeterReading reading, int status, string? upstreamRequestId) =>
        Of(BoundTerms.Of(reservation), call.Price, call.Account, reading, status, upstreamRequestId);

    public static Settlement Of(
        BoundTerms bound, PriceVersion? price, ProviderAccount? account, MeterReading reading, int status, string? upstreamRequestId)
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
        if (reading.Usage is not { } told) return Estimated(known, bound);
        var usage = SearchUnits.BilledOf(price, told);
        known = known with { Usage = usage };
        // What the provider says that it bills is what it bills, whatever our price book says.
        if (reading.BilledCost is { } billed) return known with { Cost = billed, IsBilled = true };
        // A tier or a class without a price: what the provider charges is not known.
        if (TierPercent(price, account, reading.ServedTier, bound.TierPercent) is not { } tier) return Estimated(known, bound);
        if (!Cost.HasRates(price, usage)) return Estimated(known, bound);
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

    /// <summary>A multiplier of the price book at the rates of an account; null when it is not whole.</summary>
    public static int? OfAccount(int tierPercent, ProviderAccount? account)
    {
        var product = (long)tierPercent * (account?.Settings.RatePercent ?? Cost.DefaultTierPercent);
        return product % Cost.DefaultTierPercent == 0 ? (int)(product / Cost.DefaultTierPercent) : null;
    }

    /// <summary>The tier that served decides; null when it has no price.</summary>
    private static int? TierPercent(PriceVersion price, ProviderAccount? account, string? served, int reserved) => served switch
    {
        null => reserved,
        "standard" or "auto" => OfAccount(Cost.DefaultTierPercent, account),
        _ => price.TierPercentOf(served) is { } percent ? OfAccount(percent, account) : null,
    };
}
