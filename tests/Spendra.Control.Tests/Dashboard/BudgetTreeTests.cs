using Spendra.Control.Budgets;
using Spendra.Core.Money;

namespace Spendra.Control.Tests.Dashboard;

public sealed class BudgetTreeTests
{
    private static readonly Dictionary<string, string> Parents = new(StringComparer.Ordinal)
    {
        ["team/search"] = "branch/emea", ["employee/ada"] = "team/search", ["agent/writer"] = "employee/ada",
    };

    [Fact]
    public void Budgets_stand_below_those_of_the_scopes_above_theirs()
    {
        var tree = BudgetTree.Of([Budget("ada", "employee/ada"), Budget("all", "organization"), Budget("writer", "agent/writer"), Budget("search", "team/search"), Budget("ads", "team/ads")], Parents);
        tree.Select(n => (n.Budget.Slug, n.Depth)).Should().Equal(("all", 0), ("ads", 1), ("search", 1), ("ada", 2), ("writer", 3));
    }

    [Fact]
    public void Without_a_budget_above_one_stands_at_the_left() =>
        BudgetTree.Of([Budget("writer", "agent/writer"), Budget("ada", "employee/ada")], Parents).Select(n => (n.Budget.Slug, n.Depth))
            .Should().Equal(("ada", 0), ("writer", 1));

    [Fact]
    public void A_circle_that_nobody_should_have_made_ends() =>
        BudgetTree.Of([Budget("a", "team/a")], new Dictionary<string, string> { ["team/a"] = "team/b", ["team/b"] = "team/a" }).Should().HaveCount(1);

    private static BudgetView Budget(string slug, string scope) => new(slug, scope, NanoUsd.FromUsd(1), [], "month", "UTC", null, null, null, null, null, false, 1);
}
