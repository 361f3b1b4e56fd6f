using System.Collections.Frozen;

namespace Spendra.Core.Governance;

/// <summary>All scopes of an organization, and the set of them that one request belongs to.</summary>
public sealed class ScopeTree
{
    // Subagent → agent → employee → team → branch: five steps. More means a cycle in corrupt data.
    private const int MaxDepth = 8;

    private readonly FrozenDictionary<Guid, Scope> _scopes;

    public ScopeTree(Guid organizationId, IEnumerable<Scope> scopes)
    {
        OrganizationId = organizationId;
        _scopes = scopes.ToFrozenDictionary(s => s.ScopeId);
    }

    public Guid OrganizationId { get; }

    public IEnumerable<Scope> All => _scopes.Values;

    public Scope? Find(Guid scopeId) => _scopes.GetValueOrDefault(scopeId);

    /// <summary>
    /// A scope and what contains or owns it, from below to above, the organization last; nothing for a scope that does not
    /// exist. Stops after as many steps as a whole tree has, should stored parents form a circle.
    /// </summary>
    public IEnumerable<Scope> WithAncestors(Guid scopeId)
    {
        var scope = Find(scopeId);
        for (var depth = 0; scope is not null && depth <= MaxDepth; depth++)
        {
            yield return scope;
            if (scope.Kind == ScopeKind.Organization) yield break;
            scope = Find(scope.ParentId ?? OrganizationId);
        }
    }

    /// <summary>
    /// The scopes of a request: the organization, the actor, everything that contains or owns the actor, and the
    /// key's project. Null when the actor or the project does not exist, is archived, or a chain does not end.
    /// </summary>
    public Scope[]? Resolve(Guid actorId, Guid? projectId)
    {
        var organization = Find(OrganizationId);
        var actor = Find(actorId);
        if (organization is null || actor is not { IsActor: true }) return null;
        var found = new List<Scope>(MaxDepth) { organization };
        var scope = actor;
        while (true)
        {
            if (found.Count > MaxDepth) return null;
            found.Add(scope);
            if (scope.ParentId is null || scope.ParentId == OrganizationId) break;
            scope = Find(scope.ParentId.Value);
            if (scope is null) return null;
        }
        if (projectId is null) return [.. found];
        var project = Find(projectId.Value);
        if (project is not { Kind: ScopeKind.Project }) return null;
        if (!found.Contains(project)) found.Add(project);
        return [.. found];
    }
}
