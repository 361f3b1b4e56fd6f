using System.Data.Common;

namespace Spendra.Storage.Governance;

/// <summary>Puts keys and the rules of self-service, for <see cref="GovernanceRowWriter"/>.</summary>
internal sealed class KeyRowWriter(
    Database database, DbConnection connection, DbTransaction transaction, WriteStamp stamp, CancellationToken cancel)
{
    public async Task WriteAsync(List<GovernanceWrite> writes)
    {
        await AddKeysAsync([.. writes.OfType<GovernanceWrite.AddKey>()]);
        await ChangeKeysAsync(writes.OfType<GovernanceWrite.ChangeKey>());
        await RotateKeysAsync(writes.OfType<GovernanceWrite.RotateKey>());
        await RevokeKeysAsync(writes.OfType<GovernanceWrite.RevokeKey>());
        await PutRulesAsync(writes.OfType<GovernanceWrite.PutKeyRule>().Select(w => w.Row));
    }

    private async Task AddKeysAsync(List<GovernanceWrite.AddKey> keys)
    {
        await ExecuteEachAsync("INSERT INTO key_directory (key_id, organization_id) VALUES (@KeyId, @OrganizationId)",
            keys.Select(k => new { k.Key.KeyId, stamp.OrganizationId }));
        await ExecuteEachAsync("""
            INSERT INTO scoped_keys (organization_id, key_id, slug, mode, actor_id, project_id, secret_hmac, permissions,
                environment, max_request_nanos, expires_at, created_at, created_by, changed_epoch)
            VALUES (@OrganizationId, @KeyId, @Slug, @mode, @ActorId, @ProjectId, @SecretHmac, @permissions, @Environment,
                @max, @ExpiresAt, @NowMicros, @Actor, @Epoch)
            """, keys.Select(k => new
        {
            stamp.OrganizationId, k.Key.KeyId, k.Key.Slug, mode = GovernanceNames.Of(k.Key.Mode), k.Key.ActorId,
            k.Key.ProjectId, k.SecretHmac, permissions = RuleJson.WritePermissions(k.Key), k.Key.Environment,
            max = k.Key.MaxRequest?.Value, k.Key.ExpiresAt, stamp.NowMicros, stamp.Actor, stamp.Epoch,
        }));
    }

    private Task ChangeKeysAsync(IEnumerable<GovernanceWrite.ChangeKey> keys) => ExecuteEachAsync("""
        UPDATE scoped_keys SET project_id = @ProjectId, permissions = @permissions, environment = @Environment,
            max_request_nanos = @max, expires_at = @ExpiresAt, changed_epoch = @Epoch
        WHERE organization_id = @OrganizationId AND key_id = @KeyId AND revoked_at IS NULL
        """, keys.Select(k => new
    {
        stamp.OrganizationId, k.Key.KeyId, k.Key.ProjectId, permissions = RuleJson.WritePermissions(k.Key),
        k.Key.Environment, max = k.Key.MaxRequest?.Value, k.Key.ExpiresAt, stamp.Epoch,
    }));

    private Task RevokeKeysAsync(IEnumerable<GovernanceWrite.RevokeKey> keys) => ExecuteEachAsync("""
        UPDATE scoped_keys SET revoked_at = @NowMicros, revoked_by = @Actor, changed_epoch = @Epoch
        WHERE organization_id = @OrganizationId AND key_id = @KeyId AND revoked_at IS NULL
        """, keys.Select(k => new { stamp.OrganizationId, k.Key.KeyId, stamp.NowMicros, stamp.Actor, stamp.Epoch }));

    // What was the secret becomes the one before; a secret that was one before already is gone.
    private Task RotateKeysAsync(IEnumerable<GovernanceWrite.RotateKey> keys) => ExecuteEachAsync("""
        UPDATE scoped_keys SET previous_hmac = secret_hmac, previous_until = @PreviousUntil, secret_hmac = @SecretHmac,
            rotated_at = @NowMicros, expires_at = @ExpiresAt, changed_epoch = @Epoch
        WHERE organization_id = @OrganizationId AND key_id = @KeyId AND revoked_at IS NULL
        """, keys.Select(k => new
    {
        stamp.OrganizationId, k.Key.KeyId, k.SecretHmac, k.PreviousUntil, k.Key.ExpiresAt, stamp.NowMicros, stamp.Epoch,
    }));

    private Task PutRulesAsync(IEnumerable<KeyRuleRow> rows) => ExecuteEachAsync("""
        INSERT INTO key_rules (organization_id, rule_id, slug, scope_id, max_live_keys, permissions, max_request_nanos,
            longest_life_days, set_by, set_at, archived_at, version)
        VALUES (@OrganizationId, @RuleId, @Slug, @ScopeId, @MaxLiveKeys, @permissions, @max, @LongestLifeDays, @Actor, @NowMicros,
            @archivedAt, 1)
        ON CONFLICT (organization_id, rule_id) DO UPDATE SET max_live_keys = excluded.max_live_keys,
            permissions = excluded.permissions, max_request_nanos = excluded.max_request_nanos,
            longest_life_days = excluded.longest_life_days, set_by = excluded.set_by, set_at = excluded.set_at,
            archived_at = excluded.archived_at, version = key_rules.version + 1
        """, rows.Select(r => new
    {
        stamp.OrganizationId, r.Rule.RuleId, r.Rule.Slug, r.Rule.ScopeId, r.Rule.MaxLiveKeys,
        permissions = RuleJson.WritePermissions(r.Rule.Providers, r.Rule.Models, r.Rule.Tools), max = r.Rule.MaxRequest?.Value,
        r.Rule.LongestLifeDays, stamp.Actor, stamp.NowMicros, archivedAt = r.IsArchived ? stamp.NowMicros : (long?)null,
    }));

    private Task ExecuteEachAsync(string sql, IEnumerable<object> rows) =>
        database.ExecuteEachAsync(connection, transaction, sql, rows, cancel);
}
