// The machinery that tries to break the promises of the ledger. Each command prints what it did and ends with 1 when
// a promise was broken, with 3 when it did less than it was asked to.
using System.CommandLine;
using Spendra.Proof;
using Spendra.Proof.Failover;
using Spendra.Proof.Kills;
using Spendra.Proof.LargeLedger;
using Spendra.Proof.Network;
using Spendra.Proof.Simulation;

var root = new RootCommand("Tries to break what Spendra promises: no overspend, no false denial, nothing lost.")
{
    SimulateCommand.Create(),
    EnginesCommand.Create(),
    KillsCommand.Create(),
    CutsCommand.Create(),
    FailoverCommand.Create(),
    CompanyCommand.Create(),
    LargeLedgerCommand.Create(),
    LargeControlCommand.Create(),
    KillHost.Create(),
};
var parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    await parsed.InvokeAsync();
    return Verdict.Unread;
}
try
{
    var isHost = args is [KillHost.Name, ..];
    return await parsed.InvokeAsync(new InvocationConfiguration
    {
        EnableDefaultExceptionHandler = false,
        // The host answers signals itself, and takes its time to stop.
        ProcessTerminationTimeout = isHost ? null : TimeSpan.FromSeconds(2),
    });
}
catch (Exception e)
{
    // Not a broken promise: nothing was shown.
    Console.Error.WriteLine(e);
    return Verdict.Failed;
}
