using System.Text.Json;
using Dapper;

namespace Spendra.Storage.Access;

/// <summary>A passkey: what is known of an authenticator. Nothing in it is secret.</summary>
public sealed record PasskeyRow
{
    public required byte[] CredentialId { get; init; }

    public required Guid UserId { get; init; }

    /// <summary>As its owner calls it.</summary>
    public required string Name { get; init; }

    public required byte[] PublicKey { get; init; }

    /// <summary>Grows with every use of authenticators that count; 0 of others.</summary>
    public required long SignCount { get; init; }

    public required IReadOnlyList<string> Transports { get; init; }

    public required bool IsUserVerified { get; init; }

    public required bool IsBackupEligible { get; init; }

    public required bool IsBackedUp { get; init; }

    public required byte[] AttestationObject { get; init; }

    public required byte[] ClientDataJson { get; init; }

    public required long CreatedAt { get; init; }
}

/// <summary>Reads and changes passkeys.</summary>
public static class Passkeys
{
    private const string Columns = """
        SELECT credential_id, user_id, name, public_key, sign_count, transports, is_user_verified, is_backup_eligible,
            is_backed_up, attestation_object, client_data_json, created_at
        FROM passkeys
        """;

    public static async Task<PasskeyRow?> FindAsync(Database database, byte[] credentialId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        return (await connection.QuerySingleOrDefaultAsync<StoredPasskey>(new CommandDefinition(
            Columns + " WHERE credential_id = @credentialId", new { credentialId }, cancellationToken: cancel)))?.ToRow();
    }

    /// <summary>A person's passkeys, oldest first.</summary>
    public static async Task<IReadOnlyList<PasskeyRow>> OfUserAsync(Database database, Guid userId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        var stored = await connection.QueryAsync<StoredPasskey>(new CommandDefinition(
            Columns + " WHERE user_id = @userId ORDER BY created_at, credential_id", new { userId }, cancellationToken: cancel));
        return [.. stored.Select(s => s.ToRow())];
    }

    /// <summary>Adds a passkey and records that, or notes its use. One that is somebody else's is not touched.</summary>
    public static Task<bool> PutAsync(Database database, PasskeyRow row, SignInChange? change, long nowMicros, CancellationToken cancel) =>
        SignInRecord.WriteAsync(database, row.UserId, change, nowMicros, async (connection, transaction) =>
            await connection.ExecuteAsync(new CommandDefinition("""
            INSERT INTO passkeys (credential_id, user_id, name, public_key, sign_count, transports, is_user_verified,
                is_backup_eligible, is_backed_up, attestation_object, client_data_json, created_at)
            VALUES (@CredentialId, @UserId, @Name, @PublicKey, @SignCount, @transports, @IsUserVerified,
                @IsBackupEligible, @IsBackedUp, @AttestationObject, @ClientDataJson, @CreatedAt)
            ON CONFLICT (credential_id) DO UPDATE SET name = excluded.name, sign_count = excluded.sign_count,
                is_user_verified = excluded.is_user_verified, is_backed_up = excluded.is_backed_up
            WHERE passkeys.user_id = excluded.user_id
            """, new
        {
            row.CredentialId, row.UserId, row.Name, row.PublicKey, row.SignCount,
            transports = JsonSerializer.Serialize([.. row.Transports], AccessJson.Default.StringArray), row.IsUserVerified,
            row.IsBackupEligible, row.IsBackedUp, row.AttestationObject, row.ClientDataJson, row.CreatedAt,
        }, transaction, cancellationToken: cancel)) == 1, cancel);

    /// <summary>Removes a passkey and records that; false when the person has none of this id.</summary>
    public static Task<bool> RemoveAsync(
        Database database, Guid userId, byte[] credentialId, SignInChange? change, long nowMicros, CancellationToken cancel) =>
        SignInRecord.WriteAsync(database, userId, change, nowMicros, async (connection, transaction) =>
            await connection.ExecuteAsync(new CommandDefinition(
                "DELETE FROM passkeys WHERE user_id = @userId AND credential_id = @credentialId",
                new { userId, credentialId }, transaction, cancellationToken: cancel)) == 1, cancel);

    private sealed class StoredPasskey
    {
        public byte[] CredentialId { get; set; } = [];
        public Guid UserId { get; set; }
        public string Name { get; set; } = "";
        public byte[] PublicKey { get; set; } = [];
        public long SignCount { get; set; }
        public string Transports { get; set; } = "[]";
        public bool IsUserVerified { get; set; }
        public bool IsBackupEligible { get; set; }
        public bool IsBackedUp { get; set; }
        public byte[] AttestationObject { get; set; } = [];
        public byte[] ClientDataJson { get; set; } = [];
        public long CreatedAt { get; set; }

        public PasskeyRow ToRow() => new()
        {
            CredentialId = CredentialId,
            UserId = UserId,
            Name = Name,
            PublicKey = PublicKey,
            SignCount = SignCount,
            Transports = JsonSerializer.Deserialize(Transports, AccessJson.Default.StringArray) ?? [],
            IsUserVerified = IsUserVerified,
            IsBackupEligible = IsBackupEligible,
            IsBackedUp = IsBackedUp,
            AttestationObject = AttestationObject,
            ClientDataJson = ClientDataJson,
            CreatedAt = CreatedAt,
        };
    }
}
