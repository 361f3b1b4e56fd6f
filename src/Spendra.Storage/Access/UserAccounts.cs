using Dapper;

namespace Spendra.Storage.Access;

/// <summary>Reads and changes how people sign in.</summary>
public static class UserAccounts
{
    private const string Columns = """
        SELECT user_id, email, name, password_hash, security_stamp, totp_secret, is_two_factor, recovery_digests, version
        FROM users
        """;

    public static async Task<UserAccount?> FindAsync(Database database, Guid userId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<UserAccount>(new CommandDefinition(
            Columns + " WHERE user_id = @userId", new { userId }, cancellationToken: cancel));
    }

    /// <param name="database">A migrated database.</param>
    /// <param name="email">In any case.</param>
    /// <param name="cancel">Stops waiting.</param>
    public static async Task<UserAccount?> FindByEmailAsync(Database database, string email, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<UserAccount>(new CommandDefinition(
            Columns + " WHERE email = @email", new { email = email.ToLowerInvariant() }, cancellationToken: cancel));
    }

    /// <summary>
    /// Writes an account that was read before, and records the change of how its owner signs in, if it is one; false, and nothing
    /// written, when somebody else changed the account since.
    /// </summary>
    public static async Task<bool> SaveAsync(Database database, UserAccount account, SignInChange? change, long nowMicros, CancellationToken cancel)
    {
        var isWritten = await SignInRecord.WriteAsync(database, account.UserId, change, nowMicros, async (connection, transaction) =>
            await connection.ExecuteAsync(new CommandDefinition("""
            UPDATE users SET password_hash = @PasswordHash, security_stamp = @SecurityStamp, totp_secret = @TotpSecret,
                is_two_factor = @IsTwoFactor, recovery_digests = @RecoveryDigests, version = version + 1
            WHERE user_id = @UserId AND version = @Version
            """, new
        {
            account.PasswordHash, account.SecurityStamp, account.TotpSecret, account.IsTwoFactor, account.RecoveryDigests,
            account.UserId, account.Version,
        }, transaction, cancellationToken: cancel)) == 1, cancel);
        if (isWritten) account.Version++;
        return isWritten;
    }

    /// <summary>
    /// Takes one attempt, before what was presented is looked at: so many guesses at once are no more guesses than one after
    /// the other. False while the account waits, and for an account that does not exist.
    /// </summary>
    public static async Task<bool> TakeAttemptAsync(Database database, Guid userId, AttemptRules rules, long nowMicros, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        return await connection.ExecuteAsync(new CommandDefinition("""
            UPDATE users SET
                failed_sign_ins = CASE WHEN failed_sign_ins + 1 >= @Most THEN 0 ELSE failed_sign_ins + 1 END,
                locked_until = CASE WHEN failed_sign_ins + 1 >= @Most THEN CAST(@until AS bigint) END
            WHERE user_id = @userId AND (locked_until IS NULL OR locked_until <= @nowMicros)
            """, new { userId, rules.Most, until = checked(nowMicros + rules.WaitMicros), nowMicros }, cancellationToken: cancel)) == 1;
    }

    /// <summary>Gives back the attempt of somebody who was right, and leaves those of others counted.</summary>
    public static async Task GiveBackAttemptAsync(Database database, Guid userId, AttemptRules rules, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition("""
            UPDATE users SET
                failed_sign_ins = CASE WHEN locked_until IS NOT NULL THEN @Most - 1
                    WHEN failed_sign_ins > 0 THEN failed_sign_ins - 1 ELSE 0 END,
                locked_until = NULL
            WHERE user_id = @userId
            """, new { userId, rules.Most }, cancellationToken: cancel));
    }

    /// <summary>Forgets wrong attempts: the person has signed in.</summary>
    public static async Task ForgiveAttemptsAsync(Database database, Guid userId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition(
            "UPDATE users SET failed_sign_ins = 0, locked_until = NULL WHERE user_id = @userId",
            new { userId }, cancellationToken: cancel));
    }

    /// <summary>Uses up the one-time code of a time step; false when it, or a later one, was used before.</summary>
    public static async Task<bool> SpendTotpStepAsync(Database database, Guid userId, long step, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        return await connection.ExecuteAsync(new CommandDefinition(
            "UPDATE users SET totp_step = @step WHERE user_id = @userId AND (totp_step IS NULL OR totp_step < @step)",
            new { userId, step }, cancellationToken: cancel)) == 1;
    }
}
