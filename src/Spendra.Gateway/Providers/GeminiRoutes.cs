using System.Collections.Immutable;
using System.Net.Http.Headers;
using Spendra.Gateway.Dialects.Gemini;
using Spendra.Gateway.Requests;
using Spendra.Gateway.Tokens;

namespace Spendra.Gateway.Providers;

/// <summary>What a model of Google's can be asked for, wherever it is served.</summary>
internal static class GeminiRoutes
{
    public static readonly ImmutableArray<string> ClientHeaders = ["x-goog-api-client", "x-server-timeout"];

    public static readonly ImmutableArray<string> ClientQuery = ["alt"];

    /// <summary>In which the Gemini API tells the tier that served.</summary>
    public const string TierHeader = "x-gemini-service-tier";

    private const int MaxTierLength = 64;
    private const string UnreadTier = "unread";

    /// <summary>The tier in the words of the price book; null when nothing is said, or nothing that could be one.</summary>
    public static string? ServedTierOf(HttpResponseHeaders headers)
    {
        if (!headers.NonValidated.TryGetValues(TierHeader, out var values)) return null;
        var told = values.ToString();
        // What cannot be read is no tier that has a price: it leaves the bound.
        return told.Length <= MaxTierLength && !told.Any(c => char.IsControl(c) || !char.IsAscii(c)) ? GeminiTally.ServedTierOf(told) : UnreadTier;
    }

    /// <param name="provider">Begins the routes' names.</param>
    /// <param name="path">The path of a model below the account's base URL, and below each prefix.</param>
    /// <param name="prefixes">Where clients find it.</param>
    /// <param name="hasBatches">Whether several contents are embedded at once.</param>
    public static ImmutableArray<GovernedRoute> Of(string provider, string path, ImmutableArray<string> prefixes, bool hasBatches)
    {
        var generate = new GovernedRoute
        {
            Name = provider + ".generate", Method = "POST", Pattern = path + ":generateContent", Dialect = GeminiDialect.Generate,
            ClientPrefixes = prefixes, Intake = BodyIntake.Governed, IsPriced = true, HasOutput = true,
            Counting = hasBatches ? CountingEndpoints.GeminiContents : CountingEndpoints.VertexContents,
        };
        var stream = generate with { Name = provider + ".stream", Pattern = path + ":streamGenerateContent", Dialect = GeminiDialect.Stream };
        var count = generate with { Name = provider + ".count", Pattern = path + ":countTokens", Dialect = GeminiDialect.Count, IsPriced = false, HasOutput = false, Counting = null };
        var embed = generate with { Name = provider + ".embed", Pattern = path + ":embedContent", Dialect = GeminiDialect.Embed, HasOutput = false, Counting = null };
        var batch = embed with { Name = provider + ".embed_batch", Pattern = path + ":batchEmbedContents", Dialect = GeminiDialect.EmbedBatch };
        return hasBatches ? [generate, stream, count, embed, batch] : [generate, stream, count, embed];
    }
}
