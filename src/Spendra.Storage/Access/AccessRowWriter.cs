using System.Data.Common;
using System.Text.Json;
using Spendra.Core.Access;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Access;

/// <summary>Puts the rows that say who may govern, for <see cref="GovernanceRowWriter"/>.</summary>
internal sealed class AccessRowWriter(
    Database database, DbConnection connection, DbTransaction transaction, WriteStamp stamp, CancellationToken cancel)
{
    public async Task WriteAsync(List<GovernanceWrite> writes)
    {
        await PutMembersAsync([.. writes.OfType<GovernanceWrite.PutMember>().Select(w => w.Row)]);
        await PutMappingsAsync(writes.OfType<GovernanceWrite.PutMember>().Where(w => w.IsMapped).Select(w => w.Row));
        await PutSignInRulesAsync(writes.OfType<GovernanceWrite.PutSignInRules>().Select(w => w.Row));
        await AddTokensAsync([.. writes.OfType<GovernanceWrite.AddToken>()]);
        await RevokeTokensAsync(writes.OfType<GovernanceWrite.RevokeToken>().Select(w => w.Row));
        await new JoiningRowWriter(database, connection, transaction, stamp, cancel).WriteAsync(writes);
        await AddReceiptsAsync(writes.OfType<GovernanceWrite.AddReceipt>().Select(w => w.Receipt));
    }

    private async Task PutMembersAsync(List<MemberRow> rows)
    {
        await ExecuteEachAsync("""
            INSERT INTO members (organization_id, member_id, user_id, employee_id, role, approval_limit_nanos, joined_at,
                removed_at, version)
            VALUES (@OrganizationId, @MemberId, @UserId, @EmployeeId, @role, @limit, @NowMicros, @removedAt, 1)
            ON CONFLICT (organization_id, member_id) DO UPDATE SET employee_id = excluded.employee_id,
                role = excluded.role, approval_limit_nanos = excluded.approval_limit_nanos,
                removed_at = excluded.removed_at, version = members.version + 1
            """, rows.Select(r => new
        {
            stamp.OrganizationId, r.MemberId, r.UserId, r.EmployeeId,
            role = r.Membership.Role is { } role ? MemberRoles.NameOf(role) : null,
            limit = r.Membership.ApprovalLimit?.Value, stamp.NowMicros,
            removedAt = r.IsRemoved ? stamp.NowMicros : (long?)null,
        }));
        await ExecuteEachAsync("DELETE FROM member_scopes WHERE organization_id = @OrganizationId AND member_id = @MemberId",
            rows.Select(r => new { stamp.OrganizationId, r.MemberId }));
        await ExecuteEachAsync(
            "INSERT INTO member_scopes (organization_id, member_id, scope_id) VALUES (@OrganizationId, @MemberId, @scopeId)",
            rows.SelectMany(r => r.Membership.ScopeIds.Select(scopeId => new { stamp.OrganizationId, r.MemberId, scopeId })));
    }

    private Task PutMappingsAsync(IEnumerable<MemberRow> rows) => ExecuteEachAsync("""
        INSERT INTO mapped_members (organization_id, member_id, role, scope_ids) VALUES (@OrganizationId, @MemberId, @role, @scopeIds)
        ON CONFLICT (organization_id, member_id) DO UPDATE SET role = excluded.role, scope_ids = excluded.scope_ids
        """, rows.Select(r => new
    {
        stamp.OrganizationId, r.MemberId, role = r.Membership.Role is { } role ? MemberRoles.NameOf(role) : null,
        scopeIds = SignInRuleReader.WriteScopeIds(r.Membership.ScopeIds),
    }));

    private Task PutSignInRulesAsync(IEnumerable<SignInRulesRow> rows) => ExecuteEachAsync("""
        INSERT INTO sign_in_rules (organization_id, rules, version) VALUES (@OrganizationId, @rules, @Version)
        ON CONFLICT (organization_id) DO UPDATE SET rules = excluded.rules, version = excluded.version
        """, rows.Select(r => new { stamp.OrganizationId, rules = SignInRuleReader.WriteRules(r.Rules), r.Version }));

    private async Task AddTokensAsync(List<GovernanceWrite.AddToken> tokens)
    {
        await ExecuteEachAsync("INSERT INTO token_directory (token_id, organization_id) VALUES (@TokenId, @OrganizationId)",
            tokens.Select(t => new { t.Row.TokenId, stamp.OrganizationId }));
        await ExecuteEachAsync("""
            INSERT INTO access_tokens (organization_id, token_id, member_id, name, secret_hmac, capabilities, created_at,
                expires_at, version)
            VALUES (@OrganizationId, @TokenId, @MemberId, @Name, @SecretHmac, @capabilities, @NowMicros, @ExpiresAt, 1)
            """, tokens.Select(t => new
        {
            stamp.OrganizationId, t.Row.TokenId, t.Row.MemberId, t.Row.Name, t.SecretHmac,
            capabilities = JsonSerializer.Serialize([.. t.Row.Capabilities.Select(Capabilities.NameOf)], AccessJson.Default.StringArray),
            stamp.NowMicros, t.Row.ExpiresAt,
        }));
    }

    private Task RevokeTokensAsync(IEnumerable<AccessTokenRow> rows) => ExecuteEachAsync("""
        UPDATE access_tokens SET revoked_at = @NowMicros, version = version + 1
        WHERE organization_id = @OrganizationId AND token_id = @TokenId AND revoked_at IS NULL
        """, rows.Select(r => new { stamp.OrganizationId, r.TokenId, stamp.NowMicros }));

    private Task AddReceiptsAsync(IEnumerable<CreationReceipt> receipts) => ExecuteEachAsync("""
        INSERT INTO creation_receipts (organization_id, member_id, key_digest, request_digest, location, response, created_at)
        VALUES (@OrganizationId, @MemberId, @KeyDigest, @RequestDigest, @Location, @Response, @NowMicros)
        """, receipts.Select(r => new
    {
        stamp.OrganizationId, r.MemberId, r.KeyDigest, r.RequestDigest, r.Location, r.Response, stamp.NowMicros,
    }));

    private Task ExecuteEachAsync(string sql, IEnumerable<object> rows) =>
        database.ExecuteEachAsync(connection, transaction, sql, rows, cancel);
}

[System.Text.Json.Serialization.JsonSerializable(typeof(string[]))]
internal sealed partial class AccessJson : System.Text.Json.Serialization.JsonSerializerContext;
