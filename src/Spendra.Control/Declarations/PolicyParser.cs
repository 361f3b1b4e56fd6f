using System.Collections.Immutable;
using System.Globalization;
using Spendra.Core.Governance;
using Spendra.Core.Money;
using Spendra.Storage.Governance;

namespace Spendra.Control.Declarations;

/// <summary>Reads a policy; what its kind may and must say are the domain's rules.</summary>
internal static class PolicyParser
{
    private static readonly string[] ListFields = ["providers", "models", "tools", "environments"];

    private static readonly string[] Fields =
        ["slug", "kind", "scope", "budget", .. ListFields, "filter", "thresholdsPercent", "aboveUsd", "onExceed", "onDenied", "maxRequestUsd", "maxOutputTokens", "maxConcurrent"];

    public static PolicyItem Parse(MapNode node, ErrorList errors)
    {
        var fields = new FieldReader(node, "policy", Fields, errors);
        var slug = fields.Slug();
        if (!fields.Has("kind")) fields.Missing("kind", $"one of {string.Join(", ", GovernanceNames.PolicyKinds)}");
        var found = fields.OneOf("kind", GovernanceNames.FindPolicyKind, GovernanceNames.PolicyKinds);
        var kind = found ?? PolicyKind.Allowlist;
        if (found is not null) CheckFields(fields, kind);
        var budget = fields.Text("budget");
        var (filter, allowed) = Lists(fields, kind, errors);
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
                Filter = filter,
                Allowed = allowed,
                StripsTools = fields.OneOf("onDenied", FindDenial, Denials) ?? false,
                ThresholdPercents = Thresholds(fields),
                ReviewAbove = fields.Amount("aboveUsd") ?? NanoUsd.Zero,
                OnlyFlags = fields.OneOf("onExceed", FindExceeding, Exceedings) ?? false,
                MaxRequest = fields.Amount("maxRequestUsd"),
                MaxOutputTokens = fields.Whole("maxOutputTokens", 1, PolicyRules.MaxOutputTokens),
                MaxConcurrent = (int?)fields.Whole("maxConcurrent", 1, PolicyRules.MaxConcurrent),
            },
        };
    }

    private static void CheckFields(FieldReader fields, PolicyKind kind)
    {
        foreach (var fault in PolicyRules.Faults(kind, GovernanceNames.Of(kind), fields.Has)) fields.Complain(fault);
    }

    private static PolicyFilter Names(FieldReader fields) => new()
    {
        Providers = fields.Names("providers"),
        Models = fields.Names("models"),
        Tools = fields.Names("tools"),
        Environments = fields.Names("environments"),
    };

    private static (PolicyFilter Filter, PolicyFilter Allowed) Lists(FieldReader fields, PolicyKind kind, ErrorList errors)
    {
        var group = fields.Map("filter") is { } node ? new FieldReader(node, "filter", ListFields, errors) : null;
        var (filter, allowed, faults) = PolicyRules.Compose(kind, Names(fields), group is null ? null : Names(group));
        foreach (var fault in faults) group!.Complain(fault);
        return (filter, allowed);
    }

    private static ImmutableArray<int> Thresholds(FieldReader fields)
    {
        var percents = new SortedSet<int>();
        foreach (var scalar in fields.Scalars("thresholdsPercent"))
        {
            if (!int.TryParse(scalar.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var percent) || percent is < 1 or > PolicyRules.MaxThresholdPercent)
                fields.Complain("thresholdsPercent", $"'{FieldReader.Short(scalar.Text!)}' is no threshold: expected whole per cents from 1 to {PolicyRules.MaxThresholdPercent}");
            else if (!percents.Add(percent)) fields.Complain("thresholdsPercent", $"threshold {percent} stands here twice");
        }
        if (fields.IsEmptyList("thresholdsPercent")) fields.Complain("thresholdsPercent", "'thresholdsPercent' names no threshold: expected per cents such as 80");
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
}
