using System.Text.Json;
using Dapper;
using Spendra.Core.Access;

namespace Spendra.Storage.Access;

/// <summary>A token as it is checked: the row, whose it is, and the digest of its secret.</summary>
public sealed record PresentedToken(Guid OrganizationId, AccessTokenRow Row, byte[] SecretHmac)
{
    public override string ToString() => $"token {Row.Name} [redacted]";
}

/// <summary>Reads personal access tokens.</summary>
public static class AccessTokenReader
{
    // How exact "last used" is: a write for every call would be a hot row for nothing.
    private const long UsedResolutionMicros = 60_000_000;

    /// <summary>The token of an id in whatever organization; null when there is none.</summary>
    public static async Task<PresentedToken?> FindAsync(Database database, Guid tokenId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        var owner = await connection.QuerySingleOrDefaultAsync<Guid?>(new CommandDefinition(
            "SELECT organization_id FROM token_directory WHERE token_id = @tokenId", new { tokenId }, cancellationToken: cancel));
        if (owner is not { } organizationId) return null;
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var stored = await connection.QuerySingleOrDefaultAsync<StoredToken>(new CommandDefinition("""
            SELECT organization_id, token_id, member_id, name, secret_hmac, capabilities, created_at, expires_at, last_used_at,
                revoked_at, version
            FROM access_tokens WHERE organization_id = @organizationId AND token_id = @tokenId
            """, new { organizationId, tokenId }, transaction, cancellationToken: cancel));
        return stored is null ? null : new PresentedToken(stored.OrganizationId, stored.ToRow(), stored.SecretHmac);
    }

    /// <summary>Notes that a token was used, to the minute.</summary>
    public static async Task NoteUseAsync(Database database, PresentedToken token, long nowMicros, CancellationToken cancel)
    {
        if (token.Row.LastUsedAt > nowMicros - UsedResolutionMicros) return;
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginWriteAsync(connection, cancel);
        await database.EnterAsync(connection, transaction, token.OrganizationId, cancel);
        await connection.ExecuteAsync(new CommandDefinition("""
            UPDATE access_tokens SET last_used_at = @nowMicros
            WHERE organization_id = @OrganizationId AND token_id = @TokenId
            """, new { nowMicros, token.OrganizationId, token.Row.TokenId }, transaction, cancellationToken: cancel));
        await database.CommitAsync(connection, transaction);
    }

    internal sealed class StoredToken
    {
        public Guid OrganizationId { get; set; }
        public Guid TokenId { get; set; }
        public Guid MemberId { get; set; }
        public string Name { get; set; } = "";
        public byte[] SecretHmac { get; set; } = [];
        public string Capabilities { get; set; } = "";
        public long CreatedAt { get; set; }
        public long ExpiresAt { get; set; }
        public long? LastUsedAt { get; set; }
        public long? RevokedAt { get; set; }
        public long Version { get; set; }
        // Only lists select it.
        public string Email { get; set; } = "";

        public AccessTokenRow ToRow() => new()
        {
            TokenId = TokenId,
            MemberId = MemberId,
            Name = Name,
            // A capability that this version does not know permits nothing.
            Capabilities = [.. (JsonSerializer.Deserialize(Capabilities, AccessJson.Default.StringArray) ?? [])
                .Select(Core.Access.Capabilities.Find).OfType<Capability>()],
            CreatedAt = CreatedAt,
            ExpiresAt = ExpiresAt,
            LastUsedAt = LastUsedAt,
            RevokedAt = RevokedAt,
            Version = Version,
        };
    }
}
