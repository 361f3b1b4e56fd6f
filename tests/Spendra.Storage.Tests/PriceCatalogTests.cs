using Spendra.Core.Governance;
using Spendra.Core.Metering;
using Spendra.Core.Pricing;
using Spendra.Storage.Pricing;

namespace Spendra.Storage.Tests;

public sealed class PriceCatalogTests
{
    private const string Now = "2026-11-25T00:00:00Z";

    [Fact]
    public void Every_provider_has_prices_and_nobody_else_has() =>
        PriceCatalog.All.Select(p => p.Provider).Distinct().Should().BeEquivalentTo(KnownProvider.OfModels.Select(p => p.Name));

    [Fact]
    public void A_cache_costs_no_more_than_input_to_read_and_no_less_to_write()
    {
        PriceCatalog.All.Length.Should().BeGreaterThan(190);
        foreach (var (name, card) in PriceCatalog.All.SelectMany(Cards))
        {
            card.CachedInput.NanosPerMillion.Should().BeLessThanOrEqualTo(card.Input.NanosPerMillion, name);
            card.CacheWrite.NanosPerMillion.Should().BeGreaterThanOrEqualTo(card.Input.NanosPerMillion, name);
            foreach (var (unit, rate) in card.Others) rate.NanosPerMillion.Should().BePositive($"{name} {unit}");
            if (card.Others.Find(UnitClass.CacheWriteLong) is { } longer)
                longer.NanosPerMillion.Should().BeGreaterThan(card.CacheWrite.NanosPerMillion, name);
            if (card.Others.Find(UnitClass.CachedImageInput) is { } cached)
                cached.NanosPerMillion.Should().BeLessThan(card.Others.Find(UnitClass.ImageInput)!.Value.NanosPerMillion, name);
        }
    }

    [Fact]
    public void What_costs_nothing_by_the_token_is_priced_otherwise_or_free_by_name() =>
        PriceCatalog.All.Where(p => p.Rates.Input.NanosPerMillion == 0 && p.Rates.Others.IsEmpty).Select(p => p.Model)
            .Should().Equal("omni-moderation-latest", "omni-moderation-2024-09-26");

    /// <summary>
    /// Ids that clients send and that providers document beside the model's name (OpenAI's and Anthropic's lists of models and
    /// the types of their libraries). An id that is not here is refused: a snapshot may have a price of its own, as
    /// <c>gpt-4o-2024-05-13</c> has.
    /// </summary>
    private static readonly (string Provider, string Model, string[] Snapshots)[] Dated =
    [
        ("openai", "gpt-5.5", ["gpt-5.5-2026-04-23"]),
        ("openai", "gpt-5.5-pro", ["gpt-5.5-pro-2026-04-23"]),
        ("openai", "gpt-5.4", ["gpt-5.4-2026-03-05"]),
        ("openai", "gpt-5.4-mini", ["gpt-5.4-mini-2026-03-17"]),
        ("openai", "gpt-5.4-nano", ["gpt-5.4-nano-2026-03-17"]),
        ("openai", "gpt-5.4-pro", ["gpt-5.4-pro-2026-03-05"]),
        ("openai", "gpt-5.2", ["gpt-5.2-2025-12-11"]),
        ("openai", "gpt-5.2-pro", ["gpt-5.2-pro-2025-12-11"]),
        ("openai", "gpt-5.1", ["gpt-5.1-2025-11-13"]),
        ("openai", "gpt-5", ["gpt-5-2025-08-07"]),
        ("openai", "gpt-5-mini", ["gpt-5-mini-2025-08-07"]),
        ("openai", "gpt-5-nano", ["gpt-5-nano-2025-08-07"]),
        ("openai", "gpt-5-pro", ["gpt-5-pro-2025-10-06"]),
        ("openai", "gpt-5-search-api", ["gpt-5-search-api-2025-10-14"]),
        ("openai", "gpt-4.1", ["gpt-4.1-2025-04-14"]),
        ("openai", "gpt-4.1-mini", ["gpt-4.1-mini-2025-04-14"]),
        ("openai", "gpt-4.1-nano", ["gpt-4.1-nano-2025-04-14"]),
        ("openai", "gpt-4o", ["gpt-4o-2024-08-06", "gpt-4o-2024-11-20"]),
        ("openai", "gpt-4o-mini", ["gpt-4o-mini-2024-07-18"]),
        ("openai", "o3", ["o3-2025-04-16"]),
        ("openai", "o3-pro", ["o3-pro-2025-06-10"]),
        ("openai", "o4-mini", ["o4-mini-2025-04-16"]),
        ("openai", "o3-mini", ["o3-mini-2025-01-31"]),
        ("openai", "o1", ["o1-2024-12-17"]),
        ("openai", "o1-pro", ["o1-pro-2025-03-19"]),
        ("openai", "gpt-4-turbo", ["gpt-4-turbo-2024-04-09"]),
        ("openai", "gpt-3.5-turbo", ["gpt-3.5-turbo-0125"]),
        ("openai", "omni-moderation-latest", ["omni-moderation-2024-09-26"]),
        ("openai", "gpt-image-2", ["gpt-image-2-2026-04-21"]),
        ("anthropic", "claude-opus-4-5", ["claude-opus-4-5-20251101"]),
        ("anthropic", "claude-sonnet-4-5", ["claude-sonnet-4-5-20250929"]),
        ("anthropic", "claude-haiku-4-5", ["claude-haiku-4-5-20251001"]),
        ("vertexai", "anthropic/claude-haiku-4-5", ["anthropic/claude-haiku-4-5@20251001"]),
    ];

