using System.Collections.Immutable;

namespace Spendra.Core.Governance;

/// <summary>What a policy of a kind may and must say, wherever it is written.</summary>
public static class PolicyRules
{
    public const int MaxThresholdPercent = 1_000;
    public const int MaxOutputTokens = int.MaxValue;
    public const int MaxConcurrent = 1_000_000;
    public const int LongestEnvironment = 64;

    private static readonly string[] Limits = ["maxRequestUsd", "maxOutputTokens", "maxConcurrent"];

    private static readonly string[] AllowedLists = ["providers", "models", "tools"];

    /// <summary>Whether policies of the kind watch a budget.</summary>
    public static bool IsOnBudget(PolicyKind kind) => kind is PolicyKind.HardCap or PolicyKind.SoftCap or PolicyKind.Alert;

    /// <summary>Fields that the kind has no use for, and fields that it cannot do without.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="kindName">How it is spelled.</param>
    /// <param name="has">Whether a field is there.</param>
    public static IReadOnlyList<RuleFault> Faults(PolicyKind kind, string kindName, Func<string, bool> has)
    {
        var faults = new List<RuleFault>();
        var onBudget = IsOnBudget(kind);
        if (onBudget && !has("budget")) Missing("budget", $"the slug of the budget that this {kindName} watches");
        if (!onBudget && has("budget")) faults.Add(new("budget", $"has no meaning on a {kindName}: expected only on hard_cap, soft_cap and alert"));
        if (!onBudget && !has("scope")) Missing("scope", "'organization' or a scope such as team/search");
        OnlyFor("thresholdsPercent", kind == PolicyKind.Alert, "alert");
        OnlyFor("aboveUsd", kind == PolicyKind.Review, "review");
        OnlyFor("onExceed", kind == PolicyKind.Review, "review");
        OnlyFor("onDenied", kind == PolicyKind.Allowlist, "allowlist");
        if (kind == PolicyKind.Allowlist && has("onDenied") && !has("tools"))
            Missing("tools", "the tools that may be used, since 'onDenied' says what becomes of others; ['*'] for all in the key's scope");
        foreach (var limit in Limits) OnlyFor(limit, kind == PolicyKind.RequestLimit, "request_limit");

        if (kind == PolicyKind.Alert && !has("thresholdsPercent"))
            Missing("thresholdsPercent", "a list of per cents of the budget such as [50, 80, 100]");
        if (kind == PolicyKind.Review && !has("aboveUsd"))
            Missing("aboveUsd", "the amount from which on a request needs a review; 0 for every request");
        if (kind == PolicyKind.RequestLimit && !Limits.Any(has))
            Missing("maxRequestUsd", $"at least one of {string.Join(", ", Limits)}");
        if (kind == PolicyKind.Allowlist && !AllowedLists.Any(has))
            Missing("models", $"at least one of {string.Join(", ", AllowedLists)}");
        return faults;

        void Missing(string field, string expected) => faults.Add(new(field, expected, IsMissing: true));

        void OnlyFor(string field, bool isAllowed, string where)
        {
            if (!isAllowed && has(field)) faults.Add(new(field, $"has no meaning here: expected only on {where}"));
        }
    }

    /// <summary>
    /// Puts lists where they mean something. Beside a policy's slug they are its filter; on an allowlist providers, models and
    /// tools are what it allows. A group <c>filter</c> is the filter on every kind. The faults name lists of that group.
    /// </summary>
    /// <param name="kind">The kind.</param>
    /// <param name="beside">The lists beside the slug.</param>
    /// <param name="inside">The group's; null when there is none.</param>
    public static (PolicyFilter Filter, PolicyFilter Allowed, IReadOnlyList<RuleFault> Faults) Compose(
        PolicyKind kind, PolicyFilter beside, PolicyFilter? inside)
    {
        var isAllowlist = kind == PolicyKind.Allowlist;
        var allowed = isAllowlist ? beside with { Environments = NameSet.Unrestricted } : PolicyFilter.Everything;
        var outer = isAllowlist ? new PolicyFilter { Environments = beside.Environments } : beside;
        if (inside is null) return (outer, allowed, []);
        var faults = new List<RuleFault>();
        var filter = new PolicyFilter
        {
            Providers = Either("providers", outer.Providers, inside.Providers),
            Models = Either("models", outer.Models, inside.Models),
            Tools = Either("tools", outer.Tools, inside.Tools),
            Environments = Either("environments", outer.Environments, inside.Environments),
        };
        return (filter, allowed, faults);

        NameSet Either(string list, NameSet one, NameSet other)
        {
            if (!one.IsUnrestricted && !other.IsUnrestricted)
                faults.Add(new(list, "stands beside 'filter' and in it: expected it in one place"));
            return other.IsUnrestricted ? one : other;
        }
    }

    /// <summary>What is wrong with an alert's thresholds; null when nothing is.</summary>
    public static string? ThresholdFault(IEnumerable<int> percents)
    {
        var seen = new HashSet<int>();
        foreach (var percent in percents)
        {
            if (percent is < 1 or > MaxThresholdPercent)
                return $"holds {percent}, which is no threshold: expected whole per cents from 1 to {MaxThresholdPercent}";
            if (!seen.Add(percent)) return $"holds threshold {percent} twice";
        }
        return seen.Count == 0 ? "is empty: expected per cents such as 80" : null;
    }

    /// <summary>Thresholds as a policy keeps them.</summary>
    public static ImmutableArray<int> Thresholds(IEnumerable<int> percents) => [.. percents.Order()];
}
