using System.ComponentModel.DataAnnotations;
using Spendra.Control.Shell;
using Spendra.Core.Governance;
using Spendra.Core.Money;
using Spendra.Storage.Governance;

namespace Spendra.Control.Policies;

/// <summary>A policy as callers see it. Fields that its kind has no use for are absent.</summary>
/// <param name="Slug">Its name; never changes.</param>
/// <param name="Kind"><c>hard_cap</c>, <c>soft_cap</c>, <c>alert</c>, <c>review</c>, <c>allowlist</c> or <c>request_limit</c>.</param>
/// <param name="Scope">Whose requests it binds: <c>organization</c>, <c>team/search</c>.</param>
/// <param name="Budget">The budget that a cap or an alert watches.</param>
/// <param name="Providers">Of an allowlist: what may be used. An absent list does not restrict, an empty one permits nothing.</param>
/// <param name="Models">Exact ids, bare for openai, otherwise <c>provider/model</c>.</param>
/// <param name="Tools">Tools by name, <c>server/tool</c>, or <c>server/*</c>.</param>
/// <param name="Filter">Which requests it applies to; absent for all.</param>
/// <param name="ThresholdsPercent">Of an alert.</param>
/// <param name="AboveUsd">Of a review.</param>
/// <param name="OnExceed">Of a review: <c>hold</c> or <c>flag</c>.</param>
/// <param name="OnDenied">Of an allowlist: what becomes of tools that it denies, <c>refuse</c> or <c>strip</c>.</param>
/// <param name="MaxRequestUsd">Of a request limit.</param>
/// <param name="MaxOutputTokens">Of a request limit.</param>
/// <param name="MaxConcurrent">Of a request limit.</param>
/// <param name="IsArchived">An archived policy binds nothing.</param>
/// <param name="SetBy">Who changed it last; absent in answers to changes.</param>
/// <param name="SetAt">When, UTC.</param>
/// <param name="Version">For If-Match; of what was only tried, absent.</param>
/// <param name="Simulation">Of what was only tried: what it would have done.</param>
internal sealed record PolicyView(
    string Slug, string Kind, string Scope, string? Budget, IReadOnlyList<string>? Providers, IReadOnlyList<string>? Models,
    IReadOnlyList<string>? Tools, PolicyFilterBody? Filter, IReadOnlyList<int>? ThresholdsPercent, NanoUsd? AboveUsd, string? OnExceed,
    string? OnDenied, NanoUsd? MaxRequestUsd, long? MaxOutputTokens, int? MaxConcurrent, bool IsArchived, string? SetBy, DateTime? SetAt,
    long? Version, SimulationView? Simulation = null)
{
    /// <summary>The policy without who set it.</summary>
    public static PolicyView Of(PolicyRow row, string scope, string? budget)
    {
        var policy = row.Policy;
        var isAllowlist = policy.Kind == PolicyKind.Allowlist;
        return new PolicyView(
            policy.Slug, GovernanceNames.Of(policy.Kind), scope, budget, Names(policy.Allowed.Providers), Names(policy.Allowed.Models),
            Names(policy.Allowed.Tools), policy.Filter == PolicyFilter.Everything ? null : PolicyFilterBody.Of(policy.Filter),
            policy.ThresholdPercents.IsDefaultOrEmpty ? null : policy.ThresholdPercents,
            policy.Kind == PolicyKind.Review ? policy.ReviewAbove : null,
            policy.Kind == PolicyKind.Review ? policy.OnlyFlags ? "flag" : "hold" : null,
            isAllowlist && !policy.Allowed.Tools.IsUnrestricted ? policy.StripsTools ? "strip" : "refuse" : null,
            policy.MaxRequest, policy.MaxOutputTokens, policy.MaxConcurrent, row.IsArchived, null, null, row.ChangedEpoch);
    }

    internal static IReadOnlyList<string>? Names(NameSet names) => names.IsUnrestricted ? null : names.Names;
}

/// <summary>Which requests a policy applies to; an absent list does not restrict.</summary>
public sealed record PolicyFilterBody
{
    [Names(PolicyTerms.MostNames)]
    public IReadOnlyList<string>? Providers { get; init; }

    [Names(PolicyTerms.MostNames)]
    public IReadOnlyList<string>? Models { get; init; }

    /// <summary>Requests that use at least one of these.</summary>
    [Names(PolicyTerms.MostNames)]
    public IReadOnlyList<string>? Tools { get; init; }

    [Names(PolicyTerms.MostNames)]
    public IReadOnlyList<string>? Environments { get; init; }

    internal static PolicyFilterBody Of(PolicyFilter filter) => new()
    {
        Providers = PolicyView.Names(filter.Providers), Models = PolicyView.Names(filter.Models),
        Tools = PolicyView.Names(filter.Tools), Environments = PolicyView.Names(filter.Environments),
    };
}

/// <summary>What a policy says, in the fields of the declaration file. Which are wanted depends on its kind.</summary>
public abstract record PolicyTerms
{
    internal const int MostNames = 10_000;

    /// <summary>Whose requests it binds; of a cap or an alert the budget's scope when absent.</summary>
    [Plain]
    public string? Scope { get; init; }

    /// <summary>The slug of the budget that a hard_cap, soft_cap or alert watches.</summary>
    [Slug]
    public string? Budget { get; init; }

    /// <summary>Of an allowlist what may be used, of every other kind the filter.</summary>
    [Names(MostNames)]
    public IReadOnlyList<string>? Providers { get; init; }

    [Names(MostNames)]
    public IReadOnlyList<string>? Models { get; init; }

    [Names(MostNames)]
    public IReadOnlyList<string>? Tools { get; init; }

    /// <summary>The filter on environments.</summary>
    [Names(MostNames)]
    public IReadOnlyList<string>? Environments { get; init; }

    /// <summary>The filter, of every kind.</summary>
    public PolicyFilterBody? Filter { get; init; }

    /// <summary>Of an alert: per cents of the budget, 1 to 1000.</summary>
    [MaxLength(100)]
    public IReadOnlyList<int>? ThresholdsPercent { get; init; }

    /// <summary>Of a review: requests that may cost more are held or flagged.</summary>
    public NanoUsd? AboveUsd { get; init; }

    /// <summary>Of a review.</summary>
    [AllowedTexts("hold", "flag")]
    public string? OnExceed { get; init; }

    /// <summary>Of an allowlist with tools.</summary>
    [AllowedTexts("refuse", "strip")]
    public string? OnDenied { get; init; }

    public NanoUsd? MaxRequestUsd { get; init; }

    [Range(1, PolicyRules.MaxOutputTokens)]
    public long? MaxOutputTokens { get; init; }

    [Range(1, PolicyRules.MaxConcurrent)]
    public int? MaxConcurrent { get; init; }
}

/// <summary>A new policy.</summary>
public sealed record NewPolicy : PolicyTerms
{
    /// <summary>Its name; never changes.</summary>
    [Slug]
    public required string Slug { get; init; }

    /// <summary>Never changes.</summary>
    [AllowedTexts("hard_cap", "soft_cap", "alert", "review", "allowlist", "request_limit")]
    public required string Kind { get; init; }
}

/// <summary>A policy as it shall be: what is absent is taken away. Its slug and kind stay.</summary>
public sealed record EditedPolicy : PolicyTerms;