    [Fact]
    public void A_dated_snapshot_has_the_price_of_its_model_under_its_exact_id()
    {
        foreach (var (provider, model, snapshots) in Dated)
        {
            var named = PriceCatalog.All.Single(p => p.Provider == provider && p.Model == model);
            foreach (var snapshot in snapshots)
                PriceCatalog.All.Single(p => p.Provider == provider && p.Model == snapshot).Should().BeEquivalentTo(named with { Model = snapshot });
        }
    }

    /// <summary>No id with a date stands there that is not in the list above, which says where it comes from.</summary>
    [Fact]
    public void No_other_id_with_a_date_has_a_price() =>
        PriceCatalog.All.Where(p => System.Text.RegularExpressions.Regex.IsMatch(p.Model, "[-@](20[0-9]{2}-?[0-9]{2}-?[0-9]{2}|0125)$")).Select(p => p.Model)
            .Should().BeEquivalentTo(Dated.SelectMany(d => d.Snapshots));

    [Fact]
    public void Versions_of_a_model_follow_each_other_without_overlap()
    {
        foreach (var model in PriceCatalog.All.GroupBy(p => (p.Provider, p.Model)))
        {
            var versions = model.OrderBy(p => p.EffectiveFrom).ToList();
            versions.Select(p => p.EffectiveFrom).Should().OnlyHaveUniqueItems(model.Key.ToString());
            versions[0].EffectiveFrom.Should().Be(0, "the first price has no known beginning");
            foreach (var (first, second) in versions.Zip(versions.Skip(1)))
                first.EffectiveTo.Should().Be(second.EffectiveFrom, $"{model.Key} has a price at every moment in between");
        }
    }

    [Fact]
    public void Every_row_says_where_it_comes_from_and_of_which_day() =>
        PriceCatalog.All.Should().OnlyContain(p => System.Text.RegularExpressions.Regex.IsMatch(p.Source, ", 2026-(0[89]|1[01])-[0-3][0-9]$"));

    [Fact]
    public void Tiers_are_multipliers_that_providers_sell() =>
        PriceCatalog.All.SelectMany(p => p.TierPercents.Select(t => $"{t.Key}={t.Value}")).Distinct().Should().BeEquivalentTo(
            "batch=50", "flex=50", "fast=200", "priority=200", "fast=250", "priority=250", "fast=180", "priority=180",
            "fast=175", "priority=175", "fast=170", "priority=170", "ultrafast=300", "ultrafast=600", "us=110");

