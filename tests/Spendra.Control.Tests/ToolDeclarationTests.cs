using Spendra.Control.Declarations;
using Spendra.Core.Governance;
using Spendra.Core.Pricing;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Tests;

namespace Spendra.Control.Tests;

/// <summary>Servers of tools in a file, and the prices that they bring into the book.</summary>
public sealed class ToolDeclarationTests
{
    private const long Later = 4_000_000_000_000_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string File(string more) =>
        $"organization: {{slug: acme}}\nproviderAccounts:\n  - {{slug: finder, provider: mcp, baseUrl: \"https://tools.example/mcp/\"{more}}}\n";

    [Fact]
    public async Task A_server_is_an_account_and_its_tools_have_prices()
    {
        await using var store = await GovernanceStore.OpenAsync(DatabaseEngine.Sqlite);
        var applied = await ApplyAsync(store, File(", credential: {env: FINDER_TOKEN}, trustsCost: true, tools: {search: \"0.01\", send_mail: 0}, defaultToolUsd: 2"));

        var snapshot = new GovernanceSnapshot(await store.LoadAsync(applied.OrganizationId));

        var account = snapshot.Accounts.Single();
        account.Should().BeEquivalentTo(new { Slug = "finder", Provider = "mcp", BaseUrl = "https://tools.example/mcp", HasCredential = true });
        account.Settings.TrustsCost.Should().BeTrue();
        PriceOf(snapshot, "search").Should().Be("0.01");
        PriceOf(snapshot, "send_mail").Should().Be("0");
        PriceOf(snapshot, "else").Should().Be("2");
    }

    [Fact]
    public async Task Applying_the_same_server_again_changes_nothing()
    {
        await using var store = await GovernanceStore.OpenAsync(DatabaseEngine.Sqlite);
        var file = File(", trustsCost: true, tools: {search: \"0.01\"}, defaultToolUsd: 2");
        await ApplyAsync(store, file);

        var again = await ApplyAsync(store, file);

        again.Changes.Should().OnlyContain(c => c.Action == ChangeAction.Unchanged);
        again.Epoch.Should().Be(1);
    }

    [Fact]
    public async Task A_tool_that_is_no_longer_declared_ends_once_and_comes_back_when_it_is()
    {
        await using var store = await GovernanceStore.OpenAsync(DatabaseEngine.Sqlite);
        await ApplyAsync(store, File(", tools: {search: \"0.01\", translate: 1}"));
        var fewer = await ApplyAsync(store, File(", tools: {translate: 1}"));
        var same = await ApplyAsync(store, File(", tools: {translate: 1}"));

        fewer.Changes.Should().Contain(c => c.Kind == "toolPrice" && c.Slug == "finder/search" && c.Action == ChangeAction.Update);
        same.Changes.Should().OnlyContain(c => c.Action == ChangeAction.Unchanged);
        PriceOf(new GovernanceSnapshot(await store.LoadAsync(same.OrganizationId)), "search").Should().BeNull();

        var back = await ApplyAsync(store, File(", tools: {translate: 1, search: \"0.01\"}"));
        PriceOf(new GovernanceSnapshot(await store.LoadAsync(back.OrganizationId)), "search").Should().Be("0.01");
    }

    [Fact]
    public async Task A_server_without_a_credential_says_so_and_may_get_one()
    {
        await using var store = await GovernanceStore.OpenAsync(DatabaseEngine.Sqlite);
        var first = await ApplyAsync(store, File(""));
        new GovernanceSnapshot(await store.LoadAsync(first.OrganizationId)).Accounts.Single().HasCredential.Should().BeFalse();

        var second = await ApplyAsync(store, File(", credential: {value: secret}"));

        second.Changes.Single(c => c.Kind == "providerAccount").Fields.Should().ContainSingle()
            .Which.Should().BeEquivalentTo(new { Field = "credential", Before = "none", After = "sealed" });
        new GovernanceSnapshot(await store.LoadAsync(second.OrganizationId)).Accounts.Single().HasCredential.Should().BeTrue();
    }

