using Spendra.Core.Governance;
using Spendra.Core.Keys;

namespace Spendra.Core.Access;

/// <summary>A key that an employee wants to make or to change.</summary>
/// <param name="EmployeeId">Who.</param>
/// <param name="Key">As it shall be.</param>
/// <param name="IssuedAt">When its secret was made, in microseconds since the Unix epoch.</param>
/// <param name="OtherLiveKeys">How many others of the employee's and their agents' are neither revoked nor expired.</param>
public sealed record OwnKey(Guid EmployeeId, ScopedKey Key, long IssuedAt, int OtherLiveKeys);

/// <summary>
/// Self-service: employees issue keys for themselves and their agents, within what managers set. The rules of every scope
/// above the actor, and of the key's project, hold together; without a rule on the employee or above there is no self-service.
/// </summary>
public static class KeyRules
{
    private const long DayMicros = 86_400_000_000;

    /// <summary>Whether an actor is an employee or one of their agents or subagents.</summary>
    public static bool IsOwn(ScopeTree scopes, Guid employeeId, Guid actorId) =>
        scopes.WithAncestors(actorId).Any(s => s.ScopeId == employeeId);

    /// <summary>Why a key is not the employee's to make, in one sentence; null when it is.</summary>
    /// <param name="scopes">Every scope of the organization.</param>
    /// <param name="rules">Every rule that is in force.</param>
    /// <param name="wanted">The key.</param>
    public static string? Denial(ScopeTree scopes, IReadOnlyCollection<KeyRule> rules, OwnKey wanted)
    {
        var key = wanted.Key;
        if (!IsOwn(scopes, wanted.EmployeeId, key.ActorId)) return "employees issue keys for themselves and their agents only";
        var above = scopes.WithAncestors(wanted.EmployeeId).Select(s => s.ScopeId).ToHashSet();
        if (!rules.Any(r => above.Contains(r.ScopeId)))
            return "no key rule lets you issue keys yourself: ask whoever manages your team for a key, or for a rule";
        above.UnionWith(scopes.WithAncestors(key.ActorId).Select(s => s.ScopeId));
        if (key.ProjectId is { } project) above.Add(project);
        foreach (var rule in rules)
        {
            if (above.Contains(rule.ScopeId) && Excess(rule, wanted) is { } excess)
                return $"the key rule '{rule.Slug}' does not allow this: {excess}";
        }
        return null;
    }

    private static string? Excess(KeyRule rule, OwnKey wanted)
    {
        var key = wanted.Key;
        if (rule.MaxLiveKeys is { } most && wanted.OtherLiveKeys + 1 > most) return $"one employee may have {most} live keys at a time";
        if (!AreWithin(rule.Providers, key.Providers, static (names, name) => names.Contains(name)))
            return $"providers must be among {List(rule.Providers)}";
        if (!AreWithin(rule.Models, key.Models, AdmitsModel)) return $"models must be among {List(rule.Models)}";
        // A key without a list of tools permits none.
        if (!key.Tools.IsUnrestricted && !AreWithin(rule.Tools, key.Tools, AdmitsTool)) return $"tools must be among {List(rule.Tools)}";
        if (rule.MaxRequest is { } amount && !(key.MaxRequest <= amount)) return $"maxRequestUsd must be {amount} at most";
        if (rule.LongestLifeDays is { } days && !(key.ExpiresAt <= wanted.IssuedAt + days * DayMicros))
            return $"it must expire within {days} days of being made";
        return null;
    }

    private static bool AreWithin(NameSet allowed, NameSet wanted, Func<IReadOnlyList<string>, string, bool> admits)
    {
        if (allowed.IsUnrestricted || allowed.Names.Contains(NameSet.Any)) return true;
        return !wanted.IsUnrestricted && wanted.Names.All(name => admits(allowed.Names, name));
    }

    // A bare name and openai/name mean the same model, but for names that have a separator of their own.
    private static bool AdmitsModel(IReadOnlyList<string> allowed, string name) => allowed.Contains(name)
        || (!name.Contains('/') && allowed.Contains($"{ModelName.BareProvider}/{name}"));

    private static bool AdmitsTool(IReadOnlyList<string> allowed, string name) =>
        allowed.Contains(name) || (name != NameSet.Any && allowed.Any(rule => ToolName.Covers(rule, name)));

    private static string List(NameSet names) => names.Names.IsEmpty ? "none" : string.Join(", ", names.Names.Take(10));
}
