using Microsoft.AspNetCore.Http;
using Spendra.Simulation.Provider;
using Spendra.Simulation.Scheduling;
using Spendra.Simulation.Store;
using Spendra.Storage.Ledger;

namespace Spendra.Simulation.World;

/// <summary>What all processes of a world share.</summary>
internal sealed record SimWorldParts(SimLoop Loop, SimStore Store, SimProvider Provider, SimIds Ids, SimTrace Trace, FaultTally Tally)
{
    public SimTampering Tampering { get; init; } = new();
}

/// <summary>
/// Bugs that are put into a world on purpose, so that it can be seen that they are noticed: what stands between a
/// gateway and its database, its provider or its clients. Nothing unless a test says so.
/// </summary>
internal sealed record SimTampering
{
    public Func<ILedgerEngine, ILedgerEngine> Engine { get; init; } = engine => engine;

    public Func<HttpMessageHandler, HttpMessageHandler> Upstream { get; init; } = handler => handler;

    public Action<HttpContext> Client { get; init; } = _ => { };
}
