using System.Collections.Immutable;
using Spendra.Gateway.Dialects.Gemini;
using Spendra.Gateway.Requests;
using Spendra.Gateway.Tokens;

namespace Spendra.Gateway.Providers;

/// <summary>What a model of Google's can be asked for, wherever it is served.</summary>
internal static class GeminiRoutes
{
    public static readonly ImmutableArray<string> ClientHeaders = ["x-goog-api-client", "x-server-timeout"];

    public static readonly ImmutableArray<string> ClientQuery = ["alt"];

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
