using System.Data.Common;
using Spendra.Core.Access;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Access;

/// <summary>Puts the rows by which people come in, invitations and domains, for <see cref="AccessRowWriter"/>.</summary>
internal sealed class JoiningRowWriter(
    Database database, DbConnection connection, DbTransaction transaction, WriteStamp stamp, CancellationToken cancel)
{
    public async Task WriteAsync(List<GovernanceWrite> writes)
    {
        await AddInvitationsAsync([.. writes.OfType<GovernanceWrite.AddInvitation>()]);
        await EndInvitationsAsync(writes.OfType<GovernanceWrite.EndInvitation>());
        await PutDomainsAsync([.. writes.OfType<GovernanceWrite.PutDomain>().Select(w => w.Row)]);
    }

    private async Task AddInvitationsAsync(List<GovernanceWrite.AddInvitation> invitations)
    {
        await ExecuteEachAsync("INSERT INTO invitation_directory (invitation_id, organization_id) VALUES (@InvitationId, @OrganizationId)",
            invitations.Select(i => new { i.Row.InvitationId, stamp.OrganizationId }));
        await ExecuteEachAsync("""
            INSERT INTO invitations (organization_id, invitation_id, email, role, approval_limit_nanos, employee_id, secret_hmac,
                invited_by, created_at, expires_at, version)
            VALUES (@OrganizationId, @InvitationId, @Email, @role, @limit, @EmployeeId, @SecretHmac, @InvitedBy, @NowMicros,
                @ExpiresAt, 1)
            """, invitations.Select(i => new
        {
            stamp.OrganizationId, i.Row.InvitationId, i.Row.Email, role = MemberRoles.NameOf(i.Row.Gives.Role!.Value),
            limit = i.Row.Gives.ApprovalLimit?.Value, i.Row.EmployeeId, i.SecretHmac, i.Row.InvitedBy, stamp.NowMicros, i.Row.ExpiresAt,
        }));
        await ExecuteEachAsync(
            "INSERT INTO invitation_scopes (organization_id, invitation_id, scope_id) VALUES (@OrganizationId, @InvitationId, @scopeId)",
            invitations.SelectMany(i => i.Row.Gives.ScopeIds.Select(scopeId => new { stamp.OrganizationId, i.Row.InvitationId, scopeId })));
    }

    private Task EndInvitationsAsync(IEnumerable<GovernanceWrite.EndInvitation> ends) => ExecuteEachAsync("""
        UPDATE invitations SET accepted_at = @acceptedAt, revoked_at = @revokedAt, version = version + 1
        WHERE organization_id = @OrganizationId AND invitation_id = @InvitationId AND accepted_at IS NULL AND revoked_at IS NULL
        """, ends.Select(e => new
    {
        stamp.OrganizationId, e.Row.InvitationId, acceptedAt = e.IsAccepted ? stamp.NowMicros : (long?)null,
        revokedAt = e.IsAccepted ? (long?)null : stamp.NowMicros,
    }));

    private async Task PutDomainsAsync(List<DomainRow> rows)
    {
        await ExecuteEachAsync("""
            INSERT INTO domains (organization_id, domain, challenge, created_at, verified_at, removed_at, version)
            VALUES (@OrganizationId, @Domain, @Challenge, @CreatedAt, @VerifiedAt, @removedAt, 1)
            ON CONFLICT (organization_id, domain) DO UPDATE SET challenge = excluded.challenge, created_at = excluded.created_at,
                verified_at = excluded.verified_at, removed_at = excluded.removed_at, version = domains.version + 1
            """, rows.Select(r => new
        {
            stamp.OrganizationId, r.Domain, r.Challenge, r.CreatedAt, r.VerifiedAt, removedAt = r.IsRemoved ? stamp.NowMicros : (long?)null,
        }));
        // Whoever proves it next may have it.
        await ExecuteEachAsync("DELETE FROM domain_directory WHERE domain = @Domain AND organization_id = @OrganizationId",
            rows.Where(r => r.IsRemoved).Select(r => new { r.Domain, stamp.OrganizationId }));
    }

    private Task ExecuteEachAsync(string sql, IEnumerable<object> rows) =>
        database.ExecuteEachAsync(connection, transaction, sql, rows, cancel);
}
