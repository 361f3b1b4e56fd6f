using Dapper;
using Spendra.Core.Money;
using Spendra.Storage.Access;

namespace Spendra.Storage.Governance;

/// <summary>A request with the names of what it refers to.</summary>
public sealed record ListedRequest(
    BudgetRequest Request, string Key, string Actor, string? Budget, string? Policy, string RequestedBy, string? DecidedBy);

/// <summary>What a request may be made of: the rule that refused, and the key that was refused.</summary>
public sealed record RefusedCall(Guid RefusalId, Guid KeyId, Guid ActorId, string Code, Guid? PolicyId, Guid? BudgetId);

/// <summary>Reads what people asked for, as far as a member sees the actor that it was asked for.</summary>
public static class BudgetRequestReader
{
    private const string Columns = """
        SELECT r.request_id, r.kind, r.refusal_id, r.key_id, k.actor_id, r.scope_id, r.budget_id, r.policy_id, r.amount_nanos,
            r.until_at, r.reason, r.requested_by, r.created_at, r.state, r.decided_by, r.decided_at, r.decision_reason,
            r.granted_nanos, r.granted_until, r.version, k.slug AS key_slug, a.kind AS actor_kind, a.slug AS actor_slug,
            b.slug AS budget_slug, p.slug AS policy_slug, u.email AS requested_by_email, d.email AS decided_by_email
        FROM budget_requests r
        JOIN scoped_keys k ON k.organization_id = r.organization_id AND k.key_id = r.key_id
        JOIN scopes a ON a.organization_id = r.organization_id AND a.scope_id = k.actor_id
        LEFT JOIN budgets b ON b.organization_id = r.organization_id AND b.budget_id = r.budget_id
        LEFT JOIN policies p ON p.organization_id = r.organization_id AND p.policy_id = r.policy_id
        JOIN members m ON m.organization_id = r.organization_id AND m.member_id = r.requested_by
        JOIN users u ON u.user_id = m.user_id
        LEFT JOIN members dm ON dm.organization_id = r.organization_id AND dm.member_id = r.decided_by
        LEFT JOIN users d ON d.user_id = dm.user_id
        WHERE r.organization_id = @OrganizationId
        """;

    private const string Seen = "\nAND (@IsEverything OR k.actor_id IN (SELECT scope_id FROM covered))";

    // Ids are of version 7: their order is that of creation.
    private const string Page = Coverage.Scopes + Columns + Seen + """

            AND (@state = '' OR r.state = @state) AND (@isMine = FALSE OR r.requested_by = @MemberId)
            AND (@isFirst OR r.request_id < @after)
        ORDER BY r.request_id DESC LIMIT @limit
        """;

    private const string One = Coverage.Scopes + Columns + Seen + " AND r.request_id = @requestId";

    private const string Locked = Columns + " AND r.request_id = @requestId";

