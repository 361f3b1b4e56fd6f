using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;

namespace Spendra.Gateway.Tests.Gemini;

/// <summary>
/// Google's list prices of autumn 2026, as price versions, and what was added to or left out of them for the sake of a
/// test, which each of them says. The list itself is in <see cref="Golden.ListedPrices"/>.
/// </summary>
internal static class GeminiPrices
{
    /// <summary>
    /// 3.8 Flash: 750, 75 and 3,750 nano-USD a token; a query of the web or of maps costs 0.014 USD. Flex is an addition: it
    /// is listed for this model at Vertex AI alone.
    /// </summary>
    public static readonly PriceVersion Flash = Of(Card("0.75", "0.075", "3.75", (UnitClass.WebSearches, "14000"), (UnitClass.MapQueries, "14000"))) with
    {
        TierPercents = PriceVersion.NoTiers.Add("flex", 50).Add("priority", 180),
    };

    /// <summary>2.5 Flash: 300, 30 and 2,500; sound that comes in 1,000; a grounded prompt costs 0.035 USD, by maps 0.025.</summary>
    public static readonly PriceVersion Flash25 = Of(Card("0.3", "0.03", "2.5", (UnitClass.AudioInput, "1"), (UnitClass.GroundedPrompts, "35000"), (UnitClass.GroundedMapPrompts, "25000")));

    /// <summary>
    /// 3.1 Pro: 2,000, 200 and 12,000; above 200,000 tokens of input 4,000, 400 and 18,000. Its price for a query, 0.014 USD,
    /// is left out, so that there is a model without one; so are its tiers.
    /// </summary>
    public static readonly PriceVersion Pro = Of(Card("2", "0.2", "12")) with
    {
        LongContext = new ContextBand(200_000, Card("4", "0.4", "18")),
    };

    /// <summary>3 Pro Image: 2,000 and 12,000; images that it draws 120,000 a token.</summary>
    public static readonly PriceVersion Image = Of(Card("2", "2", "12", (UnitClass.ImageOutput, "120")));

    /// <summary>3.8 Flash TTS: 500 and 9,000, spoken or not.</summary>
    public static readonly PriceVersion Speech = Of(Card("0.5", "0.5", "9", (UnitClass.AudioOutput, "9")));

    /// <summary>Embedding 001: 150.</summary>
    public static readonly PriceVersion Embedding = Of(Card("0.15", "0.15", "0"));

    private static PriceVersion Of(RateCard rates) => new()
    {
        PriceId = new Guid("00000000-0000-8000-8000-000000000001"),
        Provider = "google",
        Model = "m",
        Rates = rates,
        ContextWindow = 1_048_576,
        EffectiveFrom = 0,
        RecordedAt = 0,
        Source = "test",
    };

    private static RateCard Card(string input, string cached, string output, params ReadOnlySpan<(UnitClass Unit, string Usd)> others)
    {
        var map = default(UnitMap<Rate>);
        foreach (var (unit, usd) in others) map = map.With(unit, PerMillion(usd));
        return new RateCard(PerMillion(input), PerMillion(cached), PerMillion(input), PerMillion(output)) { Others = map };
    }

    private static Rate PerMillion(string usd) => Rate.TryParseUsdPerMillion(usd, out var rate) ? rate : throw new FormatException(usd);
}
