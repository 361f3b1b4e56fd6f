using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Spendra.Core.Ledger;
using Spendra.Storage;
using Spendra.Storage.Ledger;

namespace Spendra.Bench;

/// <summary>
/// What was measured: pairs of a reservation and its settlement, how long callers waited for the former, and the
/// processor time and memory that a pair took in this process. The processor time says most on a busy machine.
/// </summary>
internal sealed record LaneFigure(
    double PairsPerSecond, double MedianMicros, double SlowMicros, double ProcessorMicrosPerPair, double BytesPerPair);

/// <summary>Callers that reserve in three windows, one of them shared by all, and settle without waiting.</summary>
internal static class LaneBench
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);

    public static async Task<LaneFigure> RunAsync(DatabaseTarget target, int callers, TimeSpan duration)
    {
        await using var database = await LaneLoad.OpenAsync(target);
        var organizationId = LaneLoad.OrganizationId;
        await using var lane = new LedgerLane(database, new LaneOptions(), TimeProvider.System, NullLogger<LedgerLane>.Instance);
        var shared = LaneLoad.Claim();
        await LoadAsync(lane, organizationId, shared, callers, WarmUp, []);
        var waits = new List<long>[callers];
        var allocated = GC.GetTotalAllocatedBytes();
        var processor = Environment.CpuUsage.TotalTime;
        var began = Stopwatch.GetTimestamp();
        var pairs = await LoadAsync(lane, organizationId, shared, callers, duration, waits);
        var elapsed = Stopwatch.GetElapsedTime(began);
        allocated = GC.GetTotalAllocatedBytes() - allocated;
        processor = Environment.CpuUsage.TotalTime - processor;
        var sorted = waits.SelectMany(w => w).Order().ToArray();
        return new LaneFigure(
            pairs / elapsed.TotalSeconds, Micros(sorted[sorted.Length / 2]), Micros(sorted[sorted.Length * 99 / 100]),
            processor.TotalMicroseconds / pairs, (double)allocated / pairs);
    }

    private static double Micros(long ticks) => ticks * 1e6 / Stopwatch.Frequency;

    private static async Task<long> LoadAsync(
        LedgerLane lane, Guid organizationId, WindowClaim shared, int callers, TimeSpan duration, List<long>[] waits)
    {
        var until = Stopwatch.GetTimestamp() + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        var counts = await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            // A key, an actor and two windows of one's own, as the gateway's snapshot holds them.
            WindowClaim[] claims = [shared, LaneLoad.Claim(), LaneLoad.Claim()];
            var template = LaneLoad.Template(claims);
            var (waited, pairs, settling) = (new List<long>(), 0L, Task.FromResult<LedgerOutcome>(LedgerOutcome.Unknown.Instance));
            while (Stopwatch.GetTimestamp() < until)
            {
                var command = template with { Reservation = template.Reservation with { ReservationId = Guid.CreateVersion7() } };
                command = command with { ReservationId = command.Reservation.ReservationId };
                var asked = Stopwatch.GetTimestamp();
                if (await lane.ReserveAsync(command) is not LedgerOutcome.Admitted) throw new InvalidOperationException("not admitted");
                waited.Add(Stopwatch.GetTimestamp() - asked);
                settling = lane.EndAsync(new SettleCommand(organizationId, command.ReservationId, command.WindowIds, LaneLoad.Used));
                pairs++;
            }
            await settling;
            if (waits.Length > 0) waits[caller] = waited;
            return pairs;
        })));
        return counts.Sum();
    }
}
