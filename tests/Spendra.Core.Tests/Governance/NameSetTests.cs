using CsCheck;
using Spendra.Core.Governance;
using static Spendra.Core.Tests.Governance.World;

namespace Spendra.Core.Tests.Governance;

public sealed class NameSetTests
{
    [Fact]
    public void Absent_list_restricts_nothing()
    {
        default(NameSet).IsUnrestricted.Should().BeTrue();
        default(NameSet).Admits("anything").Should().BeTrue();
        NameSet.Unrestricted.Should().Be(default(NameSet));
    }

    [Fact]
    public void Empty_list_admits_nothing()
    {
        Names().IsUnrestricted.Should().BeFalse();
        Names().Admits("openai").Should().BeFalse();
        Names().Admits("").Should().BeFalse();
    }

    [Fact]
    public void Star_admits_everything_and_is_still_a_list()
    {
        Names("*").Admits("openai").Should().BeTrue();
        Names("a", "*").Admits("openai").Should().BeTrue();
        Names("*").IsUnrestricted.Should().BeFalse();
    }

    [Theory]
    [InlineData("openai", true)]
    [InlineData("OpenAI", false)]
    [InlineData("openai ", false)]
    [InlineData("open", false)]
    [InlineData("openai*", false)]
    [InlineData("", false)]
    public void Names_are_compared_exactly(string name, bool isAdmitted) =>
        Names("anthropic", "openai").Admits(name).Should().Be(isAdmitted);

    [Theory]
    [InlineData("open*")]
    [InlineData("*ai")]
    [InlineData("**")]
    public void Star_within_a_name_is_no_pattern(string name) => Names(name).Admits("openai").Should().BeFalse();

    [Fact]
    public void Sets_are_compared_by_their_names()
    {
        Names("a", "b").Should().Be(Names("a", "b"));
        Names("a", "b").GetHashCode().Should().Be(Names("a", "b").GetHashCode());
        Names("a").Should().NotBe(Names("b"));
        Names().Should().NotBe(default(NameSet));
        default(NameSet).Should().NotBe(Names());
        default(NameSet).GetHashCode().Should().Be(NameSet.Unrestricted.GetHashCode());
        Names("a", "b").GetHashCode().Should().NotBe(Names("a").GetHashCode(), "sets are keys of dictionaries");
    }

    [Theory]
    [InlineData("gpt-4.1-mini", "openai", "gpt-4.1-mini", true)]
    [InlineData("openai/gpt-4.1-mini", "openai", "gpt-4.1-mini", true)]
    [InlineData("gpt-4.1-mini", "azure", "gpt-4.1-mini", false)]
    [InlineData("gpt-4.1-mini", "openrouter", "openai/gpt-4.1-mini", false)]
    [InlineData("openai/gpt-4.1-mini", "openrouter", "openai/gpt-4.1-mini", false)]
    [InlineData("openrouter/openai/gpt-4.1-mini", "openrouter", "openai/gpt-4.1-mini", true)]
    [InlineData("openrouter/openai/gpt-4.1-mini", "openai", "gpt-4.1-mini", false)]
    [InlineData("openrouter/gpt-4.1-mini", "openrouter", "openai/gpt-4.1-mini", false)]
    [InlineData("claude", "anthropic", "claude", false)]
    [InlineData("anthropic/claude", "anthropic", "claude", true)]
    [InlineData("anthropic-claude", "anthropic", "claude", false)]
    [InlineData("anthropic/Claude", "anthropic", "claude", false)]
    [InlineData("Anthropic/claude", "anthropic", "claude", false)]
    [InlineData("anthropic/claude-2", "anthropic", "claude", false)]
    [InlineData("xanthropic/claude", "anthropic", "claude", false)]
    [InlineData("anthropic/*", "anthropic", "claude", false)]
    [InlineData("gpt-4.1", "openai", "gpt-4.1-mini", false)]
    [InlineData("*", "anthropic", "claude", true)]
    [InlineData("*", "openai", "gpt-4.1-mini", true)]
    public void Model_is_bare_only_for_openai(string rule, string provider, string model, bool isAdmitted) =>
        ModelName.AdmittedBy(Names(rule), provider, model).Should().Be(isAdmitted);

    [Fact]
    public void Models_follow_the_rules_of_absent_and_empty_lists()
    {
        ModelName.AdmittedBy(default, "any", "model").Should().BeTrue();
        ModelName.AdmittedBy(Names(), "openai", "gpt-4.1-mini").Should().BeFalse();
        ModelName.AdmittedBy(Names("x", "openai/y"), "openai", "y").Should().BeTrue();
    }

    [Fact]
    public void Full_name_admits_exactly_its_provider_and_model()
    {
        var part = Gen.Char["ab/"].Array[1, 4].Select(c => new string(c));
        Gen.Select(part, part, part).Sample((rule, provider, model) =>
            ModelName.AdmittedBy(Names(rule), provider, model) == (rule == $"{provider}/{model}"), iter: 20_000);
    }
}
