using System.Data.Common;
using Spendra.Core.Rollups;
using Spendra.Storage.Outbox;

namespace Spendra.Storage.Rollups;

/// <summary>
/// Takes rows of the outbox into the rollups, some at a time: reads them and what they announce, adds it up, and writes the sums
/// together with the position, so that each row counts once whoever dies when. A row that cannot be taken in fails alone.
/// </summary>
public sealed class RollupIntake(Database database, OutboxPositions positions, TimeProvider time)
{
    /// <summary>The name under which the positions stand.</summary>
    public const string Consumer = "rollups";

    /// <summary>Rows that are taken in together, at most.</summary>
    public const int MostRows = 5_000;

    /// <summary>Takes in what waits, as far as <see cref="MostRows"/>. Returns where it stands then, or null when another holds the position.</summary>
    /// <exception cref="DatabaseUnavailableException">Nothing was lost; it is to be tried again.</exception>
    public async Task<OutboxPosition?> TakeAsync(OutboxPosition position, CancellationToken cancel)
    {
        var to = Math.Min(position.Sequence + MostRows, position.LastSequence);
        if (to > position.Sequence)
        {
            try
            {
                return await TakeAsync(position, to, cancel);
            }
            catch (Exception e) when (IsContent(e) && to == position.Sequence + 1)
            {
                return await SetAsideAsync(position, e, cancel);
            }
            catch (Exception e) when (IsContent(e))
            {
                // One of them: each alone.
                for (var next = position; ;)
                {
                    if (next.Sequence == to) return next;
                    if (await TakeAsync(next with { LastSequence = next.Sequence + 1 }, cancel) is not { } taken) return null;
                    next = taken with { LastSequence = position.LastSequence };
                }
            }
        }
        return position;
    }

    /// <summary>
    /// Tries once more what failed before and is due, as long as the position is held: a rebuild that has taken it counts these rows as well.
    /// Returns how much was tried.
    /// </summary>
    public async Task<int> RetryAsync(Guid organizationId, int limit, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        IReadOnlyList<(long Sequence, int Attempts)> due;
        await using (var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel))
            due = await OutboxFailures.ListDueAsync(connection, transaction, organizationId, Consumer, Micros.Now(time), limit, cancel);
        foreach (var (sequence, attempts) in due) await RetryAsync(connection, organizationId, sequence, attempts, cancel);
        return due.Count;
    }

    private async Task<OutboxPosition?> TakeAsync(OutboxPosition position, long to, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        var book = await ReadAsync(connection, position.OrganizationId, position.Sequence, to, cancel);
        await using var transaction = await database.BeginWriteAsync(connection, cancel);
        await database.EnterAsync(connection, transaction, position.OrganizationId, cancel);
        await new RollupWriter(database, connection, transaction, position.OrganizationId, cancel).AddAsync(book);
        if (!await positions.AdvanceAsync(connection, transaction, position.OrganizationId, position.Sequence, to, isRebuilding: false, cancel)) return null;
        await database.CommitAsync(connection, transaction);
        return position with { Sequence = to };
    }

    private async Task<RollupBook> ReadAsync(DbConnection connection, Guid organizationId, long from, long to, CancellationToken cancel)
    {
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var book = new RollupBook();
        var found = await new RollupReading(connection, transaction, organizationId, cancel).ReadAnnouncedAsync(from, to, book);
        if (found != to - from) throw new InvalidDataException($"of the outbox rows {from + 1} to {to}, {to - from - found} announce nothing that is there: run 'spendra verify'");
        book.AddDaysTo(book);
        return book;
    }

    /// <summary>Goes on behind a row that cannot be taken in.</summary>
    private async Task<OutboxPosition?> SetAsideAsync(OutboxPosition position, Exception error, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginWriteAsync(connection, cancel);
        await database.EnterAsync(connection, transaction, position.OrganizationId, cancel);
        var sequence = position.Sequence + 1;
        await OutboxFailures.PutAsync(connection, transaction, position.OrganizationId, Consumer, sequence, 0, error.Message, Micros.Now(time), cancel);
        if (!await positions.AdvanceAsync(connection, transaction, position.OrganizationId, position.Sequence, sequence, isRebuilding: false, cancel)) return null;
        await database.CommitAsync(connection, transaction);
        return position with { Sequence = sequence };
    }

    private async Task RetryAsync(DbConnection connection, Guid organizationId, long sequence, int attempts, CancellationToken cancel)
    {
        try
        {
            var book = await ReadAsync(connection, organizationId, sequence - 1, sequence, cancel);
            await using var transaction = await database.BeginWriteAsync(connection, cancel);
            await database.EnterAsync(connection, transaction, organizationId, cancel);
            if (!await OutboxFailures.RemoveAsync(connection, transaction, organizationId, Consumer, sequence, cancel)) return;
            if (!await positions.IsHeldAsync(connection, transaction, organizationId, cancel)) return;
            await new RollupWriter(database, connection, transaction, organizationId, cancel).AddAsync(book);
            await database.CommitAsync(connection, transaction);
        }
        catch (Exception e) when (IsContent(e))
        {
            await using var transaction = await database.BeginWriteAsync(connection, cancel);
            await database.EnterAsync(connection, transaction, organizationId, cancel);
            await OutboxFailures.PutAsync(connection, transaction, organizationId, Consumer, sequence, attempts, e.Message, Micros.Now(time), cancel);
            // A rebuild forgets failures: put back, its row would be counted once more.
            if (!await positions.IsHeldAsync(connection, transaction, organizationId, cancel)) return;
            await database.CommitAsync(connection, transaction);
        }
    }

    /// <summary>True when the rows themselves are the trouble, not the database.</summary>
    private bool IsContent(Exception error) =>
        error is InvalidDataException or FormatException or OverflowException or System.Text.Json.JsonException || database.RefusesContent(error);
}
