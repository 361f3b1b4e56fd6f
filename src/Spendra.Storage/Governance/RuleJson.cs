using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Spendra.Core.Budgets;
using Spendra.Core.Governance;
using Spendra.Core.Keys;
using Spendra.Core.Money;
using Spendra.Core.Pricing;

namespace Spendra.Storage.Governance;

/// <summary>
/// The JSON columns: <c>policies.rule</c>, <c>budgets.increases</c>, <c>scoped_keys.permissions</c>, <c>key_rules.permissions</c>, <c>prices.tier_percents</c>,
/// <c>provider_accounts.settings</c>. The
/// reader and the writer share this one mapping. An absent list does not restrict; an unknown member means a
/// newer program wrote the row, and is refused: a restriction must not be overlooked.
/// </summary>
internal static class RuleJson
{
    public static string Write(Policy policy) => JsonSerializer.Serialize(
        new RuleDocument
        {
            Filter = FilterDocument.Of(policy.Filter),
            ThresholdPercents = policy.ThresholdPercents.IsDefaultOrEmpty ? null : [.. policy.ThresholdPercents],
            ReviewAboveNanos = policy.ReviewAbove == NanoUsd.Zero ? null : policy.ReviewAbove.Value,
            Allowed = FilterDocument.Of(policy.Allowed),
            StripsTools = policy.StripsTools ? true : null,
            OnlyFlags = policy.OnlyFlags ? true : null,
            Approvals = policy.Approvals.IsEmpty ? null
                : [.. policy.Approvals.Select(a => new ApprovalDocument(a.RequestId, a.KeyId, a.Ceiling.Value, a.Until))],
            MaxRequestNanos = policy.MaxRequest?.Value,
            MaxOutputTokens = policy.MaxOutputTokens,
            MaxConcurrent = policy.MaxConcurrent,
        }, RuleJsonContext.Default.RuleDocument);

    /// <summary>The policy with its rule filled in.</summary>
    public static Policy Read(string json, Policy policy)
    {
        var rule = JsonSerializer.Deserialize(json, RuleJsonContext.Default.RuleDocument)!;
        return policy with
        {
            Filter = rule.Filter?.ToFilter() ?? PolicyFilter.Everything,
            ThresholdPercents = rule.ThresholdPercents is { } percents ? [.. percents] : [],
            ReviewAbove = new NanoUsd(rule.ReviewAboveNanos ?? 0),
            Allowed = rule.Allowed?.ToFilter() ?? PolicyFilter.Everything,
            StripsTools = rule.StripsTools ?? false,
            OnlyFlags = rule.OnlyFlags ?? false,
            Approvals = rule.Approvals is { } approvals
                ? [.. approvals.Select(a => new ReviewApproval(a.RequestId, a.KeyId, new NanoUsd(a.CeilingNanos), a.Until))] : [],
            MaxRequest = rule.MaxRequestNanos is { } max ? new NanoUsd(max) : null,
            MaxOutputTokens = rule.MaxOutputTokens,
            MaxConcurrent = rule.MaxConcurrent,
        };
    }

    /// <summary><c>budgets.increases</c>: what is part of the amount for a time only.</summary>
    public static string Write(ImmutableArray<BudgetIncrease> increases) => JsonSerializer.Serialize(
        [.. increases.Select(i => new IncreaseDocument(i.IncreaseId, i.Amount.Value, i.Until))], RuleJsonContext.Default.IncreaseDocumentArray);

    public static ImmutableArray<BudgetIncrease> ReadIncreases(string json) =>
        [.. JsonSerializer.Deserialize(json, RuleJsonContext.Default.IncreaseDocumentArray)!
            .Select(i => new BudgetIncrease(i.IncreaseId, new NanoUsd(i.AmountNanos), i.Until))];

    public static string WritePermissions(ScopedKey key) => WritePermissions(key.Providers, key.Models, key.Tools);

    public static string WritePermissions(NameSet providers, NameSet models, NameSet tools) => JsonSerializer.Serialize(
        new FilterDocument
        {
            Providers = FilterDocument.Names(providers),
            Models = FilterDocument.Names(models),
            Tools = FilterDocument.Names(tools),
        }, RuleJsonContext.Default.FilterDocument);

