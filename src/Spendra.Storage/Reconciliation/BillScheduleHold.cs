using System.Data.Common;
using Dapper;

namespace Spendra.Storage.Reconciliation;

/// <summary>
/// The hold of one process on one schedule of bills: of several workers one asks the provider. It is longer than any attempt may
/// take, and over after that.
/// </summary>
/// <param name="database">A migrated database.</param>
/// <param name="holderId">Who this is: another id for each process.</param>
/// <param name="time">Tells when a hold is over.</param>
public sealed class BillScheduleHold(Database database, Guid holderId, TimeProvider time)
{
    /// <summary>The longest that a hold lasts.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromMinutes(15);

    private static readonly long FirstPauseMicros = (long)TimeSpan.FromMinutes(1).TotalMicroseconds;
    private static readonly long LongestPauseMicros = (long)TimeSpan.FromHours(1).TotalMicroseconds;
    private const int MostDoublings = 10;

    private const string Hold = """
        UPDATE bill_schedules SET holder_id = @holderId, held_until = @until
        WHERE organization_id = @organizationId AND schedule_id = @scheduleId AND next_at <= @now AND retry_at <= @now
            AND (holder_id IS NULL OR held_until < @now)
        """;

    private const string Fail = """
        UPDATE bill_schedules SET attempts = attempts + 1, failure = @failure, failed_at = @now, retry_at = @retryAt, holder_id = NULL, held_until = 0
        WHERE organization_id = @organizationId AND schedule_id = @scheduleId AND holder_id = @holderId
        """;

    private const string LetGo = """
        UPDATE bill_schedules SET holder_id = NULL, held_until = 0
        WHERE organization_id = @organizationId AND schedule_id = @scheduleId AND holder_id = @holderId
        """;

    public Guid HolderId => holderId;

    /// <summary>Takes a schedule whose instant has come, as it stands then. Null when another has it, or did it meanwhile.</summary>
    public async Task<BillSchedule?> TakeAsync(Guid organizationId, Guid scheduleId, CancellationToken cancel)
    {
        var now = Micros.Now(time);
        BillSchedule? taken = null;
        await WriteAsync(organizationId, async (connection, transaction) =>
        {
            if (await connection.ExecuteAsync(new CommandDefinition(Hold,
                new { organizationId, scheduleId, holderId, now, until = now + (long)Length.TotalMicroseconds }, transaction, cancellationToken: cancel)) == 0) return false;
            taken = (await connection.QuerySingleAsync<BillSchedules.StoredSchedule>(new CommandDefinition(
                BillSchedules.One, new { organizationId, scheduleId }, transaction, cancellationToken: cancel))).ToSchedule();
            return true;
        }, cancel);
        return taken;
    }

    /// <summary>It went wrong: tried again after a while that doubles from a minute to an hour, until it goes well.</summary>
    /// <param name="schedule">As it was taken.</param>
    /// <param name="failure">Why, in one sentence without anything confidential.</param>
    /// <param name="cancel">Stops waiting.</param>
    public Task<bool> FailAsync(BillSchedule schedule, string failure, CancellationToken cancel)
    {
        var now = Micros.Now(time);
        var pause = Math.Min(LongestPauseMicros, FirstPauseMicros << Math.Min(schedule.Attempts, MostDoublings));
        return UpdateAsync(Fail, schedule, new { organizationId = schedule.OrganizationId, scheduleId = schedule.ScheduleId, holderId, now, failure, retryAt = now + pause }, cancel);
    }

    /// <summary>Lets others take it at once.</summary>
    public Task<bool> LetGoAsync(BillSchedule schedule, CancellationToken cancel) =>
        UpdateAsync(LetGo, schedule, new { organizationId = schedule.OrganizationId, scheduleId = schedule.ScheduleId, holderId }, cancel);

    private Task<bool> UpdateAsync(string sql, BillSchedule schedule, object values, CancellationToken cancel) => WriteAsync(schedule.OrganizationId,
        async (connection, transaction) => await connection.ExecuteAsync(new CommandDefinition(sql, values, transaction, cancellationToken: cancel)) == 1, cancel);

    private async Task<bool> WriteAsync(Guid organizationId, Func<DbConnection, DbTransaction, Task<bool>> write, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginWriteAsync(connection, cancel);
        await database.EnterAsync(connection, transaction, organizationId, cancel);
        if (!await write(connection, transaction)) return false;
        await database.CommitAsync(connection, transaction);
        return true;
    }
}