    [Fact]
    public void A_long_context_of_openai_doubles_input_and_cache_and_makes_output_half_as_dear_again()
    {
        var banded = PriceCatalog.All.Where(p => p is { Provider: "openai" or "azure", LongContext: not null }).ToList();
        banded.Should().HaveCountGreaterThan(18);
        foreach (var price in banded)
        {
            var (card, band) = (price.Rates, price.LongContext!);
            band.AboveInputUnits.Should().Be(272_000);
            (band.Rates.Input.NanosPerMillion, band.Rates.CachedInput.NanosPerMillion, band.Rates.CacheWrite.NanosPerMillion, band.Rates.Output.NanosPerMillion * 2)
                .Should().Be((card.Input.NanosPerMillion * 2, card.CachedInput.NanosPerMillion * 2, card.CacheWrite.NanosPerMillion * 2, card.Output.NanosPerMillion * 3), price.Model);
        }
    }

    [Fact]
    public void A_band_prices_every_class_that_its_base_prices()
    {
        foreach (var price in PriceCatalog.All.Where(p => p.LongContext is not null))
        {
            foreach (var (unit, rate) in price.Rates.Others)
            {
                var banded = price.LongContext!.Rates.RateOf(unit);
                banded.Should().NotBeNull($"{price.Model} {unit}");
                if (!unit.IsToken()) banded.Should().Be(rate, $"{price.Model} {unit} does not depend on the context");
            }
        }
    }

