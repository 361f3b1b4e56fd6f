using System.Collections.Concurrent;
using Dapper;
using Spendra.Core.Ledger;
using Spendra.Storage.Ledger;
using static Spendra.Storage.Tests.Ledger.Tenant;

namespace Spendra.Storage.Tests.Ledger;

/// <summary>Callers that reserve and settle while something goes wrong, and what they were told.</summary>
internal sealed class Traffic(LedgerWorld world, Tenant tenant, WindowClaim[] claims)
{
    private readonly ConcurrentBag<ReserveCommand> _admitted = [];
    private readonly ConcurrentBag<(ReserveCommand Held, Task<LedgerOutcome> Ending)> _endings = [];
    private int _unavailable;

    public int Admitted => _admitted.Count;

    public int Unavailable => _unavailable;

    /// <summary>Callers that go on until they are told to stop. Endings are not waited for, as in a gateway.</summary>
    public async Task RunAsync(LedgerLane[] lanes, int callers, CancellationToken stop)
    {
        await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            for (var call = caller; !stop.IsCancellationRequested; call++) await CallAsync(lanes[call % lanes.Length], call);
        }, CancellationToken.None)));
    }

    public async Task CallAsync(LedgerLane lane, int call)
    {
        var held = tenant.Reserve(10, claims);
        try
        {
            if (await lane.ReserveAsync(held) is not LedgerOutcome.Admitted) return;
        }
        catch (LedgerUnavailableException)
        {
            Interlocked.Increment(ref _unavailable);
            return;
        }
        _admitted.Add(held);
        if (call % 5 == 0) return;
        _endings.Add((held, lane.EndAsync(call % 5 == 1 ? Release(held) : Settle(held, 7))));
    }

    /// <summary>Nothing that was acknowledged is lost, nothing ended twice, nothing else is held.</summary>
    public async Task ShouldHaveLostNothingAsync()
    {
        (await Task.WhenAll(_endings.Select(e => e.Ending)).WaitAsync(TimeSpan.FromSeconds(30)))
            .Should().OnlyContain(o => o is LedgerOutcome.Ended || o is LedgerOutcome.AlreadyEnded);
        var ended = _endings.Select(e => e.Held.ReservationId).ToHashSet();
        var left = _admitted.Select(a => a.ReservationId).Where(id => !ended.Contains(id)).ToHashSet();

        // Closes the lanes, so that what was given back is written as well.
        await world.VerifyAsync();
        (await IdsAsync("SELECT reservation_id FROM open_reservations")).Should().BeEquivalentTo(left);
        var spent = await IdsAsync("SELECT reservation_id FROM spend_events");
        var released = await IdsAsync("SELECT reservation_id FROM released_reservations WHERE reason = 'not_sent'");
        spent.Concat(released).Should().BeEquivalentTo(ended).And.OnlyHaveUniqueItems();
    }

    private async Task<List<Guid>> IdsAsync(string sql)
    {
        await using var connection = await world.Database.ConnectAsync(CancellationToken.None);
        return (await connection.QueryAsync<Guid>(sql)).AsList();
    }
}
