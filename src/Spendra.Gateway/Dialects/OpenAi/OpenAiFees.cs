using Spendra.Core.Metering;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects.OpenAi;

/// <summary>How the calls of the provider's tools that an answer tells are charged.</summary>
/// <param name="Search">What a web search is charged as; null when the answer must say what was offered.</param>
/// <param name="UntoldSearches">Searches that the answer does not tell.</param>
/// <param name="UnitsPerContainer">What each container is charged in which code ran.</param>
internal sealed record OpenAiFees(UnitClass? Search, long UntoldSearches, long UnitsPerContainer)
{
    /// <summary>The fees of a call; null where the provider runs no tools that are known here.</summary>
    public static OpenAiFees? Of(GovernedCall call) =>
        call.Route.RunsTools ? new OpenAiFees(call.Facts.SearchFee, call.Facts.UntoldSearches, call.UnitsPerContainer) : null;

    /// <summary>Usage with the fees; null when something ran that neither tells.</summary>
    public static Usage? Add(OpenAiFees? fees, OpenAiDocumentReader document, Usage? usage)
    {
        if (fees is null || usage is not { } tokens) return usage;
        return fees.Add(document.ToolCalls, tokens);
    }

    private Usage? Add(OpenAiToolCalls calls, Usage usage)
    {
        // Code that ran without having been bounded cannot be charged: its container's size is not known.
        if (calls.HasUntold || (calls.Containers > 0 && UnitsPerContainer == 0)) return null;
        var search = Search ?? (calls.OffersPreview ? UnitClass.PreviewSearches : UnitClass.WebSearches);
        var whole = usage
            .Plus(search, calls.Searches + UntoldSearches)
            .Plus(UnitClass.FileSearches, calls.FileSearches)
            .Plus(UnitClass.CodeSessions, calls.Containers * UnitsPerContainer);
        return whole.IsPlausible ? whole : null;
    }
}
