using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Core.Metering;
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
    public static Settlement Of(GovernedCall call, Reservation reservation, MeterReading reading, int status, string? upstreamRequestId)
    {
        // What such an answer calls its tier is not all that multiplies the rates.
        if (!call.Route.UntoldTiers.IsEmpty) reading.ServedTier = null;
        return Of(BoundTerms.Of(reservation), call.Price, call.Snapshot.Prices, call.Account, reading, status, upstreamRequestId);
    }

    /// <param name="bound">What the call was bounded with.</param>
    /// <param name="price">The price version that was pinned; null for routes without a price.</param>
    /// <param name="book">Where the price of another model that served is found.</param>
    /// <param name="account">The account that the call went to.</param>
    /// <param name="reading">What the response told.</param>
    /// <param name="status">The response's status.</param>
    /// <param name="upstreamRequestId">The provider's own id of the call.</param>
    public static Settlement Of(
        BoundTerms bound, PriceVersion? price, PriceBook book, ProviderAccount? account, MeterReading reading, int status, string? upstreamRequestId)
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
        var served = ServedPrice.Of(price, reading.ServedModel, book, bound.ReservedAt);
        var usage = SearchUnits.BilledOf(served ?? price, told);
        known = known with { Usage = usage };
        var computed = served is null ? null : Computed(served, account, usage, reading.ServedTier, bound.TierPercent);
        // What the provider says that it bills is what it bills, whatever our price book says; nothing for something is no bill,
        // but for a server of tools that is trusted to tell what a call of its own costs.
        if (reading.BilledCost is { } billed && (reading.IsBillSure || price.Provider == KnownProvider.Mcp || billed >= (computed?.Cost ?? bound.Amount)))
            return known with { Cost = billed, IsBilled = true };
        return served is not null && computed is var (cost, tier)
            ? known with { Cost = cost, TierPercent = Whole(tier), TierHundredths = IsWhole(tier) ? null : tier, IsEstimated = usage.IsEstimatedInPart, ServedPriceId = served.PriceId == price.PriceId ? null : served.PriceId }
            : Estimated(known, bound);
    }

    /// <summary>Usage times price; null when a tier or a class has no price, so that the provider's charge is not known.</summary>
    public static (NanoUsd Cost, int TierHundredths)? Computed(
        PriceVersion price, ProviderAccount? account, in Usage usage, string? servedTier, int reservedTier)
    {
        if (TierHundredths(price, account, servedTier, reservedTier) is not { } tier) return null;
        if (!Cost.HasRates(price, usage)) return null;
        try
        {
            return (Cost.OfHundredths(price, usage, tier), tier);
        }
        catch (OverflowException)
        {
            return null;
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

    /// <summary>
    /// The tier that served decides, at the rates of the account; null when it has no price. In hundredths of a per cent,
    /// since half of an odd per cent is not a whole one.
    /// </summary>
    private static int? TierHundredths(PriceVersion price, ProviderAccount? account, string? served, int reserved)
    {
        var rates = account?.Settings.RatePercent ?? Cost.DefaultTierPercent;
        return served switch
        {
            null => reserved * Cost.HundredthsOfPercent,
            "standard" or "auto" => rates * Cost.DefaultTierPercent,
            _ => price.TierPercentOf(served) is { } percent ? percent * rates : null,
        };
    }

    private static bool IsWhole(int hundredths) => hundredths % Cost.HundredthsOfPercent == 0;

    /// <summary>In per cent, rounded up.</summary>
    private static int Whole(int hundredths) => (hundredths + Cost.HundredthsOfPercent - 1) / Cost.HundredthsOfPercent;
}