    [Theory]
    // provider, model → input, cached, write, output; other rates; tiers. From the providers' lists, in USD per million.
    [InlineData("openai", "gpt-6.2-astra", "8 0.4 10 40", "web_searches 10000, file_searches 2500, code_sessions 30000, preview_searches 10000", "batch=50 fast=200 flex=50 priority=200")]
    [InlineData("openai", "gpt-6.2-sol", "2 0.1 2.5 10", "cache_write_long 5, web_searches 10000, file_searches 2500, code_sessions 30000, preview_searches 10000", "batch=50 fast=200 flex=50 priority=200 ultrafast=300")]
    [InlineData("openai", "gpt-6.1-terra", "1 0.05 1.25 5", "cache_write_long 2.5, web_searches 10000, file_searches 2500, code_sessions 30000, preview_searches 10000", "batch=50 fast=200 flex=50 priority=200")]
    [InlineData("openai", "gpt-6-astra", "10 1 12.5 50", "web_searches 10000, file_searches 2500, code_sessions 30000, preview_searches 10000", "batch=50 fast=200 flex=50 priority=200 ultrafast=600")]
    [InlineData("openai", "gpt-6-luna", "0.1 0.01 0.125 0.5", "web_searches 10000, file_searches 2500, code_sessions 30000, preview_searches 10000", "batch=50 fast=200 flex=50 priority=200")]
    [InlineData("openai", "gpt-5.6-sol", "5 0.5 6.25 30", "web_searches 10000, file_searches 2500, code_sessions 30000, preview_searches 10000", "")]
    [InlineData("openai", "gpt-5.5", "5 0.5 5 30", "web_searches 10000, file_searches 2500, code_sessions 30000, preview_searches 10000", "batch=50 fast=250 flex=50 priority=250")]
    [InlineData("openai", "gpt-5-mini", "0.25 0.025 0.25 2", "web_searches 10000, file_searches 2500, code_sessions 30000, preview_searches 10000", "batch=50 fast=180 flex=50 priority=180")]
    [InlineData("openai", "gpt-5-pro", "15 15 15 120", "web_searches 10000, file_searches 2500, code_sessions 30000, preview_searches 10000", "batch=50")]
    [InlineData("openai", "gpt-5-search-api", "1.25 0.125 1.25 10", "web_searches 10000", "")]
    [InlineData("openai", "gpt-4.1", "2 0.5 2 8", "web_searches 10000, file_searches 2500, code_sessions 30000, preview_searches 25000", "batch=50 fast=175 priority=175")]
    // 10000 for a thousand searches, and 8000 tokens of input for each
    [InlineData("openai", "gpt-4.1-mini", "0.4 0.1 0.4 1.6", "web_searches 13200, file_searches 2500, code_sessions 30000, preview_searches 25000", "batch=50")]
    [InlineData("openai", "gpt-4o-mini", "0.15 0.075 0.15 0.6", "web_searches 11200, file_searches 2500, code_sessions 30000, preview_searches 25000", "batch=50")]
    [InlineData("openai", "gpt-4.1-nano", "0.1 0.025 0.1 0.4", "", "batch=50")]
    [InlineData("openai", "gpt-4o", "2.5 1.25 2.5 10", "web_searches 10000, file_searches 2500, code_sessions 30000, preview_searches 25000", "batch=50 fast=170 priority=170")]
    [InlineData("openai", "o4-mini", "1.1 0.275 1.1 4.4", "web_searches 10000, file_searches 2500, code_sessions 30000, preview_searches 10000", "batch=50 flex=50")]
    [InlineData("openai", "o1-pro", "150 150 150 600", "", "")]
    [InlineData("openai", "text-embedding-3-small", "0.02 0.02 0.02 0", "", "batch=50")]
    [InlineData("openai", "gpt-audio-1.5", "2.5 2.5 2.5 10", "audio_input 32, audio_output 64", "")]
    [InlineData("openai", "gpt-4o-mini-tts", "0.6 0.6 0.6 12", "audio_output 12", "")]
    [InlineData("openai", "tts-1", "0 0 0 0", "characters 15", "")]
    [InlineData("openai", "tts-1-hd", "0 0 0 0", "characters 30", "")]
    [InlineData("openai", "whisper-1", "0 0 0 0", "seconds 100", "")]
    [InlineData("openai", "gpt-transcribe", "0 0 0 0", "seconds 75", "")]
    [InlineData("openai", "gpt-image-2", "5 1.25 5 30", "image_input 8, cached_image_input 2, image_output 30", "")]
    [InlineData("openai", "gpt-image-1.5", "5 1.25 5 32", "image_input 8, cached_image_input 2, image_output 32", "")]
    [InlineData("anthropic", "claude-fable-5-1", "10 0.25 12.5 50", "cache_write_long 20, web_searches 10000", "batch=50 us=110")]
    [InlineData("anthropic", "claude-opus-5-5", "4 0.2 5 20", "cache_write_long 8, web_searches 10000", "batch=50 fast=200 us=110")]
    [InlineData("anthropic", "claude-opus-5", "5 0.5 6.25 25", "cache_write_long 10, web_searches 10000", "batch=50 fast=200 us=110")]
    [InlineData("anthropic", "claude-opus-4-5", "5 0.5 6.25 25", "cache_write_long 10, web_searches 10000", "batch=50")]
    [InlineData("anthropic", "claude-sonnet-5-5", "2 0.1 2.5 10", "cache_write_long 4, web_searches 10000", "batch=50 us=110")]
    [InlineData("anthropic", "claude-sonnet-4-6", "3 0.3 3.75 15", "cache_write_long 6, web_searches 10000", "batch=50 us=110")]
    [InlineData("anthropic", "claude-haiku-5-5", "0.1 0.01 0.125 0.5", "cache_write_long 0.2, web_searches 10000", "batch=50 us=110")]
    [InlineData("anthropic", "claude-haiku-4-5", "1 0.1 1.25 5", "cache_write_long 2, web_searches 10000", "batch=50")]
    [InlineData("google", "gemini-4-argon", "2 0.1 2 10", "web_searches 14000, map_queries 14000", "batch=50")]
    [InlineData("google", "gemini-3.1-pro-preview", "2 0.2 2 12", "web_searches 14000, map_queries 14000", "batch=50 flex=50 priority=180")]
    [InlineData("google", "gemini-3.8-flash", "0.75 0.075 0.75 3.75", "web_searches 14000, map_queries 14000", "batch=50 priority=180")]
    [InlineData("google", "gemini-3.1-flash-lite", "0.25 0.025 0.25 1.5", "audio_input 0.5, web_searches 14000, map_queries 14000", "batch=50")]
    [InlineData("google", "gemini-3-pro-image", "2 2 2 12", "image_output 120", "")]
    [InlineData("google", "gemini-embedding-001", "0.15 0.15 0.15 0", "", "batch=50")]
    [InlineData("vertexai", "google/gemini-3.5-flash", "1.5 0.15 1.5 9", "web_searches 14000, map_queries 14000", "batch=50 flex=50 priority=180")]
    [InlineData("vertexai", "google/gemini-embedding-001", "0.15 0.15 0.15 0", "", "batch=50")]
    [InlineData("vertexai", "anthropic/claude-haiku-4-5@20251001", "1 0.1 1.25 5", "cache_write_long 2", "")]
    [InlineData("vertexai", "anthropic/claude-sonnet-5-5", "2 0.1 2.5 10", "cache_write_long 4", "")]
    [InlineData("azure", "gpt-4.1-mini", "0.4 0.1 0.4 1.6", "", "batch=50")]
    [InlineData("azure", "gpt-35-turbo", "0.55 0.55 0.55 1.65", "", "batch=50")]
    [InlineData("azure", "gpt-6-astra", "10 1 12.5 50", "", "batch=50")]
    [InlineData("openrouter", "deepseek/deepseek-v4-pro", "0.435 0.003625 0.435 0.87", "", "")]
    [InlineData("openrouter", "z-ai/glm-5.2", "0.76006 0.141154 0.76006 2.38876", "", "")]
    [InlineData("openrouter", "qwen/qwen3.7-max", "1.475 0.295 1.84375 4.425", "", "")]
    [InlineData("openrouter", "x-ai/grok-4.5", "2 0.3 2 6", "web_searches 5000", "")]
    [InlineData("openrouter", "openai/gpt-4.1-mini", "0.4 0.1 0.4 1.6", "", "")]
    public void A_row_says_what_the_price_list_says(string provider, string model, string rates, string others, string tiers)
    {
        var price = At(provider, model, Now)!;
        Text(price.Rates).Should().Be(rates);
        price.Rates.Others.ToString().Should().Be(others);
        string.Join(' ', price.TierPercents.Select(t => $"{t.Key}={t.Value}")).Should().Be(tiers);
    }