    public static async Task<IReadOnlyList<ListedRequest>> ListAsync(
        Database database, Coverage coverage, BudgetRequestState? state, bool isMine, Guid? after, int limit, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, coverage.OrganizationId, cancel);
        var rows = await connection.QueryAsync<StoredRequest>(new CommandDefinition(Page, new
        {
            coverage.OrganizationId, coverage.MemberId, coverage.IsEverything, isMine, limit,
            state = state is { } known ? BudgetRequestNames.Of(known) : "", isFirst = after is null, after = after ?? Guid.Empty,
        }, transaction, cancellationToken: cancel));
        return [.. rows.Select(r => r.ToListed())];
    }

    /// <summary>One request; null when it does not exist or the member does not see it.</summary>
    public static async Task<ListedRequest?> FindAsync(Database database, Coverage coverage, Guid requestId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, coverage.OrganizationId, cancel);
        var row = await connection.QuerySingleOrDefaultAsync<StoredRequest>(new CommandDefinition(One,
            new { coverage.OrganizationId, coverage.MemberId, coverage.IsEverything, requestId }, transaction, cancellationToken: cancel));
        return row?.ToListed();
    }

    /// <summary>One request under the lock of a change, whoever may see it.</summary>
    public static Task<ListedRequest?> FindAsync(GovernanceTransaction transaction, Guid requestId, CancellationToken cancel) =>
        transaction.ReadAsync(async (connection, inner) =>
            (await connection.QuerySingleOrDefaultAsync<StoredRequest>(new CommandDefinition(Locked,
                new { transaction.OrganizationId, requestId }, inner, cancellationToken: cancel)))?.ToListed());

    /// <summary>A refusal that was kept, with the actor of its key; null when there is none.</summary>
    public static Task<RefusedCall?> FindRefusalAsync(GovernanceTransaction transaction, Guid refusalId, CancellationToken cancel) =>
        transaction.ReadAsync(async (connection, inner) =>
        {
            var row = await connection.QuerySingleOrDefaultAsync<StoredRefusal>(new CommandDefinition("""
                SELECT f.key_id, k.actor_id, f.code, f.policy_id, f.budget_id FROM refusals f
                JOIN scoped_keys k ON k.organization_id = f.organization_id AND k.key_id = f.key_id
                WHERE f.organization_id = @OrganizationId AND f.request_id = @refusalId
                """, new { transaction.OrganizationId, refusalId }, inner, cancellationToken: cancel));
            return row is null ? null : new RefusedCall(refusalId, row.KeyId, row.ActorId, row.Code, row.PolicyId, row.BudgetId);
        });

    /// <summary>The request about a refusal that is open or was granted; null when there is none. Asking again is for a call that was made again.</summary>
    public static Task<BudgetRequestState?> FindStandingAsync(GovernanceTransaction transaction, Guid refusalId, CancellationToken cancel) =>
        transaction.ReadAsync(async (connection, inner) => await connection.ExecuteScalarAsync<string?>(new CommandDefinition("""
            SELECT state FROM budget_requests
            WHERE organization_id = @OrganizationId AND refusal_id = @refusalId AND state IN ('open', 'approved')
            ORDER BY request_id LIMIT 1
            """, new { transaction.OrganizationId, refusalId }, inner, cancellationToken: cancel)) is { } state
                ? BudgetRequestNames.ReadState(state) : (BudgetRequestState?)null);

    /// <summary>The organizations with budgets that hold an increase, ended or not.</summary>
    public static async Task<IReadOnlyList<Guid>> OrganizationsWithIncreasesAsync(Database database, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        return [.. await connection.QueryAsync<Guid>(new CommandDefinition(
            "SELECT DISTINCT organization_id FROM budgets WHERE increases <> '[]'", cancellationToken: cancel))];
    }

    private sealed class StoredRefusal
    {
        public Guid KeyId { get; set; }
        public Guid ActorId { get; set; }
        public string Code { get; set; } = "";
        public Guid? PolicyId { get; set; }
        public Guid? BudgetId { get; set; }
    }

    private sealed class StoredRequest
    {
        public Guid RequestId { get; set; }
        public string Kind { get; set; } = "";
        public Guid RefusalId { get; set; }
        public Guid KeyId { get; set; }
        public Guid ActorId { get; set; }
        public Guid ScopeId { get; set; }
        public Guid? BudgetId { get; set; }
        public Guid? PolicyId { get; set; }
        public long AmountNanos { get; set; }
        public long UntilAt { get; set; }
        public string Reason { get; set; } = "";
        public Guid RequestedBy { get; set; }
        public long CreatedAt { get; set; }
        public string State { get; set; } = "";
        public Guid? DecidedBy { get; set; }
        public long? DecidedAt { get; set; }
        public string? DecisionReason { get; set; }
        public long? GrantedNanos { get; set; }
        public long? GrantedUntil { get; set; }
        public long Version { get; set; }
        public string KeySlug { get; set; } = "";
        public string ActorKind { get; set; } = "";
        public string ActorSlug { get; set; } = "";
        public string? BudgetSlug { get; set; }
        public string? PolicySlug { get; set; }
        public string RequestedByEmail { get; set; } = "";
        public string? DecidedByEmail { get; set; }

        public ListedRequest ToListed() => new(new BudgetRequest
        {
            RequestId = RequestId,
            Kind = BudgetRequestNames.ReadKind(Kind),
            RefusalId = RefusalId,
            KeyId = KeyId,
            ActorId = ActorId,
            ScopeId = ScopeId,
            BudgetId = BudgetId,
            PolicyId = PolicyId,
            Amount = new NanoUsd(AmountNanos),
            Until = UntilAt,
            Reason = Reason,
            RequestedBy = RequestedBy,
            CreatedAt = CreatedAt,
            State = BudgetRequestNames.ReadState(State),
            DecidedBy = DecidedBy,
            DecidedAt = DecidedAt,
            DecisionReason = DecisionReason,
            Granted = GrantedNanos is { } granted ? new NanoUsd(granted) : null,
            GrantedUntil = GrantedUntil,
            Version = Version,
        }, KeySlug, $"{ActorKind}/{ActorSlug}", BudgetSlug, PolicySlug, RequestedByEmail, DecidedByEmail);
    }
}
