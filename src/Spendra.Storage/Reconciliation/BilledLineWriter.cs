using System.Data.Common;
using Spendra.Core.Reconciliation;

namespace Spendra.Storage.Reconciliation;

/// <summary>
/// Writes lines of bills. Those of a large one are written before their import is there, some in a transaction, without the
/// organization's lock: whoever books waits for none of it long. Nobody sees them until the import names them; those of an import that
/// never came are removed with other old detail.
/// </summary>
public static class BilledLineWriter
{
    /// <summary>Lines of one transaction, at most: on SQLite nobody else writes meanwhile.</summary>
    public const int AtOnce = 2_000;

    // A ledger that is busy has the database for itself most of the time.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Writes lines under the id of an import that is to come.</summary>
    /// <param name="database">Where.</param>
    /// <param name="organizationId">Whose.</param>
    /// <param name="importId">The import's id, which nobody has used.</param>
    /// <param name="lines">All of its lines.</param>
    /// <param name="cancel">Stops it; what is written stays, and is seen by nobody.</param>
    public static async Task WriteAsync(Database database, Guid organizationId, Guid importId, IReadOnlyList<BilledLine> lines, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        for (var from = 0; from < lines.Count; from += AtOnce)
        {
            if (from > 0) await Task.Delay(Pause, cancel);
            await using var transaction = await database.BeginWriteAsync(connection, cancel);
            await database.EnterAsync(connection, transaction, organizationId, cancel);
            await InsertAsync(database, connection, transaction, organizationId, importId, from, [.. lines.Skip(from).Take(AtOnce)], cancel);
            await database.CommitAsync(connection, transaction);
        }
    }

    /// <param name="database">Where.</param>
    /// <param name="connection">In the transaction.</param>
    /// <param name="transaction">Of the organization.</param>
    /// <param name="organizationId">Whose.</param>
    /// <param name="importId">Of which import.</param>
    /// <param name="before">Lines of it that were written before these.</param>
    /// <param name="lines">Lines in order.</param>
    /// <param name="cancel">Stops it.</param>
    internal static Task InsertAsync(
        Database database, DbConnection connection, DbTransaction transaction, Guid organizationId, Guid importId, int before,
        IReadOnlyList<BilledLine> lines, CancellationToken cancel) =>
        database.InsertAsync(connection, transaction, new BulkInsert<(int Number, BilledLine Line)>("billed_lines")
            .Column("organization_id", _ => organizationId).Column("import_id", _ => importId)
            .Column("day", r => r.Line.Day).Column("line", r => r.Number).Column("model", r => r.Line.Model)
            .Column("class", r => r.Line.Class is { } unit ? BilledClasses.NameOf(unit) : null)
            .Column("quantity", r => r.Line.Quantity).Column("amount_nanos", r => r.Line.Amount.Value).Column("source_line", r => r.Line.SourceLine),
            [.. lines.Select((line, i) => (before + i + 1, line))], cancel);
}
