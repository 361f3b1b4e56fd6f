using System.Buffers.Binary;
using System.Data.Common;
using Dapper;
using Spendra.Core.Rollups;
using Spendra.Storage.Ledger;
using Spendra.Storage.Outbox;

namespace Spendra.Storage.Rollups;

/// <summary>How far a rebuild has come: events and the like that were added up, of about so many.</summary>
public readonly record struct RebuildProgress(long Done, long Total);

/// <summary>
/// Adds an organization's ledger up again, from nothing and as of one moment, some hours at a time in transactions of their own: the
/// ledger's writer waits for none of them long, and no more than some hours and days are in memory. The position is held meanwhile, so
/// that nobody counts the same; whoever is stopped leaves a mark, and the next who takes the position begins anew. Hours that
/// retention has removed do not come back. What cannot be read is put aside, as when it is taken in the first time.
/// </summary>
public sealed class RollupRebuild(Database database, OutboxPositions positions)
{
    private const string FirstId = """
        SELECT id FROM (
            SELECT id FROM (SELECT reservation_id AS id FROM spend_events
                WHERE organization_id = @organizationId AND reservation_id >= @from ORDER BY reservation_id LIMIT 1) events
            UNION ALL
            SELECT id FROM (SELECT reservation_id AS id FROM released_reservations
                WHERE organization_id = @organizationId AND reservation_id >= @from ORDER BY reservation_id LIMIT 1) releases
            UNION ALL
            SELECT id FROM (SELECT request_id AS id FROM refusals
                WHERE organization_id = @organizationId AND request_id >= @from ORDER BY request_id LIMIT 1) refused) ids
        ORDER BY id LIMIT 1
        """;

    private const string Forget = "DELETE FROM outbox_failures WHERE organization_id = @organizationId AND consumer = @consumer";

    private const int MostHoursAtOnce = 24 * 30;

    // As far as a limit: how many there are is not asked.
    private const string CountBetween = """
        SELECT (SELECT count(*) FROM (SELECT 1 AS one FROM spend_events
                WHERE organization_id = @organizationId AND reservation_id >= @from AND reservation_id < @to LIMIT @limit) events)
            + (SELECT count(*) FROM (SELECT 1 AS one FROM released_reservations
                WHERE organization_id = @organizationId AND reservation_id >= @from AND reservation_id < @to LIMIT @limit) releases)
            + (SELECT count(*) FROM (SELECT 1 AS one FROM refusals
                WHERE organization_id = @organizationId AND request_id >= @from AND request_id < @to LIMIT @limit) refused)
        """;

    /// <summary>Events and the like that make a stretch of hours a quiet one. Four times as many are read at once, or one hour.</summary>
    internal int FewAtOnce { get; init; } = 1_000;

    /// <summary>Rows of one transaction, about.</summary>
    internal int RowsAtOnce { get; init; } = 20_000;

    private static readonly string LastSequence = "SELECT outbox_sequence FROM organizations WHERE organization_id = @organizationId";

    /// <summary>False when another rebuild is running, or has taken over because this one stood still.</summary>
    /// <exception cref="OverflowException">A sum is larger than any amount can be: run <c>spendra verify</c>.</exception>
    public async Task<bool> RunAsync(Guid organizationId, IProgress<RebuildProgress>? progress, CancellationToken cancel)
    {
        if (await positions.SeizeAsync(organizationId, cancel) is not { } position) return false;
        await using var reading = await database.ConnectAsync(cancel);
        await using var writing = await database.ConnectAsync(cancel);
        await using var snapshot = await database.BeginSnapshotAsync(reading, organizationId, cancel);
        var last = await reading.ExecuteScalarAsync<long>(new CommandDefinition(LastSequence, new { organizationId }, snapshot, cancellationToken: cancel));
        var hoursFrom = await RollupWriter.ReadHoursFromAsync(reading, snapshot, organizationId, forUpdate: "", cancel);
        var run = new Run(database, positions, organizationId, position.Sequence, hoursFrom, new RollupReading(reading, snapshot, organizationId, cancel), writing, cancel)
        {
            RowsAtOnce = RowsAtOnce,
        };
        await using var keeping = positions.Keep(organizationId);
        if (!await run.MarkAsync()) return false;

        var (done, from, hours) = (0L, Guid.Empty, 1L);
        while (await FirstIdAsync(reading, snapshot, organizationId, from, cancel) is { } first)
        {
            var hourStart = RollupSpans.StartOf(RollupSpan.Hour, AtOf(first));
            if (!await run.WriteBeforeAsync(hourStart)) return false;
            while (hours > 1 && await IsMuchAsync(reading, snapshot, organizationId, first, EndOf(hourStart, hours), cancel)) hours /= 2;
            from = EndOf(hourStart, hours);
            var read = await run.ReadAsync(first, from);
            done += read;
            // Quiet times are read in long stretches: most of an hour with little in it would be the asking.
            if (read < FewAtOnce) hours = Math.Min(2 * hours, MostHoursAtOnce);
            progress?.Report(new RebuildProgress(done, Math.Max(done, last)));
        }
        return await run.CompleteAsync(last);
    }

