namespace Spendra.Storage.Access;

/// <summary>
/// What a member sees of an organization: everything, or the scopes that the member's role holds and what is below them. The
/// parameters of every statement that begins with <see cref="Scopes"/>.
/// </summary>
/// <param name="OrganizationId">The organization.</param>
/// <param name="MemberId">The member.</param>
/// <param name="IsEverything">True for roles that hold everywhere.</param>
public sealed record Coverage(Guid OrganizationId, Guid MemberId, bool IsEverything)
{
    /// <summary>
    /// The common table <c>covered</c>: the ids of the scopes that the member holds. A row that belongs to a scope is seen
    /// when <c>(@IsEverything OR scope_id IN (SELECT scope_id FROM covered))</c>. The cross join makes SQLite look for the children of
    /// each scope by their index, in place of reading all scopes for each.
    /// </summary>
    internal const string Scopes = """
        WITH RECURSIVE covered (scope_id) AS (
            SELECT scope_id FROM member_scopes WHERE organization_id = @OrganizationId AND member_id = @MemberId
            UNION
            SELECT s.scope_id FROM covered c CROSS JOIN scopes s WHERE s.organization_id = @OrganizationId AND s.parent_id = c.scope_id
        )

        """;
}