    public static PolicyFilter ReadPermissions(string json) =>
        JsonSerializer.Deserialize(json, RuleJsonContext.Default.FilterDocument)!.ToFilter();

    public static string Write(AccountSettings settings) => JsonSerializer.Serialize(
        new SettingsDocument
        {
            Deployments = settings.Deployments.IsEmpty ? null : new(settings.Deployments.ToDictionary(), StringComparer.Ordinal),
            RatePercent = settings.RatePercent == Cost.DefaultTierPercent ? null : settings.RatePercent,
            TrustsCost = settings.TrustsCost ? true : null,
            VectorStores = settings.VectorStores.IsEmpty ? null : [.. settings.VectorStores],
            CountsTokens = settings.CountsTokens ? null : false,
        }, RuleJsonContext.Default.SettingsDocument);

    public static AccountSettings ReadSettings(string json)
    {
        var document = JsonSerializer.Deserialize(json, RuleJsonContext.Default.SettingsDocument)!;
        return new AccountSettings
        {
            Deployments = document.Deployments?.ToImmutableSortedDictionary(StringComparer.Ordinal) ?? AccountSettings.NoDeployments,
            RatePercent = document.RatePercent ?? Cost.DefaultTierPercent,
            TrustsCost = document.TrustsCost ?? false,
            VectorStores = document.VectorStores?.ToImmutableSortedSet(StringComparer.Ordinal) ?? AccountSettings.NoStores,
            CountsTokens = document.CountsTokens ?? true,
        };
    }

    public static string WriteTiers(ImmutableSortedDictionary<string, int> tiers) =>
        JsonSerializer.Serialize(new SortedDictionary<string, int>(tiers.ToDictionary(), StringComparer.Ordinal),
            RuleJsonContext.Default.SortedDictionaryStringInt32);

    public static ImmutableSortedDictionary<string, int> ReadTiers(string json) =>
        JsonSerializer.Deserialize(json, RuleJsonContext.Default.SortedDictionaryStringInt32)!
            .ToImmutableSortedDictionary(StringComparer.Ordinal);
}

internal sealed record SettingsDocument
{
    public SortedDictionary<string, string>? Deployments { get; init; }

    public int? RatePercent { get; init; }

    public bool? TrustsCost { get; init; }

    public string[]? VectorStores { get; init; }

    public bool? CountsTokens { get; init; }
}

internal sealed record ApprovalDocument(Guid RequestId, Guid KeyId, long CeilingNanos, long Until);

internal sealed record IncreaseDocument(Guid IncreaseId, long AmountNanos, long Until);

internal sealed record RuleDocument
{
    public bool? OnlyFlags { get; init; }

    public ApprovalDocument[]? Approvals { get; init; }

    public FilterDocument? Filter { get; init; }

    public int[]? ThresholdPercents { get; init; }

    public long? ReviewAboveNanos { get; init; }

    public FilterDocument? Allowed { get; init; }

    public bool? StripsTools { get; init; }

    public long? MaxRequestNanos { get; init; }

    public long? MaxOutputTokens { get; init; }

    public int? MaxConcurrent { get; init; }
}

internal sealed record FilterDocument
{
    public string[]? Providers { get; init; }

    public string[]? Models { get; init; }

    public string[]? Tools { get; init; }

    public string[]? Environments { get; init; }

    public static FilterDocument? Of(PolicyFilter filter) => filter == PolicyFilter.Everything
        ? null
        : new FilterDocument
        {
            Providers = Names(filter.Providers),
            Models = Names(filter.Models),
            Tools = Names(filter.Tools),
            Environments = Names(filter.Environments),
        };

    public PolicyFilter ToFilter() => new()
    {
        Providers = Set(Providers),
        Models = Set(Models),
        Tools = Set(Tools),
        Environments = Set(Environments),
    };

    public static string[]? Names(NameSet set) => set.IsUnrestricted ? null : [.. set.Names];

    private static NameSet Set(string[]? names) => names is null ? NameSet.Unrestricted : new NameSet([.. names]);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(SettingsDocument))]
[JsonSerializable(typeof(RuleDocument))]
[JsonSerializable(typeof(IncreaseDocument[]))]
[JsonSerializable(typeof(FilterDocument))]
[JsonSerializable(typeof(SortedDictionary<string, int>))]
internal sealed partial class RuleJsonContext : JsonSerializerContext;