    [Theory]
    [InlineData(", tools: {\"*\": 1}", "'*' is not a tool: expected the price of all others as 'defaultToolUsd'")]
    [InlineData(", tools: {search: }", "tool 'search' has no price: expected USD per call")]
    [InlineData(", tools: {search: -1}", "'search' is '-1': expected an amount in USD")]
    [InlineData(", tools: {search: 1000.01}", "'search' is 1000.01 USD per call: expected at most 1000")]
    [InlineData(", tools: [search]", "'tools' is a list: expected a group of fields")]
    [InlineData(", trustsCost: maybe", "'trustsCost' is 'maybe': expected true or false")]
    public async Task A_wrong_tool_is_told(string more, string expected) =>
        (await ErrorsAsync(File(more))).Should().ContainSingle().Which.Should().Contain(expected);

    [Fact]
    public async Task Tools_are_for_servers_of_tools_and_these_need_an_address()
    {
        (await ErrorsAsync("organization: {slug: acme}\nproviderAccounts:\n  - {slug: a, provider: openai, credential: {env: X}, tools: {t: 1}}\n"))
            .Should().ContainSingle().Which.Should().Contain("'tools' is for mcp: expected none here");
        (await ErrorsAsync("organization: {slug: acme}\nproviderAccounts:\n  - {slug: a, provider: mcp}\n"))
            .Should().ContainSingle().Which.Should().Contain("has no 'baseUrl': expected the address of the server's endpoint");
    }

    [Fact]
    public async Task Stores_that_may_be_searched_are_listed_one_by_one()
    {
        const string file = "organization: {slug: acme}\nproviderAccounts:\n  - {slug: a, provider: openai, credential: {env: X}, vectorStores: [vs_b, vs_a]}\n";
        await using var store = await GovernanceStore.OpenAsync(DatabaseEngine.Sqlite);
        var applied = await ApplyAsync(store, file);

        (await store.LoadAsync(applied.OrganizationId)).Accounts.Values.Single().Settings.VectorStores.Should().Equal("vs_a", "vs_b");
        (await ApplyAsync(store, file)).OrganizationId.Should().Be(applied.OrganizationId);
        (await ErrorsAsync(file.Replace("vs_b", "'*'", StringComparison.Ordinal))).Should().ContainSingle().Which.Should().Contain("'*' is no vector store");
        (await ErrorsAsync(file.Replace("openai", "anthropic", StringComparison.Ordinal))).Should().ContainSingle().Which.Should().Contain("'vectorStores' is for openai and azure");
    }

    private static string? PriceOf(GovernanceSnapshot snapshot, string tool) =>
        snapshot.Prices.FindTool($"finder/{tool}", Later) is { } price ? Cost.Of(price, ToolPrice.OneCall).ToString() : null;

    private static async Task<ApplyOutcome.Applied> ApplyAsync(GovernanceStore store, string file)
    {
        var outcome = await Spendra.Control.Declarations.Declarations.ApplyAsync(
            store.Database, store.MasterKey, file, "acme.yaml", new DeclarationOptions(), new ChangeAuthor("tester", "test", null), time: null, Cancel);
        if (outcome is ApplyOutcome.Refused refused) Assert.Fail(string.Join("\n", refused.Errors));
        return (ApplyOutcome.Applied)outcome;
    }

    private static async Task<IReadOnlyList<string>> ErrorsAsync(string file)
    {
        await using var store = await GovernanceStore.OpenAsync(DatabaseEngine.Sqlite);
        var outcome = await Spendra.Control.Declarations.Declarations.PlanAsync(
            store.Database, store.MasterKey, file, "acme.yaml", new DeclarationOptions(), Cancel);
        return [.. outcome.Should().BeOfType<PlanOutcome.Refused>().Subject.Errors.Select(e => e.Message)];
    }
}
