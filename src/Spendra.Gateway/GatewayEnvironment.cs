using Spendra.Gateway.Forwarding;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Ledger;

namespace Spendra.Gateway;

/// <summary>
/// Everything of a gateway that is neither pure nor its own: database, providers, time and ids. The simulation
/// replaces it as a whole and runs the same gateway.
/// </summary>
internal sealed record GatewayEnvironment
{
    public required IGovernanceSource Governance { get; init; }

    public required IProviderObjectSource Objects { get; init; }

    public required IReservationSource Reservations { get; init; }

    public required UpstreamClient Upstream { get; init; }

    public required TimeProvider Time { get; init; }

    public IdSource Ids { get; init; } = IdSource.System;

    public static GatewayEnvironment Real(Database database, GatewayOptions options, TimeProvider time) => new()
    {
        Governance = new GovernanceReader(database),
        Objects = new ProviderObjectReader(database),
        Reservations = new ReservationReader(database),
        Upstream = new UpstreamClient(options),
        Time = time,
    };
}
