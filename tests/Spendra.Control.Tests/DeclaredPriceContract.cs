using Spendra.Control.Declarations;
using Spendra.Core.Governance;
using Spendra.Core.Metering;
using Spendra.Core.Pricing;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Tests;

namespace Spendra.Control.Tests;

/// <summary>What a file may say about prices, on a real database of either engine.</summary>
public abstract class DeclaredPriceContract(DatabaseEngine engine)
{
    private const string Head = "organization: {slug: acme}\nprices:\n";

    private static readonly ChangeAuthor Author = new("tester", "test");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Rates_of_other_units_are_declared_by_their_names()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var book = await ApplyAsync(store, """
              - provider: openrouter
                model: house/painter
                inputUsdPerMillion: 1
                outputUsdPerMillion: 2
                unitUsdPerMillion: { web_searches: 10000, image_output: "30.5", images: 40000 }
                longContext:
                  aboveInputTokens: 1000
                  inputUsdPerMillion: 2
                  outputUsdPerMillion: 4
                  unitUsdPerMillion: { image_output: 70 }
                effectiveTo: 2027-06-01T00:00:00Z
            """);
        var price = book.Find("openrouter", "house/painter", 1)!;
        price.Rates.Others.ToString().Should().Be("image_output 30.5, images 40000, web_searches 10000");
        price.LongContext!.Rates.Others.ToString().Should().Be("image_output 70, images 40000, web_searches 10000", "a fee by the piece holds in every band");
        book.Find("openrouter", "house/painter", At("2027-05-31T23:59:59Z")).Should().NotBeNull();
        book.Find("openrouter", "house/painter", At("2027-06-01T00:00:00Z")).Should().BeNull("nothing is listed for it");
    }

    [Fact]
    public async Task Rates_of_a_listed_model_bring_what_is_listed_in_proportion()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var book = await ApplyAsync(store, "  - {provider: openai, model: gpt-6.1-sol, inputUsdPerMillion: 1, outputUsdPerMillion: 10}\n");
        var price = book.Find("openai", "gpt-6.1-sol", At("2026-11-25T00:00:00Z"))!;
        // Listed: 2 in, 5 to write for long, doubled above 272,000 tokens; 10,000 a million searches.
        price.Rates.Others.ToString().Should().Be("cache_write_long 2.5, web_searches 10000, file_searches 2500, code_sessions 30000, preview_searches 10000");
        price.LongContext!.Rates.Others.ToString().Should().Be("cache_write_long 5, web_searches 10000, file_searches 2500, code_sessions 30000, preview_searches 10000");
        price.LongContext.Rates.Output.ToString().Should().Be("15");
    }

    [Fact]
    public async Task A_declared_rate_of_a_unit_replaces_the_listed_one_in_every_band()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var book = await ApplyAsync(store, "  - {provider: openai, model: gpt-6.1-sol, inputUsdPerMillion: 2, outputUsdPerMillion: 10, unitUsdPerMillion: {web_searches: 8000, cache_write_long: 6}}\n");
        var price = book.Find("openai", "gpt-6.1-sol", At("2026-11-25T00:00:00Z"))!;
        price.Rates.RateOf(UnitClass.WebSearches)!.Value.ToString().Should().Be("8000");
        price.LongContext!.Rates.RateOf(UnitClass.WebSearches)!.Value.ToString().Should().Be("8000");
        price.LongContext.Rates.RateOf(UnitClass.CacheWriteLong)!.Value.ToString().Should().Be("12", "it doubles as the listed one does");
    }

    [Fact]
    public async Task A_discount_takes_its_part_of_every_listed_rate_whenever_that_changes()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var book = await ApplyAsync(store, "  - {provider: google, model: gemini-4-argon, discountPercent: 15, unitUsdPerMillion: {map_queries: 14000}}\n");
        var before = book.Find("google", "gemini-4-argon", At("2026-11-30T23:59:59Z"))!;
        Text(before.Rates).Should().Be("1.7 0.085 1.7 8.5");
        before.Rates.Others.ToString().Should().Be("web_searches 11900, map_queries 14000", "a fee that is named is not discounted");
        (before.TierPercentOf("batch"), before.ContextWindow, before.Source).Should().Be((50, 1_048_576, "declared"));
        Text(book.Find("google", "gemini-4-argon", At("2026-12-01T00:00:00Z"))!.Rates).Should().Be("3.4 0.17 3.4 17");
    }

    [Fact]
    public async Task A_discount_keeps_the_band_and_ends_with_what_is_sold()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var book = await ApplyAsync(store, "  - {provider: anthropic, model: claude-haiku-5-5, discountPercent: 20}\n  - {provider: google, model: gemini-2.5-pro, discountPercent: 50}\n");
        var price = book.Find("anthropic", "claude-haiku-5-5", At("2026-11-25T00:00:00Z"))!;
        Text(price.Rates).Should().Be("0.08 0.008 0.1 0.4");
        Text(price.LongContext!.Rates).Should().Be("0.4 0.04 0.5 2");
        price.LongContext.Rates.RateOf(UnitClass.CacheWriteLong)!.Value.ToString().Should().Be("0.8");
        book.Find("google", "gemini-2.5-pro", At("2026-10-15T00:00:00Z")).Should().NotBeNull();
        book.Find("google", "gemini-2.5-pro", At("2026-10-16T00:00:00Z")).Should().BeNull("it was shut down, at whatever discount");
    }

    [Fact]
    public async Task Declared_rates_hold_through_scheduled_changes_of_the_list()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var book = await ApplyAsync(store, "  - {provider: anthropic, model: claude-sonnet-5-5, inputUsdPerMillion: 1, outputUsdPerMillion: 5}\n  - {provider: google, model: gemini-3.8-flash, inputUsdPerMillion: 0.5, outputUsdPerMillion: 3, effectiveFrom: 2026-11-01T00:00:00Z}\n");
        book.Find("anthropic", "claude-sonnet-5-5", At("2026-11-25T00:00:00Z"))!.Rates.Input.ToString().Should().Be("1");
        book.Find("google", "gemini-3.8-flash", At("2026-10-31T00:00:00Z"))!.Rates.Input.ToString().Should().Be("0.75");
        book.Find("google", "gemini-3.8-flash", At("2027-01-02T00:00:00Z"))!.Rates.Input.ToString().Should().Be("0.5");
    }

    [Fact]
    public async Task When_a_declared_price_ends_the_listed_one_holds_again()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        const string half = "  - {provider: google, model: gemini-3.8-flash, discountPercent: 50, effectiveTo: ";
        var book = await ApplyAsync(store, half + "2026-12-10T00:00:00Z}\n");
        Text(book.Find("google", "gemini-3.8-flash", At("2026-12-09T23:59:59Z"))!.Rates).Should().Be("0.375 0.0375 0.375 1.875");
        Text(book.Find("google", "gemini-3.8-flash", At("2026-12-10T00:00:00Z"))!.Rates).Should().Be("0.75 0.075 0.75 3.75");
        Text(book.Find("google", "gemini-3.8-flash", At("2027-01-01T00:00:00Z"))!.Rates).Should().Be("1.5 0.15 1.5 7.5");

        book = await ApplyAsync(store, half + "2027-03-01T00:00:00Z}\n");
        Text(book.Find("google", "gemini-3.8-flash", At("2026-12-11T00:00:00Z"))!.Rates).Should().Be("0.375 0.0375 0.375 1.875", "the contract was prolonged");
        Text(book.Find("google", "gemini-3.8-flash", At("2027-02-28T00:00:00Z"))!.Rates).Should().Be("0.75 0.075 0.75 3.75");
        Text(book.Find("google", "gemini-3.8-flash", At("2027-03-01T00:00:00Z"))!.Rates).Should().Be("1.5 0.15 1.5 7.5");
    }

    [Fact]
    public async Task Declared_prices_of_a_model_follow_each_other()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var book = await ApplyAsync(store, """
              - {provider: google, model: gemini-3.8-flash, inputUsdPerMillion: 0.6, outputUsdPerMillion: 3, effectiveFrom: 2026-12-20T00:00:00Z}
              - {provider: google, model: gemini-3.8-flash, inputUsdPerMillion: 0.7, outputUsdPerMillion: 3, effectiveTo: 2026-12-20T00:00:00Z}

            """);
        book.Find("google", "gemini-3.8-flash", At("2026-12-19T23:59:59Z"))!.Rates.Input.ToString().Should().Be("0.7");
        book.Find("google", "gemini-3.8-flash", At("2026-12-20T00:00:00Z"))!.Rates.Input.ToString().Should().Be("0.6");
        book.Find("google", "gemini-3.8-flash", At("2027-01-02T00:00:00Z"))!.Rates.Input.ToString().Should().Be("0.6");
    }

    [Fact]
    public async Task Applying_the_same_prices_again_changes_nothing()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        const string prices = """
              - {provider: google, model: gemini-3.8-flash, discountPercent: 50, effectiveTo: 2026-12-10T00:00:00Z}
              - {provider: anthropic, model: claude-sonnet-5-5, inputUsdPerMillion: 1, outputUsdPerMillion: 5, unitUsdPerMillion: {web_searches: 1}}

            """;
        await ApplyAsync(store, prices);
        var again = await OutcomeAsync(store, prices);
        var applied = again.Should().BeOfType<ApplyOutcome.Applied>().Subject;
        applied.Epoch.Should().Be(1);
        applied.Changes.Should().OnlyContain(c => c.Action == ChangeAction.Unchanged);
    }

    [Fact]
    public async Task A_plan_shows_units_and_ends()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var outcome = await OutcomeAsync(store, "  - {provider: openai, model: m, inputUsdPerMillion: 1, outputUsdPerMillion: 5, unitUsdPerMillion: {images: 2}, effectiveTo: 2027-01-01T00:00:00Z}\n");
        var change = outcome.Should().BeOfType<ApplyOutcome.Applied>().Subject.Changes.Single(c => c.Kind == "price");
        change.Fields.Should().Contain(new FieldChange("unitUsdPerMillion.images", null, "2"))
            .And.Contain(new FieldChange("effectiveTo", null, "2027-01-01T00:00:00Z"));
    }

    [Theory]
    [InlineData("  - {provider: openai, model: nothing-listed, discountPercent: 10}\n", "which has no listed price at that time")]
    [InlineData("  - {provider: openai, model: tts-1, discountPercent: 10, inputUsdPerMillion: 1}\n", "'inputUsdPerMillion' stands beside 'discountPercent'")]
    [InlineData("  - {provider: openai, model: gpt-5.4, discountPercent: 10, longContext: {aboveInputTokens: 1, inputUsdPerMillion: 1, outputUsdPerMillion: 1}}\n", "'longContext' stands beside 'discountPercent'")]
    [InlineData("  - {provider: openai, model: gpt-5.4, discountPercent: 101}\n", "expected a whole number from 1 to 100")]
    [InlineData("  - {provider: openai, model: gpt-5.4, discountPercent: 2.5}\n", "expected a whole number from 1 to 100")]
    [InlineData("  - {provider: openai, model: gpt-5.4, inputUsdPerMillion: 1, outputUsdPerMillion: 1, effectiveFrom: 2027-01-01T00:00:00Z, effectiveTo: 2027-01-01T00:00:00Z}\n", "'effectiveTo' is not after 'effectiveFrom'")]
    [InlineData("  - {provider: openai, model: gpt-5.4, discountPercent: 5, effectiveTo: 2027-01-02T00:00:00Z}\n  - {provider: openai, model: gpt-5.4, discountPercent: 6, effectiveFrom: 2027-01-01T00:00:00Z}\n", "ends after the next one has begun (2027-01-01T00:00:00Z)")]
    [InlineData("  - {provider: openai, model: m, inputUsdPerMillion: 1, outputUsdPerMillion: 1, unitUsdPerMillion: {pages: 1}}\n", "'pages' is not a field of unitUsdPerMillion: expected cache_write_long")]
    [InlineData("  - {provider: openai, model: m, inputUsdPerMillion: 1, outputUsdPerMillion: 1, unitUsdPerMillion: {images: free}}\n", "'images' is 'free': expected USD per million")]
    [InlineData("  - {provider: openia, model: m, inputUsdPerMillion: 1, outputUsdPerMillion: 1}\n", "'openia' is not a provider: expected one of openai, openrouter")]
    [InlineData("  - {provider: mcp, model: finder/search, inputUsdPerMillion: 1, outputUsdPerMillion: 1}\n", "'mcp' is not a provider: expected one of openai, openrouter")]
    public async Task What_is_wrong_with_a_price_is_said(string prices, string error)
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var refused = (await OutcomeAsync(store, prices)).Should().BeOfType<ApplyOutcome.Refused>().Subject;
        refused.Errors.Should().Contain(e => e.Message.Contains(error) && e.Line >= 3);
    }

    [Fact]
    public async Task A_discount_that_is_no_exact_rate_is_refused()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        await ApplyAsync(store, "  - {provider: openai, model: m, inputUsdPerMillion: 1, outputUsdPerMillion: 1}\n");
        // A listed rate of one nano-dollar has no tenth.
        await store.ExecuteAsync("UPDATE prices SET input_rate = 1 WHERE model = 'gpt-4.1'");
        var refused = (await OutcomeAsync(store, "  - {provider: openai, model: gpt-4.1, discountPercent: 10}\n")).Should().BeOfType<ApplyOutcome.Refused>().Subject;
        refused.Errors.Should().ContainSingle(e => e.Message.Contains("gives a rate with more than nine decimals"));
    }

    private static async Task<PriceBook> ApplyAsync(GovernanceStore store, string prices)
    {
        var applied = (await OutcomeAsync(store, prices)).Should().BeOfType<ApplyOutcome.Applied>().Subject;
        return new GovernanceSnapshot(await store.LoadAsync(applied.OrganizationId)).Prices;
    }

    private static Task<ApplyOutcome> OutcomeAsync(GovernanceStore store, string prices) => Spendra.Control.Declarations.Declarations.ApplyAsync(
        store.Database, store.MasterKey, Head + prices, "acme.yaml", new DeclarationOptions(), Author, null, Cancel);

    private static long At(string instant) => InstantText.TryParse(instant, out var micros) ? micros : throw new FormatException(instant);

    private static string Text(RateCard card) => $"{card.Input} {card.CachedInput} {card.CacheWrite} {card.Output}";
}

public sealed class DeclaredPriceOnSqliteTests() : DeclaredPriceContract(DatabaseEngine.Sqlite);

public sealed class DeclaredPriceOnPostgresTests() : DeclaredPriceContract(DatabaseEngine.Postgres);
