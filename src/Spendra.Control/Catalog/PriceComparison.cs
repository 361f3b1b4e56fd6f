using System.Collections.Immutable;
using Spendra.Core.Pricing;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Pricing;

namespace Spendra.Control.Catalog;

public enum PriceDifferenceKind
{
    /// <summary>The book has no price of the model for that time.</summary>
    New,
    Changed,
    /// <summary>The offer differs, but the price was declared: a contract outranks a list.</summary>
    Kept,
}

/// <summary>One offered price that differs from the book.</summary>
/// <param name="Kind">What would happen.</param>
/// <param name="Provider">As prices name it.</param>
/// <param name="Model">The exact id.</param>
/// <param name="EffectiveFrom">When it would begin, as ISO 8601; null when that is the moment of approval.</param>
/// <param name="Fields">What differs.</param>
public sealed record PriceDifference(
    PriceDifferenceKind Kind, string Provider, string Model, string? EffectiveFrom, IReadOnlyList<FieldChange> Fields);

/// <summary>How offered prices differ from a price book at an instant.</summary>
public sealed record PriceComparison
{
    public required IReadOnlyList<PriceDifference> Differences { get; init; }

    /// <summary>Offers that the book has already, and offers whose time is over.</summary>
    public required int Unchanged { get; init; }

    /// <summary>Models of the offered providers that have a price now and are not offered. They stay.</summary>
    public required IReadOnlyList<string> NotOffered { get; init; }

    /// <summary>Whether taking the offer would change the book.</summary>
    public bool IsEmpty => Differences.All(d => d.Kind == PriceDifferenceKind.Kept);

    /// <summary>The offers that would change the book.</summary>
    internal ImmutableArray<OfferedPrice> Offers { get; private init; } = [];

    /// <summary>The rows that would do so.</summary>
    internal ImmutableArray<GovernanceChange> Changes { get; private init; } = [];

    /// <summary>
    /// Compares. What an offer does not date holds from now on, and nothing is ever changed for the past: reservations
    /// have pinned what held then.
    /// </summary>
    /// <param name="stored">The book.</param>
    /// <param name="offers">What is offered.</param>
    /// <param name="nowMicros">Now.</param>
    /// <param name="newId">Makes ids.</param>
    /// <param name="isAgreement">People agreed on the offer: it replaces contracts, which lists do not.</param>
    internal static PriceComparison Of(
        IEnumerable<PriceVersion> stored, IReadOnlyCollection<OfferedPrice> offers, long nowMicros, Func<Guid> newId, bool isAgreement = false)
    {
        var book = new PriceBook(stored);
        var differences = new List<PriceDifference>();
        var wanted = ImmutableArray.CreateBuilder<OfferedPrice>();
        var changes = ImmutableArray.CreateBuilder<GovernanceChange>();
        foreach (var offer in offers.Where(o => o.Price.EffectiveTo is not { } end || end > nowMicros))
        {
            var (kind, price, fields, note) = Judge(book, offer, nowMicros, isAgreement);
            if (kind is not { } found) continue;
            var isLater = price.EffectiveFrom > nowMicros;
            differences.Add(new PriceDifference(found, price.Provider, price.Model, isLater ? InstantText.Of(price.EffectiveFrom) : null, fields));
            if (found == PriceDifferenceKind.Kept) continue;
            wanted.Add(offer);
            changes.Add(new GovernanceChange(new GovernanceWrite.AddPrice(price with { PriceId = newId() }), note!));
        }
        var offered = offers.Select(o => (o.Price.Provider, o.Price.Model)).ToHashSet();
        var providers = offered.Select(o => o.Provider).ToHashSet(StringComparer.Ordinal);
        return new PriceComparison
        {
            Differences = differences,
            Unchanged = offers.Count - differences.Count,
            NotOffered = [.. book.InForce(nowMicros).Where(p => providers.Contains(p.Provider) && !offered.Contains((p.Provider, p.Model))).Select(p => $"{p.Provider}/{p.Model}")],
            Offers = wanted.ToImmutable(),
            Changes = changes.ToImmutable(),
        };
    }

    private static (PriceDifferenceKind? Kind, PriceVersion Price, IReadOnlyList<FieldChange> Fields, ChangeNote? Note) Judge(
        PriceBook book, OfferedPrice offer, long nowMicros, bool isAgreement)
    {
        var from = Math.Max(offer.Price.EffectiveFrom, nowMicros);
        var before = book.Find(offer.Price.Provider, offer.Price.Model, from);
        var price = offer.Price with
        {
            EffectiveFrom = from,
            // What an offer leaves open is not taken away.
            ContextWindow = offer.Price.ContextWindow ?? before?.ContextWindow,
            MaxOutput = offer.Price.MaxOutput ?? before?.MaxOutput,
            // Of two versions for one instant the later one holds.
            RecordedAt = Math.Max(nowMicros, (before?.RecordedAt ?? 0) + 1),
        };
        var after = Description.Of(price);
        if (before is null) return (PriceDifferenceKind.New, price, Description.Differences(null, Terms(price, offer)), Note("create", null));
        var fields = Description.Differences(Terms(before, offer), Terms(price, offer));
        // An agreement on what is listed makes it one: or, without a discount, ends one.
        if (fields.Count == 0 && !(isAgreement && before.Source != price.Source)) return (null, price, fields, null);
        return PriceVersion.IsContract(before.Source) && !isAgreement
            ? (PriceDifferenceKind.Kept, price, fields, null)
            : (PriceDifferenceKind.Changed, price, fields, Note("update", Description.Of(before)));

        ChangeNote Note(string action, Description? old) =>
            new(action, "price", $"{price.Provider}/{price.Model} from {InstantText.Of(from)}", old?.ToJson(), after.ToJson());
    }

    /// <summary>What makes a price another one. When it began does not; when it ends does, if the offer speaks of time.</summary>
    private static Description Terms(PriceVersion price, OfferedPrice offer) => Description.Of(price with
    {
        EffectiveFrom = 0,
        EffectiveTo = offer.IsDated || offer.Price.EffectiveTo is not null ? price.EffectiveTo : null,
    });
}
