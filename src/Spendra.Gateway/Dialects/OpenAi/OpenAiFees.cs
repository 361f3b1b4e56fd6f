using Spendra.Core.Metering;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects.OpenAi;

/// <summary>How the calls of the provider's tools that an answer tells are charged.</summary>
/// <param name="Search">What a web search is charged as; null when the answer must say what was offered.</param>
/// <param name="UntoldSearches">Searches that the answer does not tell.</param>
/// <param name="UnitsPerContainer">
/// What each container is charged in which code ran: what was held for one, since no answer tells how long it was used.
/// </param>
/// <param name="Images">What a model is charged that makes images for a tool, or null when none was offered.</param>
internal sealed record OpenAiFees(UnitClass? Search, long UntoldSearches, long UnitsPerContainer, ImageToolPrice? Images)
{
    /// <summary>The fees of a call; null where the provider runs no tools that are known here.</summary>
    public static OpenAiFees? Of(GovernedCall call) =>
        call.Route.RunsTools ? new OpenAiFees(call.Facts.SearchFee, call.Facts.UntoldSearches, call.UnitsPerContainer, ImageToolPrice.Of(call)) : null;

    /// <summary>Usage with the fees; null when something ran that neither tells.</summary>
    public static Usage? Add(OpenAiFees? fees, OpenAiDocumentReader document, Usage? usage)
    {
        if (fees is null || usage is not { } tokens) return usage;
        return fees.Add(document.ToolCalls, document.ImageTokens, tokens);
    }

    private Usage? Add(OpenAiToolCalls calls, OpenAiImageTokens images, Usage usage)
    {
        // Code that ran without having been bounded cannot be charged: its container's size is not known.
        if (calls.Containers > 0 && UnitsPerContainer == 0) return null;
        if (ChargeFor(calls.Images, images) is not { } charge) return null;
        var search = Search ?? (calls.OffersPreview ? UnitClass.PreviewSearches : UnitClass.WebSearches);
        var whole = usage
            .Plus(search, calls.Searches + UntoldSearches)
            .Plus(UnitClass.FileSearches, calls.FileSearches)
            .Plus(UnitClass.CodeSessions, calls.Containers * UnitsPerContainer)
            .Plus(UnitClass.ToolCharges, charge);
        return whole.IsPlausible ? whole : null;
    }

    /// <summary>Nano-USD; null when images were made whose tokens are not told, or told in a way that cannot be priced.</summary>
    private long? ChargeFor(long made, OpenAiImageTokens told)
    {
        if (made == 0 && told.IsNothing) return 0;
        return told.IsNothing ? null : Images?.ChargeFor(told);
    }
}
