using Spendra.Control.Shell;
using Spendra.Core.Governance;
using Spendra.Core.Keys;
using Spendra.Storage;
using Spendra.Storage.Governance;

namespace Spendra.Control.Keys;

/// <summary>Reads what a key shall permit, beside what is there: pure.</summary>
internal static class KeyDrafts
{
    private const string ProjectPrefix = "project/";

    /// <param name="draft">What is there.</param>
    /// <param name="start">The key as it was; of a new one id, slug, mode and actor.</param>
    /// <param name="body">What it shall permit.</param>
    /// <returns>The key, with its project.</returns>
    public static Outcome<(ScopedKey Key, ScopeRow? Project)> Read(Draft draft, ScopedKey start, KeyTerms body)
    {
        var expiry = Expiry(draft, body.ExpiresAt, start.ExpiresAt);
        if (!expiry.IsDone) return expiry.Problem;
        ScopeRow? project = null;
        if (body.Project is { } name)
        {
            project = FindProject(draft, name);
            if (project is null) return Problem.Field("project", "names no project that is there and that you see");
            var actor = draft.State.Scopes.First(s => s.Scope.ScopeId == start.ActorId);
            if (!actor.MayName(project)) return Problem.Field("project", $"is not among the projects of {actor.Scope.Reference}");
        }
        return Outcome<(ScopedKey, ScopeRow?)>.Done((start with
        {
            ProjectId = project?.Scope.ScopeId,
            Providers = Set(body.Providers),
            Models = Set(body.Models),
            Tools = Set(body.Tools),
            Environment = body.Environment,
            MaxRequest = body.MaxRequestUsd,
            ExpiresAt = expiry.Value.At,
        }, project));
    }

    /// <summary>When a key ends; an instant that is over is only taken when it was so before.</summary>
    public static Outcome<(long? At, bool _)> Expiry(Draft draft, DateTimeOffset? wanted, long? before)
    {
        var at = wanted is { } instant ? Micros.Of(instant) : (long?)null;
        return at <= draft.NowMicros && at != before
            ? Problem.Field("expiresAt", "is not in the future")
            : Outcome<(long?, bool)>.Done((at, true));
    }

    /// <summary>A key that the caller sees: of a covered actor, or one that spends for a covered project.</summary>
    public static bool IsSeen(Draft draft, ScopedKey key) => draft.Authority.Covers(draft.Scopes, key.ActorId)
        || (key.ProjectId is { } project && draft.Authority.Covers(draft.Scopes, project));

    /// <summary>A project that the caller covers, or that is one of the caller's own as an employee.</summary>
    private static ScopeRow? FindProject(Draft draft, string name)
    {
        var slug = name.StartsWith(ProjectPrefix, StringComparison.Ordinal) ? name[ProjectPrefix.Length..] : name;
        var found = draft.State.Scopes.FirstOrDefault(s => !s.IsArchived && s.Scope.Kind == ScopeKind.Project && s.Scope.Slug == slug);
        if (found is null || draft.Authority.Covers(draft.Scopes, found.Scope.ScopeId)) return found;
        var self = draft.State.Scopes.FirstOrDefault(s => s.Scope.ScopeId == draft.Authority.EmployeeId);
        return self?.ProjectIds.Contains(found.Scope.ScopeId) == true ? found : null;
    }

    private static NameSet Set(IReadOnlyList<string>? names) => names is null ? NameSet.Unrestricted : new NameSet([.. names]);
}
