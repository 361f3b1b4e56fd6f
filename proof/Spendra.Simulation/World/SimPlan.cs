using Spendra.Simulation.Provider;
using Spendra.Simulation.Scheduling;
using Spendra.Simulation.Store;

namespace Spendra.Simulation.World;

/// <summary>What a seed draws for its world: who is there, and which faults may strike.</summary>
internal sealed record SimPlan
{
    private const int LeastFaultKinds = 5;

    public required int Gateways { get; init; }

    public required int Workers { get; init; }

    public required int Clients { get; init; }

    public required int CallsPerClient { get; init; }

    /// <summary>Microseconds of the safety phase.</summary>
    public required long Duration { get; init; }

    public required IReadOnlySet<FaultKind> Faults { get; init; }

    public StoreFaults Store => new()
    {
        RequestLost = Has(FaultKind.StoreRequestLost) ? 15 : 0,
        AnswerLost = Has(FaultKind.StoreAnswerLost) ? 15 : 0,
        Conflict = Has(FaultKind.StoreConflict) ? 30 : 0,
        MaxLatency = Has(FaultKind.SlowStore) ? 80_000 : StoreFaults.UsualLatency,
    };

    public ProviderFaults Provider => new()
    {
        Unreachable = Has(FaultKind.ProviderUnreachable) ? 60 : 0,
        Refuses = Has(FaultKind.ProviderRefuses) ? 80 : 0,
        Fails = Has(FaultKind.ProviderFails) ? 60 : 0,
        Resets = Has(FaultKind.ProviderResets) ? 60 : 0,
        Hangs = Has(FaultKind.ProviderHangs) ? 30 : 0,
        BreaksOff = Has(FaultKind.ResponseBreaksOff) ? 80 : 0,
        BadUsage = Has(FaultKind.BadUsage) ? 80 : 0,
        Overbills = Has(FaultKind.Overbilling) ? 50 : 0,
        MaxDelay = Has(FaultKind.SlowProvider) ? 4_000_000 : ProviderFaults.UsualDelay,
    };

    public bool Has(FaultKind kind) => Faults.Contains(kind);

    /// <summary>One world in ten is calm: there nothing at all may be refused that fits, and nothing may be in doubt.</summary>
    public static SimPlan Draw(SimRandom random)
    {
        var isCalm = random.Below(10) == 0;
        var faults = new HashSet<FaultKind>();
        while (!isCalm && faults.Count < LeastFaultKinds)
        {
            faults.Clear();
            foreach (var kind in Enum.GetValues<FaultKind>())
            {
                if (random.Chance(450)) faults.Add(kind);
            }
        }
        return new SimPlan
        {
            Gateways = 1 + random.Below(3),
            Workers = 1 + random.Below(2),
            Clients = 2 + random.Below(4),
            CallsPerClient = 3 + random.Below(8),
            Duration = random.Between(5, 45) * 1_000_000,
            Faults = faults,
        };
    }
}

/// <summary>The kinds of fault that a world may have. Rule changes are not a fault, but drawn like one.</summary>
internal enum FaultKind
{
    StoreRequestLost,
    StoreAnswerLost,
    StoreConflict,
    SlowStore,
    StoreOutage,
    ProviderUnreachable,
    ProviderRefuses,
    ProviderFails,
    ProviderResets,
    ProviderHangs,
    SlowProvider,
    ResponseBreaksOff,
    BadUsage,
    Overbilling,
    GatewayCrash,
    WorkerCrash,
    GatewayStop,
    ClientLeaves,
    DuplicateDelivery,
    SlowClient,
    ClockSkew,
    Pause,
    LongPause,
    RuleChange,
}
