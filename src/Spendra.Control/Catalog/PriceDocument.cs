using System.Collections.Immutable;
using System.Text.Json;
using Spendra.Storage.Pricing;

namespace Spendra.Control.Catalog;

/// <summary>What a document of prices offers, or what is wrong with it; with an error nothing of it is used.</summary>
public sealed record PriceDocument
{
    /// <summary>The built-in catalog as a source.</summary>
    public const string CatalogName = "catalog";

    /// <summary>OpenRouter's public list as a source.</summary>
    public const string OpenRouterName = "openrouter";

    public const string OpenRouterAddress = "https://openrouter.ai/api/v1/models";

    /// <summary>Bytes that a document may have.</summary>
    public const int LongestBytes = 32 * 1024 * 1024;

    public ImmutableArray<OfferedPrice> Prices { get; private init; } = [];

    public ImmutableArray<SkippedModel> Skipped { get; private init; } = [];

    public ImmutableArray<string> Errors { get; private init; } = [];

    /// <summary>Reads CSV in the columns of the built-in catalog, or OpenRouter's list of models in JSON.</summary>
    /// <param name="text">The document.</param>
    /// <param name="jsonSource">What prices of a JSON list name as their source.</param>
    public static PriceDocument Read(string text, string jsonSource)
    {
        if (!text.AsSpan().TrimStart().TrimStart('\uFEFF').StartsWith("{"))
        {
            var file = PriceFile.Read(text);
            return new PriceDocument { Prices = file.Prices, Errors = file.Errors };
        }
        try
        {
            using var document = JsonDocument.Parse(text.TrimStart('\uFEFF'), new JsonDocumentOptions { MaxDepth = 32 });
            return OpenRouterModels.Read(document.RootElement, jsonSource) is { } read
                ? new PriceDocument { Prices = read.Prices, Skipped = read.Skipped }
                : Wrong("the document is JSON without a list 'data' of models: expected OpenRouter's list of models, or CSV");
        }
        catch (JsonException e)
        {
            return Wrong($"line {e.LineNumber + 1}: the document is not valid JSON");
        }
    }

    private static PriceDocument Wrong(string error) => new() { Errors = [error] };
}
