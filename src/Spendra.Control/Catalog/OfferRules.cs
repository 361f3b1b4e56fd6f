using Spendra.Control.Shell;
using Spendra.Core.Governance;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using Spendra.Storage;
using Spendra.Storage.Pricing;

namespace Spendra.Control.Catalog;

/// <summary>What a proposal of prices offers, or what is wrong with it: pure.</summary>
internal static class OfferRules
{
    // 1,000,000 USD for a million tokens: beyond it a rate is a mistake, and no product with it overflows.
    private static readonly NanoUsd MostUsd = NanoUsd.FromUsd(1_000_000);

    /// <param name="body">Who offers what.</param>
    /// <param name="stored">The price book.</param>
    /// <param name="nowMicros">Which prices are in force.</param>
    public static (string Source, IReadOnlyList<OfferedPrice> Offers, Problem? Problem) Read(NewProposal body, IReadOnlyCollection<PriceVersion> stored, long nowMicros)
    {
        var given = new object?[] { body.Csv, body.Prices, body.Discount }.Count(g => g is not null);
        if (given != 1) return ("", [], Problem.Field("csv", "is wrong: expected one of 'csv', 'prices' and 'discount'"));
        if (body.Csv is { } csv) return OfFile(csv);
        var (offers, problem) = body.Prices is { } prices ? OfPrices(prices) : OfDiscount(body.Discount!, stored, nowMicros);
        return (PriceVersion.NegotiatedSource, offers, problem);
    }

    private static (string, IReadOnlyList<OfferedPrice>, Problem?) OfFile(string csv)
    {
        const string source = "csv";
        if (csv.Contains('\0')) return (source, [], Problem.Field("csv", "is not plain text"));
        var file = PriceFile.Read(csv);
        if (file.Errors is [var first, ..])
            return (source, [], Problem.Field("csv", $"cannot be used: {first.TrimEnd('.')}{(file.Errors.Length > 1 ? $" (and {file.Errors.Length - 1} more errors)" : "")}"));
        return file.Prices.IsEmpty ? (source, [], Problem.Field("csv", "has no price")) : (source, file.Prices, null);
    }

    private static (IReadOnlyList<OfferedPrice>, Problem?) OfPrices(IReadOnlyList<NewPrice> prices)
    {
        var offers = new List<OfferedPrice>();
        var seen = new HashSet<(string, string)>();
        for (var i = 0; i < prices.Count; i++)
        {
            var field = $"prices[{i}]";
            if (prices[i] is not { } price) return ([], Problem.Field(field, "is missing"));
            if (!KnownProvider.OfModels.Any(p => p.Name == price.Provider))
                return ([], Problem.Field($"{field}.provider", $"is not one of {string.Join(", ", KnownProvider.OfModels.Select(p => p.Name))}"));
            if (!seen.Add((price.Provider, price.Model))) return ([], Problem.Field($"{field}.model", "stands in the list more than once"));
            var card = new RateCard(Of(price.InputUsd), Of(price.CachedInputUsd ?? price.InputUsd), Of(price.CacheWriteUsd ?? price.InputUsd), Of(price.OutputUsd));
            foreach (var (name, usd) in price.UnitUsd ?? new Dictionary<string, NanoUsd>())
            {
                if (!UnitClasses.Rated.Any(r => r.Name == name)) return ([], Problem.Field($"{field}.unitUsd", $"has a class that has no rate: expected of {string.Join(", ", UnitClasses.Rated.Select(r => r.Name))}"));
                card = card with { Others = card.Others.With(UnitClasses.Rated.First(r => r.Name == name).Class, Of(usd)) };
            }
            if (Most(price) > MostUsd) return ([], Problem.Field(field, $"has a rate above {MostUsd} USD per million"));
            var from = price.EffectiveFrom is { } begins ? Micros.Of(begins) : 0;
            if (from < 0) return ([], Problem.Field($"{field}.effectiveFrom", "is before 1970"));
            offers.Add(new OfferedPrice(new PriceVersion
            {
                PriceId = Guid.Empty, Provider = price.Provider, Model = price.Model, Rates = card, ContextWindow = price.ContextWindow, MaxOutput = price.MaxOutput,
                EffectiveFrom = from, RecordedAt = 0, Source = PriceVersion.NegotiatedSource,
            }, price.EffectiveFrom is not null));
        }
        return (offers, null);
    }

    private static (IReadOnlyList<OfferedPrice>, Problem?) OfDiscount(NewDiscount discount, IReadOnlyCollection<PriceVersion> stored, long nowMicros)
    {
        var listed = new PriceBook(stored.Where(p => !PriceVersion.IsContract(p.Source)));
        var found = listed.InForce(nowMicros).Where(p => p.Provider == discount.Provider && (discount.Models is not { } models || models.Contains(p.Model))).ToList();
        if (found.Count == 0) return ([], Problem.Field("discount.provider", "has no listed price in force"));
        if (discount.Models?.FirstOrDefault(m => found.All(f => f.Model != m)) is not null)
            return ([], Problem.Field("discount.models", "has a model without a listed price in force"));
        var offers = new List<OfferedPrice>();
        foreach (var price in found)
        {
            if (Discounted(price, 100 - discount.Percent) is not { } offer)
                return ([], Problem.Field("discount.percent", $"gives a rate of '{price.Model}' with more than nine decimals: propose its rates"));
            offers.Add(new OfferedPrice(offer, IsDated: false));
        }
        return (offers, null);
    }

    private static PriceVersion? Discounted(PriceVersion listed, int percent)
    {
        if (percent == 100) return listed;
        if (listed.Rates.AtPercent(percent) is not { } rates) return null;
        var band = listed.LongContext;
        if (band is not null)
        {
            if (band.Rates.AtPercent(percent) is not { } card) return null;
            band = band with { Rates = card };
        }
        return listed with { Rates = rates, LongContext = band, Source = PriceVersion.NegotiatedSource };
    }

    private static NanoUsd Most(NewPrice price) => new NanoUsd?[] { price.InputUsd, price.CachedInputUsd, price.CacheWriteUsd, price.OutputUsd }
        .Concat((price.UnitUsd ?? new Dictionary<string, NanoUsd>()).Values.Select(v => (NanoUsd?)v)).Max(v => v ?? NanoUsd.Zero);

    private static Rate Of(NanoUsd usdPerMillion) => new(usdPerMillion.Value);
}
