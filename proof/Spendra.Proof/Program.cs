// The machinery that tries to break the promises of the ledger. Each command prints what it did and ends with 1 when
// a promise was broken.
using System.CommandLine;
using Spendra.Proof.Kills;
using Spendra.Proof.Network;

var root = new RootCommand("Tries to break what Spendra promises: no overspend, no false denial, nothing lost.")
{
    KillsCommand.Create(),
    CutsCommand.Create(),
    KillHost.Create(),
};
return await root.Parse(args).InvokeAsync();
