using Spendra.Core.Money;
using Spendra.Core.Pricing;

namespace Spendra.Core.Tests.Pricing;

/// <summary>Price versions as tests write them.</summary>
internal static class Prices
{
    /// <summary>USD per million: input 0.40, cached 0.10, output 1.60; cache writes cost what input costs.</summary>
    public static readonly PriceVersion Mini = Version(Card("0.40", "0.10", "0.40", "1.60"));

    /// <summary>A dearer cache write, and a band that reprices the whole request above 272,000 input tokens.</summary>
    public static readonly PriceVersion Sol = Version(Card("2", "0.1", "2.5", "10")) with
    {
        Model = "sol",
        LongContext = new ContextBand(272_000, Card("4", "0.2", "5", "15")),
        TierPercents = PriceVersion.NoTiers.Add("flex", 50).Add("fast", 200),
    };

    public static PriceVersion Version(RateCard rates) => new()
    {
        PriceId = new Guid("00000000-0000-8000-8000-000000000001"),
        Provider = "openai",
        Model = "gpt-4.1-mini",
        Rates = rates,
        EffectiveFrom = 0,
        RecordedAt = 0,
        Source = "test",
    };

    public static RateCard Card(string input, string cached, string cacheWrite, string output) =>
        new(PerMillion(input), PerMillion(cached), PerMillion(cacheWrite), PerMillion(output));

    public static RateCard Card(long input, long cached, long cacheWrite, long output) =>
        new(new Rate(input), new Rate(cached), new Rate(cacheWrite), new Rate(output));

    private static Rate PerMillion(string usd) =>
        Rate.TryParseUsdPerMillion(usd, out var rate) ? rate : throw new FormatException(usd);
}