    [Theory]
    [InlineData("openai", "gpt-6.1-sol", 272_000, "4 0.2 5 15", "cache_write_long 10, web_searches 10000, file_searches 2500, code_sessions 30000, preview_searches 10000")]
    [InlineData("anthropic", "claude-haiku-5-5", 100_000, "0.5 0.05 0.625 2.5", "cache_write_long 1, web_searches 10000")]
    [InlineData("google", "gemini-3.1-pro-preview", 200_000, "4 0.4 4 18", "web_searches 14000, map_queries 14000")]
    [InlineData("openrouter", "x-ai/grok-4.5", 199_999, "4 0.6 4 12", "web_searches 5000")]
    [InlineData("openrouter", "qwen/qwen3.7-plus", 255_999, "0.96 0.192 1.2 3.84", "")]
    public void A_long_prompt_reprices_the_whole_request(string provider, string model, long above, string rates, string others)
    {
        var band = At(provider, model, Now)!.LongContext!;
        band.AboveInputUnits.Should().Be(above);
        Text(band.Rates).Should().Be(rates);
        band.Rates.Others.ToString().Should().Be(others);
    }

    [Theory]
    [InlineData("google", "gemini-4-argon", "2026-11-30T23:59:59Z", "2 0.1 2 10")]
    [InlineData("google", "gemini-4-argon", "2026-12-01T00:00:00Z", "4 0.2 4 20")]
    [InlineData("google", "gemini-4-carbon", "2026-12-01T00:00:00Z", "4 0.2 4 20")]
    [InlineData("vertexai", "google/gemini-4-argon", "2026-12-01T00:00:00Z", "4 0.2 4 20")]
    [InlineData("openrouter", "google/gemini-4-argon", "2026-12-01T00:00:00Z", "4 0.2 4 20")]
    [InlineData("google", "gemini-3.6-flash", "2026-12-31T23:59:59Z", "0.75 0.075 0.75 3.75")]
    [InlineData("google", "gemini-3.6-flash", "2027-01-01T00:00:00Z", "1.5 0.15 1.5 7.5")]
    [InlineData("google", "gemini-3.7-flash", "2027-01-01T00:00:00Z", "1.5 0.15 1.5 7.5")]
    [InlineData("google", "gemini-3.8-flash", "2027-01-01T00:00:00Z", "1.5 0.15 1.5 7.5")]
    [InlineData("vertexai", "google/gemini-3.8-flash", "2027-01-01T00:00:00Z", "1.5 0.15 1.5 7.5")]
    [InlineData("anthropic", "claude-sonnet-5-5", "2026-10-06T23:59:59Z", "2 0.2 2.5 10")]
    [InlineData("anthropic", "claude-sonnet-5-5", "2026-10-07T00:00:00Z", "2 0.1 2.5 10")]
    [InlineData("google", "gemini-2.5-pro", "2026-10-15T23:59:59Z", "1.25 0.125 1.25 10")]
    [InlineData("google", "gemini-2.5-pro", "2026-10-16T00:00:00Z", null)]
    public void A_scheduled_change_holds_from_its_instant(string provider, string model, string at, string? rates) =>
        (At(provider, model, at) is { } price ? Text(price.Rates) : null).Should().Be(rates);

