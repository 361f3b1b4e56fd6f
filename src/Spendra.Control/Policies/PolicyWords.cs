using System.Globalization;
using Spendra.Control.Budgets;
using Spendra.Control.Dashboard;

namespace Spendra.Control.Policies;

/// <summary>What a policy says, in a sentence that needs no explanation.</summary>
internal static class PolicyWords
{
    /// <param name="policy">Which.</param>
    /// <param name="budget">The budget that it watches; null where it has none or it is not seen.</param>
    public static string Of(PolicyView policy, BudgetView? budget) => policy.Kind switch
    {
        "hard_cap" => $"{Whose(policy.Scope)} may spend at most {Amount(policy, budget)}{On(policy.Filter)}.",
        "soft_cap" => $"{Whose(policy.Scope)} is warned when it spends more than {Amount(policy, budget)}{On(policy.Filter)}.",
        "alert" => $"Somebody is told when {Who(policy.Scope)} has spent {Percents(policy.ThresholdsPercent)} of {Amount(policy, budget)}{On(policy.Filter)}.",
        "review" => policy.OnExceed == "flag"
            ? $"Requests of {Who(policy.Scope)} that may cost more than {Usd(policy.AboveUsd)} are flagged{On(policy.Filter)}."
            : $"Requests of {Who(policy.Scope)} that may cost more than {Usd(policy.AboveUsd)} wait for an approval{On(policy.Filter)}.",
        "allowlist" => $"{Whose(policy.Scope)} may use {Allowed(policy)} alone.",
        "request_limit" => $"One request of {Who(policy.Scope)} may {Limits(policy)}{On(policy.Filter)}.",
        _ => policy.Kind,
    };

    /// <summary><c>Team search</c>; the organization by that word.</summary>
    private static string Whose(string scope)
    {
        var who = Who(scope);
        return $"{char.ToUpperInvariant(who[0])}{who[1..]}";
    }

    /// <summary>The same within a sentence.</summary>
    private static string Who(string scope) => scope.Split('/') is [var kind, var slug] ? $"{kind} {slug}" : "the organization";

    private static string Amount(PolicyView policy, BudgetView? budget) =>
        budget is null ? $"what budget {policy.Budget} gives" : $"{Usd(budget.AmountUsd)} {Every(budget.Period)}";

    private static string Every(string period) => period switch
    {
        "range" => "within its dates", "total" => "in all", _ => $"a {period}",
    };

    private static string On(PolicyFilterBody? filter)
    {
        if (filter is null) return "";
        var parts = new List<string>();
        Add("on", filter.Providers);
        Add("with", filter.Models);
        Add("using", filter.Tools);
        Add("in", filter.Environments);
        return parts.Count == 0 ? "" : " " + string.Join(" ", parts);

        void Add(string word, IReadOnlyList<string>? names)
        {
            if (names is { Count: > 0 }) parts.Add($"{word} {List(names)}");
        }
    }

    private static string Allowed(PolicyView policy)
    {
        var parts = new List<string>();
        if (policy.Providers is { } providers) parts.Add(providers.Count == 0 ? "no provider" : $"the providers {List(providers)}");
        if (policy.Models is { } models) parts.Add(models.Count == 0 ? "no model" : $"the models {List(models)}");
        if (policy.Tools is { } tools) parts.Add(tools.Count == 0 ? "no tool" : $"the tools {List(tools)}");
        return parts.Count == 0 ? "everything" : string.Join(", ", parts);
    }

    private static string Limits(PolicyView policy)
    {
        var parts = new List<string>();
        if (policy.MaxRequestUsd is not null) parts.Add($"cost at most {Usd(policy.MaxRequestUsd)}");
        if (policy.MaxOutputTokens is { } tokens) parts.Add($"ask for at most {Amounts.Count(tokens)} tokens of output");
        if (policy.MaxConcurrent is { } concurrent) parts.Add($"run beside at most {Amounts.Count(concurrent - 1)} others");
        return string.Join(", and ", parts);
    }

    private static string Percents(IReadOnlyList<int>? percents) => List([.. (percents ?? []).Select(p => $"{p.ToString(CultureInfo.InvariantCulture)} %")]);

    private static string Usd(Core.Money.NanoUsd? amount) => amount is { } some ? $"{(Amounts.Cents(some) is ['<', ..] ? some.ToString() : Amounts.Cents(some))} USD" : "nothing";

    /// <summary><c>a, b and c</c>; of many the first ones.</summary>
    private static string List(IReadOnlyList<string> names)
    {
        const int MostNamed = 4;
        return names.Count switch
        {
            0 => "none",
            1 => names[0],
            <= MostNamed => $"{string.Join(", ", names.Take(names.Count - 1))} and {names[^1]}",
            _ => $"{string.Join(", ", names.Take(MostNamed - 1))} and {names.Count - MostNamed + 1} others",
        };
    }
}
