using System.Data.Common;
using Dapper;
using Spendra.Core.Audit;
using Spendra.Storage.Audit;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Access;

/// <summary>A change of how a person signs in, as audit records tell of it: what was done and by whom, never a secret.</summary>
/// <param name="Action">Such as <c>set_password</c>.</param>
/// <param name="Author">Who did it, and from where.</param>
public sealed record SignInChange(string Action, ChangeAuthor Author);

/// <summary>
/// Changes of how people sign in, in the record of every organization that they are a member of. People belong to none, but who can
/// sign in as one of its members is every organization's concern. Rules do not change by it: the epoch stays.
/// </summary>
internal static class SignInRecord
{
    public const string SubjectKind = "member";

    /// <summary>
    /// Makes a change and records it, in one transaction. The organizations are locked in id order, before the person's rows, as
    /// changes that set passwords do. False, and nothing was written, when the change says so.
    /// </summary>
    /// <param name="database">Where.</param>
    /// <param name="userId">Whose way to sign in.</param>
    /// <param name="change">What to record; null: nothing, for writes that change no way to sign in.</param>
    /// <param name="nowMicros">When.</param>
    /// <param name="write">Makes the change; true when it did.</param>
    /// <param name="cancel">Stops waiting.</param>
    public static async Task<bool> WriteAsync(
        Database database, Guid userId, SignInChange? change, long nowMicros, Func<DbConnection, DbTransaction, Task<bool>> write, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginWriteAsync(connection, cancel);
        var heads = change is null ? [] : await LockAsync(database, connection, transaction, userId, cancel);
        if (!await write(connection, transaction)) return false;
        var email = change is null ? "" : await connection.QuerySingleAsync<string>(new CommandDefinition(
            "SELECT email FROM users WHERE user_id = @userId", new { userId }, transaction, cancellationToken: cancel));
        foreach (var (organizationId, locked) in heads)
        {
            await database.EnterAsync(connection, transaction, organizationId, cancel);
            var head = await AuditLog.AppendAsync(database, connection, transaction, organizationId, locked, nowMicros,
                [new ChangeNote(change!.Action, SubjectKind, email, null, null)], change.Author, cancel);
            await connection.ExecuteAsync(new CommandDefinition(
                "UPDATE organizations SET audit_sequence = @sequence, audit_hash = @hash WHERE organization_id = @organizationId",
                new { sequence = head.Sequence, hash = head.Hash, organizationId }, transaction, cancellationToken: cancel));
        }
        await database.CommitAsync(connection, transaction);
        return true;
    }

    /// <summary>The heads of the chains of a person's organizations, which nobody else goes on from until the transaction ends.</summary>
    private static async Task<List<(Guid OrganizationId, AuditHead Head)>> LockAsync(
        Database database, DbConnection connection, DbTransaction transaction, Guid userId, CancellationToken cancel)
    {
        var organizations = (await connection.QueryAsync<Guid>(new CommandDefinition(
            "SELECT organization_id FROM members WHERE user_id = @userId AND removed_at IS NULL ORDER BY organization_id",
            new { userId }, transaction, cancellationToken: cancel))).AsList();
        var heads = new List<(Guid, AuditHead)>();
        foreach (var organizationId in organizations)
        {
            await database.EnterAsync(connection, transaction, organizationId, cancel);
            var stored = await connection.QuerySingleAsync<StoredHead>(new CommandDefinition(
                "SELECT audit_sequence, audit_hash FROM organizations WHERE organization_id = @organizationId" + database.ForUpdate,
                new { organizationId }, transaction, cancellationToken: cancel));
            heads.Add((organizationId, new AuditHead(stored.AuditSequence, stored.AuditHash)));
        }
        if (heads.Count > 0) await database.EnterPeopleAsync(connection, transaction, true, cancel);
        return heads;
    }

    private sealed class StoredHead
    {
        public long AuditSequence { get; set; }
        public byte[] AuditHash { get; set; } = [];
    }
}
