using System.Collections.Immutable;
using Spendra.Core.Budgets;
using Spendra.Core.Ledger;
using Spendra.Core.Money;

namespace Spendra.Core.Governance;

/// <summary>The outcome of step 5: what to reserve, or why not.</summary>
public abstract record Decision
{
    private Decision()
    {
    }

    /// <summary>Go and reserve: every claim or none.</summary>
    public sealed record Admit(ImmutableArray<WindowClaim> Claims, ImmutableArray<Guid> PolicyIds) : Decision;

    public sealed record Deny(Refusal Refusal) : Decision;
}

/// <summary>Decides a bounded request against every rule of its scopes. Pure: same input, same decision.</summary>
public static class Admission
{
    /// <summary>
    /// The output limit that request limits impose on each choice, or null. Known before the bound, because the
    /// bound depends on it.
    /// </summary>
    public static long? OutputClamp(KeyStanding standing, RequestShape request)
    {
        long? clamp = null;
        foreach (var policy in standing.Policies)
        {
            if (policy.Kind != PolicyKind.RequestLimit || !policy.Filter.Matches(request)) continue;
            if (policy.MaxOutputTokens is { } max) clamp = Math.Min(clamp ?? max, max);
        }
        return clamp;
    }

    /// <summary>
    /// Checks permissions first, then single-request rules, then budgets, so that the reason a caller reads is
    /// the one that asking for money would not mend.
    /// </summary>
    /// <param name="snapshot">The organization's rules.</param>
    /// <param name="standing">The key, its scopes and their policies, from the same snapshot.</param>
    /// <param name="request">Provider, model, tools, environment.</param>
    /// <param name="bound">The most that the request can cost.</param>
    /// <param name="atMicros">The instant that chooses the windows.</param>
    public static Decision Decide(
        GovernanceSnapshot snapshot, KeyStanding standing, RequestShape request, NanoUsd bound, long atMicros)
    {
        if (CheckPermissions(standing, request) is { } forbidden) return new Decision.Deny(forbidden);
        if (CheckSingleRequest(standing, request, bound, atMicros) is { } limited) return new Decision.Deny(limited);
        return ClaimBudgets(snapshot, standing, request, bound, atMicros);
    }

    /// <summary>Whether key and allowlists permit the provider, model and tools at all.</summary>
    public static Refusal? CheckPermissions(KeyStanding standing, RequestShape request)
    {
        var key = standing.Key;
        if (Outside(key.Providers, key.Models, request) is { } byKey)
            return new Refusal(byKey.Code, $"{byKey.What} is not in the scope of this key.");
        foreach (var tool in request.Tools)
        {
            if (key.Tools.IsUnrestricted || !ToolName.AdmittedBy(key.Tools, tool))
                return new Refusal(RefusalCode.ToolNotAllowed, $"Tool '{tool}' is not in the scope of this key.");
        }
        // Whoever may use none of a server's tools has no business with it: what else it offers comes by the same credential.
        if (request.ToolServer is { } server && (key.Tools.IsUnrestricted || !ToolName.ReachesServer(key.Tools, server)))
            return new Refusal(RefusalCode.ToolNotAllowed, $"No tool of server '{server}' is in the scope of this key.");
        foreach (var policy in standing.Policies)
        {
            if (policy.Kind != PolicyKind.Allowlist || !policy.Filter.Matches(request)) continue;
            if (Outside(policy.Allowed.Providers, policy.Allowed.Models, request) is { } by)
                return Refuse(by.Code, $"{by.What} is not on the allowlist '{policy.Slug}'.", policy);
            foreach (var tool in request.Tools)
            {
                if (!ToolName.AdmittedBy(policy.Allowed.Tools, tool))
                    return Refuse(RefusalCode.ToolNotAllowed, $"Tool '{tool}' is not on the allowlist '{policy.Slug}'.", policy);
            }
            if (request.ToolServer is { } at && !ToolName.ReachesServer(policy.Allowed.Tools, at))
                return Refuse(RefusalCode.ToolNotAllowed, $"No tool of server '{at}' is on the allowlist '{policy.Slug}'.", policy);
        }
        return null;
    }

    private static (RefusalCode Code, string What)? Outside(NameSet providers, NameSet models, RequestShape request)
    {
        if (!providers.Admits(request.Provider))
            return (RefusalCode.ProviderNotAllowed, $"Provider '{request.Provider}'");
        if (request.IsForModel && !ModelName.AdmittedBy(models, request.Provider, request.Model))
            return (RefusalCode.ModelNotAllowed, $"Model '{request.Model}'");
        return null;
    }

