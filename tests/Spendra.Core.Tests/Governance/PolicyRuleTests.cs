using Spendra.Core.Budgets;
using Spendra.Core.Governance;

namespace Spendra.Core.Tests.Governance;

/// <summary>What policies and budgets may and must say, wherever they are written.</summary>
public sealed class PolicyRuleTests
{
    private static readonly Dictionary<PolicyKind, string[]> Least = new()
    {
        [PolicyKind.HardCap] = ["budget"],
        [PolicyKind.SoftCap] = ["budget"],
        [PolicyKind.Alert] = ["budget", "thresholdsPercent"],
        [PolicyKind.Review] = ["scope", "aboveUsd"],
        [PolicyKind.Allowlist] = ["scope", "models"],
        [PolicyKind.RequestLimit] = ["scope", "maxConcurrent"],
    };

    private static readonly Dictionary<string, PolicyKind[]> Where = new()
    {
        ["budget"] = [PolicyKind.HardCap, PolicyKind.SoftCap, PolicyKind.Alert],
        ["thresholdsPercent"] = [PolicyKind.Alert],
        ["aboveUsd"] = [PolicyKind.Review],
        ["onExceed"] = [PolicyKind.Review],
        ["onDenied"] = [PolicyKind.Allowlist],
        ["maxRequestUsd"] = [PolicyKind.RequestLimit],
        ["maxOutputTokens"] = [PolicyKind.RequestLimit],
        ["maxConcurrent"] = [PolicyKind.RequestLimit],
        ["scope"] = Enum.GetValues<PolicyKind>(),
        ["providers"] = Enum.GetValues<PolicyKind>(),
    };

    [Fact]
    public void Each_kind_is_content_with_what_it_needs_and_misses_each_part_of_it()
    {
        foreach (var (kind, least) in Least)
        {
            Faults(kind, least).Should().BeEmpty(kind.ToString());
            foreach (var field in least)
            {
                var fault = Faults(kind, [.. least.Where(f => f != field)]).Should().ContainSingle($"{kind} without {field}").Subject;
                fault.IsMissing.Should().BeTrue();
                fault.Field.Should().Be(field == "maxConcurrent" ? "maxRequestUsd" : field);
            }
        }
    }

    [Fact]
    public void A_field_that_a_kind_has_no_use_for_is_named()
    {
        foreach (var (kind, least) in Least)
        {
            foreach (var (field, kinds) in Where)
            {
                var faults = Faults(kind, [.. least, field, .. field == "onDenied" ? ["tools"] : Array.Empty<string>()]);
                if (kinds.Contains(kind)) faults.Should().BeEmpty($"{field} on {kind}");
                else faults.Should().ContainSingle($"{field} on {kind}").Which.Should().Match<RuleFault>(f => f.Field == field && !f.IsMissing);
            }
        }
        Faults(PolicyKind.Allowlist, "scope", "models", "onDenied").Should().ContainSingle().Which.Field.Should().Be("tools");
    }

    [Fact]
    public void Lists_beside_the_slug_are_the_filter_but_on_an_allowlist_what_it_allows()
    {
        var beside = new PolicyFilter
        {
            Providers = World.Names("openai"), Models = World.Names("m"), Tools = World.Names("t"), Environments = World.Names("dev"),
        };

        var plain = PolicyRules.Compose(PolicyKind.HardCap, beside, null);
        (plain.Filter, plain.Allowed).Should().Be((beside, PolicyFilter.Everything));
        var (filter, allowed, _) = PolicyRules.Compose(PolicyKind.Allowlist, beside, new PolicyFilter { Models = World.Names("other") });
        filter.Should().Be(new PolicyFilter { Models = World.Names("other"), Environments = World.Names("dev") });
        allowed.Should().Be(beside with { Environments = NameSet.Unrestricted });

        PolicyRules.Compose(PolicyKind.HardCap, beside, beside).Faults.Select(f => f.Field).Should().Equal("providers", "models", "tools", "environments");
        PolicyRules.Compose(PolicyKind.Allowlist, beside, beside).Faults.Select(f => f.Field).Should().Equal("environments");
    }

    [Theory]
    [InlineData(new[] { 50, 100 }, null)]
    [InlineData(new[] { 1, 1000 }, null)]
    [InlineData(new[] { 0 }, "no threshold")]
    [InlineData(new[] { 1001 }, "no threshold")]
    [InlineData(new[] { 5, 5 }, "twice")]
    [InlineData(new int[0], "empty")]
    public void Thresholds_are_different_per_cents(int[] percents, string? fault)
    {
        var found = PolicyRules.ThresholdFault(percents);

        if (fault is null) found.Should().BeNull();
        else found.Should().Contain(fault);
        PolicyRules.Thresholds([80, 50]).Should().Equal(50, 80);
    }

    [Fact]
    public void Each_period_has_fields_of_its_own()
    {
        foreach (var kind in Enum.GetValues<PeriodKind>())
        {
            string[] needed = kind == PeriodKind.Range ? ["from", "to"] : [];
            BudgetRules.Faults(kind, needed.Contains).Should().BeEmpty(kind.ToString());
            BudgetRules.Faults(kind, f => needed.Contains(f) || f == "weekStart").Count.Should().Be(kind == PeriodKind.Week ? 0 : 1, kind.ToString());
            BudgetRules.Faults(kind, f => needed.Contains(f) || f == "fiscalStartMonth").Count
                .Should().Be(kind is PeriodKind.Quarter or PeriodKind.Year ? 0 : 1, kind.ToString());
            if (kind != PeriodKind.Range) BudgetRules.Faults(kind, f => f is "from" or "to").Select(f => f.Field).Should().Equal("from", "to");
        }
        BudgetRules.Faults(PeriodKind.Range, _ => false).Should().HaveCount(2).And.OnlyContain(f => f.IsMissing);
        BudgetRules.RangeFault(new DateOnly(2026, 7, 2), new DateOnly(2026, 7, 1))!.Value.Field.Should().Be("to");
        BudgetRules.RangeFault(new DateOnly(2026, 7, 1), new DateOnly(2026, 7, 1)).Should().BeNull();
        new[] { new DateOnly(1969, 12, 31), new DateOnly(9999, 1, 1) }.Should().NotContain(d => BudgetRules.IsDay(d));
        new[] { new DateOnly(1970, 1, 1), new DateOnly(9998, 12, 31) }.Should().OnlyContain(d => BudgetRules.IsDay(d));
    }

    private static IReadOnlyList<RuleFault> Faults(PolicyKind kind, params string[] fields) => PolicyRules.Faults(kind, "kind", fields.Contains);
}
