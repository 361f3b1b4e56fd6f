using Dapper;
using Npgsql;
using Spendra.Core.Ledger;
using Spendra.Storage.Retention;
using Spendra.Storage.Rollups;

namespace Spendra.Storage.Postgres;

/// <summary>
/// The months into which rollups are parted: made ahead, and dropped when all of their hours are old. Done as the owner of the tables;
/// the roles that the application takes on may do neither. Waits for others a few seconds at most, since whoever comes later would wait
/// behind: then it is left for the next time, and nothing is lost, for the default partition takes what has no month.
/// </summary>
internal sealed class RollupMonths(PostgresDatabase database)
{
    private const string Patience = "SET LOCAL lock_timeout = '3s'";

    // The same that partitions.make_month takes.
    private const string Alone = "SELECT pg_advisory_xact_lock(23486004013068898)";

    private const string Missing = """
        SELECT count(*) FROM unnest(@tables) AS whole WHERE to_regclass('partitions.' || whole || '_' || @suffix) IS NULL
        """;

    private const string Make = "SELECT partitions.make_month(@startsAt)";

    private const string MonthsMade = """
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = to_regclass('partitions.' || @table || '_hours') AND c.relname ~ '_[0-9]{4}_[0-9]{2}$' ORDER BY c.relname
        """;

    // By the rows of the catalog: names are remembered from before another has dropped one.
    private const string IsGone = "SELECT NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = CAST('partitions' AS regnamespace) AND relname = @part)";

    // Whoever has not noted that these hours are gone may still count into them.
    private const string NotedBefore = "SELECT coalesce(min(hours_from), @endsAt) < @endsAt FROM outbox_positions WHERE consumer = 'rollups'";

    /// <summary>Makes months that are not there, and returns how many tables were made for them.</summary>
    public async Task<int> MakeAsync(IReadOnlyCollection<AccountingPeriod> months, CancellationToken cancel)
    {
        if (months.Count == 0) return 0;
        await using var connection = (NpgsqlConnection)await database.ConnectAsync(cancel);
        var made = 0;
        foreach (var month in months)
        {
            if (await connection.ExecuteScalarAsync<long>(new CommandDefinition(
                Missing, new { tables = RollupWriter.Tables, suffix = Suffix(month) }, cancellationToken: cancel)) == 0) continue;
            made += await InPatienceAsync(connection, transaction => connection.ExecuteScalarAsync<int>(new CommandDefinition(
                Make, new { startsAt = month.StartsAt }, transaction, commandTimeout: 0, cancellationToken: cancel)), cancel) ?? 0;
        }
        return made;
    }

    /// <summary>Makes the months of some hours, where that can be done at once: otherwise they go without.</summary>
    public async Task MakeForAsync(IEnumerable<long> hours, CancellationToken cancel)
    {
        try
        {
            await MakeAsync([.. hours.Select(AccountingPeriod.Of).Distinct()], cancel);
        }
        catch (PostgresException)
        {
            // Whoever looks after months says why.
        }
    }

    /// <summary>Makes the months of hours that were written before their month was made, oldest first, some at a time.</summary>
    public async Task<int> MakeUnmadeAsync(CancellationToken cancel)
    {
        const int MostMonths = 120;
        var made = 0;
        foreach (var table in RollupWriter.Tables)
        {
            for (var i = 0; i < MostMonths; i++)
            {
                await using var connection = (NpgsqlConnection)await database.ConnectAsync(cancel);
                var first = await connection.ExecuteScalarAsync<long?>(new CommandDefinition(
                    $"SELECT min(starts_at) FROM partitions.{table}_default", cancellationToken: cancel));
                if (first is not { } at) break;
                var tables = await MakeAsync([AccountingPeriod.Of(at)], cancel);
                if (tables == 0) break;
                made += tables;
            }
        }
        return made;
    }

    /// <summary>
    /// Drops the months that end before an instant, or with it. False at the end when one was in use: it is to be tried again.
    /// </summary>
    public async Task<(IReadOnlyList<RemovedDetail> Removed, bool IsComplete)> DropAsync(long beforeMicros, CancellationToken cancel)
    {
        await using var connection = (NpgsqlConnection)await database.ConnectAsync(cancel);
        var removed = new List<RemovedDetail>();
        foreach (var table in RollupWriter.Tables)
        {
            foreach (var part in (await connection.QueryAsync<string>(new CommandDefinition(MonthsMade, new { table }, cancellationToken: cancel))).AsList())
            {
                if (MonthOf(part) is not { } month || month.EndsAt > beforeMicros) continue;
                var dropped = await InPatienceAsync(connection, t => DropAsync(connection, t, table, part, month, cancel), cancel);
                if (dropped is null or < 0) return (removed, false);
                removed.Add(new RemovedDetail(table, dropped.Value, month));
            }
        }
        return (removed, true);
    }

    // Rows that it had; less than 0 when it must stay.
    private static async Task<long> DropAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, string table, string part, AccountingPeriod month, CancellationToken cancel)
    {
        await connection.ExecuteAsync(new CommandDefinition(Alone, transaction: transaction, cancellationToken: cancel));
        if (await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            IsGone, new { part }, transaction, cancellationToken: cancel))) return 0;
        // Nobody counts into it any more: the table that all read is locked only for the moment in which it is dropped.
        var rows = await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            $"SELECT count(*) FROM partitions.{part}", transaction: transaction, commandTimeout: 0, cancellationToken: cancel));
        await connection.ExecuteAsync(new CommandDefinition($"LOCK TABLE ONLY partitions.{table}_hours IN ACCESS EXCLUSIVE MODE", transaction: transaction, cancellationToken: cancel));
        if (await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            NotedBefore, new { endsAt = month.EndsAt }, transaction, cancellationToken: cancel))) return -1;
        await connection.ExecuteAsync(new CommandDefinition($"DROP TABLE partitions.{part}", transaction: transaction, cancellationToken: cancel));
        return rows;
    }

    private async Task<T?> InPatienceAsync<T>(NpgsqlConnection connection, Func<NpgsqlTransaction, Task<T>> work, CancellationToken cancel) where T : struct
    {
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        try
        {
            await connection.ExecuteAsync(new CommandDefinition(Patience, transaction: transaction, cancellationToken: cancel));
            var result = await work(transaction);
            await database.CommitAsync(connection, transaction);
            return result;
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected)
        {
            return null;
        }
    }

    private static string Suffix(AccountingPeriod month) => month.ToString().Replace('-', '_');

    private static AccountingPeriod? MonthOf(string part) =>
        AccountingPeriod.TryParse(part[^7..].Replace('_', '-'), out var month) ? month : null;
}
