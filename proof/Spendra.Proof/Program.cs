// The machinery that tries to break the promises of the ledger. Each command prints what it did and ends with 1 when
// a promise was broken.
using System.CommandLine;
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
    LargeLedgerCommand.Create(),
    KillHost.Create(),
};
return await root.Parse(args).InvokeAsync();
