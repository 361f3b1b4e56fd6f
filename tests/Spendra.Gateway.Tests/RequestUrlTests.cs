using Spendra.Core.Governance;
using Spendra.Core.Money;
using Spendra.Storage;
using Spendra.Storage.Governance;

namespace Spendra.Gateway.Tests;

/// <summary>Refusals that people can ask to change say where, and an approval changes them from its commit on.</summary>
public sealed class RequestUrlTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_more_money_or_an_approval_would_change_is_refused_with_the_address_to_ask_at()
    {
        await using var gateway = await GatewayHarness.StartAsync(options: new GatewayOptions { PublicUrl = new Uri("https://spendra.acme.example/") });
        await using var poor = await Company.StartAsync(new Rules { Cap = "0.000001" }, gateway: gateway);

        var answer = (await poor.ChatAsync()).ShouldBe(402, "budget_exceeded");
        ((string?)answer.Json["error"]!["spendra"]!["request_url"]).Should()
            .Be($"https://spendra.acme.example/requests/new?refusal={answer.Header("x-spendra-request-id")}");

        await using var strict = await Company.StartAsync(new Rules { Keys = ["{slug: k1, actor: employee/e1, models: [other]}"] }, gateway: gateway);
        (await strict.ChatAsync()).ShouldBe(403, "model_not_allowed").Json["error"]!["spendra"]!["request_url"].Should().BeNull();
    }

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task A_review_holds_until_the_key_is_approved_and_flags_when_that_is_all_it_shall_do(DatabaseEngine engine)
    {
        await using var company = await Company.StartAsync(new Rules { Policies = ["{slug: big, kind: review, scope: organization, aboveUsd: 0.000001}"] }, engine);
        (await company.ChatAsync()).ShouldBe(403, "review_required");

        await ChangeReviewAsync(company, policy => policy with
        {
            Approvals = [new ReviewApproval(Guid.CreateVersion7(), KeyOf(company, "k1"), NanoUsd.FromUsd(1), Micros.Now(TimeProvider.System) + 60_000_000)],
        });
        (await company.ChatAsync()).ShouldBe(200);

        await ChangeReviewAsync(company, policy => policy with { Approvals = [policy.Approvals[0] with { Until = 1 }] });
        (await company.ChatAsync()).ShouldBe(403, "review_required");

        await ChangeReviewAsync(company, policy => policy with { OnlyFlags = true });
        (await company.ChatAsync()).ShouldBe(200).Header("x-spendra-warning").Should().Be("review:big");
    }

    private static Guid KeyOf(Company company, string slug) =>
        Core.Keys.KeyToken.TryParse(company.Secret(slug), out var token) ? token.KeyId : throw new InvalidOperationException();

    private static async Task ChangeReviewAsync(Company company, Func<Policy, Policy> change)
    {
        await using var transaction = await GovernanceTransaction.BeginAsync(company.Gateway.Database, company.Id, TimeProvider.System, Cancel);
        var row = (await transaction.LoadStateAsync(Cancel)).Policies.Single(p => p.Policy.Slug == "big");
        var changed = row with { Policy = change(row.Policy) };
        await transaction.ApplyAsync([new GovernanceChange(new GovernanceWrite.PutPolicy(changed, null), new ChangeNote("update", "policy", "big", "{}", "{}"))],
            new ChangeAuthor("test", "test"), Cancel);
    }
}
