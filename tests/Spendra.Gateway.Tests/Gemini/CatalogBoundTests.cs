using System.Text;
using Spendra.Gateway.Dialects.Gemini;
using Spendra.Storage.Pricing;

namespace Spendra.Gateway.Tests.Gemini;

/// <summary>What requests to models of the built-in catalog are held at.</summary>
public sealed class CatalogBoundTests
{
    private static readonly long Now = new DateTimeOffset(2026, 11, 25, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds() * 1_000;

    // 2 USD and 10 USD a million: the body and 64 tokens more at 2,000 nano-USD, the output at 10,000.
    [Theory]
    [InlineData("{\"contents\":[]}", 79 * 2_000L + 65_536 * 10_000L)]
    [InlineData("{\"contents\":[],\"generationConfig\":{\"maxOutputTokens\":1000000}}", 126 * 2_000L + 1_000_000 * 10_000L)]
    public void Argon_is_held_at_what_it_writes_without_a_limit_or_at_the_limit(string body, long nanos)
    {
        var price = PriceCatalog.Find("google", "gemini-4-argon", Now)!;
        var facts = GeminiRequestReader.Read(Encoding.UTF8.GetBytes(body), GeminiMethod.GenerateContent, price.Model, out _)!;

        BoundedCalls.Bound(facts, price)!.Amount.Value.Should().Be(nanos);
    }
}
