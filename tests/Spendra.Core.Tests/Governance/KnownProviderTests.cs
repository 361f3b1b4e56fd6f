using Spendra.Core.Governance;

namespace Spendra.Core.Tests.Governance;

public sealed class KnownProviderTests
{
    [Fact]
    public void Every_provider_is_found_by_its_name()
    {
        foreach (var provider in KnownProvider.All) KnownProvider.Find(provider.Name).Should().BeSameAs(provider);
        KnownProvider.All.Select(p => p.Name).Should().OnlyHaveUniqueItems();
    }

    [Theory]
    [InlineData("OpenAI")]
    [InlineData("openai ")]
    [InlineData("")]
    public void Other_names_are_of_no_provider(string name) => KnownProvider.Find(name).Should().BeNull();

    [Fact]
    public void All_but_the_servers_of_tools_sell_models() =>
        KnownProvider.OfModels.Select(p => p.Name).Should().Equal(
            KnownProvider.OpenAi, KnownProvider.OpenRouter, KnownProvider.Google, KnownProvider.VertexAi, KnownProvider.Azure, KnownProvider.Anthropic);
}
