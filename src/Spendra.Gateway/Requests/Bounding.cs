using Spendra.Core.Governance;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using Spendra.Gateway.Dialects.OpenAi;

namespace Spendra.Gateway.Requests;

/// <summary>
/// Step 4: the most that a request can cost. No price, no bound; no bound, no call.
/// <para>
/// Text: a byte-level BPE token covers at least one byte, so the bytes of the body bound its tokens, its JSON syntax
/// covers what a provider adds per message, and a constant covers what it adds per request. What the bytes do not
/// show (files, images, earlier responses) is bounded by the model's context window. A request that does not fit by
/// these is bounded more tightly, once: <see cref="Tokens.Tightening"/>.
/// </para>
/// </summary>
internal static class Bounding
{
    public static Refusal? Bound(GovernedCall call, GatewayOptions options, long atMicros)
    {
        var facts = call.Facts;
        if (!call.Route.IsPriced || facts.IsFree)
        {
            // Whose model it is would not be known, nor whether the key may use it.
            if (!call.IsModelKnown) return Unpriceable(call.Route.Provider.ExplainUnknown(call.Facts.Model));
            // Counting is free, but what is not the caller's to see (conversations, stored prompts) is not counted either.
            return facts.Unpriceable is { } unseen ? Unpriceable($"This request cannot be priced: {unseen}.") : null;
        }
        if (!call.IsModelKnown) return Unpriceable(call.Route.Provider.ExplainUnknown(call.Facts.Model));
        if (facts.Unpriceable is { } why) return Unpriceable($"This request cannot be priced: {why}.");
        foreach (var tool in call.Shape.Tools)
        {
            if (!facts.BoundedTools.Contains(tool) && !facts.ToolUses.Exists(u => u.Tool == tool))
                return Unpriceable($"The fees of the tool '{tool}' are not in the price book. Remove it from 'tools'.");
        }
        if (call.Route.Provider.PriceOf(call.Snapshot.Prices, call.Shape.Model, atMicros) is not { } price)
            return Unpriceable(call.Route.Provider.HasNoPrice(call.Shape.Model));
        if (price.IsByThePiece && facts.Pieces.IsEmpty && facts.Media is null && PricedPieces(facts, price).IsEmpty)
            return Unpriceable($"Model '{price.Model}' is priced by the piece, and this route counts tokens. Use a model that has a price for tokens.");
        if (call.Route.TellsNoKinds && ExplainKinds(facts, price) is { } untold) return Unpriceable(untold);
        call.Price = price;
        return BoundTier(call, price) ?? ImageToolBounding.Bound(call, atMicros) ?? BoundUnits(call, price, options);
    }

    private static Refusal? BoundTier(GovernedCall call, PriceVersion price)
    {
        var asked = call.Facts.ServiceTier;
        var percent = Cost.DefaultTierPercent;
        if (asked is null or "auto" or PriceVersion.DefaultTier)
        {
            if (asked != PriceVersion.DefaultTier && call.Route.Provider.ForcedTierOf(call) is { } forced)
            {
                if (call.Route.AutoTier is { } auto && price.TierPercentOf(auto) is { } open) percent = Math.Max(open, percent);
                else call.Changes = call.Changes with { ServiceTier = forced };
            }
        }
        else if (price.TierPercentOf(asked) is { } known)
        {
            // A cheap tier may be served at the default rate when it is short of capacity.
            percent = Math.Max(known, Cost.DefaultTierPercent);
        }
        else
        {
            return Unpriceable($"Service tier '{asked}' of model '{price.Model}' has no price. Use 'default'.");
        }
        foreach (var tier in call.Facts.AskedTiers)
        {
            if (price.TierPercentOf(tier) is not { } factor || Times(percent, factor) is not { } product)
                return Unpriceable($"'{tier}' has no price for model '{price.Model}'. Leave it out.");
            percent = product;
        }
        foreach (var tier in call.Facts.PossibleTiers.AddRange(call.Route.UntoldTiers))
        {
            // Asked for, it is in already.
            if (tier == asked) continue;
            if (price.TierPercentOf(tier) is not { } factor) continue;
            if (Times(percent, factor) is not { } product) return Unpriceable($"Model '{price.Model}' may be served as '{tier}', which has no whole multiplier here.");
            percent = product;
        }
        if (SettlementPricing.OfAccount(percent, call.Account) is not { } charged)
            return Unpriceable($"Service tier '{asked}' has no whole multiplier at the rates of account '{call.Account!.Slug}'. Use 'default'.");
        call.TierPercent = charged;
        return null;
    }

    /// <summary>Two multipliers at once; what is asked for may be served without its discount. Null when it is not whole.</summary>
    private static int? Times(int percent, int factor)
    {
        var product = percent * Math.Max(factor, Cost.DefaultTierPercent);
        return product % Cost.DefaultTierPercent == 0 ? product / Cost.DefaultTierPercent : null;
    }

