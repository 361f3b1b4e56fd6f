using System.Diagnostics;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Spendra.Control.Reports;
using Spendra.Storage;
using Spendra.Storage.Ledger;
using Spendra.Storage.Outbox;
using Spendra.Storage.Rollups;

namespace Spendra.Bench;

/// <summary>How far the worker was behind while the ledger was written at a steady pace.</summary>
/// <param name="Settled">Requests that were settled.</param>
/// <param name="PerSecond">How many that is.</param>
/// <param name="MedianSeconds">Half of the looks found the worker no further behind.</param>
/// <param name="SlowSeconds">99 of 100 looks.</param>
/// <param name="WorstSeconds">All of them.</param>
/// <param name="CatchUpSeconds">From the last settlement until everything was counted.</param>
/// <param name="IsExact">Requests and cost of the sums are those of the ledger.</param>
internal sealed record SteadyFigure(
    long Settled, double PerSecond, double MedianSeconds, double SlowSeconds, double WorstSeconds, double CatchUpSeconds, bool IsExact);

/// <summary>Settlements at a pace, for some time, and a worker that counts them; looked at ten times a second from aside.</summary>
internal static class SteadyBench
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(100);

    private const string Counted = """
        SELECT (SELECT count(*) FROM spend_events) = (SELECT sum(requests) FROM usage_rollups WHERE span = 1 AND subject_id = organization_id)
            AND (SELECT sum(cost_nanos) FROM spend_events) = (SELECT sum(cost_nanos) FROM usage_rollups WHERE span = 1 AND subject_id = organization_id)
        """;

    public static async Task<SteadyFigure> RunAsync(DatabaseTarget target, int perSecond, TimeSpan duration)
    {
        await using var database = await LaneLoad.OpenAsync(target);
        await using var lane = new LedgerLane(database, new LaneOptions(), TimeProvider.System, NullLogger<LedgerLane>.Instance);
        using var worker = new RollupJob(database, TimeProvider.System, NullLogger<RollupJob>.Instance);
        await worker.StartAsync(CancellationToken.None);
        using var stop = new CancellationTokenSource();
        var looking = LookAsync(database, stop.Token);
        var began = Stopwatch.GetTimestamp();
        var settled = await SettleAsync(lane, perSecond, duration);
        var elapsed = Stopwatch.GetElapsedTime(began);
        await stop.CancelAsync();
        var lags = await looking;
        lags.Sort();

        began = Stopwatch.GetTimestamp();
        while ((await OutboxPositions.ReadLagAsync(database, RollupIntake.Consumer, CancellationToken.None)).Waiting > 0) await Task.Delay(BetweenLooks);
        var catchUp = Stopwatch.GetElapsedTime(began);
        await worker.StopAsync(CancellationToken.None);
        await using var connection = await database.ConnectAsync(CancellationToken.None);
        return new SteadyFigure(settled, settled / elapsed.TotalSeconds, lags[lags.Count / 2], lags[lags.Count * 99 / 100], lags[^1],
            catchUp.TotalSeconds, await connection.ExecuteScalarAsync<bool>(Counted));
    }

    private static async Task<List<double>> LookAsync(Database database, CancellationToken stop)
    {
        var lags = new List<double>();
        try
        {
            while (true)
            {
                var lag = await OutboxPositions.ReadLagAsync(database, RollupIntake.Consumer, stop);
                lags.Add(lag.Since is { } since ? Math.Max(0, (Micros.Now(TimeProvider.System) - since) / 1e6) : 0);
                await Task.Delay(BetweenLooks, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return lags;
        }
    }

    /// <summary>Begins a request whenever it is due, whatever became of those before: a slow ledger does not slow the load down.</summary>
    private static async Task<long> SettleAsync(LedgerLane lane, int perSecond, TimeSpan duration)
    {
        const int Turn = 5;
        var load = new LaneLoad(lane, keys: 200);
        var running = new List<Task>();
        var (begun, began) = (0L, Stopwatch.GetTimestamp());
        while (Stopwatch.GetElapsedTime(began) is var elapsed && elapsed < duration)
        {
            for (var due = (long)(elapsed.TotalSeconds * perSecond); begun < due; begun++) running.Add(load.RequestAsync(begun));
            running.RemoveAll(r => r.IsCompletedSuccessfully);
            await Task.Delay(Turn);
        }
        await Task.WhenAll(running);
        return begun;
    }
}
