using Spendra.Control.Catalog;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Pricing;

namespace Spendra.Control.Tests.Catalog;

/// <summary>What an offer would change in a book. Pure.</summary>
public sealed class PriceComparisonTests
{
    private const long Now = 1_000;

    [Fact]
    public void A_model_without_a_price_is_new_from_now_on()
    {
        var compared = Compare([], Offer("a", 5));
        compared.Differences.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Kind = PriceDifferenceKind.New, Provider = "openrouter", Model = "a", EffectiveFrom = (string?)null });
        Written(compared).Should().BeEquivalentTo(new { EffectiveFrom = Now, RecordedAt = Now, EffectiveTo = (long?)null });
        compared.IsEmpty.Should().BeFalse();
    }

    [Fact]
    public void A_changed_rate_says_what_was_and_what_would_be()
    {
        var compared = Compare([Stored("a", 4) with { RecordedAt = 5_000 }], Offer("a", 5));
        var difference = compared.Differences.Single();
        difference.Kind.Should().Be(PriceDifferenceKind.Changed);
        difference.Fields.Should().Contain(new FieldChange("inputUsdPerMillion", "0.000000004", "0.000000005"));
        Written(compared).RecordedAt.Should().Be(5_001, "of two versions for one instant the later one holds");
        compared.Changes.Single().Note.Action.Should().Be("update");
    }

    [Fact]
    public void What_the_book_has_already_changes_nothing()
    {
        var compared = Compare([Stored("a", 5) with { EffectiveFrom = 500, ContextWindow = 7, MaxOutput = 8 }], Offer("a", 5));
        (compared.IsEmpty, compared.Unchanged).Should().Be((true, 1), "when it began is no difference, and limits that the offer leaves open stay");
        compared.Changes.Should().BeEmpty();
    }

    [Fact]
    public void A_limit_that_is_offered_is_taken_and_one_that_is_not_stays()
    {
        var offer = Offer("a", 5);
        var written = Written(Compare([Stored("a", 4) with { ContextWindow = 7, MaxOutput = 8 }], offer with { Price = offer.Price with { ContextWindow = 9 } }));
        (written.ContextWindow, written.MaxOutput).Should().Be((9, 8));
    }

    [Fact]
    public void A_declared_price_is_kept()
    {
        var compared = Compare([Stored("a", 4) with { Source = "declared" }, Stored("b", 5) with { Source = "declared" }], Offer("a", 5), Offer("b", 5));
        compared.Differences.Should().ContainSingle().Which.Kind.Should().Be(PriceDifferenceKind.Kept);
        (compared.IsEmpty, compared.Unchanged).Should().Be((true, 1));
        compared.Changes.Should().BeEmpty();
    }

    [Fact]
    public void An_offer_for_later_begins_later()
    {
        var offer = Offer("a", 5);
        var later = new OfferedPrice(offer.Price with { EffectiveFrom = 2_000_000 }, IsDated: true);
        var compared = Compare([Stored("a", 4)], later);
        compared.Differences.Single().EffectiveFrom.Should().Be("1970-01-01T00:00:02Z");
        Written(compared).EffectiveFrom.Should().Be(2_000_000);
        Compare([Stored("a", 4), Written(compared)], later).IsEmpty.Should().BeTrue();
    }

    [Fact]
    public void Nothing_is_changed_for_the_past()
    {
        var offer = Offer("a", 5);
        Written(Compare([Stored("a", 4)], new OfferedPrice(offer.Price with { EffectiveFrom = 10 }, IsDated: true))).EffectiveFrom.Should().Be(Now);
        Compare([Stored("a", 4)], new OfferedPrice(offer.Price with { EffectiveTo = Now }, IsDated: true)).IsEmpty.Should().BeTrue("its time is over");
        Compare([Stored("a", 4)], new OfferedPrice(offer.Price with { EffectiveTo = Now + 1 }, IsDated: true)).IsEmpty.Should().BeFalse();
    }

    [Fact]
    public void An_end_that_an_undated_offer_does_not_speak_of_is_no_difference()
    {
        Compare([Stored("a", 5) with { EffectiveTo = 9_000 }], Offer("a", 5)).IsEmpty.Should().BeTrue();
        var offer = Offer("a", 5);
        Compare([Stored("a", 5) with { EffectiveTo = 9_000 }], new OfferedPrice(offer.Price, IsDated: true)).IsEmpty.Should().BeFalse();
    }

    [Fact]
    public void Prices_that_are_not_offered_are_named_and_stay()
    {
        var compared = Compare([Stored("a", 5), Stored("b", 5), Stored("gone", 5) with { EffectiveTo = Now }, Stored("c", 5) with { Provider = "openai" }], Offer("a", 5));
        compared.NotOffered.Should().Equal("openrouter/b");
        compared.Changes.Should().BeEmpty();
    }

    [Fact]
    public void The_built_in_catalog_offers_nothing_to_a_book_that_began_with_it()
    {
        var now = Micros.Of(new DateTimeOffset(2026, 11, 25, 0, 0, 0, TimeSpan.Zero));
        var document = PriceDocument.Read(PriceCatalog.ReadText(), "x");
        var compared = PriceComparison.Of(PriceCatalog.Seed(1), document.Prices, now, Guid.CreateVersion7);
        compared.Differences.Should().BeEmpty();
        compared.NotOffered.Should().BeEmpty();
    }

    [Fact]
    public void Taking_the_catalog_into_an_empty_book_gives_its_prices_for_every_moment_from_now_on()
    {
        var now = Micros.Of(new DateTimeOffset(2026, 11, 25, 0, 0, 0, TimeSpan.Zero));
        var document = PriceDocument.Read(PriceCatalog.ReadText(), "x");
        var compared = PriceComparison.Of([], document.Prices, now, Guid.CreateVersion7);
        var book = new PriceBook(compared.Changes.Select(c => ((GovernanceWrite.AddPrice)c.Write).Price));
        foreach (var month in Enumerable.Range(0, 6).Select(m => now + m * 30L * 86_400_000_000))
        {
            foreach (var listed in new PriceBook(PriceCatalog.All).InForce(month))
                book.Find(listed.Provider, listed.Model, month)!.Rates.Should().Be(listed.Rates, $"{listed.Provider}/{listed.Model}");
        }
    }

    private static PriceComparison Compare(PriceVersion[] stored, params OfferedPrice[] offers) =>
        PriceComparison.Of(stored, offers, Now, Guid.CreateVersion7);

    private static PriceVersion Written(PriceComparison compared) => ((GovernanceWrite.AddPrice)compared.Changes.Single().Write).Price;

    private static OfferedPrice Offer(string model, long nanos) => new(Stored(model, nanos) with { Source = "list" }, IsDated: false);

    private static PriceVersion Stored(string model, long nanos) => new()
    {
        PriceId = Guid.Empty,
        Provider = "openrouter",
        Model = model,
        Rates = new RateCard(new Rate(nanos), new Rate(nanos), new Rate(nanos), new Rate(nanos)),
        EffectiveFrom = 0,
        RecordedAt = 0,
        Source = "seed",
    };
}
