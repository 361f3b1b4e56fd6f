using System.Collections.Immutable;
using System.Data.Common;
using System.Text.Json;
using Dapper;
using Spendra.Core.Access;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Access;

/// <summary>An organization's rules for people who sign in at the issuer.</summary>
/// <param name="Rules">In their order.</param>
/// <param name="Version">Grows with every change; 0 while there are none.</param>
public sealed record SignInRulesRow(ImmutableArray<SignInRule> Rules, long Version)
{
    public static SignInRulesRow Empty { get; } = new([], 0);
}

/// <summary>Reads the rules for people who sign in at the issuer, and where they stand.</summary>
public static class SignInRuleReader
{
    public static async Task<SignInRulesRow> ReadAsync(Database database, Guid organizationId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        return await ReadAsync(connection, transaction, organizationId, cancel);
    }

    /// <summary>As the other, under the lock of a change.</summary>
    public static Task<SignInRulesRow> ReadAsync(GovernanceTransaction transaction, CancellationToken cancel) =>
        transaction.ReadAsync((connection, inner) => ReadAsync(connection, inner, transaction.OrganizationId, cancel));

    /// <summary>The organization that has proven a domain to be its own; null when none has.</summary>
    public static async Task<Guid?> FindOfDomainAsync(Database database, string domain, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        var owner = await connection.QuerySingleOrDefaultAsync<Guid?>(new CommandDefinition(
            "SELECT organization_id FROM domain_directory WHERE domain = @domain", new { domain }, cancellationToken: cancel));
        if (owner is not { } organizationId) return null;
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        return await connection.QuerySingleOrDefaultAsync<Guid?>(new CommandDefinition("""
            SELECT organization_id FROM domains
            WHERE organization_id = @organizationId AND domain = @domain AND verified_at IS NOT NULL AND removed_at IS NULL
            """, new { organizationId, domain }, transaction, cancellationToken: cancel));
    }

    /// <summary>Every organization that a person is or was a member of.</summary>
    public static async Task<IReadOnlyList<Guid>> OrganizationsOfAsync(Database database, Guid userId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        return [.. await connection.QueryAsync<Guid>(new CommandDefinition(
            "SELECT organization_id FROM members WHERE user_id = @userId", new { userId }, cancellationToken: cancel))];
    }

    /// <summary>What the scopes of an organization are called: <c>team/search</c>.</summary>
    public static async Task<IReadOnlyDictionary<Guid, string>> ScopeNamesAsync(Database database, Guid organizationId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var stored = await connection.QueryAsync<StoredScopeName>(new CommandDefinition(
            "SELECT scope_id, kind, slug FROM scopes WHERE organization_id = @organizationId", new { organizationId }, transaction, cancellationToken: cancel));
        return stored.ToDictionary(s => s.ScopeId, s => $"{s.Kind}/{s.Slug}");
    }

    /// <summary>A person's place in an organization, removed members and all; with the member as it stands.</summary>
    public static async Task<(MappedPlace Place, MemberRow? Member)> FindPlaceAsync(
        Database database, Guid organizationId, Guid userId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        return await FindPlaceAsync(connection, transaction, organizationId, userId, cancel);
    }

    /// <summary>As the other, under the lock of a change.</summary>
    public static Task<(MappedPlace Place, MemberRow? Member)> FindPlaceAsync(
        GovernanceTransaction transaction, Guid userId, CancellationToken cancel) =>
        transaction.ReadAsync((connection, inner) => FindPlaceAsync(connection, inner, transaction.OrganizationId, userId, cancel));

    internal static string WriteRules(ImmutableArray<SignInRule> rules) => JsonSerializer.Serialize(
        [.. rules.Select(r => new StoredRule(r.Group, MemberRoles.NameOf(r.Role), [.. r.ScopeIds]))], SignInRuleJson.Default.StoredRuleArray);

    internal static string WriteScopeIds(ImmutableArray<Guid> scopeIds) => JsonSerializer.Serialize([.. scopeIds.Order()], SignInRuleJson.Default.GuidArray);

    private static async Task<SignInRulesRow> ReadAsync(
        DbConnection connection, DbTransaction? transaction, Guid organizationId, CancellationToken cancel)
    {
        var stored = await connection.QuerySingleOrDefaultAsync<StoredRules>(new CommandDefinition(
            "SELECT rules, version FROM sign_in_rules WHERE organization_id = @organizationId",
            new { organizationId }, transaction, cancellationToken: cancel));
        if (stored is null) return SignInRulesRow.Empty;
        var rules = JsonSerializer.Deserialize(stored.Rules, SignInRuleJson.Default.StoredRuleArray) ?? [];
        return new SignInRulesRow([.. rules.Select(r => new SignInRule(r.Group, RoleOf(r.Role), [.. r.Scopes]))], stored.Version);
    }

    private static async Task<(MappedPlace Place, MemberRow? Member)> FindPlaceAsync(
        DbConnection connection, DbTransaction? transaction, Guid organizationId, Guid userId, CancellationToken cancel)
    {
        var stored = await connection.QuerySingleOrDefaultAsync<StoredPlace>(new CommandDefinition("""
            SELECT m.member_id, m.removed_at, p.member_id AS mapped_id, p.role AS mapped_role, p.scope_ids AS mapped_scope_ids
            FROM members m
            LEFT JOIN mapped_members p ON p.organization_id = m.organization_id AND p.member_id = m.member_id
            WHERE m.organization_id = @organizationId AND m.user_id = @userId
            """, new { organizationId, userId }, transaction, cancellationToken: cancel));
        if (stored is null) return (new MappedPlace(null, IsRemoved: false, null), null);
        if (stored.RemovedAt is not null) return (new MappedPlace(null, IsRemoved: true, null), null);
        var member = await MemberReader.FindAsync(connection, transaction, organizationId, stored.MemberId, cancel);
        var mapped = stored.MappedId is null ? null
            : new MappedRole(stored.MappedRole is { } role ? RoleOf(role) : null,
                [.. JsonSerializer.Deserialize(stored.MappedScopeIds ?? "[]", SignInRuleJson.Default.GuidArray) ?? []]);
        return (new MappedPlace(member?.Membership, IsRemoved: member is null, mapped), member);
    }

    private static MemberRole RoleOf(string name) =>
        MemberRoles.Find(name) ?? throw new InvalidDataException($"a rule for sign-ins has the unknown role '{name}'");

    internal sealed record StoredRule(string? Group, string Role, Guid[] Scopes);

    private sealed class StoredScopeName
    {
        public Guid ScopeId { get; set; }
        public string Kind { get; set; } = "";
        public string Slug { get; set; } = "";
    }

    private sealed class StoredRules
    {
        public string Rules { get; set; } = "[]";
        public long Version { get; set; }
    }

    private sealed class StoredPlace
    {
        public Guid MemberId { get; set; }
        public long? RemovedAt { get; set; }
        public Guid? MappedId { get; set; }
        public string? MappedRole { get; set; }
        public string? MappedScopeIds { get; set; }
    }
}

[System.Text.Json.Serialization.JsonSourceGenerationOptions(PropertyNamingPolicy = System.Text.Json.Serialization.JsonKnownNamingPolicy.CamelCase)]
[System.Text.Json.Serialization.JsonSerializable(typeof(SignInRuleReader.StoredRule[]))]
[System.Text.Json.Serialization.JsonSerializable(typeof(Guid[]))]
internal sealed partial class SignInRuleJson : System.Text.Json.Serialization.JsonSerializerContext;