    private static Guid EndOf(long hourStart, long hours) => PastRequests.FirstIdAt(hourStart + hours * RollupSpans.LengthOf(RollupSpan.Hour));

    private async Task<bool> IsMuchAsync(DbConnection connection, DbTransaction transaction, Guid organizationId, Guid from, Guid to, CancellationToken cancel)
    {
        var most = 4 * FewAtOnce;
        return await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            CountBetween, new { organizationId, from, to, limit = most + 1 }, transaction, cancellationToken: cancel)) > most;
    }

    private static async Task<Guid?> FirstIdAsync(DbConnection connection, DbTransaction transaction, Guid organizationId, Guid from, CancellationToken cancel) =>
        await connection.ExecuteScalarAsync<object?>(new CommandDefinition(FirstId, new { organizationId, from }, transaction, cancellationToken: cancel)) switch
        {
            null or DBNull => null,
            byte[] bytes => new Guid(bytes, bigEndian: true),
            var id => (Guid)id,
        };

    // The first 48 bits of an id count milliseconds.
    private static long AtOf(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return (BinaryPrimitives.ReadInt64BigEndian(bytes) >>> 16) * 1_000;
    }

    /// <summary>What is between reading and writing.</summary>
    private sealed class Run(
        Database database, OutboxPositions positions, Guid organizationId, long sequence, long hoursFrom, RollupReading reading, DbConnection writing, CancellationToken cancel)
    {
        public required int RowsAtOnce { get; init; }

        private readonly RollupBook _behind = new();
        private RollupBook _hours = new();
        private RollupBook _days = new();
        private long _hoursBefore = long.MinValue;
        private long _daysBefore = long.MinValue;

        /// <summary>From here on what stands there is incomplete, until <see cref="CompleteAsync"/>.</summary>
        public Task<bool> MarkAsync() => WriteAsync(_ => Task.CompletedTask, sequence, isRebuilding: true);

        public Task<long> ReadAsync(Guid from, Guid to) => reading.ReadBetweenAsync(from, to, at => at < _hoursBefore ? _behind : _hours);

        /// <summary>
        /// Writes the hours before the one before the one that begins now, when they are many. Ids are as old as their reservations to
        /// within moments, so that an hour is complete when the next one has been read: what comes later still is added at the end.
        /// </summary>
        public async Task<bool> WriteBeforeAsync(long hourStart)
        {
            var before = hourStart - RollupSpans.LengthOf(RollupSpan.Hour);
            return before <= _hoursBefore || _hours.RowCount < RowsAtOnce
                || await PutAsync(before, RollupSpans.StartOf(RollupSpan.Day, before));
        }

        public async Task<bool> CompleteAsync(long last)
        {
            if (!await PutAsync(long.MaxValue, long.MaxValue)) return false;
            await reading.ReadAdjustmentsAsync(_behind);
            var unread = await reading.FindUnreadAsync();
            _behind.AddDaysTo(_behind);
            return await WriteAsync(async transaction =>
            {
                // Failures before the position, as whoever tries one again locks them.
                await writing.ExecuteAsync(new CommandDefinition(Forget, new { organizationId, consumer = RollupIntake.Consumer }, transaction, cancellationToken: cancel));
                foreach (var (row, reason) in unread)
                    await OutboxFailures.PutAsync(writing, transaction, organizationId, RollupIntake.Consumer, row, 0, reason, positions.NowMicros, cancel);
                await new RollupWriter(database, writing, transaction, organizationId, cancel).AddAsync(_behind);
            }, last, isRebuilding: false);
        }

        private async Task<bool> PutAsync(long hoursBefore, long daysBefore)
        {
            (var hours, _hours) = Split(_hours, hoursBefore);
            hours.AddDaysTo(_days);
            (var days, _days) = Split(_days, daysBefore);
            if (database.Months is { } months)
                await months.MakeForAsync(hours.Usage.Keys.Concat(hours.Refusals.Keys.Select(k => k.Usage)).Select(k => k.StartsAt).Where(at => at >= hoursFrom), cancel);
            var isWritten = await WriteAsync(async transaction =>
            {
                var writer = new RollupWriter(database, writing, transaction, organizationId, cancel);
                await writer.ClearAsync(RollupSpan.Hour, _hoursBefore, hoursBefore);
                await writer.ClearAsync(RollupSpan.Day, _daysBefore, daysBefore);
                await writer.PutAsync(hours);
                await writer.PutAsync(days);
            }, sequence, isRebuilding: true);
            (_hoursBefore, _daysBefore) = (hoursBefore, daysBefore);
            return isWritten;
        }

        private async Task<bool> WriteAsync(Func<DbTransaction, Task> write, long to, bool isRebuilding)
        {
            await using var transaction = await database.BeginWriteAsync(writing, cancel);
            await database.EnterAsync(writing, transaction, organizationId, cancel);
            await write(transaction);
            if (!await positions.AdvanceAsync(writing, transaction, organizationId, sequence, to, isRebuilding, cancel)) return false;
            await database.CommitAsync(writing, transaction);
            return true;
        }

        private static (RollupBook Before, RollupBook From) Split(RollupBook book, long at) => (book.Part(k => k < at), book.Part(k => k >= at));
    }
}
