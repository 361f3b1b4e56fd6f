using Microsoft.Extensions.Logging.Abstractions;
using Spendra.Control.Ledger;
using Spendra.Simulation.Scheduling;
using Spendra.Simulation.Store;
using Spendra.Storage.Ledger;

namespace Spendra.Simulation.World;

/// <summary>One worker process: the production sweep over the simulated world.</summary>
internal sealed class SimWorker
{
    public SimWorker(SimProcess process, SimWorldParts world)
    {
        Process = process;
        process.Run(() =>
        {
            var lane = new LedgerLane(world.Tampering.Engine(new SimEngine(world.Store, process)), new LaneOptions(), process.Clock, NullLogger<LedgerLane>.Instance);
            var sweep = new ReservationSweep(
                new SimSources(world.Store, process), lane, new SweepOptions(), process.Clock, NullLogger<ReservationSweep>.Instance);
            return sweep.SweepUntilAsync(CancellationToken.None);
        });
    }

    public SimProcess Process { get; }
}
