using Spendra.Core.Governance;
using Spendra.Core.Keys;
using Spendra.Storage.Governance;

namespace Spendra.Control.Keys;

/// <summary>What a single key may be called and hold: the same rules as in a file.</summary>
internal static class KeyRequestRules
{
    private const int LongestName = 200;

    /// <summary>What is wrong with the request itself, or null.</summary>
    public static string? Contradiction(KeyRequest request)
    {
        if (!SlugRule.Matches(request.Slug)) return $"'{request.Slug}' is not a slug: expected {SlugRule.Expected}";
        if (request.Environment is { } environment && !PlainText.Matches(environment, PolicyRules.LongestEnvironment))
            return $"the environment is not plain text of 1 to {PolicyRules.LongestEnvironment} characters";
        if (request.MaxRequest is { IsNegative: true }) return "the maximum per request is negative";
        if (request.ExpiresAt is < 0) return "the expiry is before 1970";
        foreach (var name in (request.Providers ?? []).Concat(request.Models ?? []).Concat(request.Tools ?? []))
        {
            if (!PlainText.Matches(name, LongestName)) return $"'{name}' is not a name of 1 to {LongestName} characters";
        }
        return null;
    }

    public static ScopeRow? FindScope(GovernanceState state, string reference) =>
        state.Scopes.FirstOrDefault(s => !s.IsArchived && s.Scope.Reference == reference);

    public static ScopedKey ToKey(KeyRequest request, ScopeRow actor, ScopeRow? project) => new()
    {
        KeyId = Guid.CreateVersion7(),
        Slug = request.Slug,
        Mode = request.Mode,
        ActorId = actor.Scope.ScopeId,
        ProjectId = project?.Scope.ScopeId,
        Providers = Set(request.Providers),
        Models = Set(request.Models),
        Tools = Set(request.Tools),
        Environment = request.Environment,
        MaxRequest = request.MaxRequest,
        ExpiresAt = request.ExpiresAt,
    };

    private static NameSet Set(IReadOnlyList<string>? names) =>
        names is null ? NameSet.Unrestricted : new NameSet([.. names.Distinct(StringComparer.Ordinal)]);
}
