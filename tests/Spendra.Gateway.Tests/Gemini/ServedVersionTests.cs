using Spendra.Core.Pricing;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Tests.Gemini;

/// <summary>Google answers with the version of a model that served: by number, or by the day or month of a preview.</summary>
public sealed class ServedVersionTests
{
    [Theory]
    [InlineData("google", "gemini-x", "gemini-x-001", true)]
    [InlineData("google", "gemini-x", "models/gemini-x-002", true)]
    [InlineData("google", "gemini-x-001", "gemini-x", true)]
    [InlineData("google", "gemini-x-preview", "gemini-x-preview-05-14", true)]
    [InlineData("google", "gemini-x-preview", "gemini-x-preview-09-2025", true)]
    [InlineData("vertexai", "google/gemini-x", "gemini-x", true)]
    [InlineData("vertexai", "google/gemini-x", "gemini-x-001", true)]
    [InlineData("vertexai", "google/gemini-x", "google/gemini-x-001", true)]
    // Other models, whatever they begin with.
    [InlineData("google", "gemini-x", "gemini-x-lite", false)]
    [InlineData("google", "gemini-x", "gemini-x-lite-001", false)]
    [InlineData("google", "gemini-x", "gemini-x-1", false)]
    [InlineData("google", "gemini-x", "gemini-x-0001", false)]
    [InlineData("google", "gemini-x", "gemini-x-00a", false)]
    [InlineData("google", "gemini-x", "gemini-x001", false)]
    [InlineData("google", "gemini-x", "gemini-x-05-14-1", false)]
    [InlineData("google", "gemini-x-001", "gemini-x-002", false)]
    // Elsewhere a number at the end is part of a name.
    [InlineData("openai", "davinci", "davinci-002", false)]
    public void A_version_of_the_model_that_was_asked_for_costs_what_that_model_costs(string provider, string asked, string served, bool isPinned)
    {
        var pinned = Price(provider, asked);

        ServedPrice.Of(pinned, served, new PriceBook([pinned]), 1).Should().Be(isPinned ? pinned : null);
    }

    [Theory]
    [InlineData("google", "gemini-x", "gemini-x-001", "gemini-x-001")]
    [InlineData("vertexai", "google/gemini-x", "gemini-x-001", "google/gemini-x-001")]
    [InlineData("vertexai", "google/gemini-x", "gemini-y", "google/gemini-y")]
    [InlineData("vertexai", "anthropic/claude-x", "claude-y-20260101", "anthropic/claude-y")]
    public void An_exact_id_with_a_price_of_its_own_comes_first(string provider, string asked, string served, string priced)
    {
        var (pinned, exact) = (Price(provider, asked), Price(provider, priced));

        ServedPrice.Of(pinned, served, new PriceBook([pinned, exact]), 1).Should().Be(exact);
    }

    private static PriceVersion Price(string provider, string model) =>
        GeminiPrices.Flash with { PriceId = Guid.NewGuid(), Provider = provider, Model = model };
}
