using System.ComponentModel.DataAnnotations;
using Spendra.Control.Shell;
using Spendra.Core.Money;
using Spendra.Storage.Governance;

namespace Spendra.Control.Keys;

/// <summary>A rule of self-service as callers see it. What is absent does not restrict.</summary>
/// <param name="Slug">Its name; never changes.</param>
/// <param name="Scope">Whose employees it lets issue keys, and restricts; never changes.</param>
/// <param name="MaxLiveKeys">Keys that one employee may have at a time, those of their agents among them.</param>
/// <param name="Providers">What keys may be given.</param>
/// <param name="Models">Exact ids.</param>
/// <param name="Tools">Tools by name, <c>server/tool</c>, or <c>server/*</c>.</param>
/// <param name="MaxRequestUsd">Keys must have a limit for one request, and no larger one.</param>
/// <param name="LongestLifeDays">Keys must expire, so many days after their secret was made at the latest.</param>
/// <param name="IsArchived">An archived rule allows and restricts nothing.</param>
/// <param name="Version">For If-Match.</param>
internal sealed record KeyRuleView(
    string Slug, string Scope, int? MaxLiveKeys, IReadOnlyList<string>? Providers, IReadOnlyList<string>? Models,
    IReadOnlyList<string>? Tools, NanoUsd? MaxRequestUsd, int? LongestLifeDays, bool IsArchived, long Version)
{
    public static KeyRuleView Of(ListedKeyRule listed)
    {
        var rule = listed.Row.Rule;
        return new KeyRuleView(rule.Slug, listed.Scope, rule.MaxLiveKeys, KeyView.Names(rule.Providers), KeyView.Names(rule.Models),
            KeyView.Names(rule.Tools), rule.MaxRequest, rule.LongestLifeDays, listed.Row.IsArchived, listed.Row.Version);
    }
}

/// <summary>What employees may issue themselves. What is absent does not restrict.</summary>
public abstract record KeyRuleTerms
{
    /// <summary>Keys that one employee may have at a time; 0 ends self-service.</summary>
    [Range(0, 100_000)]
    public int? MaxLiveKeys { get; init; }

    [Names(KeyTerms.MostNames)]
    public IReadOnlyList<string>? Providers { get; init; }

    [Names(KeyTerms.MostNames)]
    public IReadOnlyList<string>? Models { get; init; }

    [Names(KeyTerms.MostNames)]
    public IReadOnlyList<string>? Tools { get; init; }

    public NanoUsd? MaxRequestUsd { get; init; }

    [Range(1, 36_500)]
    public int? LongestLifeDays { get; init; }
}

/// <summary>A new rule.</summary>
public sealed record NewKeyRule : KeyRuleTerms
{
    /// <summary>Its name; never changes.</summary>
    [Slug]
    public required string Slug { get; init; }

    /// <summary>Whose employees: <c>organization</c>, <c>team/search</c>; or a project, whose keys it restricts.</summary>
    [Plain]
    public required string Scope { get; init; }
}

/// <summary>A rule as it shall be: what is absent is taken away. Its slug and scope stay.</summary>
public sealed record EditedKeyRule : KeyRuleTerms;
