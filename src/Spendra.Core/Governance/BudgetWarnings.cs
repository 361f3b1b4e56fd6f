using System.Collections.Immutable;
using Spendra.Core.Ledger;
using Spendra.Core.Money;

namespace Spendra.Core.Governance;

/// <summary>What soft caps and alerts have to say about an admitted request.</summary>
public static class BudgetWarnings
{
    /// <summary>
    /// One text per rule that speaks: <c>soft_cap:&lt;policy&gt;</c> when what is settled and held is above the
    /// budget's limit, <c>alert:&lt;policy&gt;:&lt;percent&gt;</c> for the highest threshold that is reached,
    /// <c>review:&lt;policy&gt;</c> when the bound is above the threshold of a review that only flags.
    /// </summary>
    /// <param name="standing">The key with its policies.</param>
    /// <param name="request">What the request looks like to rules.</param>
    /// <param name="bound">The most that the request can cost.</param>
    /// <param name="claims">The claims of the reservation.</param>
    /// <param name="windows">The windows as the reservation left them, in the order of the claims.</param>
    public static ImmutableArray<string> Of(
        KeyStanding standing, RequestShape request, NanoUsd bound, IReadOnlyList<WindowClaim> claims, ImmutableArray<WindowRow> windows)
    {
        ImmutableArray<string>.Builder? warnings = null;
        foreach (var policy in standing.Policies)
        {
            if (policy.Kind is not (PolicyKind.SoftCap or PolicyKind.Alert or PolicyKind.Review) || !policy.Filter.Matches(request)) continue;
            if (policy is { Kind: PolicyKind.Review, OnlyFlags: true } && bound > policy.ReviewAbove)
                (warnings ??= ImmutableArray.CreateBuilder<string>()).Add($"review:{policy.Slug}");
            for (var i = 0; i < claims.Count; i++)
            {
                if (claims[i].Window.Budget.BudgetId != policy.BudgetId) continue;
                if (Speak(policy, windows[i]) is { } warning)
                    (warnings ??= ImmutableArray.CreateBuilder<string>()).Add(warning);
            }
        }
        return warnings?.ToImmutable() ?? [];
    }

    private static string? Speak(Policy policy, WindowRow window)
    {
        var used = window.Settled + window.Reserved;
        if (policy.Kind == PolicyKind.SoftCap) return used > window.Limit ? $"soft_cap:{policy.Slug}" : null;
        var reached = 0;
        foreach (var percent in policy.ThresholdPercents)
        {
            if ((Int128)used.Value * 100 >= (Int128)window.Limit.Value * percent) reached = Math.Max(reached, percent);
        }
        return reached > 0 ? $"alert:{policy.Slug}:{reached}%" : null;
    }
}
