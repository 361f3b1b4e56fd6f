using Spendra.Core.Governance;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Batches;

/// <summary>
/// Step 4 of a batch: every line is bounded as if it had come alone, and the sum, at the price of the batch tier, is the
/// bound of the batch. A file cannot be changed on its way, so that a line which would need a change is refused by its
/// number.
/// </summary>
internal static class BatchBounding
{
    /// <summary>The tier that batches are served in, as the price book names it.</summary>
    public const string Tier = "batch";

    public static Refusal? Bound(GovernedCall call, BatchInput input, GatewayOptions options, long atMicros)
    {
        var sum = new BatchSum();
        var line = LineCall(call, input.LineRoute);
        foreach (var (number, facts) in input.Lines)
        {
            if (BoundLine(line, facts, options, atMicros) is { } refusal) return refusal with { Message = $"Line {number} of the input file: {refusal.Message}" };
            if (!sum.TryAdd(line.Bound, line.Price!)) return TooMuch(number);
        }
        call.Price = line.Price;
        return Price(call, line.Price!, sum);
    }

    private static GovernedCall LineCall(GovernedCall call, GovernedRoute route) => new(call.Context, route, call.RequestId)
    {
        Token = call.Token,
        SecretDigest = call.SecretDigest,
        Snapshot = call.Snapshot,
        Standing = call.Standing,
        Account = call.Account,
        IsModelKnown = call.IsModelKnown,
        Shape = call.Shape,
        DecidedAt = call.DecidedAt,
    };

    private static Refusal? BoundLine(GovernedCall line, RequestFacts facts, GatewayOptions options, long atMicros)
    {
        line.Facts = facts;
        line.Changes = default;
        line.ImposedOutputLimit = null;
        if (Bounding.Bound(line, options, atMicros) is { } refusal) return refusal;
        if (line.ImposedOutputLimit is { } limit)
            return Unpriceable($"its output is not limited to {limit} tokens, and a file cannot be changed on its way. Set the limit in the line.");
        return line.Changes.IsEmpty ? null : Unpriceable("it would have to be changed to be bounded, and a file cannot be changed on its way. Limit it in the line.");
    }

    private static Refusal? Price(GovernedCall call, PriceVersion price, BatchSum sum)
    {
        if (price.TierPercentOf(Tier) is not { } percent)
            return Unpriceable($"Model '{price.Model}' has no price for batches. Ask for a multiplier of the tier '{Tier}' to be added to the price book.");
        if (SettlementPricing.OfAccount(percent, call.Account) is not { } charged)
            return Unpriceable($"Batches of model '{price.Model}' have no whole multiplier at the rates of account '{call.Account!.Slug}'.");
        call.TierPercent = charged;
        call.Bound = sum.Total;
        try
        {
            if (BatchCost.Bound(price, sum.Within, sum.Beyond, charged) is not { } amount)
                return Unpriceable($"Something that this batch may use has no rate for model '{price.Model}' in the price book.");
            call.Amount = call.IsTest ? NanoUsd.Zero : amount;
            return null;
        }
        catch (OverflowException)
        {
            return Unpriceable("The bound of this batch is larger than any amount of money here. Split the file.");
        }
    }

    private static Refusal TooMuch(int number) => Unpriceable(
        $"Up to line {number} the input file may use more than {Usage.MaxUnits} tokens of a kind, which is more than a batch may. Limit the output of its lines, or split it.");

    private static Refusal Unpriceable(string message) => new(RefusalCode.UnpriceableRequest, message);
}
