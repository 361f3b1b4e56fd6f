using Spendra.Core.Pricing;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Pricing;

namespace Spendra.Control.Declarations;

/// <summary>
/// Turns declared terms into versions of prices. What is declared holds from its beginning to its end, or to the next
/// declared price of the model: versions that are listed for a time in between are replaced under the same terms. When
/// it ends, what is listed holds again.
/// </summary>
internal static class PricePlanner
{
    public const string Source = PriceVersion.DeclaredSource;

    public static void Plan(PlanDraft draft)
    {
        var stored = draft.State.Prices
            .GroupBy(p => (p.Provider, p.Model, p.EffectiveFrom))
            .ToDictionary(g => g.Key, g => g.OrderByDescending(p => p.RecordedAt).ThenByDescending(p => p.PriceId).First());
        var listed = new PriceBook(draft.State.Prices.Where(p => p.Source != Source));
        foreach (var model in (draft.Declaration.Prices ?? []).GroupBy(t => (t.Provider, t.Model)))
        {
            var terms = model.OrderBy(t => t.EffectiveFrom).ToList();
            for (var i = 0; i < terms.Count; i++)
            {
                var next = i + 1 < terms.Count ? terms[i + 1] : null;
                foreach (var price in Versions(draft, listed, terms[i], next))
                    Put(draft, price, stored.GetValueOrDefault((price.Provider, price.Model, price.EffectiveFrom)));
            }
        }
    }

    private static IEnumerable<PriceVersion> Versions(PlanDraft draft, PriceBook listed, PriceTerms terms, PriceTerms? next)
    {
        if (terms.EffectiveTo > next?.EffectiveFrom)
        {
            draft.Errors.Add(terms.Line, $"the price of {NameOf(terms)} ends after the next one has begun ({InstantText.Of(next.EffectiveFrom)}): expected an 'effectiveTo' that is no later, or none");
            yield break;
        }
        var until = terms.EffectiveTo ?? next?.EffectiveFrom ?? long.MaxValue;
        var others = ListedVersions(listed, terms).Select(v => v.EffectiveFrom).Where(f => f > terms.EffectiveFrom && f < until);
        foreach (var from in others.Prepend(terms.EffectiveFrom))
        {
            var basis = Listed(listed, terms, from);
            if (basis is null && terms.Card is null)
                draft.Errors.Add(terms.Line, $"'discountPercent' is on {NameOf(terms)}, which has no listed price at that time: expected rates such as 'inputUsdPerMillion'");
            else if (terms.On(basis, from) is not { } price)
                draft.Errors.Add(terms.Line, $"'discountPercent' of {NameOf(terms)} gives a rate with more than nine decimals: expected rates such as 'inputUsdPerMillion'");
            else
                yield return price;
        }
        if (terms.EffectiveTo is { } end && end != next?.EffectiveFrom && Listed(listed, terms, end) is { } again)
            yield return again with { EffectiveFrom = end };
    }

    // An organization's own list, or what the program brings for a model that the list does not have.
    private static PriceVersion? Listed(PriceBook listed, PriceTerms terms, long atMicros) =>
        listed.VersionsOf(terms.Provider, terms.Model).Any()
            ? listed.Find(terms.Provider, terms.Model, atMicros)
            : PriceCatalog.Find(terms.Provider, terms.Model, atMicros);

    private static IEnumerable<PriceVersion> ListedVersions(PriceBook listed, PriceTerms terms)
    {
        var own = listed.VersionsOf(terms.Provider, terms.Model).ToList();
        return own.Count > 0 ? own : PriceCatalog.VersionsOf(terms.Provider, terms.Model);
    }

    private static void Put(PlanDraft draft, PriceVersion price, PriceVersion? before)
    {
        var written = price with
        {
            PriceId = draft.Inputs.NewId(),
            // Of two versions for one instant the later one holds, whatever the clock did in between.
            RecordedAt = Math.Max(draft.Inputs.NowMicros, (before?.RecordedAt ?? 0) + 1),
        };
        draft.Put("price", NameOf(price), before is null ? null : Description.Of(before), isArchived: false,
            Description.Of(written), new GovernanceWrite.AddPrice(written));
    }

    private static string NameOf(PriceTerms terms) => $"{terms.Provider}/{terms.Model}";

    private static string NameOf(PriceVersion price) => price.EffectiveFrom == 0
        ? $"{price.Provider}/{price.Model}"
        : $"{price.Provider}/{price.Model} from {InstantText.Of(price.EffectiveFrom)}";
}
