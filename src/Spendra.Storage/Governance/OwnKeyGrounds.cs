using System.Collections.Immutable;
using Dapper;
using Spendra.Core.Access;
using Spendra.Core.Governance;
using Spendra.Core.Keys;

namespace Spendra.Storage.Governance;

/// <summary>
/// What an employee's own keys are judged by, read under the lock of the change: the rules that are in force, the employee's
/// projects, and the keys that the employee and their agents have.
/// </summary>
public sealed class OwnKeyGrounds
{
    private const string Keys = """
        WITH RECURSIVE own (scope_id) AS (
            SELECT scope_id FROM scopes WHERE organization_id = @OrganizationId AND scope_id = @employeeId
            UNION
            SELECT s.scope_id FROM own o CROSS JOIN scopes s WHERE s.organization_id = @OrganizationId AND s.parent_id = o.scope_id
        )
        SELECT k.key_id, coalesce(k.rotated_at, k.created_at) AS issued_at, k.expires_at FROM scoped_keys k
        WHERE k.organization_id = @OrganizationId AND k.revoked_at IS NULL AND k.actor_id IN (SELECT scope_id FROM own)
        """;

    private readonly Dictionary<Guid, StoredOwnKey> _keys;
    private readonly IReadOnlyList<KeyRule> _rules;
    private readonly ImmutableSortedSet<Guid> _projects;
    private readonly Guid _employeeId;
    private readonly long _nowMicros;

    private OwnKeyGrounds(
        Guid employeeId, IReadOnlyList<KeyRule> rules, ImmutableSortedSet<Guid> projects, IEnumerable<StoredOwnKey> keys, long nowMicros)
    {
        _employeeId = employeeId;
        _rules = rules;
        _projects = projects;
        _keys = keys.ToDictionary(k => k.KeyId);
        _nowMicros = nowMicros;
    }

    /// <summary>The key that a write makes or changes; null for other writes.</summary>
    internal static ScopedKey? KeyOf(GovernanceWrite write) => write switch
    {
        GovernanceWrite.AddKey add => add.Key,
        GovernanceWrite.ChangeKey change => change.Key,
        GovernanceWrite.RotateKey rotate => rotate.Key,
        _ => null,
    };

    /// <summary>Null where self-service has no say: no key is written, or the author is no employee who may issue keys.</summary>
    internal static async Task<OwnKeyGrounds?> ReadAsync(
        GovernanceTransaction transaction, Authority authority, IReadOnlyList<GovernanceChange> changes, GovernanceState state,
        CancellationToken cancel)
    {
        if (authority.EmployeeId is not { } employeeId || !authority.Holds(Capability.KeysIssueOwn)) return null;
        if (changes.All(c => KeyOf(c.Write) is null)) return null;
        if (state.Scopes.FirstOrDefault(s => s.Scope.ScopeId == employeeId) is not { IsArchived: false } employee) return null;
        var rules = await KeyRuleLists.ReadInForceAsync(transaction, cancel);
        var keys = await transaction.ReadAsync((connection, inner) => connection.QueryAsync<StoredOwnKey>(new CommandDefinition(
            Keys, new { transaction.OrganizationId, employeeId }, inner, cancellationToken: cancel)));
        return new OwnKeyGrounds(employeeId, rules, employee.ProjectIds, keys, transaction.NowMicros);
    }

    /// <summary>Why a key is not the employee's to write, in one sentence; null when it is.</summary>
    internal string? Denial(ScopeTree scopes, GovernanceWrite write)
    {
        var key = KeyOf(write)!;
        if (key.ProjectId is { } project && !_projects.Contains(project))
            return $"{scopes.Find(project)?.Reference ?? "the project"} is not among the projects of your own keys";
        // A new secret begins its life now; a change of what the key permits begins none.
        var issuedAt = write is GovernanceWrite.ChangeKey && _keys.TryGetValue(key.KeyId, out var known) ? known.IssuedAt : _nowMicros;
        var others = _keys.Values.Count(k => k.KeyId != key.KeyId && !(k.ExpiresAt <= _nowMicros));
        return KeyRules.Denial(scopes, _rules, new OwnKey(_employeeId, key, issuedAt, others));
    }

    private sealed class StoredOwnKey
    {
        public Guid KeyId { get; set; }
        public long IssuedAt { get; set; }
        public long? ExpiresAt { get; set; }
    }
}
