using Spendra.Core.Pricing;
using Spendra.Gateway.Dialects.OpenAi;

namespace Spendra.Gateway.Requests;

/// <summary>What a model is charged that makes images for a tool.</summary>
/// <param name="Price">Its price, as of the decision.</param>
/// <param name="AccountPercent">Multiplier of the account, in per cent.</param>
/// <param name="HasSources">Whether images may come in.</param>
internal sealed record ImageToolPrice(PriceVersion Price, int AccountPercent, bool HasSources)
{
    /// <summary>Null where the request offered no such tool.</summary>
    public static ImageToolPrice? Of(GovernedCall call) =>
        call is { ImagePrice: { } price, Facts.ImageTool: { } tool } ? new ImageToolPrice(price, PercentOf(call), tool.Each.Sources > 0) : null;

    /// <summary>The account's rates, in per cent: the tier of the request is not that of the images.</summary>
    public static int PercentOf(GovernedCall call) => call.Account?.Settings.RatePercent ?? Cost.DefaultTierPercent;

    /// <summary>Nano-USD; null when what was told makes no sense or has no rate.</summary>
    public long? ChargeFor(OpenAiImageTokens told) =>
        told.ToUsage(HasSources) is { } usage && SettlementPricing.Computed(Price, null, usage, servedTier: null, AccountPercent) is var (cost, _) ? cost.Value : null;
}
