namespace Spendra.Core.Governance;

/// <summary>Where spend belongs.</summary>
public enum ScopeKind
{
    Organization,
    Branch,
    Team,
    Project,
    Employee,
    Agent,
    Subagent,
}

/// <summary>
/// One scope of an organization. <c>ParentId</c> is what contains or owns it: a team's branch, an employee's
/// team, an agent's owner (employee, team or project), a subagent's agent; null directly below the organization
/// and for the organization itself, whose scope id is the organization id.
/// </summary>
public sealed record Scope(Guid ScopeId, ScopeKind Kind, string Slug, string Name, Guid? ParentId)
{
    public bool IsActor => Kind is ScopeKind.Employee or ScopeKind.Agent or ScopeKind.Subagent;

    /// <summary><c>team/search</c>, or <c>organization</c>: how files, reports and errors name a scope.</summary>
    public string Reference => Kind == ScopeKind.Organization ? "organization" : $"{KindName(Kind)}/{Slug}";

    public static string KindName(ScopeKind kind) => kind switch
    {
        ScopeKind.Organization => "organization",
        ScopeKind.Branch => "branch",
        ScopeKind.Team => "team",
        ScopeKind.Project => "project",
        ScopeKind.Employee => "employee",
        ScopeKind.Agent => "agent",
        ScopeKind.Subagent => "subagent",
    };

    /// <summary>Which kinds may contain or own a scope of this kind; empty when only the organization may.</summary>
    public static ScopeKind[] ParentKinds(ScopeKind kind) => kind switch
    {
        ScopeKind.Organization or ScopeKind.Branch or ScopeKind.Project => [],
        ScopeKind.Team => [ScopeKind.Branch],
        ScopeKind.Employee => [ScopeKind.Team],
        ScopeKind.Agent => [ScopeKind.Employee, ScopeKind.Team, ScopeKind.Project],
        ScopeKind.Subagent => [ScopeKind.Agent],
    };
}
