using Spendra.Core.Metering;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects.OpenAi;

/// <summary>Models at OpenRouter that search the web before they answer, whether they are asked to or not, and bill it.</summary>
internal static class OpenRouterSearches
{
    private const string Perplexity = "perplexity/";

    public static void Note(RequestFacts facts)
    {
        // One search for each choice (docs.perplexity.ai, "Pricing": a fee for each request).
        if (facts.Model is "perplexity/sonar" or "perplexity/sonar-pro")
        {
            // The body's own: what it finds is read in passes that nothing limits, and the model's fee is not for it.
            if (facts.Tools.Contains(OpenAiTools.WebSearch)) facts.Unpriceable ??= "this model searches by itself, once; how often a search tool beside it would, nothing limits. Leave 'web_search' out";
            else facts.Tools = facts.Tools.Add(OpenAiTools.WebSearch);
            facts.BoundedTools = facts.BoundedTools.Add(OpenAiTools.WebSearch);
            facts.Pieces = facts.Pieces.With(UnitClass.WebSearches, facts.Choices);
        }
        else if (SearchesOften(facts.Model))
        {
            facts.Unpriceable ??= "this model searches by itself as often as it likes, and reads what it finds in passes that nothing limits";
        }
    }

    /// <summary>
    /// By parts of the name, because taking another model for one of them only refuses more. Research takes hundreds of
    /// thousands of tokens in many passes; OpenRouter's ceiling of prices limits rates, not passes.
    /// </summary>
    private static bool SearchesOften(string model) =>
        model.StartsWith(Perplexity, StringComparison.Ordinal)
        || model.Contains("deep-research", StringComparison.Ordinal)
        // OpenRouter's guide "Web Search": a variant that is the same as its plugin, which is refused.
        || model.Contains(":online", StringComparison.OrdinalIgnoreCase)
        || OpenAiTools.SearchesAlways(model);
}
