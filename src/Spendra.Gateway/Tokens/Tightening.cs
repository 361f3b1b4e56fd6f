using Spendra.Core.Governance;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using Spendra.Gateway.Dialects.OpenAi;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Tokens;

/// <summary>A bound of a request's input that is tighter than its bytes, and what the request was bounded at before.</summary>
/// <param name="Model">The model as the price book names it: tokens of another would be others.</param>
/// <param name="Input">At most so many tokens.</param>
/// <param name="Basis">Who says so.</param>
/// <param name="Before">The bound that was too large.</param>
/// <param name="BasisBefore">What that was found by.</param>
internal sealed record TightBound(string Model, long Input, BoundBasis Basis, NanoUsd Before, BoundBasis BasisBefore);

/// <summary>
/// Bytes bound every request in no time, and most requests fit. Only one that is about to be refused for its size is
/// bounded again, once, by what takes longer: the model's tokenizer, or the provider's own count where there is no public
/// one or the bytes do not show everything. So what fits is not refused, and what fits at once stays as fast as it was.
/// </summary>
internal static class Tightening
{
    /// <summary>Whether the request is bounded more tightly now, so that it is to be decided again.</summary>
    public static async ValueTask<bool> TryAsync(GovernedCall call, GatewayParts parts, Refusal refusal)
    {
        if (call.IsTighteningTried || !IsForSize(refusal) || !CanHelp(call, refusal)) return false;
        call.IsTighteningTried = true;
        var (input, basis) = ByTokenizer(call) is { } counted
            ? (counted, BoundBasis.Tokenizer)
            : (await ByCountAsync(call, parts, refusal), BoundBasis.Counted);
        if (input is not { } tokens || tokens >= call.Bound.Input) return false;
        call.Tight = new TightBound(call.Price!.Model, tokens, basis, call.Amount, call.Basis);
        return true;
    }

    /// <summary>A refusal that tells both bounds, when there are two.</summary>
    public static Refusal Explain(GovernedCall call, Refusal refusal) => call.Tight is { } tight && IsForSize(refusal)
        ? refusal with { Message = $"{refusal.Message} Its bound is {tight.Before} USD {Words(tight.BasisBefore)} and {call.Amount} USD {Words(tight.Basis)}." }
        : refusal;

    private static bool IsForSize(Refusal refusal) => refusal.Code is RefusalCode.BudgetExceeded or RefusalCode.BudgetHeld
        or RefusalCode.RequestLimitExceeded or RefusalCode.ReviewRequired;

    /// <summary>Whether the call would fit if it had no input at all; otherwise no count of it changes anything.</summary>
    private static bool CanHelp(GovernedCall call, Refusal refusal)
    {
        // Tools that the provider runs read the context again and again, which no count of the request shows.
        // Nor is an image, a recording or a batch in the body that a tokenizer would read.
        if (call.Facts.Media is not null || call.Batch is not null) return false;
        if (call.Price is not { } price || call.IsTest || call.Account is null || call.Facts.ToolUses.Count > 0 || !call.Facts.Tools.IsEmpty) return false;
        if (Cost.Bound(price, call.Bound with { Input = 0 }, call.TierPercent) is not { } least) return false;
        return refusal.Window is { } window
            ? least < window.Limit - window.Settled
            : Admission.CheckSingleRequest(call.Standing, call.Shape, least, call.DecidedAt) is null;
    }

    private static long? ByTokenizer(GovernedCall call)
    {
        if (call.Facts.HasUnseenContent || TokenEncodings.Find(call.Price!.Provider, call.Price.Model) is not { } tokens) return null;
        if (OpenAiInputImages.BoundOf(call.Price, call.Facts.Images) is not { } images) return null;
        return BodyTokens.BoundOf(call.Body.Span, tokens, call.Facts.Images) is { } input ? input + images.Tokens + call.TokensAdded : null;
    }

    private static async ValueTask<long?> ByCountAsync(GovernedCall call, GatewayParts parts, Refusal refusal)
    {
        // Waiting mends this one, and whoever waits tries again and again: that many counts are not asked for.
        if (refusal.Code == RefusalCode.BudgetHeld) return null;
        if (call.Route.Counting is not { } endpoint || !call.Account!.Settings.CountsTokens || !endpoint.Covers(call.Facts)) return null;
        return await new Counting(call, endpoint, parts).CountAsync() + call.Facts.TokensBesideCount;
    }

    private static string Words(BoundBasis basis) => basis switch
    {
        BoundBasis.Bytes => "by its bytes",
        BoundBasis.ContextWindow => "by the model's context window",
        BoundBasis.Tokenizer => "by the model's tokenizer",
        BoundBasis.Counted => "by the provider's count",
    };
}