    /// <summary>The rules for one request whatever the budgets hold: limits and reviews.</summary>
    public static Refusal? CheckSingleRequest(KeyStanding standing, RequestShape request, NanoUsd bound, long atMicros)
    {
        if (bound > standing.Key.MaxRequest)
        {
            return new Refusal(RefusalCode.RequestLimitExceeded,
                $"This request may cost up to {bound} USD; the key allows {standing.Key.MaxRequest} USD per request.");
        }
        foreach (var policy in standing.Policies)
        {
            if (policy.Kind == PolicyKind.RequestLimit && bound > policy.MaxRequest
                && policy.Filter.Matches(request))
            {
                return Refuse(RefusalCode.RequestLimitExceeded,
                    $"This request may cost up to {bound} USD; '{policy.Slug}' allows {policy.MaxRequest} USD per request.", policy);
            }
        }
        foreach (var policy in standing.Policies)
        {
            if (policy.Kind == PolicyKind.Review && !policy.OnlyFlags && bound > policy.ReviewAbove
                && policy.Filter.Matches(request) && !policy.IsApproved(standing.Key.KeyId, bound, atMicros))
            {
                return Refuse(RefusalCode.ReviewRequired,
                    $"This request may cost up to {bound} USD; '{policy.Slug}' wants a review above "
                    + $"{policy.ReviewAbove} USD.", policy);
            }
        }
        return null;
    }

    private static Decision ClaimBudgets(
        GovernanceSnapshot snapshot, KeyStanding standing, RequestShape request, NanoUsd bound, long atMicros)
    {
        var claims = ImmutableArray.CreateBuilder<WindowClaim>(4);
        var policyIds = ImmutableArray.CreateBuilder<Guid>(standing.Policies.Length);
        var permitted = false;
        foreach (var policy in standing.Policies)
        {
            var isHard = policy.Kind == PolicyKind.HardCap;
            if (!policy.Filter.Matches(request))
            {
                // Routes without a model cost nothing; a budget for certain models, or for tools of the same server, is
                // permit enough for them.
                permitted |= isHard && !request.HasModel && (policy.Filter.MatchesBesidesModel(request) || policy.Filter.ReachesServerOf(request));
                continue;
            }
            policyIds.Add(policy.PolicyId);
            var budget = policy.BudgetId is { } budgetId ? snapshot.FindBudget(budgetId) : null;
            if (budget is null)
            {
                if (isHard) return new Decision.Deny(Unbacked(policy));
                continue;
            }
            if (!isHard && snapshot.IsHardCapped(budget.BudgetId)) continue;
            var window = budget.WindowAt(atMicros);
            if (window is null) continue;
            permitted |= isHard;
            if (isHard && budget.AmountAt(atMicros) == NanoUsd.Zero)
                return new Decision.Deny(Closed(policy, window, bound));
            // What can cost nothing holds nothing.
            if (bound > NanoUsd.Zero) AddClaim(claims, policy, window, isHard ? Enforcement.Hard : Enforcement.Observed);
        }
        if (!permitted)
        {
            return new Decision.Deny(new Refusal(RefusalCode.NoApplicableBudget,
                "No hard cap applies to this request, and spend needs an explicit budget. "
                + "Ask whoever governs your team to add one."));
        }
        return new Decision.Admit(claims.ToImmutable(), policyIds.ToImmutable());
    }

    private static void AddClaim(
        ImmutableArray<WindowClaim>.Builder claims, Policy policy, BudgetWindow window, Enforcement enforcement)
    {
        foreach (var claim in claims)
        {
            if (claim.WindowId == window.WindowId) return;
        }
        claims.Add(new WindowClaim(window, policy.PolicyId, policy.Slug, enforcement));
    }

    // A cap that cannot be checked closes: skipping it would lift it without anyone saying so.
    private static Refusal Unbacked(Policy policy) =>
        Refuse(RefusalCode.NoApplicableBudget, $"The budget of hard cap '{policy.Slug}' is gone, so it cannot be kept.", policy);

    private static Refusal Closed(Policy policy, BudgetWindow window, NanoUsd bound) =>
        Refuse(RefusalCode.BudgetExceeded, $"Budget '{window.Budget.Slug}' is zero: it is closed to all requests.", policy) with
        {
            Window = new RefusedWindow(window.Budget.BudgetId, window.Budget.Slug, NanoUsd.Zero, NanoUsd.Zero,
                NanoUsd.Zero, bound, window.Span.StartsAt, window.Span.EndsAt),
        };

    private static Refusal Refuse(RefusalCode code, string message, Policy policy) =>
        new(code, message) { PolicyId = policy.PolicyId, PolicySlug = policy.Slug };
}
