using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Pricing;

namespace Spendra.Control.Catalog;

/// <summary>What a run did, with what it found. The comparison is null when the run failed.</summary>
public sealed record SyncResult(PriceSyncRun Run, PriceComparison? Comparison, ImmutableArray<SkippedModel> Skipped);

/// <summary>A document of a source: prices, or why there are none.</summary>
public sealed record SourceDocument(string Source, PriceDocument? Document, string? Failure);

/// <summary>
/// Compares price books with what a source offers. Every run is recorded, and what differs becomes a proposal; nothing is
/// applied here.
/// </summary>
public static class PriceSync
{
    /// <summary>Reads a source: <c>openrouter</c>, <c>catalog</c>, or an address.</summary>
    public static async Task<SourceDocument> ReadAsync(string source, PriceFetcher fetcher, TimeProvider time, CancellationToken cancel)
    {
        if (source == PriceDocument.CatalogName) return Parse(source, PriceCatalog.ReadText(), time);
        var address = source == PriceDocument.OpenRouterName ? PriceDocument.OpenRouterAddress : source;
        if (!PriceFetcher.IsAddress(address)) return new SourceDocument(source, null, $"the source is neither {PriceDocument.OpenRouterName}, {PriceDocument.CatalogName} nor an https address");
        var fetched = await fetcher.FetchAsync(new Uri(address), cancel);
        return fetched.Text is { } text ? Parse(source, text, time) : new SourceDocument(source, null, fetched.Failure);
    }

    public static SourceDocument Parse(string source, string text, TimeProvider time)
    {
        var document = PriceDocument.Read(text, $"{source}, {time.GetUtcNow():yyyy-MM-dd}");
        if (document.Errors is [var first, ..])
            return new SourceDocument(source, null, document.Errors.Length == 1 ? first : $"{first} (and {document.Errors.Length - 1} more errors)");
        return document.Prices.IsEmpty ? new SourceDocument(source, null, Explain(document.Skipped)) : new SourceDocument(source, document, null);
    }

    /// <summary>Why a document has no price that could be taken.</summary>
    private static string Explain(ImmutableArray<SkippedModel> skipped)
    {
        const int most = 5;
        if (skipped.IsEmpty) return "the document has no price";
        var first = string.Join(", ", skipped.Take(most).Select(s => $"{s.Model} ({s.Reason})"));
        return $"the document has no price that could be taken; skipped: {first}{(skipped.Length > most ? $" and {skipped.Length - most} more" : "")}";
    }

    /// <summary>Compares one organization's book with a document. Writes nothing.</summary>
    /// <returns>Null when there is no such organization.</returns>
    public static async Task<PriceComparison?> CompareAsync(
        Database database, string organization, PriceDocument document, TimeProvider time, CancellationToken cancel)
    {
        var now = Micros.Now(time);
        var state = await GovernanceStateReader.ReadAsync(database, organization, now, cancel);
        return state.Organization is null ? null : PriceComparison.Of(state.Prices, document.Prices, now, Guid.CreateVersion7);
    }

    /// <summary>Compares, proposes what differs and records the run.</summary>
    /// <exception cref="DatabaseUnavailableException">The database cannot be used.</exception>
    public static async Task<SyncResult> RunAsync(
        Database database, OrganizationName organization, SourceDocument document, long startedAt, TimeProvider time, CancellationToken cancel)
    {
        var comparison = document.Document is { } read ? await CompareAsync(database, organization.Slug, read, time, cancel) : null;
        var run = new PriceSyncRun
        {
            RunId = Guid.CreateVersion7(),
            StartedAt = startedAt,
            EndedAt = Micros.Now(time),
            Source = document.Source,
            Outcome = comparison is null ? SyncOutcome.Failed : comparison.IsEmpty ? SyncOutcome.Unchanged : SyncOutcome.Proposed,
            Failure = comparison is null ? document.Failure ?? "the organization is gone" : null,
            PricesRead = document.Document?.Prices.Length ?? 0,
        };
        PriceProposal? proposal = null;
        if (run.Outcome == SyncOutcome.Proposed)
        {
            var offered = PriceFile.Write(comparison!.Offers);
            var open = (await PriceProposals.ListAsync(database, organization.OrganizationId, cancel)).FirstOrDefault(p => p.Decision is null && p.Source == document.Source);
            // The same offer again is the proposal that waits already.
            if (open is null || !IsSame(open.Prices, offered)) proposal = Propose(document.Source, offered, comparison, run.EndedAt);
            run = run with { ProposalId = proposal?.ProposalId ?? open!.ProposalId };
        }
        run = await PriceProposals.RecordAsync(database, organization.OrganizationId, run, proposal, cancel);
        return new SyncResult(run, comparison, document.Document?.Skipped ?? []);
    }

    /// <summary>Whether two texts offer the same prices; where these come from does not count, since a list names its day there.</summary>
    private static bool IsSame(string waiting, string offered) => waiting == offered || WithoutSources(waiting) == WithoutSources(offered);

    private static string WithoutSources(string prices) =>
        PriceFile.Write(PriceFile.Read(prices).Prices.Select(o => o with { Price = o.Price with { Source = "" } }));

    private static PriceProposal Propose(string source, string offered, PriceComparison comparison, long nowMicros) => new()
    {
        ProposalId = Guid.CreateVersion7(),
        CreatedAt = nowMicros,
        Source = source,
        Prices = offered,
        Differences = JsonSerializer.Serialize([.. comparison.Differences], DifferenceJson.Default.PriceDifferenceArray),
    };
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(PriceDifference[]))]
internal sealed partial class DifferenceJson : JsonSerializerContext;
