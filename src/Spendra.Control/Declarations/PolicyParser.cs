using System.Collections.Immutable;
using System.Globalization;
using Spendra.Core.Governance;
using Spendra.Core.Money;
using Spendra.Storage.Governance;

namespace Spendra.Control.Declarations;

/// <summary>
/// Lists beside a policy's slug are its filter; on an allowlist providers, models and tools are what it allows.
/// A group <c>filter</c> is the filter on every kind.
/// </summary>
internal static class PolicyParser
{
    private const int MaxPercent = 1000;

    private static readonly string[] Lists = ["providers", "models", "tools", "environments"];

    private static readonly string[] Fields =
        ["slug", "kind", "scope", "budget", .. Lists, "filter", "thresholdsPercent", "aboveUsd", "onExceed", "onDenied", "maxRequestUsd", "maxOutputTokens", "maxConcurrent"];

    public static PolicyItem Parse(MapNode node, ErrorList errors)
    {
        var fields = new FieldReader(node, "policy", Fields, errors);
        var slug = fields.Slug();
        if (!fields.Has("kind")) fields.Missing("kind", $"one of {string.Join(", ", GovernanceNames.PolicyKinds)}");
        var found = fields.OneOf("kind", GovernanceNames.FindPolicyKind, GovernanceNames.PolicyKinds);
        var kind = found ?? PolicyKind.Allowlist;
        if (found is not null) CheckFields(fields, kind);
        var budget = fields.Text("budget");
        var beside = Names(fields);
        var isAllowlist = kind == PolicyKind.Allowlist;
        return new PolicyItem(fields.Line, slug, kind)
        {
            Scope = References.Scope(fields, "scope"),
            Budget = budget is null ? null : new SlugReference(budget, fields.LineOf("budget")),
            Rule = new Policy
            {
                PolicyId = Guid.Empty,
                Slug = slug,
                Kind = kind,
                ScopeId = Guid.Empty,
                Filter = Filter(fields, isAllowlist ? new PolicyFilter { Environments = beside.Environments } : beside, errors),
                Allowed = isAllowlist ? beside with { Environments = NameSet.Unrestricted } : PolicyFilter.Everything,
                StripsTools = fields.OneOf("onDenied", FindDenial, Denials) ?? false,
                ThresholdPercents = Thresholds(fields),
                ReviewAbove = fields.Amount("aboveUsd") ?? NanoUsd.Zero,
                OnlyFlags = fields.OneOf("onExceed", FindExceeding, Exceedings) ?? false,
                MaxRequest = fields.Amount("maxRequestUsd"),
                MaxOutputTokens = fields.Whole("maxOutputTokens", 1, int.MaxValue),
                MaxConcurrent = (int?)fields.Whole("maxConcurrent", 1, 1_000_000),
            },
        };
    }

    private static void CheckFields(FieldReader fields, PolicyKind kind)
    {
        var name = GovernanceNames.Of(kind);
        var onBudget = kind is PolicyKind.HardCap or PolicyKind.SoftCap or PolicyKind.Alert;
        if (onBudget && !fields.Has("budget")) fields.Missing("budget", $"the slug of the budget that this {name} watches");
        if (!onBudget && fields.Has("budget")) fields.Complain("budget", $"'budget' has no meaning on a {name}: expected only on hard_cap, soft_cap and alert");
        if (!onBudget && !fields.Has("scope")) fields.Missing("scope", "'organization' or a scope such as team/search");
        OnlyFor(fields, "thresholdsPercent", kind == PolicyKind.Alert, "alert");
        OnlyFor(fields, "aboveUsd", kind == PolicyKind.Review, "review");
        OnlyFor(fields, "onExceed", kind == PolicyKind.Review, "review");
        OnlyFor(fields, "onDenied", kind == PolicyKind.Allowlist, "allowlist");
        if (kind == PolicyKind.Allowlist && fields.Has("onDenied") && !fields.Has("tools"))
            fields.Missing("tools", "the tools that may be used, since 'onDenied' says what becomes of others; ['*'] for all in the key's scope");
        string[] limits = ["maxRequestUsd", "maxOutputTokens", "maxConcurrent"];
        foreach (var limit in limits) OnlyFor(fields, limit, kind == PolicyKind.RequestLimit, "request_limit");

        if (kind == PolicyKind.Alert && !fields.Has("thresholdsPercent"))
            fields.Missing("thresholdsPercent", "a list of per cents of the budget such as [50, 80, 100]");
        if (kind == PolicyKind.Review && !fields.Has("aboveUsd"))
            fields.Missing("aboveUsd", "the amount from which on a request needs a review; 0 for every request");
        if (kind == PolicyKind.RequestLimit && !limits.Any(fields.Has))
            fields.Missing("maxRequestUsd", $"at least one of {string.Join(", ", limits)}");
        if (kind == PolicyKind.Allowlist && !Lists[..3].Any(fields.Has))
            fields.Missing("models", "at least one of providers, models, tools");
    }

    private static PolicyFilter Names(FieldReader fields) => new()
    {
        Providers = fields.Names("providers"),
        Models = fields.Names("models"),
        Tools = fields.Names("tools"),
        Environments = fields.Names("environments"),
    };

    private static PolicyFilter Filter(FieldReader fields, PolicyFilter beside, ErrorList errors)
    {
        if (fields.Map("filter") is not { } node) return beside;
        var group = new FieldReader(node, "filter", Lists, errors);
        var inside = Names(group);
        return new PolicyFilter
        {
            Providers = Either("providers", beside.Providers, inside.Providers),
            Models = Either("models", beside.Models, inside.Models),
            Tools = Either("tools", beside.Tools, inside.Tools),
            Environments = Either("environments", beside.Environments, inside.Environments),
        };

        NameSet Either(string list, NameSet outer, NameSet inner)
        {
            if (!outer.IsUnrestricted && !inner.IsUnrestricted)
                group.Complain(list, $"'{list}' stands beside 'filter' and in it: expected it in one place");
            return inner.IsUnrestricted ? outer : inner;
        }
    }

    private static ImmutableArray<int> Thresholds(FieldReader fields)
    {
        var percents = new SortedSet<int>();
        foreach (var scalar in fields.Scalars("thresholdsPercent"))
        {
            if (!int.TryParse(scalar.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var percent) || percent is < 1 or > MaxPercent)
                fields.Complain("thresholdsPercent", $"'{FieldReader.Short(scalar.Text!)}' is no threshold: expected whole per cents from 1 to {MaxPercent}");
            else if (!percents.Add(percent)) fields.Complain("thresholdsPercent", $"threshold {percent} stands here twice");
        }
        return [.. percents];
    }

    private static readonly string[] Denials = ["refuse", "strip"];

    private static bool? FindDenial(string name) => name switch
    {
        "refuse" => false,
        "strip" => true,
        _ => null,
    };

    private static readonly string[] Exceedings = ["hold", "flag"];

    private static bool? FindExceeding(string name) => name switch
    {
        "hold" => false,
        "flag" => true,
        _ => null,
    };

    private static void OnlyFor(FieldReader fields, string field, bool isAllowed, string kind)
    {
        if (!isAllowed && fields.Has(field)) fields.Complain(field, $"'{field}' has no meaning here: expected only on {kind}");
    }
}
