using Spendra.Simulation.Provider;
using Spendra.Simulation.Scheduling;
using Spendra.Simulation.Store;

namespace Spendra.Simulation.World;

/// <summary>What all processes of a world share.</summary>
internal sealed record SimWorldParts(SimLoop Loop, SimStore Store, SimProvider Provider, SimIds Ids, SimTrace Trace);
