using System.Data.Common;

namespace Spendra.Storage.Outbox;

/// <summary>
/// Renews the hold on a position again and again. A renewal that fails is tried at the next turn; a hold that is lost is noticed by whoever
/// advances.
/// </summary>
internal sealed class OutboxKeeping : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    public OutboxKeeping(OutboxPositions positions, Guid organizationId, TimeSpan every, TimeProvider time) =>
        _running = RunAsync(positions, organizationId, new PeriodicTimer(every, time), _stop.Token);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    private static async Task RunAsync(OutboxPositions positions, Guid organizationId, PeriodicTimer timer, CancellationToken stop)
    {
        using (timer)
        {
            try
            {
                while (await timer.WaitForNextTickAsync(stop)) await RenewAsync(positions, organizationId, stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // Nobody needs the hold any more.
            }
        }
    }

    private static async Task RenewAsync(OutboxPositions positions, Guid organizationId, CancellationToken stop)
    {
        try
        {
            await positions.RenewAsync(organizationId, stop);
        }
        catch (Exception e) when (e is DbException or TimeoutException)
        {
            // The database is busy or away.
        }
    }
}
