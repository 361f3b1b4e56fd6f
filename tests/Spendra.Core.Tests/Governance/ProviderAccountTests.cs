using Spendra.Core.Governance;
using static Spendra.Core.Tests.Governance.World;

namespace Spendra.Core.Tests.Governance;

public sealed class ProviderAccountTests
{
    [Theory]
    [InlineData(CredentialKind.Environment, 1, true)]
    [InlineData(CredentialKind.Environment, 0, false)]
    [InlineData(CredentialKind.Sealed, 1, true)]
    [InlineData(CredentialKind.Sealed, 0, true)]
    public void Only_an_empty_name_of_a_variable_is_no_credential(CredentialKind kind, int length, bool hasCredential) =>
        new ProviderAccount
        {
            AccountId = Id(300), Slug = "openai", Provider = KnownProvider.OpenAi, BaseUrl = "https://api.openai.com/v1",
            CredentialKind = kind, Credential = new byte[length],
        }.HasCredential.Should().Be(hasCredential);

    [Fact]
    public void An_account_that_says_nothing_counts_tokens_and_costs_what_the_price_book_says()
    {
        AccountSettings.None.CountsTokens.Should().BeTrue();
        AccountSettings.None.RatePercent.Should().Be(100);
        AccountSettings.None.TrustsCost.Should().BeFalse();
        AccountSettings.None.Deployments.Should().BeEmpty();
        AccountSettings.None.VectorStores.Should().BeEmpty();
    }
}
