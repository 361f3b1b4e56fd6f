using Spendra.Control.Budgets;
using Spendra.Control.Policies;
using Spendra.Core.Money;

namespace Spendra.Control.Tests.Dashboard;

public sealed class PolicyWordsTests
{
    private static readonly BudgetView Monthly = new("search-month", "team/search", NanoUsd.FromUsd(500), [], "month", "UTC", null, null, null, null, null, false, 1);

    [Fact]
    public void A_hard_cap_says_who_may_spend_how_much_on_what() =>
        Words(new PolicyDraft { Kind = "hard_cap", Scope = "team/search", Budget = "search-month", Providers = "openai anthropic" })
            .Should().Be("Team search may spend at most 500.00 USD a month on openai and anthropic.");

    [Fact]
    public void An_alert_of_the_organization_says_when() =>
        Words(new PolicyDraft { Kind = "alert", Scope = "organization", Budget = "search-month", Thresholds = "50 80, 100%" })
            .Should().Be("Somebody is told when the organization has spent 50 %, 80 % and 100 % of 500.00 USD a month.");

    [Theory]
    [InlineData("hold", "Requests of team ads that may cost more than 1.00 USD wait for an approval in production.")]
    [InlineData("flag", "Requests of team ads that may cost more than 1.00 USD are flagged in production.")]
    public void A_review_says_what_becomes_of_requests(string onExceed, string sentence) =>
        Words(new PolicyDraft { Kind = "review", Scope = "team/ads", Above = "1", OnExceed = onExceed, Environments = "production" }).Should().Be(sentence);

    [Fact]
    public void An_allowlist_names_some_and_counts_the_rest() =>
        Words(new PolicyDraft { Kind = "allowlist", Scope = "employee/ada", Models = "a b c d e f" })
            .Should().Be("Employee ada may use the models a, b, c and 3 others alone.");

    [Fact]
    public void A_request_limit_says_each_limit() =>
        Words(new PolicyDraft { Kind = "request_limit", Scope = "organization", MaxRequest = "0.001", MaxOutputTokens = "4000", MaxConcurrent = "10" })
            .Should().Be("One request of the organization may cost at most 0.001 USD, and ask for at most 4,000 tokens of output, and run beside at most 9 others.");

    [Theory]
    [InlineData("review", "Above", "aboveUsd")]
    [InlineData("request_limit", "MaxRequest", "maxRequestUsd")]
    [InlineData("request_limit", "MaxOutputTokens", "maxOutputTokens")]
    [InlineData("alert", "Thresholds", "thresholdsPercent")]
    public void What_cannot_be_read_is_named(string kind, string property, string field)
    {
        var draft = new PolicyDraft { Kind = kind, Slug = "x", Scope = "organization" };
        typeof(PolicyDraft).GetProperty(property)!.SetValue(draft, "much");
        draft.Read().Body.Should().BeNull();
        draft.ToNew().Problem!.Of(field).Should().NotBeNull();
        draft.Preview().Should().BeNull();
    }

    [Fact]
    public void A_policy_that_is_opened_and_saved_unchanged_says_the_same()
    {
        var draft = new PolicyDraft { Kind = "hard_cap", Slug = "cap", Scope = "team/search", Budget = "search-month", Providers = "openai", Models = "gpt-5", Tools = "finder/*", Environments = "production" };
        PolicyDraft.Of(draft.Preview()!).Preview().Should().BeEquivalentTo(draft.Preview());
    }

    private static string Words(PolicyDraft draft) => PolicyWords.Of(draft.Preview()!, draft.HasBudget ? Monthly : null);
}
