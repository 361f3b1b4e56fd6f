using System.Data.Common;

namespace Spendra.Storage.Governance;

/// <summary>Puts what people asked for, for <see cref="GovernanceRowWriter"/>. What was asked never changes; what became of it does, once.</summary>
internal static class BudgetRequestWriter
{
    private const string Put = """
        INSERT INTO budget_requests (organization_id, request_id, kind, refusal_id, key_id, scope_id, budget_id, policy_id,
            amount_nanos, until_at, reason, requested_by, created_at, state, version)
        VALUES (@OrganizationId, @RequestId, @kind, @RefusalId, @KeyId, @ScopeId, @BudgetId, @PolicyId, @amount, @Until, @Reason,
            @RequestedBy, @CreatedAt, @state, @Version)
        ON CONFLICT (organization_id, request_id) DO NOTHING
        """;

    private const string Decide = """
        UPDATE budget_requests SET state = @state, decided_by = @DecidedBy, decided_at = @DecidedAt,
            decision_reason = @DecisionReason, granted_nanos = @granted, granted_until = @GrantedUntil, version = @Version
        WHERE organization_id = @OrganizationId AND request_id = @RequestId AND state = 'open'
        """;

    public static async Task WriteAsync(
        Database database, DbConnection connection, DbTransaction transaction, WriteStamp stamp, List<GovernanceWrite> writes, CancellationToken cancel)
    {
        await database.ExecuteEachAsync(connection, transaction, Put,
            writes.OfType<GovernanceWrite.AskForBudget>().Select(w => Row(stamp, w.Request)), cancel);
        await database.ExecuteEachAsync(connection, transaction, Decide,
            writes.OfType<GovernanceWrite.EndRequest>().Select(w => Row(stamp, w.Request)), cancel);
    }

    private static object Row(WriteStamp stamp, BudgetRequest r) => new
    {
        stamp.OrganizationId, r.RequestId, kind = BudgetRequestNames.Of(r.Kind), r.RefusalId, r.KeyId, r.ScopeId, r.BudgetId, r.PolicyId,
        amount = r.Amount.Value, r.Until, r.Reason, r.RequestedBy, r.CreatedAt, state = BudgetRequestNames.Of(r.State), r.DecidedBy,
        r.DecidedAt, r.DecisionReason, granted = r.Granted?.Value, r.GrantedUntil, r.Version,
    };
}

/// <summary>The words of the columns.</summary>
internal static class BudgetRequestNames
{
    public static string Of(BudgetRequestKind kind) => kind switch
    {
        BudgetRequestKind.Increase => "increase",
        BudgetRequestKind.Review => "review",
    };

    public static string Of(BudgetRequestState state) => state switch
    {
        BudgetRequestState.Open => "open",
        BudgetRequestState.Approved => "approved",
        BudgetRequestState.Declined => "declined",
        BudgetRequestState.Withdrawn => "withdrawn",
    };

    public static BudgetRequestKind ReadKind(string name) => name switch
    {
        "increase" => BudgetRequestKind.Increase,
        "review" => BudgetRequestKind.Review,
        _ => throw new InvalidDataException($"'{name}' is no kind of request"),
    };

    public static BudgetRequestState ReadState(string name) => name switch
    {
        "open" => BudgetRequestState.Open,
        "approved" => BudgetRequestState.Approved,
        "declined" => BudgetRequestState.Declined,
        "withdrawn" => BudgetRequestState.Withdrawn,
        _ => throw new InvalidDataException($"'{name}' is no state of a request"),
    };
}
