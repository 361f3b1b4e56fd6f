using System.Collections.Immutable;
using System.Data.Common;
using Dapper;
using Spendra.Core.Access;
using Spendra.Core.Money;

namespace Spendra.Storage.Access;

/// <summary>An organization that a person is a member of.</summary>
public sealed record MembershipOfUser(Guid OrganizationId, string Slug, string Name, string TimeZone, long Epoch, MemberRow Member);

/// <summary>Reads memberships, removed ones left out unless they are asked for.</summary>
public static class MemberReader
{
    private const string Columns = """
        SELECT m.organization_id, m.member_id, m.user_id, m.employee_id, m.role, m.approval_limit_nanos, m.joined_at,
            m.removed_at, m.version, u.email, u.name
        FROM members m JOIN users u ON u.user_id = m.user_id
        """;

    /// <summary>The membership as it is now; null for nobody, and for somebody who was removed.</summary>
    public static async Task<MemberRow?> FindAsync(Database database, Guid organizationId, Guid memberId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        return await FindAsync(connection, transaction, organizationId, memberId, cancel);
    }

    internal static async Task<MemberRow?> FindAsync(
        DbConnection connection, DbTransaction? transaction, Guid organizationId, Guid memberId, CancellationToken cancel)
    {
        var stored = await connection.QuerySingleOrDefaultAsync<StoredMember>(new CommandDefinition(
            Columns + " WHERE m.organization_id = @organizationId AND m.member_id = @memberId AND m.removed_at IS NULL",
            new { organizationId, memberId }, transaction, cancellationToken: cancel));
        if (stored is null) return null;
        var scopes = await connection.QueryAsync<StoredMemberScope>(new CommandDefinition(
            "SELECT member_id, scope_id FROM member_scopes WHERE organization_id = @organizationId AND member_id = @memberId",
            new { organizationId, memberId }, transaction, cancellationToken: cancel));
        return stored.ToRow([.. scopes.Select(s => s.ScopeId)]);
    }

    /// <summary>A person's membership in the organization of a slug; null for nobody, and where there is no such organization.</summary>
    public static async Task<MembershipOfUser?> FindOfUserAsync(Database database, string slug, Guid userId, CancellationToken cancel) =>
        (await OfUserAsync(database, userId, cancel)).FirstOrDefault(m => m.Slug == slug);

    /// <summary>Every organization that a person belongs to, by slug.</summary>
    public static async Task<IReadOnlyList<MembershipOfUser>> OfUserAsync(Database database, Guid userId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, cancel);
        // Which organizations they are is asked across all of them; what is in each, as that one alone.
        var places = (await connection.QueryAsync<StoredPlace>(new CommandDefinition(
            "SELECT organization_id, member_id FROM members WHERE user_id = @userId AND removed_at IS NULL",
            new { userId }, transaction, cancellationToken: cancel))).AsList();
        var found = new List<MembershipOfUser>();
        foreach (var place in places)
        {
            await database.EnterAsync(connection, transaction, place.OrganizationId, cancel);
            var organization = await connection.QuerySingleAsync<StoredName>(new CommandDefinition(
                "SELECT slug, name, time_zone, governance_epoch FROM organizations WHERE organization_id = @OrganizationId",
                new { place.OrganizationId }, transaction, cancellationToken: cancel));
            if (await FindAsync(connection, transaction, place.OrganizationId, place.MemberId, cancel) is { } member)
                found.Add(new MembershipOfUser(place.OrganizationId, organization.Slug, organization.Name, organization.TimeZone, organization.GovernanceEpoch, member));
        }
        return [.. found.OrderBy(f => f.Slug, StringComparer.Ordinal)];
    }

    internal sealed class StoredMember
    {
        public Guid OrganizationId { get; set; }
        public Guid MemberId { get; set; }
        public Guid UserId { get; set; }
        public Guid? EmployeeId { get; set; }
        public string? Role { get; set; }
        public long? ApprovalLimitNanos { get; set; }
        public long JoinedAt { get; set; }
        public long? RemovedAt { get; set; }
        public long Version { get; set; }
        public string Email { get; set; } = "";
        public string Name { get; set; } = "";
        // Only lists select these two.
        public string? EmployeeSlug { get; set; }
        public string? Scopes { get; set; }

        public ListedMember ToListed() => new(ToRow([]), AccessText.References(Scopes), EmployeeSlug is null ? null : $"employee/{EmployeeSlug}");

        public MemberRow ToRow(ImmutableArray<Guid> scopeIds)
        {
            var role = Role is null ? (MemberRole?)null
                : MemberRoles.Find(Role) ?? throw new InvalidDataException($"member {MemberId} has the unknown role '{Role}'");
            var limit = ApprovalLimitNanos is { } nanos ? new NanoUsd(nanos) : (NanoUsd?)null;
            return new MemberRow(new Membership(MemberId, role, scopeIds, limit), UserId, Email, Name, EmployeeId, RemovedAt is not null, Version)
            {
                JoinedAt = JoinedAt,
            };
        }
    }

    private sealed class StoredPlace
    {
        public Guid OrganizationId { get; set; }
        public Guid MemberId { get; set; }
    }

    private sealed class StoredMemberScope
    {
        public Guid MemberId { get; set; }
        public Guid ScopeId { get; set; }
    }

    private sealed class StoredName
    {
        public string Slug { get; set; } = "";
        public string Name { get; set; } = "";
        public string TimeZone { get; set; } = "";
        public long GovernanceEpoch { get; set; }
    }
}