    private static Refusal? BoundUnits(GovernedCall call, PriceVersion price, GatewayOptions options)
    {
        var facts = call.Facts;
        if (facts.Media is not null) return MediaBounding.Bound(call, price) ?? BoundCost(call, price);
        if (facts.ContextWindowAsked > price.ContextWindow)
            return Unpriceable($"The request asks for a larger context window than '{price.Model}' has in the price book ({price.ContextWindow} tokens).");
        var (uses, pieces) = ToolBounds.Of(call, options);
        foreach (var (unit, count) in PricedPieces(facts, price)) pieces = pieces.With(unit, count);
        // What a tool brings in is read by the pass after it, together with everything before.
        var passes = uses + 1;
        var input = facts.BodyBytes + call.TokensAdded;
        call.Basis = BoundBasis.Bytes;
        if (OpenAiInputImages.BoundOf(price, facts.Images) is not { } images || facts.HasUnseenContent || uses > 0)
        {
            if (price.ContextWindow is not { } window)
                return Unpriceable($"The request names content that is not in its body, and the context window of '{price.Model}' is not known.");
            input = window * passes;
            call.Basis = BoundBasis.ContextWindow;
        }
        else
        {
            input += images.Tokens - images.Bytes;
            // The window of an embedding model is that of one input, and a request has many.
            if (call.Route.HasOutput && price.ContextWindow is { } window && window < input)
            {
                input = window;
                call.Basis = BoundBasis.ContextWindow;
            }
        }
        if (call.Tight is { } tight && tight.Model == price.Model && tight.Input < input && uses == 0)
        {
            input = tight.Input;
            call.Basis = tight.Basis;
        }
        var output = call.Route.HasOutput ? (LimitOutput(call, price, options) + facts.PredictionBytes) * facts.Choices * ToolBounds.OutputPasses(call, passes) : 0;
        call.Bound = new UnitBound(input, output) { Kinds = KindsOf(facts, price), Pieces = SearchUnits.BilledOf(price.Rates, pieces) };
        return BoundCost(call, price);
    }

    private static Refusal? BoundCost(GovernedCall call, PriceVersion price)
    {
        try
        {
            if (Cost.Bound(price, call.Bound, call.TierPercent) is not { } amount)
                return Unpriceable($"Something that this request may use has no rate for model '{price.Model}' in the price book.");
            call.Amount = call.IsTest ? NanoUsd.Zero : amount;
            return null;
        }
        catch (OverflowException)
        {
            return Unpriceable("The bound of this request is larger than any amount of money here. Ask for less output.");
        }
    }

    private static UnitMap<long> PricedPieces(RequestFacts facts, PriceVersion price)
    {
        var priced = default(UnitMap<long>);
        foreach (var (unit, count) in facts.PiecesWherePriced)
        {
            if (price.Rates.RateOf(unit) is not null) priced = priced.With(unit, count);
        }
        return priced;
    }

    /// <summary>Why the usage of an answer would not tell what it costs, where it does not say what its tokens were; or null.</summary>
    private static string? ExplainKinds(RequestFacts facts, PriceVersion price)
    {
        if ((price.Rates.OutputKinds | (price.LongContext?.Rates.OutputKinds ?? TokenKinds.Text)) != TokenKinds.Text)
            return $"Model '{price.Model}' may answer with images or sound, and this route does not tell how much of an answer they were. Use Google's own format.";
        return (facts.ContentKinds & (price.Rates.InputKinds | (price.LongContext?.Rates.InputKinds ?? TokenKinds.Text))) == TokenKinds.Text ? null
            : $"Images or sound have rates of their own for model '{price.Model}', and this route does not tell how much of a request they were. Send images as 'data:image/…', or use Google's own format.";
    }

    private static TokenKinds KindsOf(RequestFacts facts, PriceVersion price) =>
        facts.Kinds | (facts.IsOutputKindOpen ? price.Rates.OutputKinds : TokenKinds.Text) | (facts.ContentKinds & price.Rates.InputKinds);

    /// <summary>The output limit per choice that holds upstream; clamps or injects it where the body's own does not.</summary>
    private static long LimitOutput(GovernedCall call, PriceVersion price, GatewayOptions options)
    {
        var asked = call.Facts.OutputLimit;
        var clamp = Admission.OutputClamp(call.Standing, call.Shape);
        if (asked is { } own && (clamp is null || own <= clamp)) return own;
        // Without a limit of its own the model's maximum bounds the request as it stands, unless a clamp is tighter.
        // A limit beyond that maximum must not be sent: providers refuse it.
        if (asked is null && price.MaxOutput is { } maximum && (clamp is null || clamp >= maximum))
        {
            if (!call.Route.HasManyHosts) return maximum;
            clamp = maximum;
        }
        var imposed = clamp ?? options.DefaultMaxOutputTokens;
        call.ImposedOutputLimit = imposed;
        call.Changes = call.Changes with { OutputLimit = imposed };
        return imposed;
    }

    private static Refusal Unpriceable(string message) => new(RefusalCode.UnpriceableRequest, message);
}
