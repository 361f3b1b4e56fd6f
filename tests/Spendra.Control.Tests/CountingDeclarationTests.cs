using Spendra.Control.Declarations;
using Spendra.Core.Governance;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Tests;

namespace Spendra.Control.Tests;

/// <summary>Whether an account may be asked to count what does not fit by its bytes.</summary>
public sealed class CountingDeclarationTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string File(string more) =>
        $"organization: {{slug: acme}}\nproviderAccounts:\n  - {{slug: claude, provider: anthropic, credential: {{env: ANTHROPIC_API_KEY}}{more}}}\n";

    [Theory]
    [InlineData("", true)]
    [InlineData(", countsTokens: true", true)]
    [InlineData(", countsTokens: false", false)]
    public async Task It_may_unless_the_file_says_that_it_may_not(string more, bool expected)
    {
        await using var store = await GovernanceStore.OpenAsync(DatabaseEngine.Sqlite);
        var applied = (await ApplyAsync(store, File(more))).Should().BeOfType<ApplyOutcome.Applied>().Subject;

        new GovernanceSnapshot(await store.LoadAsync(applied.OrganizationId)).Accounts.Single().Settings.CountsTokens.Should().Be(expected);
    }

    [Fact]
    public async Task A_change_of_it_is_told()
    {
        await using var store = await GovernanceStore.OpenAsync(DatabaseEngine.Sqlite);
        await ApplyAsync(store, File(""));

        var changed = (await ApplyAsync(store, File(", countsTokens: false"))).Should().BeOfType<ApplyOutcome.Applied>().Subject;

        changed.Changes.Single(c => c.Kind == "providerAccount").Fields.Should().ContainSingle()
            .Which.Should().BeEquivalentTo(new { Field = "countsTokens", Before = (string?)null, After = "false" });
    }

    [Fact]
    public async Task Anything_else_than_true_or_false_is_refused()
    {
        await using var store = await GovernanceStore.OpenAsync(DatabaseEngine.Sqlite);

        (await ApplyAsync(store, File(", countsTokens: perhaps"))).Should().BeOfType<ApplyOutcome.Refused>()
            .Which.Errors.Should().ContainSingle().Which.ToString().Should().Contain("'countsTokens' is 'perhaps': expected true or false");
    }

    private static Task<ApplyOutcome> ApplyAsync(GovernanceStore store, string file) => Spendra.Control.Declarations.Declarations.ApplyAsync(
        store.Database, store.MasterKey, file, "acme.yaml", new DeclarationOptions(), new ChangeAuthor("tester", "test", null), time: null, Cancel);
}