    // What a request without a limit gets; whoever sets a limit may have up to 1,048,576.
    [Theory]
    [InlineData("google", "gemini-4-argon", "2026-11-30T23:59:59Z")]
    [InlineData("google", "gemini-4-argon", "2026-12-01T00:00:00Z")]
    [InlineData("vertexai", "google/gemini-4-argon", "2026-11-30T23:59:59Z")]
    [InlineData("vertexai", "google/gemini-4-argon", "2026-12-01T00:00:00Z")]
    public void The_largest_output_is_that_of_a_request_without_a_limit(string provider, string model, string at) =>
        At(provider, model, at)!.MaxOutput.Should().Be(65_536);

    [Theory]
    [InlineData("2027-02-27T23:59:59Z", 300)]
    [InlineData("2027-02-28T00:00:00Z", 600)]
    public void A_tier_can_change_on_a_day_as_well(string at, int percent) =>
        At("openai", "gpt-6.2-sol", at)!.TierPercentOf("ultrafast").Should().Be(percent);

    [Theory]
    [InlineData("openai", "gpt-6")]
    [InlineData("openai", "gpt-4o-2024-05-13")]
    [InlineData("openai", "tool:web_search")]
    [InlineData("openai", "gpt-realtime-2.1")]
    [InlineData("openai", "sora-2")]
    [InlineData("openai", "gpt-4o-transcribe")]
    [InlineData("openai", "gpt-image-1-mini")]
    [InlineData("google", "gemini-3.8-live")]
    [InlineData("anthropic", "claude-opus-4-1")]
    [InlineData("openrouter", "qwen/qwen3.7-flash")]
    [InlineData("azure", "gpt-4-turbo")]
    public void What_cannot_be_priced_exactly_is_not_listed(string provider, string model) =>
        PriceCatalog.VersionsOf(provider, model).Should().BeEmpty();

    [Fact]
    public void Seeded_rows_have_ids_of_their_own()
    {
        PriceCatalog.Seed(7).Select(p => p.PriceId).Should().OnlyHaveUniqueItems();
        PriceCatalog.Seed(7).Should().OnlyContain((PriceVersion p) => p.RecordedAt == 7);
    }

    private static PriceVersion? At(string provider, string model, string instant) =>
        PriceCatalog.Find(provider, model, InstantText.TryParse(instant, out var micros) ? micros : throw new FormatException(instant));

    private static string Text(RateCard card) => $"{card.Input} {card.CachedInput} {card.CacheWrite} {card.Output}";

    private static IEnumerable<(string Name, RateCard Card)> Cards(PriceVersion price) =>
        price.LongContext is { } band
            ? [($"{price.Provider}/{price.Model}", price.Rates), ($"{price.Provider}/{price.Model} long", band.Rates)]
            : [($"{price.Provider}/{price.Model}", price.Rates)];
}
